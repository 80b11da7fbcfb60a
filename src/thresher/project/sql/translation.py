"""Queries of views in the words of another dialect, where those mean the same.

sqlglot writes them; what it may write is a list. A function that is not on it, or an operator whose
result hangs on the types of its sides, is refused by name: a view that gives other rows than
Thresher audited would be worse than none.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import ErrorLevel, SqlglotError

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.quoting import masked
from thresher.project.sql.tree import only_one, parse

_SIDES = ("this", "expression")
_SET = (*_SIDES, "with_", "distinct", "order", "limit")
#: What a query may hold, and the arguments of each that are known to be written alike.
_KNOWN: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Select: (
        *("expressions", "from_", "joins", "where", "group", "having", "order", "limit"),
        *("distinct", "with_"),
    ),
    exp.Subquery: ("this", "alias", "with_"),
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), _SET),
    exp.With: ("expressions",),
    exp.CTE: ("this", "alias"),
    exp.From: ("this",),
    exp.Join: ("this", "side", "kind", "on", "using"),
    exp.Where: ("this",),
    exp.Having: ("this",),
    exp.Group: ("expressions",),
    exp.Order: ("expressions",),
    exp.Ordered: ("this", "desc", "nulls_first"),
    exp.Limit: ("expression",),
    exp.Distinct: ("expressions",),
    exp.Table: ("this", "db", "alias"),
    exp.TableAlias: ("this", "columns"),
    exp.Alias: ("this", "alias"),
    exp.Identifier: ("this", "quoted"),
    exp.Column: ("this", "table"),
    exp.Star: (),
    exp.Literal: ("this", "is_string"),
    exp.Boolean: ("this",),
    exp.Null: (),
    exp.Paren: ("this",),
    exp.Not: ("this",),
    exp.Neg: ("this",),
    exp.Is: _SIDES,
    exp.In: ("this", "expressions", "query"),
    exp.Exists: ("this",),
    exp.Between: ("this", "low", "high"),
    exp.Case: ("this", "ifs", "default"),
    exp.If: ("this", "true"),
    exp.Coalesce: ("this", "expressions"),
    exp.Nullif: _SIDES,
    exp.Count: ("this", "big_int"),
    exp.Sum: ("this",),
    exp.Min: ("this",),
    exp.Max: ("this",),
    exp.Abs: ("this",),
    exp.Cast: ("this", "to"),
    exp.DataType: ("this", "nested", "expressions"),
    exp.DataTypeParam: ("this",),
    **dict.fromkeys((exp.And, exp.Or, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _SIDES),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _SIDES),
}
_JOINS = ("", "INNER", "OUTER", "CROSS")
#: Types that a cast may name, for which every dialect has one of its own.
_TYPES = ("BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "INT", "TEXT")
#: Types whose name means something else elsewhere, and the one that means the same.
_TIMESTAMPS = {"bigquery": "DATETIME", "spark": "TIMESTAMP_NTZ", "snowflake": "TIMESTAMP_NTZ"}
_KEPT = (TokenType.STRING, TokenType.IDENTIFIER)


def translated_query(text: str, dialect: str, spell: Callable[[str], tuple[str, bool]]) -> str:
    """Write a query without parameters in another dialect.

    Args:
        text: the query, in DuckDB's words.
        dialect: name of the dialect, as sqlglot knows it.
        spell: gives the spelling of a name there, and whether it needs quotes; a name without
            quotes is in lower case.

    Raises:
        SqlError: it holds what is not known to mean the same there.
    """
    if masked(text) != text:
        raise SqlError("a literal in it is written as only DuckDB writes it")
    tree = parse(text, only_one(text, "a query")).tree
    for node in list(tree.walk()):
        _refuse_unknown(node)
        if isinstance(node, exp.Identifier):
            name, quoted = spell(node.name)
            node.set("this", name)
            node.set("quoted", quoted)
        elif isinstance(node, exp.DataType):
            _rename(node, dialect)
    try:
        written = tree.sql(
            dialect=dialect,
            pretty=True,
            comments=False,
            normalize_functions="lower",
            unsupported_level=ErrorLevel.RAISE,
        )
        return _lower(written, dialect)
    except SqlglotError as error:
        raise SqlError(f"it cannot be said: {error}") from None


def _refuse_unknown(node: exp.Expr) -> None:
    known = _KNOWN.get(type(node))
    given = {name for name, value in node.args.items() if value not in (None, False, [])}
    strange = known is None or bool(given - set(known))
    if strange or (isinstance(node, exp.Join) and node.kind not in _JOINS):
        shown = node.sql(dialect="duckdb", comments=False, normalize_functions="lower")[:60]
        raise SqlError(f"`{shown}` has no counterpart that is known to mean the same")


def _rename(node: exp.DataType, dialect: str) -> None:
    name = node.this.name
    if name in ("TIMESTAMPNTZ", "TIMESTAMP"):
        if dialect in _TIMESTAMPS:
            node.replace(exp.DataType.build(_TIMESTAMPS[dialect], dialect=dialect))
    elif name not in _TYPES or (name == "DECIMAL" and dialect == "bigquery"):  # it would round
        raise SqlError(f"a cast to `{node.sql(dialect='duckdb').lower()}` has no counterpart")


def _lower(text: str, dialect: str) -> str:
    """Write keywords small, as the rest of the statement is written."""
    done, written = 0, []
    for token in sqlglot.tokenize(text, read=dialect):
        if token.token_type not in _KEPT:
            written += [text[done : token.start], text[token.start : token.end + 1].lower()]
            done = token.end + 1
    return "".join([*written, text[done:]])
