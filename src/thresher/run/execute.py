"""A run from its plan to its result: walk, decide what may be seen, publish it in one step."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from thresher.errors import CommandError, CredentialsError, RunInterruptedError, ThresherError
from thresher.events import Event, Published, RunFinished, RunStarted
from thresher.plan.plan import Action
from thresher.project.project import Project
from thresher.results import (
    Outcome,
    OutcomeStatus,
    Publication,
    RunResult,
    Snapshot,
    Verdict,
)
from thresher.run.runner import Walk
from thresher.totals import totals

SET_ASIDE_EXIT = 3


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
    """Exit with 3 where inputs were set aside."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When a run began, on the calendar and on a clock that nobody sets."""

    started: datetime
    began: float

    @classmethod
    def start(cls) -> Clock:
        """Begin now."""
        return cls(datetime.now(UTC), time.monotonic())

    @property
    def seconds(self) -> float:
        """Time since then."""
        return time.monotonic() - self.began


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


def execute(
    walk: Walk,
    publisher: Publisher,
    options: Options,
    *,
    clock: Clock,
    configuration: Mapping[str, object],
    after_publication: Callable[[Publication], None],
    report: Callable[[RunResult], str | None],
) -> RunResult:
    """Do what a plan says and publish it; the last event tells how it ended, whatever happens.

    Args:
        walk: the plan and the hands that do it.
        publisher: makes the result visible.
        options: what the user asked for.
        clock: started when the run began.
        configuration: what is in force, secrets masked, for the log.
        after_publication: what follows from what readers see now, such as links for people; also
            where nothing new was published, to make up for what an earlier run could not do.
        report: writes the reports, and gives their folder.

    Raises:
        RunInterruptedError: a signal stopped it.
        WarehouseError: the result could not be published.
    """
    plan, project = walk.plan, walk.project
    walk.tell(
        RunStarted(
            run=walk.run,
            pipeline=project.settings.config.pipeline,
            environment=plan.environment,
            at=clock.started,
            configuration=configuration,
            steps=tuple((step.asset, step.action.value) for step in plan.steps),
            sample=plan.sample,
        )
    )
    try:
        outcomes = walk.outcomes()
        publication = _publish(walk, publisher, options, outcomes)
        shown = publication or walk.current
        if shown is not None:
            after_publication(shown)
        result = _result(walk, options, outcomes, publication, clock)
        result = replace(result, report=report(result))
    except (KeyboardInterrupt, RunInterruptedError) as error:
        raise _stopped(walk, publisher, clock, error) from None
    except ThresherError as error:
        walk.tell(_finished(walk, clock, (), "failed", error.exit_code, error=str(error)))
        raise
    except BaseException as error:
        walk.tell(_finished(walk, clock, (), "failed", 1, error=repr(error)))
        raise
    walk.tell(
        _finished(
            walk, clock, outcomes, result.status, result.exit_code, publication=result.publication
        )
    )
    return result


def _stopped(
    walk: Walk, publisher: Publisher, clock: Clock, error: BaseException
) -> RunInterruptedError:
    """Tell that a signal stopped a run, and whether it had published before."""
    seen = publisher.current(walk.plan.environment)
    published = seen.number if seen and seen.run == walk.run else None
    number = getattr(error, "signal_number", signal.SIGINT)
    stop = RunInterruptedError(number, publication=published)
    end = _finished(
        walk, clock, (), "interrupted", stop.exit_code, publication=published, error=str(stop)
    )
    walk.tell(end)
    return stop


def _publish(
    walk: Walk, publisher: Publisher, options: Options, outcomes: tuple[Outcome, ...]
) -> Publication | None:
    """Publish what may be seen; None where that is nothing, or nothing new."""
    everything = all(outcome.ok for outcome in outcomes)
    if not everything and not options.publish_what_passed:
        return None
    plan, current = walk.plan, walk.current
    before_tables = dict(current.snapshots) if current else {}
    removed = plan.removed if everything else ()
    passed = publishable(walk.project, outcomes, before_tables)
    if any(outcome.verdict and outcome.verdict.critical for outcome in outcomes):
        return None
    before_verdicts = dict(current.verdicts) if current else {}
    tables: dict[str, Snapshot] = {n: s for n, s in before_tables.items() if n not in removed}
    verdicts: dict[str, Verdict] = {n: v for n, v in before_verdicts.items() if n in tables}
    for outcome in outcomes:
        if outcome.asset not in passed or outcome.snapshot is None:
            continue
        tables[outcome.asset] = outcome.snapshot
        if outcome.verdict is not None:
            verdicts[outcome.asset] = outcome.verdict
    if _same(before_tables, tables) and _keys(before_verdicts) == _keys(verdicts):
        return None
    _refuse_apart(tables)
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


def _result(
    walk: Walk,
    options: Options,
    outcomes: tuple[Outcome, ...],
    publication: Publication | None,
    clock: Clock,
) -> RunResult:
    codes = {outcome.error_code for outcome in outcomes if not outcome.ok}
    failed = bool(codes)
    status = "published" if publication else "unchanged"
    if failed:
        status = "partly published" if publication else "failed"
    result = RunResult(
        run=walk.run,
        pipeline=walk.project.settings.config.pipeline,
        environment=walk.plan.environment,
        status=status,
        exit_code=_exit_code(codes),
        started=clock.started,
        seconds=clock.seconds,
        outcomes=outcomes,
        publication=publication.number if publication else None,
        removed=walk.plan.removed if publication and not failed else (),
        sample=walk.plan.sample,
    )
    rejected = any(record.rejected for _, record in result.in_part)
    if options.strict and (result.refused or rejected) and not failed:
        return replace(result, exit_code=SET_ASIDE_EXIT)
    return result


def _exit_code(codes: set[int]) -> int:
    """Give the exit code of a run by those that its failures ask for: credentials before others."""
    if not codes:
        return 0
    return CredentialsError.exit_code if CredentialsError.exit_code in codes else 1


def _finished(
    walk: Walk,
    clock: Clock,
    outcomes: tuple[Outcome, ...],
    status: str,
    exit_code: int,
    *,
    publication: int | None = None,
    error: str | None = None,
) -> Event:
    summed = totals(outcomes)
    return RunFinished(
        run=walk.run,
        environment=walk.plan.environment,
        at=datetime.now(UTC),
        seconds=clock.seconds,
        status=status,
        exit_code=exit_code,
        warnings=summed.warnings,
        errors=summed.errors + (error is not None),
        rows_in=summed.rows_in,
        rows_out=summed.rows_out,
        publication=publication,
        error=error,
    )
