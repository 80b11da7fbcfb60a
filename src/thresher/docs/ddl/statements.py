"""The DDL of tables, put together from their contracts: pure functions from values to values."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence

from thresher.docs.ddl import names
from thresher.docs.ddl.column_types import column_type
from thresher.docs.ddl.constraints import (
    Constraints,
    clause,
    constraints_of,
    fit_references,
    policy,
)
from thresher.docs.ddl.dialects import VALUES, Comments, Dialect, Support
from thresher.docs.ddl.tables import (
    Ddl,
    NotEnforced,
    Reference,
    Statement,
    TableColumn,
    TableShape,
)
from thresher.project import sql
from thresher.project.sql import SqlError


def compose(
    shapes: Sequence[TableShape],
    dialect: Dialect,
    *,
    heading: Sequence[str] = (),
    timezone: str = "UTC",
) -> Ddl:
    """Put the DDL of tables together, each after those that it refers to.

    Args:
        shapes: the tables, each after those that it reads.
        dialect: what it is written for.
        heading: lines for people above all of it.
        timezone: time zone of values in contracts that have none.
    """
    views, tables = _views(shapes, dialect)
    by_name = {shape.asset.name: shape for shape in (*tables, *(view for view, _ in views))}
    taken: dict[str, set[str]] = {shape.asset.layer: set() for shape in tables}
    made = {
        shape.asset.name: constraints_of(
            shape, dialect, taken=taken[shape.asset.layer], timezone=timezone
        )
        for shape in tables
    }
    told = [
        *(each for constraints in made.values() for each in constraints.told),
        *fit_references(made, by_name, dialect),
        *(each for view, _ in views for each in _of_a_view(view)),
    ]
    late = _late(made, dialect)
    order = _order(made, late)
    if not dialect.alters:
        late = [(name, r) for name, r in late if order.index(r.to) > order.index(name)]
        reason = f"{dialect.title} adds no reference to a table that is made later"
        told += [NotEnforced(name, reference.check, reason) for name, reference in late]
    notes: dict[str, list[NotEnforced]] = {name: [] for name in by_name}
    for each in told:
        notes[each.asset].append(each)
    statements = [
        *_schemas(by_name, dialect),
        *(
            statement
            for name in order
            for statement in _table(by_name[name], made[name], notes[name], dialect, late)
        ),
        *(_added(asset, reference, dialect) for asset, reference in late if dialect.alters),
        *(
            statement
            for view, query in views
            for statement in _view(view, query, notes[view.asset.name], dialect, by_name)
        ),
    ]
    return Ddl(
        dialect=dialect.name,
        heading=tuple(heading),
        statements=tuple(statements),
        not_enforced=tuple(each for name in by_name for each in notes[name]),
    )


def _views(
    shapes: Sequence[TableShape], dialect: Dialect
) -> tuple[list[tuple[TableShape, str]], list[TableShape]]:
    """Part the views that can be said in the dialect from what becomes a table."""
    views, tables = [], []
    for shape in shapes:
        if shape.view is None:
            tables.append(shape)
            continue
        if dialect.name == "duckdb":
            views.append((shape, sql.bare_query(shape.view)))
            continue
        try:
            query = sql.translated_query(
                shape.view, dialect.name, lambda name: names.spell(name, dialect)
            )
        except SqlError as error:
            origin = f"a view here, and a table there: {error.what} in {dialect.title}"
            told = f"{origin}; {shape.origin}" if shape.origin else origin
            tables.append(TableShape(asset=shape.asset, columns=shape.columns, origin=told))
        else:
            views.append((shape, query))
    return views, tables


def _of_a_view(shape: TableShape) -> Iterator[NotEnforced]:
    for check in shape.asset.contract.checks:
        yield NotEnforced(shape.asset.name, check, policy(check) or "a view has no constraints")


def _late(made: Mapping[str, Constraints], dialect: Dialect) -> list[tuple[str, Reference]]:
    """Find the references that need tables which are made later: those in a circle."""
    edges = {name: {r.to for r in each.references} for name, each in made.items()}
    reached = {name: _reached(name, edges) for name in edges}
    return [
        (name, reference)
        for name, each in made.items()
        for reference in each.references
        if name in reached[reference.to] and (dialect.alters or reference.to != name)
    ]


def _reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(edges[start])
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting |= edges[at]
    return found


def _order(made: Mapping[str, Constraints], late: list[tuple[str, Reference]]) -> list[str]:
    """Put tables after those that they refer to, and else as they were given."""
    place = {name: at for at, name in enumerate(made)}
    apart = {(name, reference.to) for name, reference in late}
    sorter = graphlib.TopologicalSorter(
        {
            name: [r.to for r in each.references if r.to != name and (name, r.to) not in apart]
            for name, each in made.items()
        }
    )
    sorter.prepare()
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        ordered += ready
        sorter.done(*ready)
    return ordered


def _schemas(shapes: Mapping[str, TableShape], dialect: Dialect) -> Iterator[Statement]:
    for layer in dict.fromkeys(shape.asset.layer for shape in shapes.values()):
        name = names.identifier(layer, dialect)
        yield Statement("schema", None, f"create schema if not exists {name}")


def _table(
    shape: TableShape,
    constraints: Constraints,
    told: Sequence[NotEnforced],
    dialect: Dialect,
    late: Sequence[tuple[str, Reference]],
) -> Iterator[Statement]:
    table = names.table_name(shape.asset.name, dialect)
    apart = [reference for _, reference in late]
    lines = [_column(column, constraints, dialect) for column in shape.columns]
    lines += [(line, "") for line in _constraints(constraints, apart, dialect)]
    body = "\n".join(
        f"    {line}{',' if at < len(lines) - 1 else ''}{f'  -- {note}' if note else ''}"
        for at, (line, note) in enumerate(lines)
    )
    behind = "".join(f" {part}" for part in (dialect.after_table, _about(shape, dialect)) if part)
    made = f"create table {table} (\n{body}\n){behind}"
    yield Statement("table", shape.asset.name, made, tuple(_notes(shape, told)))
    yield from _comments(shape, "table", dialect)


def _column(column: TableColumn, constraints: Constraints, dialect: Dialect) -> tuple[str, str]:
    """Write a column, and what its type does not keep."""
    kind = column_type(column.type, dialect.name, lambda name: names.identifier(name, dialect))
    holds = " not null" if column.name in constraints.not_null else ""
    lost = kind.lost
    if len(column.name.encode()) > dialect.longest:
        lost = f"its name is cut to {dialect.longest} bytes; {lost}".removesuffix("; None")
    if lost is None and kind.low is not None and dialect.support[VALUES] is Support.NONE:
        lost = f"{column.type.written(str.lower)}, and other numbers too"
    return _described(column, dialect, f" {kind.text}{holds}"), " ".join((lost or "").split())


def _described(column: TableColumn, dialect: Dialect, kind: str = "") -> str:
    """Write a column's name, its type and its description, where that stands beside it."""
    written = f"{names.identifier(column.name, dialect)}{kind}"
    if not column.description or dialect.comments is Comments.STATEMENTS:
        return written
    said = names.text(column.description, dialect)
    if dialect.comments is Comments.CLAUSES:
        return f"{written} comment {said}"
    return f"{written} options (description = {said})"


def _constraints(
    constraints: Constraints, apart: Sequence[Reference], dialect: Dialect
) -> Iterator[str]:
    for key in constraints.keys:
        columns = ", ".join(names.identifier(each, dialect) for each in key.columns)
        word = "primary key" if key.primary else "unique"
        named = "" if key.primary and not dialect.names_keys else _named(key.name, dialect)
        yield f"{named}{word} ({columns}){dialect.not_enforced}"
    for reference in constraints.references:
        if reference not in apart:
            yield clause(reference, dialect)
    for name, condition in constraints.conditions:
        yield f"{_named(name, dialect)}check ({condition})"


def _named(name: str, dialect: Dialect) -> str:
    return f"constraint {names.identifier(name, dialect)} "


def _about(shape: TableShape, dialect: Dialect) -> str:
    """Write a table's description, where that stands behind its columns."""
    if not shape.asset.contract.description:
        return ""
    said = names.text(shape.asset.contract.description, dialect)
    match dialect.comments:
        case Comments.CLAUSES:
            return f"comment {said}" if dialect.name == "spark" else f"comment = {said}"
        case Comments.OPTIONS:
            return f"options (description = {said})"
    return ""


def _comments(shape: TableShape, kind: str, dialect: Dialect) -> Iterator[Statement]:
    """Write descriptions as statements, for the dialects that have some."""
    if dialect.comments is not Comments.STATEMENTS:
        return
    asset, table = shape.asset.name, names.table_name(shape.asset.name, dialect)
    if description := shape.asset.contract.description:
        said = names.text(description, dialect)
        yield Statement("comment", asset, f"comment on {kind} {table} is {said}")
    for column in shape.columns:
        if column.description:
            name = f"{table}.{names.identifier(column.name, dialect)}"
            said = names.text(column.description, dialect)
            yield Statement("comment", asset, f"comment on column {name} is {said}")


def _notes(shape: TableShape, told: Sequence[NotEnforced]) -> Iterator[str]:
    yield f"{shape.asset.name}, from {shape.asset.path}"
    if shape.origin:
        yield shape.origin
    for each in told:
        yield f"not enforced: {each.check.id} ({each.check.place}): {each.reason}"


def _added(asset: str, reference: Reference, dialect: Dialect) -> Statement:
    table = names.table_name(asset, dialect)
    added = f"alter table {table} add {clause(reference, dialect)}"
    return Statement("reference", asset, added)


def _view(
    shape: TableShape,
    query: str,
    told: Sequence[NotEnforced],
    dialect: Dialect,
    made: Mapping[str, TableShape],
) -> Iterator[Statement]:
    notes = list(_notes(shape, told))
    if missing := [name for name in shape.asset.inputs if name not in made]:
        notes.insert(1, f"it reads {', '.join(missing)}, which must be there")
    head = f"create view {names.table_name(shape.asset.name, dialect)}"
    if dialect.comments is not Comments.STATEMENTS:
        listed = ",\n".join(f"    {_described(column, dialect)}" for column in shape.columns)
        head = " ".join(filter(None, (f"{head} (\n{listed}\n)", _about(shape, dialect))))
    yield Statement("view", shape.asset.name, f"{head} as\n{query}", tuple(notes))
    yield from _comments(shape, "view", dialect)
