"""The columns of a result: their names, and how a Parquet file holds each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from thresher.engines.parquet_types import UnfaithfulTypeError, storage_type
from thresher.errors import NOWHERE, AssetError, Place
from thresher.results import Field, Schema

Columns = Sequence[tuple[str, str]]
"""Name and logical type of each column."""


def check_names(names: Iterable[str], place: Place = NOWHERE) -> None:
    """Refuse names that a table cannot have.

    Raises:
        AssetError: a name is empty, or stands twice; case does not tell names apart.
    """
    seen: dict[bytes, str] = {}
    for name in names:
        if not name:
            raise AssetError("a column has no name", place=place, hint="name every column")
        # DuckDB folds the letters of ASCII alone, and so do bytes.
        folded = name.encode().lower()
        first = seen.get(folded)
        if first is not None:
            both = f"`{name}`" if first == name else f"`{first}` and `{name}`"
            raise AssetError(
                f"two columns have one name: {both}",
                place=place,
                hint="rename one of them; case does not tell names apart",
            )
        seen[folded] = name


def file_schema(columns: Columns, place: Place = NOWHERE) -> Schema:
    """Choose how a file holds each column.

    Raises:
        AssetError: Parquet has no faithful form for a column's type.
    """
    fields = []
    for name, logical in columns:
        try:
            fields.append(Field(name, logical, storage_type(logical)))
        except UnfaithfulTypeError as error:
            raise AssetError(
                f"column `{name}` is of type {error.type}, which Parquet cannot hold faithfully",
                place=place,
                hint=error.advice,
            ) from error
    return tuple(fields)


def view_schema(columns: Columns) -> Schema:
    """Give the schema of a query that no file holds.

    Frames are given the storage types all the same, where there are any.
    """
    fields = []
    for name, logical in columns:
        try:
            fields.append(Field(name, logical, storage_type(logical)))
        except UnfaithfulTypeError:
            fields.append(Field(name, logical, logical))
    return tuple(fields)
