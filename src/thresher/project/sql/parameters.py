"""Placeholders: where they stand, and how a query reads with their values written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import TokenType

from thresher.project.sql.literals import literal
from thresher.project.sql.parsed import SqlError
from thresher.project.sql.quoting import position
from thresher.project.sql.tree import Statement, only_one, parse


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder."""

    written: str
    """How it is written: `$name`, `$1` or `?`."""
    name: str | None
    """Its name; None for a positional one."""
    start: int
    """Offset at which it begins."""
    end: int
    """Offset behind it."""


def placeholders(statement: Statement) -> Iterator[Placeholder]:
    """Find all placeholders, in the order in which they are written."""
    tokens = statement.tokens
    for at, token in enumerate(tokens):
        if token.token_type is TokenType.PLACEHOLDER:
            yield Placeholder("?", None, token.start, token.end + 1)
        elif token.token_type is TokenType.PARAMETER and at + 1 < len(tokens):
            behind = tokens[at + 1]
            name = None if behind.token_type is TokenType.NUMBER else behind.text
            yield Placeholder(f"${behind.text}", name, token.start, behind.end + 1)


def inline_params(text: str, values: Mapping[str, Any]) -> str:
    """Write the values of parameters into a query, where it cannot take them bound.

    The literals give the types that DuckDB gives to bound values, so the query means the same. All
    else stays as it is written.

    Raises:
        SqlError: it is not one valid statement, a placeholder is positional, or has no value.
        TypeError: a value has no literal.
        ValueError: a value cannot be written.
    """
    statement = parse(text, only_one(text, "a query"))
    written: list[str] = []
    done = 0
    for placeholder in placeholders(statement):
        value = _literal(statement, placeholder, values)
        written += [text[done : placeholder.start], value]
        done = placeholder.end
    return "".join([*written, text[done:]])


def _literal(statement: Statement, placeholder: Placeholder, values: Mapping[str, Any]) -> str:
    where = position(statement.text, placeholder.start)
    if placeholder.name is None:
        hint = "name the parameter, as in `$start_date`"
        raise SqlError(f"`{placeholder.written}` has no name", *where, hint)
    if placeholder.name not in values:
        raise SqlError(f"the parameter `{placeholder.name}` has no value", *where)
    return literal(values[placeholder.name])
