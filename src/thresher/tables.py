"""A version of a table as SQL: the query that reads its files as what they mean.

Engines and the warehouse's catalog see a version through this one text, so that a table reads the
same while it is built upon and after it is published. Nothing here opens a file.
"""

from __future__ import annotations

import re

from thresher.results import Field, Snapshot

_PATTERN_CHARACTERS = re.compile(r"[*?\[]")


def quote_name(name: str) -> str:
    """Quote one identifier, such as a column's name; a dot in it is a dot of the name."""
    return '"' + name.replace('"', '""') + '"'


def quote_table(name: str) -> str:
    """Quote the name of an asset: `clean.flights` gives `"clean"."flights"`."""
    layer, _, table = name.partition(".")
    return f"{quote_name(layer)}.{quote_name(table)}"


def quote_text(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def quote_path(path: str) -> str:
    """Write a path as a literal for `read_parquet`, which takes `[`, `*` and `?` for patterns."""
    return quote_text(_PATTERN_CHARACTERS.sub(r"[\g<0>]", path))


def column_sql(name: str, held: str, wanted: str) -> str:
    """Write a column of a `select`, cast where it is held as another type than is wanted."""
    quoted = quote_name(name)
    return quoted if held == wanted else f"cast({quoted} as {wanted}) as {quoted}"


def relation_sql(snapshot: Snapshot, root: str) -> str:
    """Write the query that gives a version's rows, each column as its logical type.

    Args:
        snapshot: the version; a view gives its own query.
        root: folder of the warehouse, which the paths of the files are relative to.
    """
    if snapshot.sql is not None:
        return snapshot.sql
    if not snapshot.files:
        nothing = ", ".join(
            f"cast(null as {column.type}) as {quote_name(column.name)}"
            for column in snapshot.schema
        )
        return f"select {nothing} limit 0"
    columns = ", ".join(map(_column, snapshot.schema))
    folder = root.rstrip("/")
    paths = ", ".join(quote_path(f"{folder}/{file.path}") for file in snapshot.files)
    # A folder `env=prod` above the warehouse would give its value to a column `env`.
    return f"select {columns} from read_parquet([{paths}], hive_partitioning = false)"


def _column(column: Field) -> str:
    return column_sql(column.name, column.storage, column.type)
