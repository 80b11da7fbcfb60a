"""What the values of a table are like: figures of each column, found by three queries.

One query gives the figures of all columns, one the most frequent values of each, and one the
histograms, whose bins hang on the figures. Floating point numbers that are not finite are counted,
and left out of every other figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from thresher.quality.asking import Rows
from thresher.quality.column_types import (
    is_floating,
    is_integer,
    is_number,
    is_text,
    is_time,
    spelled,
)
from thresher.quality.subject import Table
from thresher.results import Field, Snapshot

#: Bins of a histogram, where there is not one for each whole number.
BINS = 10
#: Whole numbers that lie in a range of so many have a bin each.
SINGLE = 31
#: Quantiles that are found.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Most frequent values that are found.
TOP = 10

#: The lowest and the highest value of a column on the scale of its histogram, if it has one.
Ends = tuple[float, float] | None
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # times are shown as the column has them


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a histogram: from `low` up to `high`, which only the last one holds itself.

    Where both are the same, it counts that value alone.
    """

    low: Any
    high: Any
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What the values of a column are like."""

    name: str
    type: str
    """In DuckDB's spelling."""
    nulls: int
    distinct: int
    """Different values, nulls left out."""
    least: Any = None
    """Lowest value: a number, or a text for texts, dates and timestamps; None for other types."""
    greatest: Any = None
    not_finite: int = 0
    """Infinities and NaN, which no other figure but `distinct` takes in."""
    mean: float | None = None
    stddev: float | None = None
    """Standard deviation of a sample."""
    quantiles: Mapping[float, Any] | None = None
    """Of numbers, between two values where it lies between them; of times, a value."""
    blank: int | None = None
    """Texts without a character that can be seen."""
    lengths: tuple[int, int] | None = None
    """Characters of the shortest and of the longest text."""
    top: tuple[tuple[str, int], ...] = ()
    """The most frequent values, as texts, with their rows."""
    histogram: tuple[Bin, ...] = ()
    hidden: bool = False
    """Whether its values are not shown, so that only counts are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """What a table is like."""

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of one column, and the expression that gives it."""

    key: str
    sql: str


def profile(
    snapshot: Snapshot,
    tables: Mapping[str, Snapshot],
    rows: Rows,
    *,
    top: int = TOP,
    hidden: frozenset[str] = frozenset(),
    bars: bool = True,
) -> TableProfile:
    """Find what a table is like.

    Args:
        snapshot: the table.
        tables: it, and what it needs.
        rows: answers queries.
        top: most frequent values to find of each column.
        hidden: columns, in lower case, whose values are not to be shown.
        bars: whether to make histograms.
    """
    table = Table(snapshot)
    figures = [(field, tuple(_figures(field, table))) for field in snapshot.schema]
    asked = ", ".join(figure.sql for _, each in figures for figure in each)
    found = iter(rows(f"select count(*), {asked} from {table.sql}", tables, {})[0])
    count = int(next(found))
    known = [{figure.key: next(found) for figure in each} for _, each in figures]
    columns = [
        _column(field, count, each) for field, each in zip(snapshot.schema, known, strict=True)
    ]
    ends = [_ends(each) for each in known]
    tops = _tops(table, columns, top, tables, rows)
    made = _histograms(table, columns, ends, tables, rows) if bars else [()] * len(columns)
    return TableProfile(
        name=snapshot.asset,
        rows=count,
        columns=tuple(
            _hide(replace(column, top=tops[at], histogram=made[at]), hidden)
            for at, column in enumerate(columns)
        ),
    )


def _hide(column: ColumnProfile, hidden: frozenset[str]) -> ColumnProfile:
    """Take every value of the data out of a profile whose column is not to be shown."""
    if column.name.lower() not in hidden:
        return column
    return ColumnProfile(
        name=column.name,
        type=column.type,
        nulls=column.nulls,
        distinct=column.distinct,
        not_finite=column.not_finite,
        blank=column.blank,
        hidden=True,
    )


def _figures(field: Field, table: Table) -> Iterator[_Figure]:
    column, type_ = table.column(field.name), table.type(field.name)
    yield _Figure("filled", f"count({column})")
    if is_floating(type_):
        yield _Figure("not_finite", f"count_if(not isfinite({column}))")
        column = f"case when isfinite({column}) then {column} end"
    plain = is_number(type_) or is_text(type_) or is_time(type_) or type_ in ("BOOLEAN", "TIME")
    # What has parts is compared as it is written, which every type can be.
    compared = table.column(field.name) if plain else f"cast({table.column(field.name)} as varchar)"
    yield _Figure("distinct", f"count(distinct {compared})")
    if is_number(type_) or is_time(type_):
        scale = _as_double(column, type_)
        yield _Figure("low", f"min({scale})")
        yield _Figure("high", f"max({scale})")
    if is_number(type_):
        yield _Figure("least", f"min({column})")
        yield _Figure("greatest", f"max({column})")
        yield _Figure("mean", f"avg(cast({column} as double))")
        yield _Figure("stddev", f"stddev_samp(cast({column} as double))")
        yield _Figure("quantiles", f"quantile_cont(cast({column} as double), {list(QUANTILES)})")
    elif is_time(type_):
        yield _Figure("least", f"cast(min({column}) as varchar)")
        yield _Figure("greatest", f"cast(max({column}) as varchar)")
        texts = f"quantile_disc({column}, {list(QUANTILES)})"
        yield _Figure("quantiles", f"cast({texts} as varchar[])")
    elif is_text(type_):
        text = f"cast({column} as varchar)"
        yield _Figure("least", f"min({text})")
        yield _Figure("greatest", f"max({text})")
        yield _Figure("blank", f"count_if(not regexp_matches({text}, '[^\\s]'))")
        yield _Figure("shortest", f"min(length({text}))")
        yield _Figure("longest", f"max(length({text}))")


def _ends(found: Mapping[str, Any]) -> Ends:
    low, high = found.get("low"), found.get("high")
    return None if low is None or high is None else (float(low), float(high))


def _column(field: Field, rows: int, found: Mapping[str, Any]) -> ColumnProfile:
    quantiles = found.get("quantiles")
    return ColumnProfile(
        name=field.name,
        type=field.type,
        nulls=rows - found["filled"],
        distinct=found["distinct"],
        not_finite=found.get("not_finite", 0),
        least=_exact(found.get("least"), field),
        greatest=_exact(found.get("greatest"), field),
        mean=found.get("mean"),
        stddev=_defined(found.get("stddev")),
        quantiles=dict(zip(QUANTILES, quantiles, strict=True)) if quantiles else None,
        blank=found.get("blank"),
        lengths=(found["shortest"], found["longest"]) if found.get("longest") is not None else None,
    )


def _exact(value: Any, field: Field) -> Any:
    # Whole numbers without a limit come out of the engine as texts.
    return int(value) if value is not None and field.type == "BIGNUM" else value


def _defined(value: float | None) -> float | None:
    # The squares of some numbers are beyond a double.
    return None if value is None or math.isnan(value) else value


def _tops(
    table: Table,
    columns: Sequence[ColumnProfile],
    most: int,
    tables: Mapping[str, Snapshot],
    rows: Rows,
) -> list[tuple[tuple[str, int], ...]]:
    """Find the most frequent values; values that are as frequent stand in the order of texts."""
    parts = []
    for at, column in enumerate(columns):
        text = f"cast({table.column(column.name)} as varchar)"
        parts.append(
            f"(select {at}, {text}, count(*) from {table.sql} where {text} is not null"
            f" group by 2 order by 3 desc, 2 limit {most})"
        )
    found: list[list[tuple[str, int]]] = [[] for _ in columns]
    for at, value, count in rows(" union all ".join(parts), tables, {}):
        found[at].append((value, count))
    return [tuple(sorted(each, key=lambda pair: (-pair[1], pair[0]))) for each in found]


def _histograms(
    table: Table,
    columns: Sequence[ColumnProfile],
    ends: Sequence[Ends],
    tables: Mapping[str, Snapshot],
    rows: Rows,
) -> list[tuple[Bin, ...]]:
    """Count the values between the lowest and the highest in bins of one width."""
    bins = [_number_of_bins(column, each) for column, each in zip(columns, ends, strict=True)]
    parts = [
        _counting(at, table, columns[at], ends[at], number)
        for at, number in enumerate(bins)
        if number
    ]
    counts: dict[int, dict[int, int]] = {at: {} for at in range(len(columns))}
    for at, number, count in rows(" union all ".join(parts), tables, {}) if parts else ():
        counts[at][number] = count
    return [
        tuple(_bars(column, each, number, counts[at]))
        for at, (column, each, number) in enumerate(zip(columns, ends, bins, strict=True))
    ]


def _number_of_bins(column: ColumnProfile, ends: Ends) -> int:
    if ends is None:
        return 0
    low, high = ends
    if not 0 < high * 0.5 - low * 0.5 < math.inf:
        return 1
    return int(high - low) + 1 if _is_single(column, ends) else BINS


def _is_single(column: ColumnProfile, ends: tuple[float, float]) -> bool:
    """Say whether each value has a bin of its own."""
    low, high = ends
    exact = max(abs(low), abs(high)) < 2**53
    return exact and is_integer(spelled(column.type)) and high - low < SINGLE


def _counting(at: int, table: Table, column: ColumnProfile, ends: Ends, number: int) -> str:
    value = _as_double(table.column(column.name), spelled(column.type))
    bin_ = "0"
    if ends is not None and number > 1:
        # Halves, since the distance of two doubles can be beyond a double.
        low, high = (f"{end!r}::double * 0.5" for end in ends)
        share = f"({value} * 0.5 - {low}) / ({high} - {low})"
        bin_ = f"least(cast(floor({share} * {number}) as integer), {number - 1})"
        if _is_single(column, ends):
            bin_ = f"cast({value} - {ends[0]!r} as integer)"
    where = f"{value} is not null and isfinite({value})"
    return f"select {at}, {bin_}, count(*) from {table.sql} where {where} group by 2"


def _bars(
    column: ColumnProfile, ends: Ends, number: int, counts: Mapping[int, int]
) -> Iterator[Bin]:
    if ends is None:
        return
    low, high = ends
    if _is_single(column, ends):
        for at in range(number):
            yield Bin(int(low) + at, int(low) + at, counts.get(at, 0))
        return
    # The ends as they are, whatever rounding would make of them.
    between = [low * (1 - at / number) + high * (at / number) for at in range(1, number)]
    edges = [_shown(edge, column) for edge in (low, *between, high)]
    for at in range(number):
        yield Bin(edges[at], edges[at + 1], counts.get(at, 0))


def _shown(edge: float, column: ColumnProfile) -> Any:
    """Give the edge of a bin as a value of the column's kind: a number, or the text of a time."""
    if not is_time(spelled(column.type)):
        return edge
    try:
        at = _EPOCH + timedelta(seconds=edge)
    except (OverflowError, ValueError):
        return f"{edge:g} s since 1970"  # Python's calendar ends before the engine's does
    return at.date().isoformat() if column.type == "DATE" else at.isoformat(" ", "seconds")


def _as_double(column: str, type_: str) -> str:
    if is_time(type_):
        return f"case when isfinite({column}) then epoch({column}) end"
    return f"cast({column} as double)"
