"""How much memory the whole of an input would take, told before any of it is loaded.

The footers of Parquet files say how many rows there are, but what texts take once they are unfolded
from their dictionaries only a look at some of the rows tells. The figures below were measured: what
Polars and pandas 3 take for a text beside its bytes, how often pandas holds a number while it is
made, and what allocators keep beside all that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from thresher.engines.frames import Table, scannable
from thresher.errors import AssetError, Place
from thresher.sizes import spell_size

if TYPE_CHECKING:
    import pyarrow as pa

Item = TypeVar("Item")

LOOKED_AT = 4096
"""Rows that are looked at in each place."""
_KEPT = 1.15


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a kind of frame takes."""

    copies: int = 1
    """How often the bytes of numbers are held at once."""
    text: int = 0
    """Bytes for each text beside what Arrow takes for it."""


_COSTS: Mapping[str, _Cost] = {
    "pandas.DataFrame": _Cost(copies=2, text=8),
    "polars.DataFrame": _Cost(text=12),
    "polars.LazyFrame": _Cost(text=12),
    "pyarrow.Table": _Cost(),
}


def is_whole(kind: str, table: Table) -> bool:
    """Say whether a kind of frame holds the whole of a table in memory."""
    if kind == "polars.LazyFrame":
        return not (table.paths and scannable(table))
    return kind in _COSTS


def frame_size(kind: str, table: Table) -> int:
    """Estimate the bytes that the whole of a table takes as a kind of frame."""
    rows = table.rows
    if not rows:
        return 0
    samples = [batch for batch in _samples(table) if batch.num_rows]
    cost = _COSTS[kind]
    widest = max((_width(batch, cost) for batch in samples), default=0.0)
    return int(rows * widest * _KEPT)


def check_sizes(inputs: Sequence[tuple[str, str, Table]], limit: int, place: Place) -> None:
    """Refuse whole frames that together are larger than the memory of a run.

    Args:
        inputs: name and kind of each input, and the table.
        limit: bytes that the run may use.
        place: the asset.

    Raises:
        AssetError: they are larger.
    """
    whole = [each for each in inputs if is_whole(*each[1:])]
    total = sum(frame_size(kind, table) for _, kind, table in whole)
    if total <= limit:
        return
    named = " and ".join(f"`{name}` as `{kind}`" for name, kind, _ in whole)
    raise AssetError(
        f"it asks for the whole of {named}, about {spell_size(total)}, "
        f"and `run.memory` is {spell_size(limit)}",
        place=place,
        hint="take it as a `polars.LazyFrame`, a `duckdb.DuckDBPyRelation` or a "
        "`pyarrow.RecordBatchReader`, raise `run.memory`, or try it in a process of its own: "
        "`@asset(isolate=True)`",
    )


def _samples(table: Table) -> Iterator[pa.RecordBatch]:
    """Give some rows of the beginning, of the middle and of the end."""
    if not table.paths:
        yield from table.relation().limit(LOOKED_AT).to_arrow_table().combine_chunks().to_batches()
        return
    import pyarrow.parquet as pq

    for path in _spread(table.paths):
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for group in _spread(range(file.num_row_groups)):
                yield next(file.iter_batches(LOOKED_AT, row_groups=[group]))


def _spread(items: Sequence[Item]) -> list[Item]:
    """Give the first, the middle and the last of some things."""
    return [items[at] for at in sorted({0, len(items) // 2, len(items) - 1})] if items else []


def _width(batch: pa.RecordBatch, cost: _Cost) -> float:
    """Give the bytes of a row."""
    from pyarrow import types

    total = 0.0
    for column in batch.columns:
        texts = types.is_string(column.type) or types.is_binary(column.type)
        total += column.nbytes * (1 if texts else cost.copies)
        total += cost.text * len(column) * texts
    return float(total / batch.num_rows)
