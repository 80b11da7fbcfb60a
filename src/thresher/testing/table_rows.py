"""Whatever holds rows, as rows: tables of the warehouse, frames, answers, lists, files."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from thresher.api.querying import Answer
from thresher.api.tables import Table
from thresher.engines.returned import stream_of
from thresher.errors import AssetError
from thresher.quality.differences import Rowset

#: DuckDB's name of each type of Arrow that has another.
_NAMES = {
    "binary": "BLOB",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
    "double": "DOUBLE",
    "float": "FLOAT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "int8": "TINYINT",
    "large_binary": "BLOB",
    "large_string": "VARCHAR",
    "null": '"NULL"',
    "string": "VARCHAR",
    "string_view": "VARCHAR",
    "time64[us]": "TIME",
    "timestamp[ms]": "TIMESTAMP_MS",
    "timestamp[ns]": "TIMESTAMP_NS",
    "timestamp[s]": "TIMESTAMP_S",
    "timestamp[us]": "TIMESTAMP",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "uint8": "UTINYINT",
}
_DECIMAL = re.compile(r"decimal\d+\((\d+), (\d+)\)")
_ZONED = re.compile(r"timestamp\[us, tz=.*\]")


def rowset_of(given: Any) -> Rowset:
    """Give the rows of a table, a frame, an answer, a list of mappings or a file.

    Raises:
        TypeError: it is none of these.
        FileNotFoundError: there is no such file.
    """
    match given:
        case Table() | Answer():
            return _warehouse(given)
        case str() | os.PathLike():
            return _file(Path(given))
        case list() | tuple():
            return _mappings(given)
    if hasattr(given, "fetchall") and hasattr(given, "columns"):
        return _relation(given)
    return _frame(given)


def label_of(given: Any) -> str:
    """Say what to call something that holds rows."""
    match given:
        case Table():
            return f"`{given.name}`"
        case Answer():
            return "the answer"
        case str() | os.PathLike():
            return f"`{Path(given).name}`"
        case list() | tuple():
            return "the list of rows"
    return f"the {type(given).__name__}"


def _warehouse(given: Table | Answer) -> Rowset:
    if isinstance(given, Answer):
        return Rowset(given.columns, given.rows, given.types)
    return _relation(given.relation())


def _relation(relation: Any) -> Rowset:
    return Rowset(
        tuple(relation.columns), tuple(relation.fetchall()), tuple(map(str, relation.types))
    )


def _mappings(given: Sequence[Any]) -> Rowset:
    if wrong := next((row for row in given if not isinstance(row, Mapping)), None):
        what = f"rows should be mappings of columns to values, not {type(wrong).__name__}"
        raise TypeError(what)
    columns = tuple(dict.fromkeys(str(name) for row in given for name in row))
    return Rowset(columns, tuple(tuple(row.get(name) for name in columns) for row in given))


def _file(path: Path) -> Rowset:
    if path.suffix == ".parquet":
        from pyarrow import parquet

        return _arrow(parquet.read_table(path))
    if path.suffix not in (".csv", ".tsv"):
        raise TypeError(f"`{path}` should end with .csv, .tsv or .parquet")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, delimiter="\t" if path.suffix == ".tsv" else ",")
        columns = tuple(next(reader, ()))
        rows = [tuple(field or None for field in fields) for fields in reader if fields]
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            what = f"`{path}`, row {number}: {len(row)} fields, and the header has {len(columns)}"
            raise ValueError(what)
    return Rowset(columns, tuple(rows))


def _frame(given: Any) -> Rowset:
    import pyarrow as pa

    try:
        stream = stream_of(given)
    except AssetError as error:
        raise TypeError(f"`{type(given).__name__}` holds no rows: {error.fault.what}") from error
    return _arrow(pa.Table.from_batches(list(stream.batches), schema=stream.schema))


def _arrow(table: Any) -> Rowset:
    columns = [column.to_pylist() for column in table.columns]
    rows = tuple(zip(*columns, strict=True))
    return Rowset(tuple(table.column_names), rows, tuple(map(_type_name, table.schema.types)))


def _type_name(kind: Any) -> str:
    written = str(kind)
    if decimal := _DECIMAL.fullmatch(written):
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    if _ZONED.fullmatch(written):
        return "TIMESTAMP WITH TIME ZONE"
    return _NAMES.get(written, written)
