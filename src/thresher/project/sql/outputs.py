"""The way to the names of a query's columns, written down as steps for `columns.py`.

Steps refer to one another by position, so that a query of common table expressions, each of which
reads the one before twice, has as many steps as it has parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from thresher.project.sql.columns import UNNAMED
from thresher.project.sql.parsed import Step
from thresher.project.sql.tables import table_read

Ctes = Mapping[str, int]


def outputs_of(tree: exp.Expr) -> tuple[Step, ...]:
    """Write the steps down; the last one gives the columns of the query."""
    outline = _Outline()
    last = outline.query(tree, {})
    if last != len(outline.steps) - 1:
        outline.add("beside", (), last)
    return tuple(outline.steps)


@dataclass(slots=True)
class _Sources:
    """What stands in a `from` clause: all of it side by side, and each part by its name."""

    whole: int | None = None
    named: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Outline:
    """Steps as they are being written down; each method gives the position of its last one."""

    steps: list[Step] = field(default_factory=list)

    def add(self, rule: str, names: Iterable[str] = (), *parts: int) -> int:
        self.steps.append((rule, tuple(names), parts))
        return len(self.steps) - 1

    def query(self, node: exp.Expr, ctes: Ctes) -> int:
        if isinstance(node, exp.SetOperation):
            return self.set_operation(node, ctes)
        ctes = self.with_(node, ctes)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, ctes)
        if isinstance(node, exp.Select):
            return self.select(node, ctes)
        return self.values(node) if isinstance(node, exp.Values) else self.add("unknown")

    def with_(self, node: exp.Expr, ctes: Ctes) -> Ctes:
        """Add the common table expressions of a query to those that it sees."""
        with_ = node.args.get("with_")
        if not isinstance(with_, exp.With):
            return ctes
        seen = dict(ctes)
        for cte in with_.expressions:
            name = cte.alias.lower()
            # a recursive one takes its names from the part that does not refer to itself
            inside = {**seen, name: self.add("unknown")} if with_.recursive else seen
            body = self.query(cte.this, inside)
            seen[name] = self.add("unique", (), self.aliased(cte, body))
        return seen

    def set_operation(self, node: exp.Expr, ctes: Ctes) -> int:
        """Give the columns of the leftmost query, and those that `union by name` adds.

        Goes down the left side in a loop: generated SQL has unions of a thousand parts.
        """
        added: list[tuple[exp.Expr, Ctes]] = []
        while isinstance(node, exp.SetOperation):
            ctes = self.with_(node, ctes)
            if node.args.get("by_name"):
                added.append((node.expression, ctes))
            node = node.this
        last = self.query(node, ctes)
        for right, seen in reversed(added):
            last = self.add("by_name", (), last, self.query(right, seen))
        return last

    def select(self, node: exp.Select, ctes: Ctes) -> int:
        sources = _Sources()
        from_ = node.args.get("from_")
        if isinstance(from_, exp.From):
            sources.whole = self.source(from_.this, sources, ctes)
            sources.whole = self.joined(sources.whole, node, sources, ctes)
        parts = [self.item(item, sources) for item in node.expressions]
        return parts[0] if len(parts) == 1 else self.add("beside", (), *parts)

    def joined(self, left: int, node: exp.Expr, sources: _Sources, ctes: Ctes) -> int:
        """Put what is joined to a table or a query to the right of it."""
        for join in node.args.get("joins") or ():
            if join.kind in ("SEMI", "ANTI"):
                continue
            right = self.source(join.this, sources, ctes)
            using = [key.name for key in join.args.get("using") or ()]
            rule = "natural" if join.method == "NATURAL" else "beside"
            left = self.add("using" if using else rule, using, left, right)
        return left

    def source(self, node: exp.Expr, sources: _Sources, ctes: Ctes) -> int:
        """Give the columns of one part of a `from` clause, and note it by its name."""
        found = self.relation(node, sources, ctes)
        if node.args.get("pivots"):
            found = self.add("unknown")
        name = node.alias or (node.name if isinstance(node, exp.Table) else "")
        if name:
            sources.named[name.lower()] = found
        return self.joined(found, node, sources, ctes)

    def relation(self, node: exp.Expr, sources: _Sources, ctes: Ctes) -> int:
        if isinstance(node, exp.Table):
            return self.aliased(node, self.table(node, ctes))
        if isinstance(node, exp.Unnest):
            return self.aliased(node, self.table_function(node, "unnest", node.expressions))
        if isinstance(node, exp.Lateral):
            return self.aliased(node, self.relation(node.this, sources, ctes))
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            if not node.alias:
                return self.source(node.this, sources, ctes)
            inside = self.source(node.this, _Sources(), ctes)
        elif isinstance(node, (exp.Query, exp.Values)):
            inside = self.query(node, ctes)
        else:
            return self.add("unknown")
        return self.add("unique", (), self.aliased(node, inside))

    def table(self, node: exp.Table, ctes: Ctes) -> int:
        read = table_read(node)
        if read is None:
            if isinstance(node.this, exp.GenerateSeries):
                exclusive = node.this.args.get("is_end_exclusive")
                return self.table_function(node, "range" if exclusive else "generate_series", "1")
            return self.add("unknown")
        if len(read.parts) == 1 and read.name in ctes:
            return ctes[read.name]
        return self.add("table", (read.name,))

    def table_function(self, node: exp.Expr, name: str, arguments: Sequence[object]) -> int:
        """Give the one column of a function that makes a list into a table."""
        plain = len(arguments) == 1 and not node.args.get("offset")
        return self.add("columns", (node.alias or name,)) if plain else self.add("unknown")

    def aliased(self, node: exp.Expr, found: int) -> int:
        alias = node.args.get("alias")
        names = [column.name for column in alias.columns] if alias else []
        return self.add("aliased", names, found) if names else found

    def values(self, node: exp.Values) -> int:
        row = node.expressions[0]
        width = len(row.expressions) if isinstance(row, exp.Tuple) else 1
        return self.add("columns", (f"col{index}" for index in range(width)))

    def item(self, node: exp.Expr, sources: _Sources) -> int:
        """Give the columns of one item of a `select` list."""
        if isinstance(node, exp.Paren):
            node = node.unnest()
        if isinstance(node, exp.Star):
            return self.star(node, sources.whole, sources)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            source = sources.named.get(node.table.lower()) if len(node.parts) == 2 else None
            return self.star(node.this, source, sources)
        if isinstance(node, exp.Column):
            return self.column(node, sources)
        if isinstance(node, exp.Alias):
            return self.add("columns", (node.alias,)) if _is_one(node.this) else self.add("unknown")
        if isinstance(node, exp.Dot) and _is_path(node):
            return self.add("columns", (node.expression.name,))
        return self.add("columns", (UNNAMED,)) if _is_one(node) else self.add("unknown")

    def column(self, node: exp.Column, sources: _Sources) -> int:
        source = sources.named.get(node.table.lower()) if node.table else sources.whole
        if source is None or len(node.parts) > 2:
            return self.add("columns", (node.name,))
        return self.add("pick", (node.name,), source)

    def star(self, node: exp.Star, source: int | None, sources: _Sources) -> int:
        excluded = node.args.get("except_") or []
        qualified = any(isinstance(item, exp.Column) and item.table for item in excluded)
        if source is None or node.args.get("ilike") or (qualified and len(sources.named) > 1):
            return self.add("unknown")
        if excluded:
            source = self.add("without", (item.name for item in excluded), source)
        renames = [(item.alias, item.alias) for item in node.args.get("replace") or ()]
        renames += [(item.this.name, item.alias) for item in node.args.get("rename") or ()]
        if renames:
            source = self.add("renamed", (name for pair in renames for name in pair), source)
        return source


def _is_path(node: exp.Expr) -> bool:
    """Say whether something is names alone, with dots between them."""
    if isinstance(node, exp.Dot):
        return isinstance(node.expression, exp.Identifier) and _is_path(node.this)
    return isinstance(node, (exp.Identifier, exp.Column))


def _is_one(node: exp.Expr) -> bool:
    """Say whether an expression surely gives one column: `unnest` of a struct gives several."""
    return not isinstance(node.unnest(), (exp.Explode, exp.Star)) and not node.find(exp.Columns)
