"""Short ways to the figures of a check: known from statistics, or proven by a cheaper query.

A check asks for one row of figures. A short way must give the very row that the check's own query
would give, or nothing; where it gives nothing, that query is asked. So a short way may be wrong in
one direction only: it may miss a proof, and cost the time that it took.

A proof counts distinct images of the rows under some function. As many images as rows means as many
keys as rows, whatever the function: images that meet by chance spoil a proof, and never make one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from thresher.project.contract import Check
from thresher.quality.kinds import Sql
from thresher.quality.statistics import UNKNOWN, ColumnStatistics, StatisticsOf
from thresher.quality.subject import Subject
from thresher.tables import quote_name

Figures = tuple[Any, ...]
"""The row that a check's own query would give."""

MOST_BITS = 32
"""Bits for each row that a proof may take: no more memory than a number for each row."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A query that shows that nothing violates a check, if its answer is the one expected."""

    query: Sql
    expected: int
    figures: Figures
    """What the check's own query would give then."""


def known(check: Check, subject: Subject, statistics_of: StatisticsOf) -> Figures | None:
    """Give the figures of a check that statistics settle, or None."""
    settle = SETTLED.get(check.kind)
    if settle is None or check.where:
        return None
    statistics = statistics_of(subject.table.snapshot)
    columns = [statistics.get(subject.table.name(name), UNKNOWN) for name in check.columns]
    return settle(check, columns, subject.table.snapshot.rows)


def proof(check: Check, subject: Subject, statistics_of: StatisticsOf) -> Proof | None:
    """Give a cheap query that may prove that nothing violates a check, or None."""
    prove = PROVEN.get(check.kind)
    return prove(check, subject, statistics_of) if prove and not check.where else None


def _nulls(_check: Check, columns: list[ColumnStatistics], _rows: int) -> Figures | None:
    counts = [column.nulls for column in columns]
    if len(counts) == 1 and counts[0] is not None:
        return (counts[0],)
    return (0,) if all(count == 0 for count in counts) else None


def _range(check: Check, columns: list[ColumnStatistics], _rows: int) -> Figures | None:
    (column,) = columns
    given = dict(check.arguments)
    least = given.get("low", given.get("bound") if check.kind == "at_least" else None)
    most = given.get("high", given.get("bound") if check.kind == "at_most" else None)
    above = least is None or _in_order(least, column.low)
    below = most is None or _in_order(column.high, most)
    return (0,) if above and below else None


def _accepted(check: Check, columns: list[ColumnStatistics], _rows: int) -> Figures | None:
    (column,) = columns
    if not isinstance(column.low, int) or not isinstance(column.high, int):
        return None
    values = {value for value in check.argument("values") if type(value) is int}
    if column.high - column.low >= len(values):
        return None
    return (0,) if values.issuperset(range(column.low, column.high + 1)) else None


def _newest(_check: Check, columns: list[ColumnStatistics], rows: int) -> Figures | None:
    (column,) = columns
    if column.nulls == rows:
        return (None,)
    return (str(column.high),) if isinstance(column.high, date) else None


SETTLED: Mapping[str, Callable[[Check, list[ColumnStatistics], int], Figures | None]] = {
    "not_null": _nulls,
    "between": _range,
    "at_least": _range,
    "at_most": _range,
    "accepted": _accepted,
    "freshness": _newest,
}
"""Gives the figures of a check by kind, from its columns' statistics and the number of rows."""


def _unique(check: Check, subject: Subject, statistics_of: StatisticsOf) -> Proof | None:
    statistics = statistics_of(subject.table.snapshot)
    names = list(dict.fromkeys(subject.table.name(name) for name in check.columns))
    known_of = {name: statistics.get(name, UNKNOWN) for name in names}
    rows = subject.table.snapshot.rows
    image = _dense(known_of) or (_numbered(*known_of.items()) if len(names) == 1 else None)
    if image is None or not image.fits(rows):
        return None
    return Proof(Sql(f"select {image.count} from {subject.table.sql}"), rows, figures=(rows, 0, 0))


def _references(check: Check, subject: Subject, statistics_of: StatisticsOf) -> Proof | None:
    """Show that the other table has every number from the lowest to the highest of ours."""
    if len(check.columns) != 1 or check.argument("to") not in subject.tables:
        return None
    (name,), (key,) = check.columns, check.argument("keys")
    other = subject.other(check.argument("to"))
    ours = statistics_of(subject.table.snapshot).get(subject.table.name(name), UNKNOWN)
    if not isinstance(ours.low, int) or not isinstance(ours.high, int):
        return None
    theirs = statistics_of(other.snapshot).get(other.name(key), UNKNOWN)
    image = _Image(other.column(key), ours.low, ours.high)
    enough = image.size <= other.snapshot.rows and image.fits(other.snapshot.rows)
    if not isinstance(theirs.low, int) or not enough:
        return None
    return Proof(Sql(f"select {image.count} from {other.sql}"), image.size, figures=(0,))


PROVEN: Mapping[str, Callable[[Check, Subject, StatisticsOf], Proof | None]] = {
    "unique": _unique,
    "primary_key": _unique,
    "references": _references,
}
"""Gives a proof by kind of check."""


@dataclass(frozen=True, slots=True)
class _Image:
    """A whole number for each row, of which a map of bits can hold all that are in range."""

    sql: str
    low: int
    high: int

    @property
    def size(self) -> int:
        """How many numbers there can be."""
        return self.high - self.low + 1

    def fits(self, rows: int) -> bool:
        """Say whether a map of bits pays for so many rows."""
        return 0 < self.size <= MOST_BITS * rows and self.low >= -(2**63) and self.high < 2**63

    @property
    def count(self) -> str:
        """Count the distinct numbers within the range; any other, and a null, is left out."""
        value = f"cast({self.sql} as bigint)"
        within = f"case when {value} between {self.low} and {self.high} then {value} end"
        return f"bit_count(bitstring_agg({within}, {self.low}, {self.high}))"


def _dense(columns: Mapping[str, ColumnStatistics]) -> _Image | None:
    """Number the places in the box that the bounds of whole numbers span."""
    sql, size = "", 1
    for name, column in columns.items():
        if not isinstance(column.low, int) or not isinstance(column.high, int):
            return None
        width = column.high - column.low + 1
        value = f"cast({quote_name(name)} as bigint) - {column.low}"
        sql = f"({sql}) * {width} + {value}" if sql else value
        size *= width
    return _Image(sql, 0, size - 1)


def _numbered(item: tuple[str, ColumnStatistics]) -> _Image | None:
    """Read the number behind the beginning that all texts share, as in `INV-000123`."""
    name, column = item
    if not isinstance(column.low, str) or not isinstance(column.high, str):
        return None
    # What the lowest and the highest text begin with, all between them begin with.
    pairs = zip(column.low, column.high, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    digits = sum(1 for _ in takewhile(str.isdecimal, reversed(column.low[:shared])))
    start = shared - digits
    low, high = column.low[start:], column.high[start:]
    if len(low) != len(high):
        return None
    if not (low.isascii() and low.isdecimal() and high.isascii() and high.isdecimal()):
        return None
    sql = f"try_cast(substring({quote_name(name)}, {start + 1}) as bigint)"
    return _Image(sql, int(low), int(high))


_COMPARABLE = (int, float, Decimal)


def _in_order(first: Any, second: Any) -> bool:
    """Say whether one value is certainly not above another; never for what SQL would convert."""
    if first is None or second is None or first != first or second != second:  # noqa: PLR0124
        return False  # NaN is in no order but SQL's
    if type(first) in _COMPARABLE and type(second) in _COMPARABLE:
        return bool(first <= second)
    pair = [_midnight(first), _midnight(second)]
    if type(pair[0]) is not type(pair[1]) or type(pair[0]) not in (str, datetime):
        return False
    if isinstance(pair[0], datetime) and any(each.tzinfo for each in pair):
        return False
    return bool(pair[0] <= pair[1])


def _midnight(value: Any) -> Any:
    """Give the beginning of a day, as SQL takes a date beside a timestamp."""
    return datetime(value.year, value.month, value.day) if type(value) is date else value  # noqa: DTZ001
