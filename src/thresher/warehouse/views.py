"""What a catalog holds, as statements: a view for each table, and what differs from another set.

Pure text. A view is written after the views that it reads; a table reads nothing, whatever it was
built from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from thresher.results import Publication, Snapshot
from thresher.tables import quote_name, quote_table, quote_text, relation_sql

RESERVED_SCHEMA = "thresher"
"""Holds the view `publication`, which tells a reader what it is that it reads."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What must be done to one set of views to make another of it."""

    dropped: tuple[str, ...]
    """Views that go, those that read others first."""
    written: tuple[str, ...]
    """Views that are made or replaced, each after those that it reads."""


def changes(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> Changes:
    """Tell which views differ; a view that reads one that differs is written anew too."""
    touched = {name for name in before if name not in after}
    written = []
    for name in _order(after):
        snapshot = after[name]
        stands_on_it = snapshot.sql is not None and not touched.isdisjoint(snapshot.inputs)
        if stands_on_it or before.get(name) != snapshot:
            touched.add(name)
            written.append(name)
    dropped = [name for name in reversed(_order(before)) if name not in after]
    return Changes(tuple(dropped), tuple(written))


def frame(publication: Publication, todo: Changes) -> Iterator[str]:
    """Write the statements for everything but the views of tables: schemas, and what goes."""
    for name in todo.dropped:
        yield f"drop view if exists {quote_table(name)}"
    kept = _schemas(publication.snapshots) | {RESERVED_SCHEMA}
    for schema in sorted(_schemas(todo.dropped) - kept):
        yield f"drop schema if exists {quote_name(schema)}"
    for schema in sorted(kept):
        yield f"create schema if not exists {quote_name(schema)}"
    yield (
        f"create or replace view {RESERVED_SCHEMA}.publication as select "
        f"{publication.number} as number, {quote_text(publication.run)} as run, "
        f"{quote_text(publication.environment)} as environment, "
        f"cast({quote_text(publication.at.isoformat())} as timestamptz) as published_at"
    )


def view(snapshot: Snapshot, name: str, root: str) -> str:
    """Write the statement that makes or replaces the view of a table.

    Args:
        snapshot: the version it shows.
        name: the table's name, `layer.name`.
        root: folder of the warehouse, absolute.
    """
    return f"create or replace view {quote_table(name)} as {relation_sql(snapshot, root)}"


def _schemas(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _order(snapshots: Mapping[str, Snapshot]) -> tuple[str, ...]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, snapshot in snapshots.items():
        read = snapshot.inputs if snapshot.sql is not None else ()
        sorter.add(name, *(each for each in read if each in snapshots))
    return tuple(sorter.static_order())
