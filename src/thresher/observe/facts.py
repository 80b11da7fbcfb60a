"""What a run did, as one document of plain values: `report.json`, and what the page is made from.

The document's form is described in `docs/report.md`. A reader must be able to rely on it: what is
in there keeps its name and its meaning while `FORMAT` stays the same; new keys may be added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from thresher._version import __version__
from thresher.errors import Fault
from thresher.events import AttemptFailed
from thresher.observe.plain import plain
from thresher.observe.rates import PastRate
from thresher.plan.plan import Plan
from thresher.project.asset import quarantine_of
from thresher.project.secrets import MASK
from thresher.results import (
    CheckResult,
    Outcome,
    OutcomeStatus,
    RunResult,
    Status,
    UnitRecord,
)
from thresher.totals import NOT_PASSED, errors, results, totals, warnings

#: Number of the document's form; grows when a reader of the earlier form would go wrong.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a report tells beside the result itself."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """File of each asset, relative to the project."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """Description of each asset."""
    plan: Plan | None = None
    """The plan of the run, for the reasons of its steps."""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """The configuration that was in force, secrets masked."""
    past: Mapping[str, Sequence[PastRate]] = field(default_factory=dict)
    """Checks of each asset in the runs before, the oldest first."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """What is written at each place, `path:line`, of a check that did not pass."""


def facts(result: RunResult, background: Background) -> dict[str, Any]:
    """Put everything known of a run into one document of plain values."""
    steps = {step.asset: step for step in background.plan.steps} if background.plan else {}
    assets = []
    for outcome in result.outcomes:
        step = steps.get(outcome.asset)
        about = {
            "description": background.descriptions.get(outcome.asset, ""),
            "path": background.sources.get(outcome.asset),
            "reason": step.reason if step else None,
            "stale": step.stale if step else False,
            "inputs": list(step.inputs) if step else _inputs(outcome),
            "past": [_past(rate) for rate in background.past.get(outcome.asset, ())],
        }
        assets.append(_asset(outcome, result.started) | about)
    document = {
        "format": FORMAT,
        "thresher": __version__,
        "run": _run(result),
        "totals": _totals(result),
        "assets": assets,
        "checks": [
            _check(outcome.asset, check)
            | {"definition": background.definitions.get(f"{check.path}:{check.line}")}
            for outcome in result.outcomes
            for check in results(outcome)
        ],
        "files": [_file(asset, record) for asset, record in result.refused],
        "inputs": [
            _input(outcome.asset, record)
            for outcome in result.outcomes
            if outcome.snapshot
            for record in outcome.snapshot.units
        ],
        "configuration": background.configuration,
    }
    made: dict[str, Any] = plain(document)
    return made


def _run(result: RunResult) -> dict[str, Any]:
    return {
        "id": result.run,
        "pipeline": result.pipeline,
        "environment": result.environment,
        "status": result.status,
        "ok": result.ok,
        "exit_code": result.exit_code,
        "started": _stamp(result.started),
        "ended": _stamp(result.started + timedelta(seconds=result.seconds)),
        "seconds": round(result.seconds, 6),
        "publication": result.publication,
        "sample": result.sample,
        "removed": result.removed,
        "error": result.error,
    }


def _totals(result: RunResult) -> dict[str, Any]:
    figures = totals(result.outcomes)
    checks = [check for outcome in result.outcomes for check in results(outcome)]
    return {
        "assets": len(result.outcomes),
        "tables": figures.tables,
        "statuses": {status.value: figures.statuses.get(status, 0) for status in OutcomeStatus},
        "rows_in": figures.rows_in,
        "rows_out": figures.rows_out,
        "rows_quarantined": figures.quarantined,
        "checks": figures.checks,
        "checks_by_status": _by_status(checks),
        "files_refused": len(result.refused),
        "warnings": figures.warnings,
        "errors": figures.errors,
    }


def _asset(outcome: Outcome, began: datetime) -> dict[str, Any]:
    snapshot, checks = outcome.snapshot, results(outcome)
    split = outcome.verdict.split if outcome.verdict else None
    return {
        "asset": outcome.asset,
        "action": outcome.action.value,
        "status": outcome.status.value,
        "started": _stamp(outcome.started),
        "ended": _stamp(outcome.started + timedelta(seconds=outcome.seconds)),
        "offset": round(max((outcome.started - began).total_seconds(), 0.0), 6),
        "seconds": round(outcome.seconds, 6),
        "attempts": outcome.attempts,
        "retried": [_retried(attempt) for attempt in outcome.retried],
        "version": snapshot.version if snapshot else None,
        "engine": snapshot.engine if snapshot else None,
        "rows_in": snapshot.rows_in if snapshot else None,
        "rows_out": snapshot.rows if snapshot else None,
        "rows_built": split.produced if split else None,
        "rows_published": split.published if split else None,
        "rows_corrected": split.released if split else 0,
        "rows_quarantined": split.quarantined if split else 0,
        "quarantine": quarantine_of(outcome.asset) if split and split.quarantined else None,
        "bytes": sum(file.bytes for file in snapshot.files) if snapshot else None,
        "files": len(snapshot.units) if snapshot else 0,
        "checks": _by_status(checks),
        "valid_share": min((check.valid_share for check in checks), default=None),
        "warnings": warnings(outcome),
        "errors": errors(outcome),
        "faults": [_fault(fault) for fault in outcome.faults],
    }


def _retried(attempt: AttemptFailed) -> dict[str, Any]:
    return {
        "attempt": attempt.attempt,
        "started": _stamp(attempt.started),
        "ended": _stamp(attempt.at),
        "seconds": round(attempt.seconds, 6),
        "error": attempt.error,
        "wait": round(attempt.wait, 6),
    }


def _past(rate: PastRate) -> dict[str, Any]:
    started = _stamp(datetime.fromisoformat(rate.started))
    return {"run": rate.run, "started": started, "passed": rate.passed, "checks": rate.checks}


def _check(asset: str, check: CheckResult) -> dict[str, Any]:
    return {
        "asset": asset,
        "check": check.check,
        "kind": check.kind,
        "columns": check.columns,
        "status": check.status.value,
        "severity": check.severity,
        "violations": check.violations,
        "rows": check.rows,
        "valid_share": check.valid_share,
        "message": check.message,
        "figure": MASK if check.figure is not None and check.hides_figure else check.figure,
        "path": check.path,
        "line": check.line,
        "seconds": round(check.seconds, 6),
        "examples": check.examples,
    }


def _file(asset: str, record: UnitRecord) -> dict[str, Any]:
    return {
        "asset": asset,
        "path": record.unit.path,
        "outcome": record.outcome.value,
        "reason": record.reason,
        "hint": record.hint,
        "line": record.line,
        "size": record.unit.size,
        "modified": _stamp(record.unit.modified),
        "sha256": record.unit.sha256,
    }


def _input(asset: str, record: UnitRecord) -> dict[str, Any]:
    return {
        "asset": asset,
        "path": record.unit.path,
        "outcome": record.outcome.value,
        "rows": record.rows,
        "rejected": record.rejected,
        "rejects": record.rejects,
        "lines": record.lines,
        "counted": record.counted,
        "header": record.header,
        "blank": record.blank,
        "continuation": record.continuation,
        "drift": record.drift,
        "gone": record.gone,
        "size": record.unit.size,
        "modified": _stamp(record.unit.modified),
        "sha256": record.unit.sha256,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "what": fault.what,
        "path": fault.place.path,
        "line": fault.place.line,
        "column": fault.place.column,
        "hint": fault.hint,
    }


def _by_status(checks: tuple[CheckResult, ...] | list[CheckResult]) -> dict[str, int]:
    order = (Status.PASSED, *reversed(NOT_PASSED))
    return {status.value: sum(check.status is status for check in checks) for status in order}


def _inputs(outcome: Outcome) -> list[str]:
    return sorted(outcome.snapshot.inputs) if outcome.snapshot else []


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
