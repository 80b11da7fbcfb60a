"""What a database is asked: a table or a query, its parameters bound as its driver wants them.

A value never becomes part of the SQL. What stands for it is written in the driver's own style
(PEP 249 has five, and ADBC adds PostgreSQL's), and the value goes beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from thresher.project.placeholders import change_code, placeholders

#: `format`, but that a doubled percent sign in a text stays doubled.
_PG8000 = "format of pg8000"


@dataclass(frozen=True, slots=True)
class Query:
    """What is wanted of a database: a table, or what a query gives."""

    table: str | None
    query: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    """Value of each parameter that the query names."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with the values that are bound to it."""

    sql: str
    arguments: tuple[Any, ...] | dict[str, Any] | None = None
    """In the form that the driver takes; None where nothing is bound."""


Quote = Callable[[str], str]
"""Writes a name, such as that of a table, as a database wants it."""


def select(query: Query, style: str, quote: Quote) -> Statement:
    """Ask for all rows."""
    if query.table is not None:
        return Statement(f"select * from {quote_dotted(query.table, quote)}")
    return bind(_bare(query.query or ""), query.params, style)


def described(asked: Statement) -> Statement:
    """Ask for the columns alone."""
    return replace(asked, sql=f"select * from (\n{asked.sql}\n) described where 1 = 0")


def state(query: Query, column: str, style: str, quote: Quote) -> Statement:
    """Ask how far a column has come, and how many rows there are."""
    what = f"select max({quote(column)}), count(*)"
    if query.table is not None:
        return Statement(f"{what} from {quote_dotted(query.table, quote)}")
    # A comment may end the query; Oracle wants no `as`.
    return bind(f"{what} from (\n{_bare(query.query or '')}\n) looked_at", query.params, style)


def bind(sql: str, params: Mapping[str, Any], style: str) -> Statement:
    """Replace each `$name` by what stands for a value in a style.

    Args:
        sql: the query.
        params: value of each parameter.
        style: what the driver calls its `paramstyle`.
    """
    found = list(placeholders(sql))
    if not found:
        return Statement(sql)
    order = list(dict.fromkeys(each.name for each in found))
    parts, end = [], 0
    for each in found:
        parts += [_literal(sql[end : each.start], style), _mark(each.name, order, style)]
        end = each.end
    text = "".join(parts) + _literal(sql[end:], style)
    if style in ("named", "pyformat"):
        return Statement(text, {name: params[name] for name in order})
    repeated = order if style.startswith("numeric") else [each.name for each in found]
    return Statement(text, tuple(params[name] for name in repeated))


def style_of(connection: object) -> str:
    """Give the style that the driver of a connection declares."""
    module = type(connection).__module__
    if module.partition(".")[0] == "pg8000":
        return _PG8000
    while module:
        style = getattr(sys.modules.get(module), "paramstyle", None)
        if isinstance(style, str):
            return style
        module = module.rpartition(".")[0]
    return "qmark"


def quote_dotted(name: str, quote: Quote) -> str:
    """Write the name of a table that may have its schema before it."""
    return ".".join(quote(part) for part in name.split("."))


def as_written(name: str) -> str:
    """Leave a name as it is: databases differ in how they quote, and in what that changes."""
    return name


def _bare(query: str) -> str:
    return query.strip().rstrip(";").rstrip()


def _literal(sql: str, style: str) -> str:
    if style == _PG8000:
        return change_code(sql, lambda code: code.replace("%", "%%"))
    return sql.replace("%", "%%") if style in ("format", "pyformat") else sql


def _mark(name: str, order: list[str], style: str) -> str:
    number = order.index(name) + 1
    marks = {
        "named": f":{name}",
        "numeric": f":{number}",
        "numeric_dollar": f"${number}",
        "format": "%s",
        _PG8000: "%s",
        "pyformat": f"%({name})s",
    }
    return marks.get(style, "?")
