"""Parsing of SQL through the cache, so that what was parsed once needs no parser again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from thresher.errors import Fault, Place, ProjectError
from thresher.project import sql
from thresher.project.cache import ParseCache

T = TypeVar("T")


def cached_query(cache: ParseCache, text: str, path: str, first_line: int) -> sql.ParsedQuery:
    """Parse the query of an asset; lines in the result are those of `text`.

    Raises:
        ProjectError: it is not one query; the fault has the line of the file.
    """

    def parse(query: str) -> sql.ParsedQuery:
        return located(sql.parse_query, path, first_line)(query)

    return cache.remember(
        "query", text, parse, dump=sql.ParsedQuery.to_json, load=sql.ParsedQuery.from_json
    )


def cached_condition(cache: ParseCache, text: str, place: Place) -> sql.ParsedExpression:
    """Parse a condition of a contract.

    Raises:
        ProjectError: it is not a condition.
    """

    def parse(condition: str) -> sql.ParsedExpression:
        try:
            return sql.check_expression(condition)
        except sql.SqlError as error:
            raise ProjectError([Fault(f"`{condition}`: {error.what}", place)]) from None

    return cache.remember(
        "condition",
        text,
        parse,
        dump=sql.ParsedExpression.to_json,
        load=sql.ParsedExpression.from_json,
    )


def cached_type(cache: ParseCache, text: str) -> bool:
    """Say whether a text is a type that DuckDB knows."""
    return cache.remember("type", text, lambda name: sql.valid_type(name), dump=bool, load=bool)


def located(parse: Callable[[str], T], path: str, first_line: int) -> Callable[[str], T]:
    """Make a parser whose errors are faults with the line of the file that the text begins in."""

    def run(text: str) -> T:
        try:
            return parse(text)
        except sql.SqlError as error:
            line = first_line - 1 + (error.line or 1)
            place = Place(path, line, error.column)
            raise ProjectError([Fault(f"not valid SQL: {error.what}", place, error.hint)]) from None

    return run
