"""Which tables a piece of SQL reads: every table in it that is no common table expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from thresher.project.sql.tree import children, first_start


@dataclass(frozen=True, slots=True)
class TableRead:
    """A table as it is named where it is read."""

    parts: tuple[str, ...]
    """Database, schema and name, as far as they are given."""
    start: int
    """Offset at which it is written."""

    @property
    def name(self) -> str:
        """Its name as written, in lower case: DuckDB does not tell cases apart."""
        return ".".join(self.parts).lower()


def tables_read(tree: exp.Expr) -> Iterator[TableRead]:
    """Find the tables that are read, in any clause, in no order.

    A common table expression hides a table of its name in the query it belongs to and in all below:
    from its own definition on if it is recursive, after it if it is not.
    """
    waiting: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, hidden = waiting.pop()
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            for cte in with_.expressions:
                name = cte.alias.lower()
                inside = hidden | {name} if with_.recursive else hidden
                waiting.append((cte.this, inside))
                hidden |= {name}
        elif isinstance(node, exp.Table):
            read = table_read(node)
            if read and (len(read.parts) > 1 or read.name not in hidden):
                yield read
        waiting.extend((child, hidden) for child in children(node, without=["with_"]))


def table_read(table: exp.Table) -> TableRead | None:
    """Tell how a table is named; None for a call of a table function."""
    if isinstance(table.this, exp.Func):
        return None
    parts = tuple(part.name for part in table.parts if part.name)
    return TableRead(parts, min(first_start(part) for part in table.parts))
