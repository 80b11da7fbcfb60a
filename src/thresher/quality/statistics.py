"""What the footers of a version's Parquet files say of its columns, without reading a row.

A statistic must be one that holds for every row, whoever wrote the file, or it must not be given:
what is proven by it is not looked at again. So bounds are given only for types whose order is the
same in the footer, in Python and in SQL, and only where every part of every file has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thresher.quality.column_types import INTEGERS, is_number, spelled
from thresher.results import Field, Snapshot

if TYPE_CHECKING:
    import pyarrow.parquet as pq

WORTH_READING = 500_000
"""Rows from which on the footers are read: below, loading pyarrow takes longer than it saves."""


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What is known of all values of a column."""

    nulls: int | None = None
    """How many there are, exactly; None where it is not known."""
    low: Any = None
    """A value that no other is below; None where none is known."""
    high: Any = None
    """A value that no other is above; None where none is known."""
    repeats: bool = False
    """Whether its values repeat so much that every part of every file has a dictionary of them."""


UNKNOWN = ColumnStatistics()

Statistics = Mapping[str, ColumnStatistics]
"""What is known of each column, by its name; nothing for a column that is not there."""

StatisticsOf = Callable[[Snapshot], Statistics]
"""Gives what is known of a version."""


def nothing_known(_snapshot: Snapshot) -> Statistics:
    """Know nothing, so that every check is asked of the engine."""
    return {}


def read_statistics(snapshot: Snapshot, root: Path) -> Statistics:
    """Read the footers of a version's files.

    Args:
        snapshot: the version; nothing is known of a view.
        root: folder of the warehouse, which the paths of the files are relative to.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footers = [pq.read_metadata(root / file.path) for file in snapshot.files]
    except (OSError, pa.ArrowException):
        return {}  # The engine will say what is wrong with the file, if it must read it.
    if not footers or sum(footer.num_rows for footer in footers) != snapshot.rows:
        return {}
    return {field.name: _of_column(field, footers) for field in snapshot.schema}


def _of_column(field: Field, footers: Sequence[pq.FileMetaData]) -> ColumnStatistics:
    chunks: list[pq.ColumnChunkMetaData] = []
    for footer in footers:
        number = _position(field.name, footer)
        if number is None:
            return UNKNOWN
        chunks += [footer.row_group(each).column(number) for each in range(footer.num_row_groups)]
    nulls = 0
    for chunk in chunks:
        statistics = chunk.statistics
        if statistics is None or not statistics.has_null_count:
            if chunk.num_values:
                return UNKNOWN
            continue
        nulls += statistics.null_count
    low, high = _bounds(field, chunks)
    repeats = all(chunk.has_dictionary_page for chunk in chunks)
    return ColumnStatistics(nulls, low, high, repeats)


def _position(name: str, footer: pq.FileMetaData) -> int | None:
    """Find a column that holds a value or a null in each row; what is nested has no figures."""
    columns = (footer.schema.column(number) for number in range(footer.num_columns))
    found = [
        number
        for number, column in enumerate(columns)
        if column.path == column.name == name and column.max_repetition_level == 0
    ]
    return found[0] if len(found) == 1 else None


def _bounds(field: Field, chunks: Sequence[pq.ColumnChunkMetaData]) -> tuple[Any, Any]:
    type_ = spelled(field.type)
    kind = _python_type(type_) if field.storage == field.type else None
    if kind is None:
        return None, None
    lows: list[Any] = []
    highs: list[Any] = []
    for chunk in chunks:
        statistics = chunk.statistics
        if statistics is None or statistics.null_count == chunk.num_values:
            continue
        try:
            low, high = statistics.min, statistics.max
        except (OverflowError, ValueError):
            return None, None  # Python's calendar ends before Parquet's does.
        if type(low) is not kind or type(high) is not kind or _is_aware(high):
            return None, None
        lows.append(low)
        highs.append(high)
    if not lows:
        return None, None
    # Writers leave NaN out of both bounds, and it is above every other number.
    return min(lows), None if kind is float else max(highs)


def _python_type(type_: str) -> type | None:
    """Give the type of a bound, for types with the same order in footer, Python and SQL."""
    if type_ in INTEGERS:
        return int
    if type_ in {"FLOAT", "DOUBLE"}:
        return float
    if is_number(type_):
        return Decimal if type_.startswith("DECIMAL") else None
    return {"VARCHAR": str, "DATE": date, "TIMESTAMP": datetime}.get(type_)


def _is_aware(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None
