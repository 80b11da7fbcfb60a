"""Which columns of each table a query asks for by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from thresher.project.sql.tree import only_one, parse


@dataclass(frozen=True, slots=True)
class Needs:
    """What a query asks of the tables it reads; every name is in lower case."""

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Columns by table, those alone that can be nothing else."""
    mentioned: frozenset[str] = frozenset()
    """Every name in the query, of whatever it may be."""
    whole: frozenset[str] | None = None
    """Tables that it may take every column of; None where any of them may be."""

    def may_take(self, table: str, column: str) -> bool:
        """Say whether a column of a table can matter to the query."""
        return self.whole is None or table in self.whole or column.lower() in self.mentioned


def columns_needed(text: str) -> Needs:
    """Tell which columns a query needs of each table.

    Raises:
        SqlError: it is no valid query.
    """
    tree = parse(text, only_one(text, "a query")).tree
    mentioned = frozenset(name.name.lower() for name in tree.find_all(exp.Identifier))
    try:
        scopes = traverse_scope(tree)
        found: dict[str, set[str]] = defaultdict(set)
        for scope in scopes:
            for table, column in _named(scope):
                found[table].add(column)
        whole = {table for scope in scopes for table in _starred(scope)} | _apart(tree, scopes)
    except (SqlglotError, AttributeError, LookupError, TypeError, ValueError):
        return Needs()  # sqlglot's optimizer trusts its input
    columns = {table: frozenset(names) for table, names in found.items()}
    return Needs(columns, mentioned, None if tree.find(exp.Columns) else frozenset(whole))


def _tables(scope: Scope) -> dict[str, str]:
    """Give the table behind each name that a query has for one."""
    return {
        alias.lower(): _name(source)
        for alias, source in scope.sources.items()
        if isinstance(source, exp.Table) and source.db
    }


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}".lower()


def _named(scope: Scope) -> Iterator[tuple[str, str]]:
    tables = _tables(scope)
    aliases = {item.alias.lower() for item in scope.expression.find_all(exp.Alias)}
    only = next(iter(tables), "") if len(scope.sources) == 1 and _closed(scope) else ""
    for column in scope.columns:
        name = column.name.lower()
        # A name alone may be that of another item of the list, or belong to a query further in.
        own = column.parent_select is scope.expression and name not in aliases
        table = column.table.lower() or (only if own else "")
        if table in tables:
            yield tables[table], name


def _closed(scope: Scope) -> bool:
    """Say whether a query sees no tables but its own."""
    if scope.parent is None:
        return True
    if scope.is_subquery or scope.is_udtf:
        return False
    beside = scope.is_derived_table and len(scope.parent.sources) > 1
    return not beside and _closed(scope.parent)


def _starred(scope: Scope) -> Iterator[str]:
    tables = _tables(scope)
    if not isinstance(scope.expression, exp.Select):
        return
    for item in scope.expression.expressions:
        if isinstance(item, exp.Star):
            yield from tables.values()
        elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            yield from (table for alias, table in tables.items() if alias == item.table.lower())
    for join in scope.expression.args.get("joins") or ():
        if join.method == "NATURAL":
            yield from tables.values()


def _apart(tree: exp.Expr, scopes: list[Scope]) -> set[str]:
    """Find the tables that stand outside of all queries that sqlglot tells apart."""
    seen = {id(source) for scope in scopes for source in scope.sources.values()}
    found = (table for table in tree.find_all(exp.Table) if table.db and id(table) not in seen)
    return {_name(table) for table in found}
