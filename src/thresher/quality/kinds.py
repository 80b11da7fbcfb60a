"""What a check can be: something that holds for each row, or for the table as a whole.

Both are data: functions that write SQL and say what its answer means. Nothing here asks an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from thresher.project.contract import Check
from thresher.quality.subject import Subject


@dataclass(frozen=True, slots=True)
class Sql:
    """A query, or a condition, with the values bound into it."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    """Name of each column that it gives, where its rows are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found, before it is weighed."""

    violations: int
    """Violating rows, or 1 for a check of the table itself that does not hold."""
    words: str
    rows: int = 0
    """Rows looked at one by one; 0 for a check of the table itself, which knows no tolerance."""
    figure: str | None = None
    """What it was judged by, where another run judges by it again or compares with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """What must hold for each row."""

    violating: Callable[[Check, Subject], Sql]
    """Gives the condition of a violating row."""
    phrase: Callable[[Check], str]
    """Says what violating rows do, in the plural: `have no `x``."""
    count: Callable[[Check, Subject], Sql] | None = None
    """Gives a query for the number of violating rows, where counting by the condition is slow."""
    by_value: bool = False
    """Whether its condition is dear and looks at one column, so that each value is judged once."""
    needs_all: bool = False
    """Whether a sample can violate it though the whole does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCheck:
    """What must hold for the table as a whole."""

    query: Callable[[Check, Subject], Sql | None]
    """Gives the query for one row of figures, or None where the version's own figures will do."""
    judge: Callable[[Check, Subject, Sequence[Any]], Finding]
    """Says what the figures mean."""
    examples: Callable[[Check, Subject], Sql] | None = None
    """Gives the query for what violates it, the worst first, where that can be shown."""
    violating_rows: Callable[[Check, Subject], Sql] | None = None
    """Gives an expression that is true for the rows that would have to go so that the check holds,
    as many as its violations, and false for all others; never null. It may hold window functions,
    so it stands in the select list of the whole table; rows that `where` leaves out are false in
    it, and matter to no other. None where no row can be named."""
    needs_all: bool = False
    """Whether a sample can violate it though the whole does not."""


def limited(check: Check, condition: Sql) -> Sql:
    """Limit a condition to the rows that a check looks at."""
    if not check.where:
        return condition
    # `case`, and not `and`, whose sides an engine may take in any order: `where: kind = 'number'`
    # must keep other rows from a condition that would fail on them.
    text = f"case when (\n{check.where}\n) then ({condition.text}) end"
    return replace(condition, text=text)


def names_rows(kind: RowCheck | TableCheck) -> bool:
    """Say whether a kind can name the rows that violate it."""
    return isinstance(kind, RowCheck) or kind.violating_rows is not None


def looked_at(check: Check, subject: Subject) -> str:
    """Give the `from` clause of the rows that a check looks at."""
    # The line ends keep a comment in the user's condition from hiding what follows it.
    where = f" where (\n{check.where}\n)" if check.where else ""
    return f"from {subject.table.sql}{where}"
