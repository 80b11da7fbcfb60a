"""Writing a query's result as one Parquet file, with every type kept or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from thresher.engines.columns import Columns
from thresher.engines.duckdb_calls import Call, embed
from thresher.errors import AssetError, Place
from thresher.results import Schema
from thresher.tables import column_sql, quote_text

FILE = "data.parquet"
"""Name of the file that a build leaves."""


def select_text(text: str, place: Place) -> str:
    """Give a query without the semicolon at its end.

    Raises:
        AssetError: there is more than one statement.
    """
    if ";" not in text:
        return text
    # Offsets of tokens count bytes; a semicolon in a string or a comment is no token.
    source = text.encode()
    tokens = [offset for offset, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    ends = [offset for offset in tokens if source[offset : offset + 1] == b";"]
    if not ends:
        return text
    if tokens[-1] != ends[0]:
        raise AssetError(
            "it holds more than one statement", place=place, hint="an asset is one `select`"
        )
    return source[: ends[0]].decode()


def describe(call: Call, text: str, params: Mapping[str, Any] | None = None) -> Columns:
    """Give the columns of a query without running it.

    Raises:
        AssetError: the query is wrong.
    """
    query = embed(text)
    if not params and (relation := call.bind(query)) is not None:
        return [
            (name, str(type_)) for name, type_ in zip(relation.columns, relation.types, strict=True)
        ]
    return [(row[0], row[1]) for row in call.fetch(f"describe {query}", params)]


def copy(
    call: Call,
    text: str,
    params: Mapping[str, Any] | None,
    *,
    columns: Columns,
    schema: Schema,
    target: Path,
) -> int:
    """Write a query's rows into a file, and give their number.

    Args:
        call: the cursor to use.
        text: the query.
        params: value of each parameter.
        columns: what the query gives.
        schema: what the file is to hold.
        target: the file.
    """
    selected = ", ".join(
        column_sql(name, held, field.storage)
        for (name, held), field in zip(columns, schema, strict=True)
    )
    query = embed(text)
    if any(held != field.storage for (_, held), field in zip(columns, schema, strict=True)):
        query = f"(select {selected} from {query})"
    (count,) = call.fetch(f"copy {query} to {quote_text(str(target))} (format parquet)", params)[0]
    return int(count)
