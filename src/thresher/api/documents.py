"""JSON forms of what commands print: plain values, described in `docs/json.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thresher.errors import Fault
from thresher.observe.facts import Background, facts
from thresher.observe.unit_tests import failure_text
from thresher.plan.plan import Plan
from thresher.quality.differences import Difference
from thresher.results import RunResult
from thresher.run.unit_test import UnitTestResult

if TYPE_CHECKING:
    from thresher.api.failures import Failure, Failures
    from thresher.api.open import OpenProject
    from thresher.api.queries import SavedQuery
    from thresher.api.querying import Answer
    from thresher.api.tables import Preview
    from thresher.docs.ddl.tables import Ddl
    from thresher.warehouse.cleanup import Removal
    from thresher.warehouse.repair import Repair
    from thresher.warehouse.verify import Verification

FORMAT = 1


def faults(found: Iterable[Fault]) -> dict[str, Any]:
    """Give the answer of `validate`."""
    listed = [
        {
            "what": fault.what,
            "path": fault.place.path,
            "line": fault.place.line,
            "column": fault.place.column,
            "hint": fault.hint,
        }
        for fault in found
    ]
    return {"format": FORMAT, "valid": not listed, "faults": listed}


def plan(made: Plan) -> dict[str, Any]:
    """Give a plan."""
    steps = [
        {
            "asset": step.asset,
            "action": step.action.value,
            "reason": step.reason,
            "stage": step.stage,
            "inputs": list(step.inputs),
            "waits_for": list(step.waits_for),
            "fingerprint": step.fingerprint,
            "version": step.version,
            "changed_at": step.changed_at,
            "inputs_changed_at": step.inputs_changed_at,
            "incoming_bytes": step.incoming,
            "drift": {path: list(told) for path, told in step.drift.items()},
            "stale": step.stale,
        }
        for step in made.steps
    ]
    return {
        "format": FORMAT,
        "environment": made.environment,
        "publication": made.parent,
        "changes": made.changes,
        "sample": made.sample,
        "steps": steps,
        "removed": list(made.removed),
    }


def run(result: RunResult, project: OpenProject) -> dict[str, Any]:
    """Give the result of a run, in the form of `report.json`."""
    assets = project.project.assets
    return facts(
        result,
        Background(
            sources={name: asset.path for name, asset in assets.items()},
            descriptions={name: asset.contract.description for name, asset in assets.items()},
            configuration=project.project.settings.record(),
        ),
    )


def verification(found: Verification) -> dict[str, Any]:
    """Give what was verified."""
    return {"format": FORMAT, "ok": found.ok, **asdict(found)}


def repairs(done: Iterable[Repair], *, dry_run: bool) -> dict[str, Any]:
    """Give what was restored, or would be."""
    return {"format": FORMAT, "dry_run": dry_run, "repairs": [asdict(each) for each in done]}


def answer(given: Answer) -> dict[str, Any]:
    """Give the answer to a query."""
    return {
        "format": FORMAT,
        "columns": [
            {"name": name, "type": kind}
            for name, kind in zip(given.columns, given.types, strict=True)
        ],
        "rows": _rows(given.columns, given.rows),
        "total": given.total,
        "seconds": round(given.seconds, 6),
        "export": str(given.export) if given.export else None,
    }


def queries(found: Sequence[SavedQuery]) -> dict[str, Any]:
    """Give the queries of a project."""
    listed = [
        {
            "name": each.name,
            "path": each.path,
            "description": each.description,
            "placeholders": list(each.placeholders),
        }
        for each in found
    ]
    return {"format": FORMAT, "queries": listed}


def preview(given: Preview) -> dict[str, Any]:
    """Give the preview of an asset."""
    return {
        "format": FORMAT,
        "asset": given.asset,
        "origin": given.origin,
        "rows": _rows(given.columns, given.rows),
    }


def ddl(made: Ddl) -> dict[str, Any]:
    """Give the DDL that the contracts imply, a statement at a time."""
    return {
        "format": FORMAT,
        "dialect": made.dialect,
        "statements": [
            {"kind": each.kind, "asset": each.asset, "sql": each.sql, "notes": list(each.notes)}
            for each in made.statements
        ],
        "not_enforced": [
            {
                "asset": each.asset,
                "check": each.check.id,
                "reason": each.reason,
                "path": each.check.place.path,
                "line": each.check.place.line,
            }
            for each in made.not_enforced
        ],
    }


def failures(found: Failures, rows: Sequence[Failure]) -> dict[str, Any]:
    """Give the inputs that were set aside or failed.

    Args:
        found: all of them.
        rows: those that are shown.
    """
    return {
        "format": FORMAT,
        "environment": found.environment,
        "run": found.run,
        "total": len(found.rows),
        "failures": [asdict(row) for row in rows],
    }


def removals(removed: Sequence[Removal], *, dry_run: bool) -> dict[str, Any]:
    """Give what `gc` removed, or would remove."""
    return {
        "format": FORMAT,
        "dry_run": dry_run,
        "bytes": sum(item.bytes for item in removed),
        "removed": [asdict(item) for item in removed],
    }


def unit_tests(results: Sequence[UnitTestResult]) -> dict[str, Any]:
    """Give how the unit tests of assets ended."""
    listed = [
        {
            "asset": result.test.asset,
            "name": result.test.name,
            "path": result.test.place.path,
            "line": result.test.place.line,
            "passed": result.passed,
            "seconds": round(result.seconds, 6),
            "message": "" if result.passed else failure_text(result),
            "difference": _difference(result.difference) if result.difference else None,
        }
        for result in results
    ]
    failed = sum(not result.passed for result in results)
    return {
        "format": FORMAT,
        "tests": len(listed),
        "passed": len(listed) - failed,
        "failed": failed,
        "results": listed,
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "missing": _rows(found.columns, found.missing),
        "unexpected": _rows(found.columns, found.unexpected),
        "cells": [asdict(cell) for cell in found.cells],
        "order": found.order,
    }


def _rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]
