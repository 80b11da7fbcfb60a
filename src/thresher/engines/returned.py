"""What asset functions give back, each kind turned into one stream of Arrow batches.

A frame, an iterator of frames, or rows as dicts: whatever it is, DuckDB writes the stream in the
same way as the result of a query. What pandas or Arrow would change silently is refused by name.
"""

from __future__ import annotations

import itertools
import numbers
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from thresher.engines.arrow_types import cast_batch, plain_schema
from thresher.engines.columns import check_names
from thresher.engines.duckdb_relations import relation_stream
from thresher.engines.streams import BATCH_ROWS, Stream
from thresher.errors import UNSHOWN, AssetError
from thresher.instants import in_utc

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_ACCEPTED = "return a frame of Polars, pandas, PyArrow or DuckDB, an iterator of them, or dicts"


def stream_of(result: Any) -> Stream:
    """Turn what a function gave back into a stream.

    Raises:
        AssetError: it is nothing that can be written.
    """
    if result is None:
        raise AssetError("it returned None: return a frame", hint=_ACCEPTED)
    stream = _frame(result)
    if stream is None and isinstance(result, (Iterator, Sequence)) and not _is_text(result):
        stream = _joined(iter(result))
    if stream is None:
        raise AssetError(f"it returned `{type(result).__name__}`", hint=_ACCEPTED)
    if not stream.schema.names:
        raise AssetError("it returned a frame without columns", hint=_ACCEPTED)
    check_names(stream.schema.names)
    return stream


def _frame(result: Any) -> Stream | None:
    """Turn one frame, or a list of dicts, into a stream; None where it is neither."""
    if isinstance(result, type):
        return None  # a class has the methods of its frames, and none of their rows
    for kind, turn in _FRAMES.items():
        if _is(result, kind):
            return turn(result)
    if isinstance(result, list) and result and all(isinstance(row, dict) for row in result):
        return _rows(result)
    return _arrow(result) if hasattr(result, "__arrow_c_stream__") else None


def _is(result: Any, kind: str) -> bool:
    """Say whether a value is of a kind, without importing what the kind comes from."""
    package, _, name = kind.partition(".")
    class_ = getattr(sys.modules.get(package), name, None)
    return class_ is not None and isinstance(result, class_)


def _is_text(result: Any) -> bool:
    return isinstance(result, (str, bytes, bytearray))


def _joined(items: Iterator[Any]) -> Stream:
    """Join what an iterator gives; the first sets the columns and their types."""
    first = next(items, None)
    if first is None:
        raise AssetError(
            "it gave no batch, so its columns are unknown",
            hint="give one frame without rows, which has the columns",
        )
    opening = _item(first, 1)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from opening.batches
        for number, item in enumerate(items, 2):
            for batch in _item(item, number).batches:
                yield cast_batch(batch, opening.schema, f"batch {number}: ")

    return Stream(opening.schema, batches(), opening.types)


def _item(item: Any, number: int) -> Stream:
    stream = _frame(item)
    if stream is None:
        raise AssetError(f"batch {number} is `{type(item).__name__}`, not a frame", hint=_ACCEPTED)
    return stream


def _arrow(frame: Any) -> Stream:
    """Take anything that speaks Arrow's stream interface."""
    import pyarrow as pa

    try:
        reader = pa.RecordBatchReader.from_stream(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise AssetError(
            f"`{type(frame).__name__}` cannot be read as a table: {error}",
            hint=_ACCEPTED,
            discreet=f"`{type(frame).__name__}` cannot be read as a table: {UNSHOWN}",
        ) from error
    return _plain(reader.schema, reader)


def _plain(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Stream:
    plain = plain_schema(schema)
    return Stream(plain, (cast_batch(batch, plain) for batch in batches))


def _lazy(frame: pl.LazyFrame) -> Stream:
    import polars as pl

    opening = _polars(pl.DataFrame(schema=frame.collect_schema()))
    if hasattr(frame, "collect_batches"):
        parts: Iterable[pl.DataFrame] = frame.collect_batches(
            chunk_size=BATCH_ROWS, maintain_order=True, lazy=True, engine="streaming"
        )
    else:
        parts = [frame.collect(engine="streaming")]
    batches = (
        cast_batch(batch, opening.schema) for part in parts for batch in _polars(part).batches
    )
    return Stream(opening.schema, batches)


def _polars(frame: pl.DataFrame) -> Stream:
    import polars as pl

    types = {name: str(type_) for name, type_ in frame.schema.items()}
    for name, type_ in types.items():
        # Polars gives an object's address for its value.
        if "Object" in type_:
            raise _no_arrow_form(name, type_)
    try:
        if any("Categorical" in type_ or "Enum" in type_ for type_ in types.values()):
            # PyArrow cannot look up categories in the newest layout of texts.
            return _arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
        return _arrow(frame)
    except AssetError as error:
        for name, type_ in types.items():
            _check_alone(frame.select(name), name, type_, error)
        raise


def _check_alone(frame: pl.DataFrame, name: str, type_: str, error: AssetError) -> None:
    try:
        _arrow(frame)
    except AssetError:
        raise _no_arrow_form(name, type_) from error


def _no_arrow_form(column: str, type_: str) -> AssetError:
    return AssetError(
        f"column `{column}` is of Polars' type {type_}, which Arrow has no form for",
        hint="cast it to another type before it is returned",
    )


def _pandas(frame: pd.DataFrame) -> Stream:
    import pyarrow as pa

    _check_index(frame)
    for label in frame.columns:
        if not isinstance(label, str):
            raise AssetError(
                f"the column {label!r} has no text for a name", hint="rename it: `frame.columns`"
            )
    check_names(frame.columns)
    for position, label in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if column.dtype == object:
            check_kinds(label, column.dropna())
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise AssetError(
            f"the pandas frame cannot be written: {'; '.join(map(str, error.args))}",
            hint="give each column one type, as in `frame.astype({...})`",
            discreet=f"the pandas frame cannot be written: {UNSHOWN}",
        ) from error
    return _plain(table.schema, table.to_batches())


def _check_index(frame: pd.DataFrame) -> None:
    """Refuse an index that holds data; one that only numbers the rows is left out."""
    index = frame.index
    named = [name for name in index.names if name is not None]
    if named or index.nlevels > 1 or (len(index) and index.dtype.kind not in "iu"):
        told = ", ".join(f"`{name}`" for name in named) or f"values such as {index[0]!r}"
        raise AssetError(
            f"the index of the pandas frame holds {told}, and an index is not written",
            hint="make it a column with `frame.reset_index()`, or drop it with `drop=True`",
            discreet="the index of the pandas frame holds values, and an index is not written",
        )


def check_kinds(name: str, values: Iterable[Any]) -> None:
    """Refuse values of several kinds in one column, which would be changed to be alike.

    Raises:
        AssetError: there are several; whole and floating-point numbers count as one.
    """
    kinds = {type(value) for value in values}
    real = {kind for kind in kinds if issubclass(kind, numbers.Real)} - {bool}
    if len(kinds - real) + bool(real) > 1:
        told = ", ".join(sorted(f"`{kind.__name__}`" for kind in kinds))
        raise AssetError(
            f"column `{name}` mixes values of the types {told}", hint="give the column one type"
        )


def _rows(rows: Sequence[Mapping[str, Any]]) -> Stream:
    import pyarrow as pa

    arrays: dict[str, pa.Array] = {}
    # A key may be missing from any row, the first one too.
    for name in dict.fromkeys(itertools.chain.from_iterable(rows)):
        if not isinstance(name, str):
            raise AssetError(f"the key {name!r} of a row is no text", hint="name every column")
        values = [row.get(name) for row in rows]
        check_kinds(name, (value for value in values if value is not None))
        try:
            arrays[name] = pa.array([in_utc(value) for value in values])
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise AssetError(
                f"column `{name}` cannot be written: {error}",
                hint="give the column one type",
                discreet=f"column `{name}` cannot be written: {UNSHOWN}",
            ) from error
    table = pa.table(arrays)
    return _plain(table.schema, table.to_batches())


#: How a frame becomes a stream, where it takes more than Arrow's stream interface.
_FRAMES: Mapping[str, Callable[[Any], Stream]] = {
    "duckdb.DuckDBPyRelation": relation_stream,
    "pandas.DataFrame": _pandas,
    "polars.DataFrame": _polars,
    "polars.LazyFrame": _lazy,
}
