"""Publishing what a run came to: which versions may be seen together, in one step or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from thresher.errors import CommandError, Place, WarehouseError
from thresher.events import Published
from thresher.plan.plan import Action
from thresher.project.asset import quarantine_of, rejected_of, tables_of
from thresher.project.project import Project
from thresher.protocols import Engine
from thresher.results import Field, Outcome, OutcomeStatus, Publication, Snapshot, Verdict
from thresher.run.runner import Walk

#: Columns of the files that a source leaves of what it could not read.
REJECTED = tuple(
    Field(name, kind, kind)
    for name, kind in (
        *(("path", "VARCHAR"), ("line", "BIGINT"), ("last_line", "BIGINT")),
        *(("reason", "VARCHAR"), ("column", "VARCHAR"), ("text", "VARCHAR")),
    )
)


class Publisher(Protocol):
    """Makes a publication visible; implemented by `warehouse/`."""

    def publish(self, publication: Publication) -> Publication:
        """Commit a publication on top of its parent, and give it back with its number."""
        ...

    def current(self, environment: str) -> Publication | None:
        """Give the publication that readers see."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked of a run beside its selection."""

    publish_what_passed: bool = False
    """Publish the assets that passed, though others failed."""
    strict: bool = False
    """Exit with 3 where inputs or rows were set aside."""
    fail_fast: bool = False
    """Stop at the first failure."""


def refuse_unfit(
    environment: str, sample: str | None, options: Options, *, protected: bool
) -> None:
    """Refuse what a protected environment must never show.

    Raises:
        CommandError: a trial run, or a publication of only what passed.
    """
    if protected and sample:
        raise CommandError(
            f"`{environment}` is protected: a trial run on a sample cannot be published to it",
            hint="try it in another environment: `--env dev`",
        )
    if protected and options.publish_what_passed:
        raise CommandError(
            f"`{environment}` is protected: it is published wholly or not at all",
            hint="leave out `--publish-what-passed`",
        )


def publish(
    walk: Walk, publisher: Publisher, options: Options, outcomes: tuple[Outcome, ...]
) -> Publication | None:
    """Publish what may be seen; None where that is nothing, or nothing new."""
    everything = all(outcome.ok for outcome in outcomes)
    if not everything and not options.publish_what_passed:
        return None
    plan, current = walk.plan, walk.current
    before_tables = dict(current.snapshots) if current else {}
    before_verdicts = dict(current.verdicts) if current else {}
    removed = plan.removed if everything else ()
    passed = publishable(walk.project, outcomes, before_tables)
    if any(outcome.verdict and outcome.verdict.critical for outcome in outcomes):
        return None
    gone = {table for name in removed for table in tables_of(name)}
    tables = {n: s for n, s in before_tables.items() if n not in gone}
    verdicts = {n: v for n, v in before_verdicts.items() if n in tables}
    for outcome in outcomes:
        if outcome.asset in passed:
            _show(outcome, tables, verdicts)
    if _same(before_tables, tables) and _keys(before_verdicts) == _keys(verdicts):
        return None
    _refuse_apart(tables)
    _refuse_lost_rows(walk.judge.engine, before_tables, tables)
    sample = _sample(tables)
    if sample and walk.project.settings.protected:
        raise CommandError(
            f"`{plan.environment}` is protected, and some tables come from a trial on {sample}",
            hint="`thresher run` without `--select` builds them from all rows",
        )
    publication = publisher.publish(
        Publication(
            number=0,
            environment=plan.environment,
            run=walk.run,
            parent=plan.parent,
            at=datetime.now(UTC),
            snapshots=tables,
            verdicts=verdicts,
            sample=sample,
        )
    )
    changed = [n for n, s in tables.items() if n not in before_tables or s != before_tables[n]]
    walk.tell(
        Published(
            run=walk.run,
            environment=plan.environment,
            at=publication.at,
            publication=publication.number,
            parent=plan.parent,
            tables=len(tables),
            changed=tuple(changed),
            removed=removed,
        )
    )
    return publication


def _show(outcome: Outcome, tables: dict[str, Snapshot], verdicts: dict[str, Verdict]) -> None:
    """Put the version of an asset among the tables, with the rows that were set aside of it."""
    aside, rejected = quarantine_of(outcome.asset), rejected_of(outcome.asset)
    for name in (aside, rejected):
        tables.pop(name, None)
    if outcome.snapshot is not None:
        tables[outcome.asset] = outcome.snapshot
        if outcome.snapshot.rejects:
            tables[rejected] = _rejected(outcome.snapshot, rejected)
    if outcome.quarantine is not None:
        tables[aside] = outcome.quarantine
    if outcome.verdict is not None:
        verdicts[outcome.asset] = outcome.verdict


def _rejected(snapshot: Snapshot, name: str) -> Snapshot:
    """Give the records that could not be read as a table of their own."""
    files = snapshot.rejects
    return replace(
        snapshot,
        asset=name,
        schema=REJECTED,
        files=files,
        rejects=(),
        units=(),
        rows=sum(file.rows for file in files),
        part_of=snapshot.part_of or snapshot.version,
    )


def _refuse_lost_rows(
    engine: Callable[[], Engine], before: Mapping[str, Snapshot], tables: Mapping[str, Snapshot]
) -> None:
    """Refuse a new version whose files do not hold the rows that were said to be built.

    Raises:
        WarehouseError: there is one.
    """
    known = {file.path for snapshot in before.values() for file in snapshot.files}
    new = {f.path: f for s in tables.values() for f in s.files if f.path not in known}
    if not new:
        return
    held = dict(zip(new, engine().count(tuple(new.values())), strict=True))
    for name, snapshot in tables.items():
        rows = sum(held.get(file.path, file.rows) for file in snapshot.files)
        if snapshot.files and rows != snapshot.rows:
            raise WarehouseError(
                f"rows do not add up: {snapshot.rows:,} were built, and its files hold {rows:,}",
                place=Place(asset=name),
                hint="nothing was published; please report this",
            )


def _refuse_apart(tables: Mapping[str, Snapshot]) -> None:
    """Refuse a view that would show other versions than those it was audited on.

    Raises:
        CommandError: there is one.
    """
    for name, snapshot in tables.items():
        inputs = snapshot.inputs if snapshot.sql is not None else {}
        apart = [n for n, v in inputs.items() if n not in tables or tables[n].version != v]
        if apart:
            raise CommandError(
                f"the view `{name}` would show another `{apart[0]}` than it was audited on",
                hint=f"select it as well: `--select {name}`, or run everything",
            )


def publishable(
    project: Project, outcomes: tuple[Outcome, ...], before: Mapping[str, Snapshot]
) -> set[str]:
    """Name the changed assets that can be shown together, beside what stays as it was.

    An asset is held back with what it was built on or checked against; and where a view, or a table
    that was audited anew, stays as it was, what it would show or break is held back with it.

    Args:
        project: where inputs and contracts are.
        outcomes: how the assets of the run ended.
        before: published version of each asset.
    """
    active = {o.asset for o in outcomes if o.status is not OutcomeStatus.KEPT}
    good = {o.asset for o in outcomes if o.ok and o.asset in active}
    while True:
        held: set[str] = set()
        for outcome in outcomes:
            asset = project.assets[outcome.asset]
            needed = {*asset.inputs, *asset.contract.references} & active
            stays = before.get(outcome.asset) if outcome.asset not in good else None
            if outcome.asset in good and needed - good:
                held.add(outcome.asset)
            elif stays is not None and outcome.asset in active:
                held |= (set(stays.inputs) if stays.sql is not None else set()) & good
                held |= (needed if outcome.action is Action.AUDIT else set()) & good
        if not held:
            return good
        good -= held


def _sample(tables: Mapping[str, Snapshot]) -> str | None:
    """Give the share of a trial that any of the tables still comes from."""
    shares = (snapshot.ingredients.get("sample") for snapshot in tables.values())
    return next((share for share in shares if share), None)


def _same(one: Mapping[str, Snapshot], other: Mapping[str, Snapshot]) -> bool:
    return {n: s.version for n, s in one.items()} == {n: s.version for n, s in other.items()}


def _keys(verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    return {name: verdict.key for name, verdict in verdicts.items()}
