"""DuckDB's types in the words of each dialect, and what is lost where there is no such type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thresher.project.sql import TypeTree


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type as a dialect writes it."""

    text: str
    lost: str | None = None
    """What it does not keep, in words; None where it keeps everything."""
    low: int | None = None
    """The least value, where the type holds lower ones than the original."""
    high: int | None = None
    size: int | None = None
    """Number of elements, where the type holds lists of any length."""
    labels: tuple[str, ...] = ()
    """The only values, as literals of SQL, where the type holds others too."""


_TEXT = "kept as text"
_SIZE = "of any length"
#: Least and greatest value of the whole numbers that some dialects have no type for.
_BOUNDS = {
    "UTINYINT": (0, 2**8 - 1),
    "USMALLINT": (0, 2**16 - 1),
    "UINTEGER": (0, 2**32 - 1),
    "UBIGINT": (0, 2**64 - 1),
    "TINYINT": (-(2**7), 2**7 - 1),
}
_NANOSECONDS = "to the microsecond: nanoseconds are lost"

#: Types without parameters, by dialect: the text, and what is lost if anything is.
_PLAIN: Mapping[str, Mapping[str, Any]] = {
    "postgres": {
        "TINYINT": "smallint",
        "SMALLINT": "smallint",
        "INTEGER": "integer",
        "BIGINT": "bigint",
        "HUGEINT": "numeric(39, 0)",
        "UHUGEINT": "numeric(39, 0)",
        "UTINYINT": "smallint",
        "USMALLINT": "integer",
        "UINTEGER": "bigint",
        "UBIGINT": "numeric(20, 0)",
        "BIGNUM": "numeric",
        "BOOLEAN": "boolean",
        "FLOAT": "real",
        "DOUBLE": "double precision",
        "VARCHAR": "text",
        "BLOB": "bytea",
        "BIT": "varbit",
        "UUID": "uuid",
        "JSON": "json",
        "INTERVAL": "interval",
        "DATE": "date",
        "TIME": "time",
        "TIME WITH TIME ZONE": "time with time zone",
        "TIMESTAMP": "timestamp",
        "TIMESTAMP_S": "timestamp(0)",
        "TIMESTAMP_MS": "timestamp(3)",
        "TIMESTAMP WITH TIME ZONE": "timestamptz",
        "TIMESTAMP_NS": ("timestamp", _NANOSECONDS),
        "TIMESTAMPTZ_NS": ("timestamptz", _NANOSECONDS),
        "TIME_NS": ("time", _NANOSECONDS),
        "GEOMETRY": ("bytea", "a geometry without PostGIS: its WKB"),
        "VARIANT": ("jsonb", "values as JSON: their types are lost"),
    },
    "spark": {
        "TINYINT": "tinyint",
        "SMALLINT": "smallint",
        "INTEGER": "int",
        "BIGINT": "bigint",
        "UTINYINT": "smallint",
        "USMALLINT": "int",
        "UINTEGER": "bigint",
        "UBIGINT": "decimal(20, 0)",
        "BOOLEAN": "boolean",
        "FLOAT": "float",
        "DOUBLE": "double",
        "VARCHAR": "string",
        "BLOB": "binary",
        "DATE": "date",
        "TIMESTAMP": "timestamp_ntz",
        "TIMESTAMP_S": "timestamp_ntz",
        "TIMESTAMP_MS": "timestamp_ntz",
        "TIMESTAMP WITH TIME ZONE": "timestamp",
        "HUGEINT": ("decimal(38, 0)", "38 digits, as Thresher publishes them"),
        "UHUGEINT": ("decimal(38, 0)", "38 digits, as Thresher publishes them"),
        "TIMESTAMP_NS": ("timestamp_ntz", _NANOSECONDS),
        "TIMESTAMPTZ_NS": ("timestamp", _NANOSECONDS),
        "GEOMETRY": ("binary", "its WKB"),
        "VARIANT": ("string", "kept as JSON"),
        "JSON": ("string", _TEXT),
        "UUID": ("string", _TEXT),
        "BIT": ("string", _TEXT),
        "BIGNUM": ("string", _TEXT),
        "INTERVAL": ("string", _TEXT),
        "TIME": ("string", _TEXT),
        "TIME_NS": ("string", _TEXT),
        "TIME WITH TIME ZONE": ("string", _TEXT),
    },
    "snowflake": {
        "TINYINT": "tinyint",
        "SMALLINT": "smallint",
        "INTEGER": "integer",
        "BIGINT": "bigint",
        "UTINYINT": "smallint",
        "USMALLINT": "integer",
        "UINTEGER": "bigint",
        "UBIGINT": "number(20, 0)",
        "BOOLEAN": "boolean",
        "FLOAT": "float",
        "DOUBLE": "double",
        "VARCHAR": "varchar",
        "BLOB": "binary",
        "DATE": "date",
        "TIME": "time(6)",
        "TIME_NS": "time(9)",
        "TIMESTAMP": "timestamp_ntz(6)",
        "TIMESTAMP_S": "timestamp_ntz(0)",
        "TIMESTAMP_MS": "timestamp_ntz(3)",
        "TIMESTAMP_NS": "timestamp_ntz(9)",
        "TIMESTAMP WITH TIME ZONE": "timestamp_ltz(6)",
        "TIMESTAMPTZ_NS": "timestamp_ltz(9)",
        "VARIANT": "variant",
        "GEOMETRY": "geometry",
        "HUGEINT": ("number(38, 0)", "38 digits, as Thresher publishes them"),
        "UHUGEINT": ("number(38, 0)", "38 digits, as Thresher publishes them"),
        "JSON": ("variant", "parsed: repeated keys and their order are lost"),
        "UUID": ("varchar(36)", _TEXT),
        "BIT": ("varchar", _TEXT),
        "BIGNUM": ("varchar", _TEXT),
        "INTERVAL": ("varchar", _TEXT),
        "TIME WITH TIME ZONE": ("varchar", _TEXT),
    },
    "bigquery": {
        **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "int64"),
        **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER"), "int64"),
        "UBIGINT": "numeric(20)",
        "BOOLEAN": "bool",
        "FLOAT": "float64",
        "DOUBLE": "float64",
        "VARCHAR": "string",
        "BLOB": "bytes",
        "DATE": "date",
        "TIME": "time",
        "TIMESTAMP": "datetime",
        "TIMESTAMP_S": "datetime",
        "TIMESTAMP_MS": "datetime",
        "TIMESTAMP WITH TIME ZONE": "timestamp",
        "INTERVAL": "interval",
        "HUGEINT": ("bignumeric(38)", "38 digits, as Thresher publishes them"),
        "UHUGEINT": ("bignumeric(38)", "38 digits, as Thresher publishes them"),
        "TIMESTAMP_NS": ("datetime", _NANOSECONDS),
        "TIMESTAMPTZ_NS": ("timestamp", _NANOSECONDS),
        "TIME_NS": ("time", _NANOSECONDS),
        "JSON": ("json", "parsed: repeated keys and their order are lost"),
        "VARIANT": ("json", "values as JSON: their types are lost"),
        "GEOMETRY": ("bytes", "its WKB"),
        "UUID": ("string", _TEXT),
        "BIT": ("string", _TEXT),
        "BIGNUM": ("string", _TEXT),
        "TIME WITH TIME ZONE": ("string", _TEXT),
    },
}

Quote = Callable[[str], str]


def column_type(tree: TypeTree, dialect: str, quote: Quote) -> ColumnType:
    """Write a type in a dialect.

    Args:
        tree: the type.
        dialect: name of the dialect.
        quote: writes the name of a field there.
    """
    if dialect == "duckdb":
        return ColumnType(tree.written(str.lower))
    if tree.name in _PLAIN[dialect]:
        found = _PLAIN[dialect][tree.name]
        text, lost = (found, None) if isinstance(found, str) else found
        same = text == tree.name.lower()
        low, high = (None, None) if same else _BOUNDS.get(tree.name, (None, None))
        return ColumnType(text, _about(tree, lost), low, high)
    if tree.name == "DECIMAL":
        return ColumnType(_decimal(tree, dialect))
    if tree.name == "ENUM":
        lost = None if dialect == "postgres" else _about(tree, _TEXT)
        return ColumnType(_PLAIN[dialect]["VARCHAR"], lost, labels=tree.labels)
    return _NESTED[dialect](tree, quote)


def _about(tree: TypeTree, lost: str | None) -> str | None:
    return f"{tree.written(str.lower)}, {lost}" if lost else None


def _decimal(tree: TypeTree, dialect: str) -> str:
    width, scale = tree.numbers
    name = {"postgres": "numeric", "spark": "decimal", "snowflake": "number"}.get(dialect)
    if name is None:
        name = "numeric" if scale <= 9 and width - scale <= 29 else "bignumeric"
    return f"{name}({width}, {scale})"


def _within(tree: TypeTree, dialect: str, quote: Quote) -> tuple[list[str], str | None]:
    """Write the types inside a type, and tell what any of them loses."""
    inner = [column_type(each, dialect, quote) for each in tree.inner]
    lost = next((each.lost for each in inner if each.lost), None)
    if lost is None and any(each.low is not None or each.labels for each in inner):
        lost = _about(tree, "which can hold other values inside, too")
    return [each.text for each in inner], lost


def _has(tree: TypeTree, *names: str) -> bool:
    return tree.name in names or any(_has(each, *names) for each in tree.inner)


def _in_postgres(tree: TypeTree, quote: Quote) -> ColumnType:
    if _has(tree, "STRUCT", "MAP", "UNION"):
        return ColumnType("jsonb", _about(tree, "values as JSON: the types inside are lost"))
    (element,), lost = _within(tree, "postgres", quote)
    if _has(tree.inner[0], "LIST", "ARRAY"):
        lost = lost or _about(tree, "whose inner lists must be of one length")
    return ColumnType(f"{element}[]", lost, size=tree.numbers[0] if tree.numbers else None)


def _in_spark(tree: TypeTree, quote: Quote) -> ColumnType:
    inner, lost = _within(tree, "spark", quote)
    if tree.name == "UNION":
        return ColumnType("string", _about(tree, "kept as JSON"))
    if tree.name == "MAP":
        return ColumnType(f"map<{', '.join(inner)}>", lost)
    if tree.name == "STRUCT":
        pairs = zip(map(quote, tree.fields), inner, strict=True)
        return ColumnType(f"struct<{', '.join(f'{name}: {kind}' for name, kind in pairs)}>", lost)
    return ColumnType(f"array<{inner[0]}>", lost or _about(tree, _SIZE if tree.numbers else None))


def _in_snowflake(tree: TypeTree, _: Quote) -> ColumnType:
    if tree.name in ("LIST", "ARRAY"):
        return ColumnType("array", _about(tree, "elements of any type"))
    return ColumnType("object", _about(tree, "values of any type"))


def _in_bigquery(tree: TypeTree, quote: Quote) -> ColumnType:
    inner, lost = _within(tree, "bigquery", quote)
    if tree.name == "UNION" or (tree.name in ("LIST", "ARRAY") and inner[0].startswith("array<")):
        return ColumnType("json", _about(tree, "values as JSON: the types inside are lost"))
    if tree.name == "MAP":
        kind = f"array<struct<key {inner[0]}, value {inner[1]}>>"
        return ColumnType(kind, lost or _about(tree, "as a list of keys with values"))
    if tree.name == "STRUCT":
        pairs = zip(map(quote, tree.fields), inner, strict=True)
        return ColumnType(f"struct<{', '.join(f'{name} {kind}' for name, kind in pairs)}>", lost)
    return ColumnType(f"array<{inner[0]}>", lost or _about(tree, _SIZE if tree.numbers else None))


_NESTED: Mapping[str, Callable[[TypeTree, Quote], ColumnType]] = {
    "postgres": _in_postgres,
    "spark": _in_spark,
    "snowflake": _in_snowflake,
    "bigquery": _in_bigquery,
}
