"""A run from its plan to its result: walk, decide what may be seen, publish it in one step."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from thresher.errors import CredentialsError, RunInterruptedError, ThresherError, interruption
from thresher.events import Event, RunFinished, RunStarted
from thresher.results import (
    Outcome,
    Publication,
    RunResult,
)
from thresher.run.publish import Options, Publisher, publish
from thresher.run.runner import Walk
from thresher.totals import totals

SET_ASIDE_EXIT = 3


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a run begins with."""

    configuration: Mapping[str, object]
    """What is in force, secrets masked, for the log."""
    asked: Mapping[str, object]
    """What it was asked for, for whoever goes on with it."""
    before: Sequence[Event] = ()
    """What happened before its plan was made, told as soon as it has begun."""


def execute(
    walk: Walk,
    publisher: Publisher,
    options: Options,
    *,
    clock: Clock,
    occasion: Occasion,
    after_publication: Callable[[Publication], None],
    report: Callable[[RunResult], str | None],
) -> RunResult:
    """Do what a plan says and publish it; the last event tells how it ended, whatever happens.

    Args:
        walk: the plan and the hands that do it.
        publisher: makes the result visible.
        options: what the user asked for.
        clock: started when the run began.
        occasion: what it begins with.
        after_publication: what follows from what readers see now, such as links for people; also
            where nothing new was published, to make up for what an earlier run could not do.
        report: writes the reports, and gives their folder.

    Raises:
        RunInterruptedError: a signal stopped it.
        WarehouseError: the result could not be published.
    """
    _begin(walk, clock, occasion)
    try:
        outcomes = walk.outcomes()
        error = walk.error
        publication = publish(walk, publisher, options, outcomes) if error is None else None
        shown = publication or walk.current
        if shown is not None:
            after_publication(shown)
        result = _result(walk, options, outcomes, publication, clock, error=error)
        result = replace(result, report=report(result))
    except BaseException as raised:
        if stop := interruption(raised):
            raise _stopped(walk, publisher, clock, stop) from None
        told = str(raised) if isinstance(raised, ThresherError) else repr(raised)
        code = getattr(raised, "exit_code", 1)
        walk.tell(_finished(walk, clock, (), "failed", code, error=told))
        raise
    walk.tell(
        _finished(
            walk,
            clock,
            outcomes,
            result.status,
            result.exit_code,
            publication=result.publication,
            error=result.error,
        )
    )
    return result


def _begin(walk: Walk, clock: Clock, occasion: Occasion) -> None:
    """Tell that a run begins, and what happened before."""
    plan = walk.plan
    walk.tell(
        RunStarted(
            run=walk.run,
            pipeline=walk.project.settings.config.pipeline,
            environment=plan.environment,
            at=clock.started,
            configuration=occasion.configuration,
            steps=tuple((step.asset, step.action.value) for step in plan.steps),
            sample=plan.sample,
            asked=occasion.asked,
        )
    )
    for event in occasion.before:
        walk.tell(event)


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


def _result(
    walk: Walk,
    options: Options,
    outcomes: tuple[Outcome, ...],
    publication: Publication | None,
    clock: Clock,
    *,
    error: str | None,
) -> RunResult:
    codes = {outcome.error_code for outcome in outcomes if not outcome.ok}
    if error is not None:
        codes.add(1)  # it is over its time, though every asset may have ended well
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
        error=error,
    )
    if options.strict and result.set_aside and not failed:
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
