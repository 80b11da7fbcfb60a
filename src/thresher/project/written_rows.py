"""Rows as somebody wrote them down: in YAML, or in a small CSV, JSON or Parquet file.

A cell is kept as the text that was written, to be read as the type of its column: `012` stays a
code, `NO` a country and `12.60` exact, whatever YAML takes them for. What YAML takes them for tells
the type of a column that nobody else has told.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from thresher.errors import NOWHERE, Fault, Place, ProjectError
from thresher.project.documents import Document, Key, scalar
from thresher.project.text_files import read_text, unreadable

FILES = (".csv", ".json", ".parquet")
"""Endings of files that rows can be written in."""
NULL_TYPE = '"NULL"'
"""Type of a column that holds no value, and fits wherever it is used."""
_MOST_BIGINT = 2**63


@dataclass(frozen=True, slots=True)
class Cell:
    """One value."""

    value: Any
    """As YAML, or the file, has it; None for null."""
    text: str | None
    """As it is written; JSON for a list or a mapping."""

    @property
    def nested(self) -> bool:
        """Whether it is a list or a mapping."""
        return isinstance(self.value, (list, dict))


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One row, and where it stands."""

    cells: Mapping[str, Cell]
    """By the name of the column, as written."""
    place: Place = NOWHERE


Rows = tuple[WrittenRow, ...]


def columns_of(rows: Iterable[WrittenRow]) -> tuple[str, ...]:
    """Name the columns of rows, each once; case does not tell names apart."""
    found: dict[str, str] = {}
    for row in rows:
        for name in row.cells:
            found.setdefault(name.lower(), name)
    return tuple(found.values())


def rows_of_document(document: Document, way: Sequence[str | int], value: Sequence[Any]) -> Rows:
    """Read rows out of a YAML document.

    Args:
        document: where they stand.
        way: keys that lead to the list of them.
        value: the list, of mappings.
    """
    return tuple(
        WrittenRow(
            {
                name: _cell(*_written(document, (*way, index, name), part))
                for name, part in row.items()
            },
            document.place(*way, index),
        )
        for index, row in enumerate(value)
    )


def rows_of_file(file: Path, path: str, place: Place) -> Rows:
    """Read rows out of a file.

    Args:
        file: the file.
        path: what it is called in faults.
        place: who names it.

    Raises:
        ProjectError: it is not there, or cannot be read.
    """
    if file.suffix not in FILES:
        what = f"rows cannot be read from `{path}`"
        raise ProjectError([Fault(what, place, f"files end with {', '.join(FILES)}")])
    if not file.is_file():
        what = f"there is no file `{path}`"
        raise ProjectError([Fault(what, place, "the path is relative to `tests/`")])
    if file.suffix == ".parquet":
        return _parquet(file, path)
    text = read_text(file, path)
    return _csv(text, path) if file.suffix == ".csv" else _json(text, path)


def told_type(cells: Iterable[Cell]) -> str:
    """Give the type that the values of a column tell, in DuckDB's spelling."""
    return _type_of([cell.value for cell in cells if cell.value is not None])


def _written(document: Document, way: Key, value: Any) -> tuple[Any, str | None]:
    """Give a value, and how it is written; what stands in lists and mappings as a cell would."""
    if isinstance(value, list):
        parts = [_written(document, (*way, at), part) for at, part in enumerate(value)]
        return [_cell(*part).value for part in parts], None
    if isinstance(value, dict):
        named = {name: _written(document, (*way, name), part) for name, part in value.items()}
        return {name: _cell(*part).value for name, part in named.items()}, None
    return value, document.plain.get(way)


def _cell(value: Any, plain: str | None) -> Cell:
    if value is None:
        return Cell(None, None)
    if isinstance(value, (list, dict)):
        return Cell(value, json.dumps(value, default=_plain_text, ensure_ascii=False))
    if isinstance(value, bool) and plain is not None and plain.lower() not in ("true", "false"):
        return Cell(plain, plain)  # `no` and `on` are more often words
    if isinstance(value, int) and plain is not None and ":" in plain:
        return Cell(plain, plain)  # `12:30:00` is a time, and not a number to the base of 60
    if plain is None or (isinstance(value, float) and value - value != 0):
        return Cell(value, _plain_text(value))  # `.inf` is YAML's own spelling
    return Cell(value, plain)


def _plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, (bytes, bytearray)):
        return "".join(f"\\x{byte:02X}" for byte in value)
    return str(value)


def _csv(text: str, path: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    rows: list[WrittenRow] = []
    for fields in reader:
        if not fields:
            continue
        place = Place(path, reader.line_num)
        if len(fields) != len(header):
            what = f"it has {len(fields)} fields, and the header {len(header)}"
            raise ProjectError([Fault(what, place)])
        pairs = zip(header, fields, strict=True)
        rows.append(WrittenRow({name: _field(field) for name, field in pairs}, place))
    return tuple(rows)


def _field(text: str) -> Cell:
    return _cell(scalar(text) if text else None, text)


def _json(text: str, path: str) -> Rows:
    try:
        value = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        fault = Fault(f"not valid JSON: {getattr(error, 'msg', error)}", Place(path, line))
        raise ProjectError([fault]) from None
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ProjectError([Fault("it should be a list of objects", Place(path))])
    return _plain_rows(value, path)


def _parquet(file: Path, path: str) -> Rows:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return _plain_rows(parquet.read_table(file).to_pylist(), path)
    except pa.ArrowException as error:
        raise ProjectError([Fault(f"not valid Parquet: {error}", Place(path))]) from None
    except OSError as error:
        raise ProjectError([unreadable(error, path)]) from None


def _plain_rows(rows: Iterable[Mapping[str, Any]], path: str) -> Rows:
    return tuple(
        WrittenRow({name: _cell(value, None) for name, value in row.items()}, Place(path))
        for row in rows
    )


def _type_of(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values}
    if kinds == {list}:
        return f"{_type_of([item for value in values for item in value])}[]"
    if kinds == {dict} and all(values):
        names = dict.fromkeys(name for value in values for name in value)
        fields = (
            f'"{str(name).replace(chr(34), chr(34) * 2)}" '
            f"{_type_of([value.get(name) for value in values])}"
            for name in names
        )
        return f"STRUCT({', '.join(fields)})"
    kinds -= {type(None)}
    if kinds == {int}:
        widest = max((abs(value) for value in values if value is not None), default=0)
        return "BIGINT" if widest < _MOST_BIGINT else "HUGEINT"
    return next((name for among, name in _TYPES if kinds <= among), "VARCHAR")


#: The type of a column by what its values are; of several that fit, the first.
_TYPES: tuple[tuple[frozenset[type], str], ...] = (
    (frozenset(), NULL_TYPE),
    (frozenset({bool}), "BOOLEAN"),
    (frozenset({int, float, Decimal}), "DOUBLE"),
    (frozenset({dt.date}), "DATE"),
    (frozenset({dt.date, dt.datetime}), "TIMESTAMP"),
    (frozenset({bytes}), "BLOB"),
)
