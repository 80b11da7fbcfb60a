"""The events of a run, made of what the run knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from thresher.errors import Place
from thresher.events import AssetFinished, CheckTold, FileRefused
from thresher.results import Outcome, Status, UnitOutcome, UnitRecord, Verdict


def now() -> datetime:
    """Give the time, in UTC."""
    return datetime.now(UTC)


def refused(run: str, asset: str, records: Iterable[UnitRecord]) -> Iterator[FileRefused]:
    """Tell which inputs of a source were not loaded."""
    for record in records:
        if record.outcome is not UnitOutcome.LOADED:
            yield FileRefused(
                run=run,
                asset=asset,
                at=now(),
                path=record.unit.path,
                outcome=record.outcome,
                reason=record.reason or "",
                line=record.line,
                hint=record.hint,
            )


def checked(run: str, verdict: Verdict) -> Iterator[CheckTold]:
    """Tell which checks did not simply pass."""
    for result in verdict.results:
        if result.status is not Status.PASSED:
            yield CheckTold(
                run=run,
                asset=verdict.asset,
                at=now(),
                check=result.check,
                status=result.status,
                violations=result.violations,
                rows=result.rows,
                message=result.message,
                place=str(Place(result.path, result.line)),
            )


def finished(run: str, outcome: Outcome) -> AssetFinished:
    """Tell how an asset ended."""
    snapshot, verdict = outcome.snapshot, outcome.verdict
    counts = {s.value: n for s in Status if (n := verdict.count(s))} if verdict else None
    return AssetFinished(
        run=run,
        asset=outcome.asset,
        action=outcome.action,
        status=outcome.status,
        started=outcome.started,
        at=now(),
        seconds=outcome.seconds,
        attempts=outcome.attempts,
        rows_in=snapshot.rows_in if snapshot else None,
        rows_out=snapshot.rows if snapshot else None,
        rows_aside=outcome.quarantine.rows if outcome.quarantine else 0,
        files=len(snapshot.units) if snapshot else 0,
        checks=counts,
        error="\n".join(str(fault) for fault in outcome.faults) or None,
        faults=len(outcome.faults),
    )
