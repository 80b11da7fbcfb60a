"""Checks of values as conditions, for the databases that hold rows to conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from thresher.docs.ddl import names
from thresher.docs.ddl.dialects import Dialect
from thresher.docs.ddl.tables import TableShape
from thresher.project import sql
from thresher.project.contract import Check
from thresher.project.sql import SqlError, TypeTree
from thresher.quality.column_types import is_number, is_text


class NotSaidError(Exception):
    """A check cannot be written as a condition; its text is the reason."""


def condition(check: Check, shape: TableShape, dialect: Dialect, *, timezone: str) -> str:
    """Write a check of values as the condition of a row that satisfies it.

    Args:
        check: the check.
        shape: the table.
        dialect: the dialect; one that holds rows to conditions.
        timezone: time zone of values that have none, where a column has one.

    Raises:
        NotSaidError: the dialect cannot say it, or not so that it means the same.
    """
    if check.kind == "expression":
        return _expression(check.argument("sql"), shape, dialect)
    (name,) = check.columns
    tree = shape.types.get(name.lower())
    if tree is None:
        raise NotSaidError(f"there is no column `{name}`")
    column = names.identifier(shape.spelled((name,))[0], dialect)
    if check.kind == "pattern":
        return _pattern(column, tree, check.argument("regex"), dialect)
    given = [value for _, value in check.arguments]
    listed = given[0] if isinstance(given[0], tuple) else given
    fitting = [_fitting(value, tree, name, timezone) for value in listed]
    if check.kind in ("accepted", "forbidden"):
        word = "in" if check.kind == "accepted" else "not in"
        return f"{column} {word} ({', '.join(names.value(each, dialect) for each in fitting)})"
    if dialect.name == "postgres":
        column = _ordered(column, tree, name)
    bounds = [names.value(each, dialect) for each in fitting]
    return f"{column} {_WORDS[check.kind].format(*bounds)}"


_WORDS = {"between": "between {} and {}", "at_least": ">= {}", "at_most": "<= {}"}


def type_conditions(column: str, kind: Any) -> Mapping[str, str]:
    """Give the conditions, by a word for each, that make a wider type as narrow as it should be.

    Args:
        column: the column's name, as it is written.
        kind: its type, as `column_type` gave it.
    """
    found = {}
    if kind.low is not None:
        found["range"] = f"{column} between {kind.low} and {kind.high}"
    if kind.labels:
        found["values"] = f"{column} in ({', '.join(kind.labels)})"
    if kind.size is not None:
        found["size"] = f"cardinality({column}) = {kind.size}"
    return found


def _expression(text: str, shape: TableShape, dialect: Dialect) -> str:
    if dialect.name == "duckdb":
        return text.strip() if "\n" not in text and "--" not in text else f"\n{text.strip()}\n"
    spelled = {c.name.lower(): names.identifier(c.name, dialect) for c in shape.columns}
    try:
        return sql.postgres_condition(text, shape.types, spelled)
    except SqlError as error:
        raise NotSaidError(f"{error.what} in {dialect.title}") from None


def _pattern(column: str, tree: TypeTree, regex: str, dialect: Dialect) -> str:
    if not is_text(str(tree)):
        raise NotSaidError(f"`{tree.written(str.lower)}` is no text")
    if dialect.name == "duckdb":
        text = column if tree.name == "VARCHAR" else f"cast({column} as varchar)"
        return f"regexp_full_match({text}, {names.text(regex, dialect)})"
    try:
        return sql.postgres_matches(column, regex)
    except SqlError as error:
        raise NotSaidError(error.what) from None


def _ordered(column: str, tree: TypeTree, name: str) -> str:
    if tree.name == "ENUM":
        raise NotSaidError(f"`{name}` is kept as text, whose order is another")
    # DuckDB orders texts by their bytes, PostgreSQL by the collation of the database
    return f'{column} collate "C"' if tree.name == "VARCHAR" else column


def _fitting(value: Any, tree: TypeTree, name: str, timezone: str) -> Any:
    """Give a value of a contract as one of a column's type, as the audit compares them."""
    kind = str(tree)
    if is_text(kind) and not isinstance(value, (dt.date, str)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    family = "text" if is_text(kind) else "number" if is_number(kind) else tree.name
    fits = _FITS.get(family)
    if fits is None or not fits(value):
        shown = tree.written(str.lower)
        raise NotSaidError(f"`{name}` is `{shown}`, and `{value}` is not known to be one")
    if tree.name.startswith("TIMESTAMP WITH"):
        moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return value


def _is_moment(value: Any) -> bool:
    return isinstance(value, (dt.date, str)) and getattr(value, "tzinfo", None) is None


#: Which values can stand beside a column of a family.
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda v: isinstance(v, (int, float, Decimal)) and not isinstance(v, bool),
    "BOOLEAN": lambda value: isinstance(value, bool),
    "DATE": _is_moment,
    "TIMESTAMP": _is_moment,
    "TIMESTAMP_MS": _is_moment,
    "TIMESTAMP_NS": _is_moment,
    "TIMESTAMP_S": _is_moment,
    "TIMESTAMP WITH TIME ZONE": lambda value: isinstance(value, dt.date),
    "TIME": lambda value: isinstance(value, str),
    "UUID": lambda value: isinstance(value, str),
}
