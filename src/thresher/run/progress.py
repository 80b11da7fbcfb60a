"""How far an asset is while a run goes on, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from thresher.errors import Fault, Place
from thresher.events import AttemptFailed
from thresher.plan.plan import Action, Step
from thresher.results import (
    Outcome,
    OutcomeStatus,
    Snapshot,
    Status,
    UnitRecord,
    Verdict,
)

_SETTLED = {
    Action.BUILD: OutcomeStatus.BUILT,
    Action.REUSE: OutcomeStatus.REUSED,
    Action.AUDIT: OutcomeStatus.AUDITED,
    Action.KEEP: OutcomeStatus.KEPT,
}


@dataclass(slots=True)
class Progress:
    """What is known of an asset while the run goes on."""

    step: Step
    started: datetime
    seconds: float = 0.0
    """Time spent on it by workers; waiting for one does not count."""
    attempts: int = 1
    snapshot: Snapshot | None = None
    reused: bool = False
    verdict: Verdict | None = None
    quarantine: Snapshot | None = None
    faults: tuple[Fault, ...] = ()
    refused: tuple[UnitRecord, ...] = ()
    retried: tuple[AttemptFailed, ...] = ()
    failure: OutcomeStatus = OutcomeStatus.FAILED
    """What it is where it has faults."""
    error_code: int = 1

    @property
    def failed(self) -> bool:
        """Whether it is its own fault that it may not be published."""
        return bool(self.faults) and self.failure is OutcomeStatus.FAILED

    @contextmanager
    def clocked(self) -> Iterator[None]:
        """Add the time of a block to that of the asset."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds += time.monotonic() - began

    def end(self) -> Outcome:
        """Give how it ended."""
        status = _SETTLED[self.step.action]
        if status is OutcomeStatus.BUILT and self.reused:
            status = OutcomeStatus.REUSED
        if self.faults:
            status = self.failure
        return Outcome(
            asset=self.step.asset,
            action=self.step.action,
            status=status,
            snapshot=self.snapshot,
            verdict=self.verdict,
            quarantine=self.quarantine,
            started=self.started,
            seconds=self.seconds,
            attempts=self.attempts,
            retried=self.retried,
            faults=self.faults,
            error_code=self.error_code,
            refused=self.refused,
        )


def violations(verdict: Verdict) -> tuple[Fault, ...]:
    """Give a fault for each check that keeps a version from being published."""
    return tuple(
        Fault(f"{r.check}: {r.message}", Place(r.path, r.line, asset=verdict.asset))
        for r in verdict.results
        if r.status in (Status.FAILED, Status.ERROR)
    )
