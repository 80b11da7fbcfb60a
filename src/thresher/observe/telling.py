"""What each event says in words, and how loud: the one place where events become sentences."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import assert_never

from thresher.events import (
    AssetFinished,
    AssetStarted,
    AttemptFailed,
    CheckTold,
    Event,
    FileRefused,
    Published,
    QueryFinished,
    RunFinished,
    RunStarted,
    TookOver,
    Waiting,
)
from thresher.observe.wording import count, counted, duration, moment
from thresher.results import GOOD_EXITS, NOT_OK

_CHECK_LABELS = {"warned": "warning", "quarantined": "set aside"}
_WORK = ("build", "reuse", "audit")


@dataclass(frozen=True, slots=True)
class Telling:
    """An event in words."""

    level: int
    """One of the levels of `logging`."""
    label: str
    """What happened, in a word or two: `built`, `retry`, `set aside`."""
    asset: str | None
    text: str

    @property
    def sentence(self) -> str:
        """All of it in one piece."""
        head = f"{self.label} {self.asset}" if self.asset else self.label
        return f"{head}: {self.text}" if self.text else head


def tell(event: Event) -> Telling:  # noqa: C901, PLR0911  one case for each event
    """Put an event into words."""
    match event:
        case RunStarted():
            return Telling(logging.INFO, "started", None, _started(event))
        case Waiting():
            return Telling(logging.INFO, "waiting", None, _waiting(event))
        case TookOver():
            return Telling(logging.WARNING, "took over", None, _took_over(event))
        case AssetStarted():
            return Telling(logging.INFO, "started", event.asset, _attempt(event))
        case AttemptFailed():
            return Telling(logging.WARNING, "retry", event.asset, _failed_attempt(event))
        case FileRefused():
            level = logging.ERROR if event.outcome == "failed" else logging.WARNING
            return Telling(level, event.outcome, event.asset, f"{_place(event)}: {event.reason}")
        case CheckTold():
            level = logging.ERROR if event.status in ("failed", "error") else logging.WARNING
            label = _CHECK_LABELS.get(event.status, event.status)
            return Telling(level, label, event.asset, _check(event))
        case AssetFinished():
            level = logging.ERROR if event.status in NOT_OK else logging.INFO
            return Telling(level, event.status, event.asset, _finished(event))
        case Published():
            return Telling(logging.INFO, "published", None, _published(event))
        case RunFinished():
            level = logging.INFO if event.exit_code in GOOD_EXITS else logging.ERROR
            return Telling(level, event.status, None, _ended(event))
        case QueryFinished():
            level = logging.ERROR if event.error else logging.INFO
            return Telling(level, "query", None, _query(event))
        case _:
            assert_never(event)


def heading(event: RunStarted) -> str:
    """Say which run began, and how much there is to do."""
    actions = Counter(action for _, action in event.steps)
    work = [f"{actions[name]:,} to {name}" for name in _WORK if actions[name]]
    sample = f", on a sample of {event.sample}" if event.sample else ""
    planned = ", ".join(work) or "nothing to do"
    return f"run {event.run} of {event.pipeline} ({event.environment}){sample}: {planned}"


def unchanged(event: RunStarted) -> str:
    """Say how many assets nothing is done to; nothing if there are none."""
    kept = sum(action == "keep" for _, action in event.steps)
    return f"{kept:,} unchanged" if kept else ""


def _started(event: RunStarted) -> str:
    return ", ".join(filter(None, (heading(event), unchanged(event))))


def _waiting(event: Waiting) -> str:
    most = "" if event.longest is None else f" (for {duration(event.longest)} at most)"
    return f"{event.held}{most}"


def _took_over(event: TookOver) -> str:
    who = f"the run `{event.before}` (process {event.pid} on `{event.host}`)"
    since = f"which held it since {moment(event.since)} UTC"
    if not event.died:
        return f"`{event.environment}` from {who}, {since} and has lost it, though it still runs"
    return f"`{event.environment}` from {who}, {since} and died {event.last or ''}".rstrip()


def _attempt(event: AssetStarted) -> str:
    return event.action if event.attempt == 1 else f"{event.action}, attempt {event.attempt}"


def _failed_attempt(event: AttemptFailed) -> str:
    took = f"attempt {event.attempt} failed after {duration(event.seconds)}"
    said = event.error.strip().partition("\n")[0]  # the hint stands in the summary, if it fails
    return f"{took}, next in {duration(event.wait)}: {said}"


def _place(event: FileRefused) -> str:
    return f"{event.path}:{event.line}" if event.line else event.path


def _check(event: CheckTold) -> str:
    found = event.message or f"{count(event.violations)} of {counted(event.rows, 'row')}"
    place = f" ({event.place})" if event.place else ""
    return f"{event.check}: {found}{place}"


def _finished(event: AssetFinished) -> str:
    parts = []
    if event.rows_in is not None:
        parts.append(f"{counted(event.rows_in, 'row')} in")
    if event.rows_out is not None:
        parts.append(f"{counted(event.rows_out, 'row')} out")
    if event.rows_aside:
        parts.append(f"{counted(event.rows_aside, 'row')} set aside")
    if event.files:
        parts.append(counted(event.files, "file"))
    parts.append(duration(event.seconds))
    if event.attempts > 1:
        parts.append(counted(event.attempts, "attempt"))
    told = ", ".join(parts)
    return f"{event.error} ({told})" if event.error else told


def _published(event: Published) -> str:
    removed = f", {counted(len(event.removed), 'table')} removed" if event.removed else ""
    tables = f"{counted(event.tables, 'table')}, {len(event.changed):,} changed{removed}"
    return f"{event.publication} ({event.environment}): {tables}"


def _ended(event: RunFinished) -> str:
    number = f"{event.publication} " if event.publication is not None else ""
    rows = f"{counted(event.rows_in, 'row')} in, {counted(event.rows_out, 'row')} out"
    noted = f"{counted(event.warnings, 'warning')}, {counted(event.errors, 'error')}"
    told = f"{number}({event.environment}): {rows}, {duration(event.seconds)}, {noted}"
    return f"{told}; {event.error}" if event.error else told


def _query(event: QueryFinished) -> str:
    if event.error:
        return f"failed after {duration(event.seconds)}: {event.error}"
    rows = counted(event.rows, "row") if event.rows is not None else "done"
    return f"{rows} in {duration(event.seconds)}"
