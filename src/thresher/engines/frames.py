"""The kinds of frame that asset functions take: each is one function, from a version to the frame.

A frame holds what the files hold: where Parquet has no form for a type, such as `HUGEINT`, it holds
the storage type, and so do frames, whichever way they are read; a DuckDB relation alone has the
logical types. Times with a zone are in the session's zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from thresher.errors import AssetError
from thresher.results import Schema

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_FOREIGN = re.compile(r'\b(?:UUID|JSON)\b|"NULL"')
"""Types that Polars reads from Parquet as something else than Arrow has them."""
_ZONED = re.compile(r"WITH TIME ZONE|TIMESTAMPTZ")


class Table(Protocol):
    """A version of a table, as an engine gives it to be made a frame of."""

    @property
    def schema(self) -> Schema:
        """Its columns."""
        ...

    @property
    def paths(self) -> Sequence[str]:
        """Its files; none for a view."""
        ...

    @property
    def rows(self) -> int:
        """Number of its rows."""
        ...

    @property
    def timezone(self) -> str:
        """The session's time zone."""
        ...

    def relation(self) -> Any:
        """Give a DuckDB relation with the logical types."""
        ...

    def reader(self) -> pa.RecordBatchReader:
        """Give its rows as a stream with the storage types."""
        ...


def missing(package: str) -> AssetError:
    """Say that the package of a kind of frame is not installed."""
    return AssetError(
        f"the package `{package}` is not installed",
        hint=f"pip install 'thresher[{package}]'",
    )


def _lazy(table: Table) -> pl.LazyFrame:
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        raise missing("polars") from error
    if table.paths and scannable(table):
        # The paths are exact: `[` in a folder's name is no pattern, `env=prod` no column.
        return pl.scan_parquet(list(table.paths), glob=False, hive_partitioning=False)
    return pl.DataFrame(table.reader().read_all()).lazy()


def _polars(table: Table) -> pl.DataFrame:
    return _lazy(table).collect()


def _pandas(table: Table) -> pd.DataFrame:
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise missing("pandas") from error
    import pyarrow as pa

    whole = {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    rows = table.reader().read_all()
    # pandas makes floats of whole numbers with nulls, which lose digits beyond 2^53.
    columns = {
        name: column.to_pandas(types_mapper=whole.get if column.null_count else None)
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    }
    return pd.DataFrame(columns)


def scannable(table: Table) -> bool:
    """Say whether Polars reads the files as it would read the same rows from Arrow."""
    types = [column.storage for column in table.schema]
    zoned = table.timezone != "UTC" and any(map(_ZONED.search, types))
    return not zoned and not any(map(_FOREIGN.search, types))


#: How a version becomes a frame, by the name that an annotation has.
KINDS: Mapping[str, Callable[[Table], Any]] = {
    "duckdb.DuckDBPyRelation": lambda table: table.relation(),
    "pandas.DataFrame": _pandas,
    "polars.DataFrame": _polars,
    "polars.LazyFrame": _lazy,
    "pyarrow.RecordBatchReader": lambda table: table.reader(),
    "pyarrow.Table": lambda table: table.reader().read_all(),
}
