"""Queries, macros and conditions, each read into one value that says all about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import shorten
from typing import TypedDict

from sqlglot import Token, exp

from thresher.project.sql.calls import calls, unrepeatable_samples
from thresher.project.sql.functions import FILE_ENDINGS
from thresher.project.sql.macros import name_of_macro, without_defaults
from thresher.project.sql.normal import normal_form
from thresher.project.sql.outputs import outputs_of
from thresher.project.sql.parameters import placeholders
from thresher.project.sql.parsed import Mark, ParsedExpression, ParsedMacro, ParsedQuery, SqlError
from thresher.project.sql.quoting import position
from thresher.project.sql.tables import TableRead, tables_read
from thresher.project.sql.tree import Statement, children, only_one, parse, split

_QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Pivot)
_CHANGES = (exp.DDL, exp.DML, exp.Command)
#: How much of a call is shown.
_SHOWN = 60


def parse_query(text: str) -> ParsedQuery:
    """Read one query: a `select`, in whatever form DuckDB knows.

    Raises:
        SqlError: it is empty, no valid SQL, more than one statement, or no query.
    """
    tokens = only_one(text, "a query")
    statement = parse(text, tokens)
    try:
        _must_be_query(statement)
        outputs = outputs_of(statement.tree)
        return ParsedQuery(outputs=outputs, **_facts(statement, statement.tree))
    except RecursionError:
        raise statement.error("the query is nested too deep", tokens[0]) from None


def bare_query(text: str) -> str:
    """Give a query without the semicolon, the blanks and the comments around it.

    Raises:
        SqlError: it is not one statement.
    """
    tokens = only_one(text, "a query")
    return text[tokens[0].start : tokens[-1].end + 1]


def parse_macro(text: str) -> tuple[ParsedMacro, ...]:
    """Read a file of `create macro` statements, in their order.

    Raises:
        SqlError: something in it is no valid SQL, or no such statement.
    """
    return tuple(_macro(text, tokens) for tokens in split(text))


def check_expression(text: str) -> ParsedExpression:
    """Read a condition on the rows of one table.

    Raises:
        SqlError: it is empty, no valid SQL, or more than one expression.
    """
    tokens = only_one(text, "a condition")
    statement = parse(text, tokens, exp.Condition)
    if isinstance(statement.tree, exp.Star) or isinstance(statement.tree.this, exp.Star):
        raise statement.error("a condition cannot be a star", tokens[0])
    columns = _columns_used(statement.tree)
    return ParsedExpression(columns=columns, **_facts(statement, statement.tree))


class _Facts(TypedDict):
    normal: str
    inputs: tuple[Mark, ...]
    unqualified: tuple[Mark, ...]
    foreign: tuple[Mark, ...]
    reads_files: tuple[Mark, ...]
    params: tuple[Mark, ...]
    positional: tuple[Mark, ...]
    functions: tuple[str, ...]
    not_repeatable: tuple[Mark, ...]


def _facts(statement: Statement, tree: exp.Expr, *, first: int = 0) -> _Facts:
    """Tell what is told of all SQL.

    Args:
        statement: what was parsed.
        tree: the part of it that reads tables.
        first: position of the first token that counts for its normal form.
    """
    tables = list(tables_read(tree))
    files = [table for table in tables if _is_file(statement, table)]
    named = [table for table in tables if table not in files]
    called = list(calls(statement))
    found = list(placeholders(statement))
    text, line = statement.text, statement.line

    def marks(size: int) -> tuple[Mark, ...]:
        chosen = (table for table in named if min(len(table.parts), 3) == size)
        return _first((table.name, line(table.start)) for table in chosen)

    def shown(start: int, end: int) -> str:
        return shorten(text[start:end], _SHOWN, placeholder=" ...)")

    return _Facts(
        normal=normal_form(statement, first=first),
        inputs=marks(2),
        unqualified=marks(1),
        foreign=marks(3),
        reads_files=_first(
            [(table.parts[0], line(table.start)) for table in files]
            + [(shown(c.start, c.end), line(c.start)) for c in called if c.reads_outside]
        ),
        params=_first((p.name, line(p.start)) for p in found if p.name is not None),
        positional=_first((p.written, line(p.start)) for p in found if p.name is None),
        functions=tuple(sorted({call.name for call in called})),
        not_repeatable=_first(
            [(shown(c.start, c.end), line(c.start)) for c in called if not c.repeatable]
            + [(name, line(start)) for name, start in unrepeatable_samples(tree)]
        ),
    )


def _first(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Keep the first line of each name, and sort by name."""
    lines: dict[str, int] = {}
    for name, line in marks:
        lines[name] = min(line, lines.get(name, line))
    return tuple(sorted(lines.items()))


def _is_file(statement: Statement, table: TableRead) -> bool:
    if len(table.parts) > 1:
        return False
    opening = statement.text[table.start]
    return opening == "'" or (opening == '"' and table.name.endswith(FILE_ENDINGS))


def _must_be_query(statement: Statement) -> None:
    first = statement.tokens[0]
    tree = statement.tree
    while isinstance(tree, exp.Subquery):
        tree = tree.this
    if not isinstance(tree, _QUERIES):
        hint = "write a `select`; Thresher makes the table from it"
        raise statement.error(f"only a query can stand here, not `{first.text}`", first, hint)
    for node in tree.walk():
        if isinstance(node, _CHANGES):
            raise statement.error("a query cannot hold a statement that changes data", first)
        if isinstance(node, exp.Select) and not node.expressions:
            raise statement.error("the query selects no columns", first)


def _macro(text: str, tokens: Sequence[Token]) -> ParsedMacro:
    head = name_of_macro(text, tokens)
    tree = parse(text, without_defaults(tokens, head)).tree
    body = tree.args.get("expression")
    if not isinstance(tree, exp.Create) or not isinstance(body, exp.Expr):
        raise SqlError("the macro cannot be read", *position(text, tokens[0].start))
    statement = Statement(text, tuple(tokens), tree)
    written = text[tokens[head].start : tokens[-1].end + 1]
    return ParsedMacro(
        name=tokens[head].text.lower(),
        statement=f"create or replace macro {written}",
        line=statement.line(tokens[0].start),
        **_facts(statement, body, first=head),
    )


def _columns_used(tree: exp.Expr) -> tuple[str, ...]:
    """Find the columns outside of subqueries; the variables of lambdas and lists are none."""
    found: set[str] = set()
    waiting: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, bound = waiting.pop()
        if isinstance(node, exp.Query):
            continue
        if isinstance(node, exp.Lambda):
            bound |= {variable.name.lower() for variable in node.expressions}
        elif isinstance(node, exp.Comprehension):
            waiting.append((node.args["iterator"], bound))
            bound |= {node.expression.name.lower()}
        elif isinstance(node, (exp.Column, exp.Dot)):
            first = node.parts[0] if isinstance(node, exp.Column) else node.this
            if isinstance(first, exp.Identifier) and first.name.lower() not in bound:
                found.add(first.name)
        waiting.extend((child, bound) for child in children(node, without=["iterator"]))
    return tuple(sorted(found))
