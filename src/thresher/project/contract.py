"""What must hold for a table: the contract at the head of an asset, as values.

A contract is read from YAML by `project/contracts.py` and held against data by `quality/`. Nothing
here touches data: these are frozen values and the arithmetic of tolerances.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from thresher.errors import NOWHERE, Place

#: Kinds of checks that can name the rows which violate them, so that these can be set apart.
NAMING_KINDS = frozenset(
    """
    accepted at_least at_most between decreasing expression forbidden format increasing length
    no_overlap not_blank not_null pattern primary_key references unique
    """.split()  # noqa: SIM905  # a page of words
)
#: Kinds of checks that count what violates them, so that there can be thresholds.
COUNTING_KINDS = NAMING_KINDS | {"no_gap", "query", "reconciles"}


class Severity(StrEnum):
    """How bad a violation is."""

    WARNING = "warning"
    """Told and counted; the table is published."""
    ERROR = "error"
    """The asset and all that stands on it is blocked."""
    CRITICAL = "critical"
    """As error, and nothing of the run is published, whatever else passed."""


class OnViolation(StrEnum):
    """What a violation does."""

    BLOCK = "block"
    QUARANTINE = "quarantine"
    """The violating rows are set aside, and the others are published; only checks that can name
    them know this."""
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many violating rows are let pass: a count, or a share of all rows."""

    count: int = 0
    share: float | None = None
    """Share of all rows between 0 and 1; None where a count is given."""

    def allows(self, violations: int, rows: int) -> bool:
        """Say whether so many violations among so many rows are within the tolerance."""
        if self.share is not None:
            return violations <= self.share * rows * (1 + 1e-12)  # 0.29 * 100 is less than 29
        return violations <= self.count

    def __str__(self) -> str:
        return f"{self.share * 100:g}%" if self.share is not None else str(self.count)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, for each row or for the table."""

    kind: str
    """Name of the check in the catalogue of `quality/checks.py`, such as `not_null`."""
    columns: tuple[str, ...] = ()
    """Columns it speaks of; empty for checks of the whole table."""
    arguments: tuple[tuple[str, Any], ...] = ()
    """Name and value of each argument; values are plain: numbers, texts, dates, tuples of these."""
    on_violation: OnViolation = OnViolation.BLOCK
    severity: Severity = Severity.ERROR
    tolerate: Tolerance = Tolerance()
    warn_above: Tolerance | None = None
    """More violations than this warn, and no more unless they are more than `error_above`."""
    error_above: Tolerance | None = None
    """More violations than this are as bad as `severity` says; fewer only warn."""
    where: str | None = None
    """SQL condition that limits the check to some rows."""
    message: str | None = None
    """What the author wants people to read when it is violated."""
    references: tuple[str, ...] = ()
    """Assets that the check needs beside its own."""
    place: Place = field(default=NOWHERE, compare=False)
    """File and line where it is written."""

    @property
    def id(self) -> str:
        """What names the check in every report: `between(dep_delay, -120, 1500)`."""
        values = [_one_line(_shown(name, value)) for name, value in self.arguments]
        text = f"{self.kind}({', '.join([*self.columns, *values])})"
        return f"{text} where {_one_line(self.where)}" if self.where else text

    def argument(self, name: str) -> Any:
        """Give the value of an argument, or None where it is not given."""
        return dict(self.arguments).get(name)

    def weigh(self, violations: int, rows: int) -> Severity | None:
        """Say how bad so many violations are; None where they are let pass.

        Args:
            violations: how many there are.
            rows: of how many; 0 for a check that holds or does not, which knows no threshold.
        """
        if not violations:
            return None
        if not rows:
            return self.severity
        if self.error_above is not None and not self.error_above.allows(violations, rows):
            return self.severity
        if (self.warn_above or self.tolerate).allows(violations, rows):
            return None
        return self.severity if self.warn_above is self.error_above is None else Severity.WARNING

    @property
    def limits(self) -> str:
        """What is let pass, in words; empty where nothing is."""
        words = []
        if self.tolerate.count or 0 < (self.tolerate.share or 0) < 1:
            words.append(f"up to {self.tolerate} are tolerated")
        if self.warn_above is not None:
            words.append(f"more than {self.warn_above} warn")
        if self.error_above is not None:
            words.append(f"more than {self.error_above} fail")
        return ", ".join(words)

    @property
    def quarantines(self) -> bool:
        """Whether the rows that violate it are set aside."""
        return self.on_violation is OnViolation.QUARANTINE

    @property
    def blocks(self) -> bool:
        """Whether a violation beyond the tolerance keeps the table from being published."""
        return self.on_violation is not OnViolation.WARN and self.severity is not Severity.WARNING


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the contract names it."""

    name: str
    type: str | None = None
    """Type in DuckDB's spelling, as written; None where any type will do."""
    description: str = ""
    place: Place = field(default=NOWHERE, compare=False)
    sensitive: bool | None = None
    """Whether its values are shown to nobody; None where its inputs decide."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything that must hold for one table."""

    description: str = ""
    columns: tuple[Column, ...] = ()
    checks: tuple[Check, ...] = ()
    sensitive: frozenset[str] = frozenset()
    """Columns whose values are shown to nobody, in lower case; see `project/sensitive.py`."""
    hidden: frozenset[str] = frozenset()
    """Such columns of the assets that it reads or is checked against: `raw.people.mail`."""

    @property
    def discreet(self) -> bool:
        """Whether what an engine says of it may hold values that are shown to nobody."""
        return bool(self.sensitive or self.hidden)

    def hides(self, column: str) -> bool:
        """Say whether the values of a column are shown to nobody."""
        return column.lower() in self.sensitive

    @property
    def references(self) -> tuple[str, ...]:
        """Assets that the checks need beside their own, sorted, each once."""
        return tuple(sorted({name for check in self.checks for name in check.references}))

    @property
    def quarantines(self) -> bool:
        """Whether rows may be set aside, so that less is published than was built."""
        return any(check.quarantines for check in self.checks)

    @property
    def types(self) -> dict[str, str]:
        """Type by column, for the columns that have one."""
        return {column.name: column.type for column in self.columns if column.type}


#: How arguments are written in a check's id that would not be told apart by their values alone.
_SHOWN = {
    "at": "at {}",
    "closed": "closed",
    "exactly": "= {}",
    "first": "from {}",
    "group": "within {}",
    "keep": "keep first by {}",
    "last": "to {}",
    "least": ">= {}",
    "most": "<= {}",
    "order": "by {}",
    "strictly": "strictly",
}


def _one_line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text else text


def _shown(name: str, value: Any) -> str:
    if name not in _SHOWN:
        return _text(value)
    return _SHOWN[name].format(", ".join(map(str, value)) if isinstance(value, tuple) else value)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)
