"""A part that is open for reading, whatever its format: what every `*_files.py` gives.

A format must tell the names of its columns and guess their types, give a query over its rows, say
how each column becomes the type that was decided, and find out what is wrong when that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from thresher.sources.refusals import RefusedError
from thresher.sources.session import Session
from thresher.sources.texts import Conversion


@dataclass(frozen=True, slots=True)
class Target:
    """The type that was decided for a column."""

    type: str
    """As readers of the warehouse see it."""
    storage: str
    """As Parquet holds it."""
    contract: bool
    """Whether a contract gives it, so that no file can change it."""


class Table(Protocol):
    """Rows of one part."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of its columns, in order."""
        ...

    def guess(self, session: Session, *, full: bool) -> dict[str, str]:
        """Give the type of each column, from its first rows or from all of them."""
        ...

    def relation(self, targets: dict[str, Target], session: Session) -> str:
        """Write what stands behind `from`: rows whose columns [`convert`][] takes."""
        ...

    def convert(self, column: str, target: Target, session: Session) -> Conversion:
        """Say how a column of the relation becomes the type that was decided."""
        ...

    def fault(self, session: Session) -> RefusedError | None:
        """Find what is wrong with the file itself, whatever its values should be."""
        ...

    def place(self, row: int) -> tuple[int | None, str]:
        """Give the line of a row counted from 1, if there is one, and words for where it is."""
        ...


def refuse_names(columns: Sequence[str], *, line: int | None = None) -> None:
    """Refuse a table whose columns cannot be told apart by name.

    Raises:
        RefusedError: a name is empty, or stands there twice.
    """
    seen: dict[str, str] = {}
    for position, name in enumerate(columns, 1):
        if not name.strip():
            raise RefusedError(
                f"column {position} has no name",
                hint="name it in the file, or say `header: false` if the first row is data",
                line=line,
            )
        other = seen.get(name.lower())
        if other is not None:
            raise RefusedError(_twice(name, other), hint="rename one of them", line=line)
        seen[name.lower()] = name


def refuse_case(columns: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a table with a column whose name differs from a known one in case alone.

    Raises:
        RefusedError: there is one.
    """
    exact = {name.lower(): name for name in known}
    for name in columns:
        other = exact.get(name.lower(), name)
        if other != name:
            raise RefusedError(
                f"column `{name}` is called `{other}` in the files before it",
                hint="call it the same in all of them",
            )


def _twice(name: str, other: str) -> str:
    if name == other:
        return f"two columns are called `{name}`"
    return f"the columns `{other}` and `{name}` differ in case alone"
