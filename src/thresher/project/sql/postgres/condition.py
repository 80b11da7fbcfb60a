"""Conditions of contracts in the words of PostgreSQL, where those are known to mean the same.

sqlglot reads a condition; what it would write is not used. Its texts for `date_diff`, `like` or `/`
give other results in PostgreSQL for some rows, and a comparison of a text with a number, which
DuckDB casts, makes the whole statement fail there. So there is a rule here for each thing that a
condition may hold, with the family of values it takes and gives, and what has no rule is refused by
name. The tests hold every rule against a running PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.postgres.logic import LOGIC
from thresher.project.sql.postgres.moments import MOMENTS
from thresher.project.sql.postgres.parts import Writer
from thresher.project.sql.postgres.values import VALUES
from thresher.project.sql.quoting import masked
from thresher.project.sql.tree import only_one, parse
from thresher.project.sql.type_tree import TypeTree


def postgres_condition(text: str, types: Mapping[str, TypeTree], names: Mapping[str, str]) -> str:
    """Write a condition on the rows of a table for PostgreSQL.

    Args:
        text: the condition, in DuckDB's words.
        types: type of each column, by its name in lower case.
        names: each column as PostgreSQL shall name it, by the same.

    Raises:
        SqlError: PostgreSQL has no words that are known to mean the same.
    """
    if masked(text) != text:
        raise SqlError("a literal in it is written as only DuckDB writes it")
    tree = parse(text, only_one(text, "a condition"), exp.Condition).tree
    said = Writer({**LOGIC, **VALUES, **MOMENTS}, types, names).say(tree)
    if said.family not in ("boolean", "null"):
        raise SqlError("the condition is neither true nor false")
    return said.text
