"""What SQL says: the only door to sqlglot.

Everything that must know what a query reads, calls and gives is told here, as plain values that can
be cached. A name is loaded when it is first used: sqlglot takes a third of a second to import, and
neither a run with nothing to do nor a parse that is found in the cache may pay for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thresher.project.sql.parsed import ParsedExpression as ParsedExpression
from thresher.project.sql.parsed import ParsedMacro as ParsedMacro
from thresher.project.sql.parsed import ParsedQuery as ParsedQuery
from thresher.project.sql.parsed import SqlError as SqlError
from thresher.project.sql.type_tree import TypeTree as TypeTree

if TYPE_CHECKING:
    from thresher.project.sql.clock import freeze_time as freeze_time
    from thresher.project.sql.columns import resolve_columns as resolve_columns
    from thresher.project.sql.literals import literal as literal
    from thresher.project.sql.literals import quote as quote
    from thresher.project.sql.needs import Needs as Needs
    from thresher.project.sql.needs import columns_needed as columns_needed
    from thresher.project.sql.parameters import inline_params as inline_params
    from thresher.project.sql.postgres.condition import postgres_condition as postgres_condition
    from thresher.project.sql.postgres.values import postgres_matches as postgres_matches
    from thresher.project.sql.statements import bare_query as bare_query
    from thresher.project.sql.statements import check_expression as check_expression
    from thresher.project.sql.statements import parse_macro as parse_macro
    from thresher.project.sql.statements import parse_query as parse_query
    from thresher.project.sql.translation import translated_query as translated_query
    from thresher.project.sql.type_names import TYPE_NAMES as TYPE_NAMES
    from thresher.project.sql.type_names import normal_type as normal_type
    from thresher.project.sql.type_names import parse_type as parse_type
    from thresher.project.sql.type_names import valid_type as valid_type
    from thresher.project.sql.version import PARSER_VERSION as PARSER_VERSION

_HOMES = {
    "Needs": "needs",
    "PARSER_VERSION": "version",
    "TYPE_NAMES": "type_names",
    "bare_query": "statements",
    "check_expression": "statements",
    "columns_needed": "needs",
    "freeze_time": "clock",
    "inline_params": "parameters",
    "literal": "literals",
    "normal_type": "type_names",
    "parse_macro": "statements",
    "parse_query": "statements",
    "parse_type": "type_names",
    "postgres_condition": "postgres.condition",
    "postgres_matches": "postgres.values",
    "quote": "literals",
    "resolve_columns": "columns",
    "translated_query": "translation",
    "valid_type": "type_names",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
