"""Parts of runs as they could have happened, for the tests beside this file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from thresher.errors import Fault
from thresher.plan.plan import Action
from thresher.results import (
    CheckResult,
    DataFile,
    Outcome,
    OutcomeStatus,
    Snapshot,
    Status,
    Unit,
    UnitOutcome,
    UnitRecord,
    Verdict,
)

BEGAN = datetime(2026, 3, 3, 14, 2, 11, 250_000, tzinfo=UTC)
RUN = "20260303T140211-7f3a"
CONFIGURATION = {
    "pipeline": "flights",
    "environment": "dev",
    "warehouse": "warehouse",
    "params": {"start_date": "2013-01-01", "carriers": ["UA", "AA"], "floor": Decimal("0.10")},
    "run": {"workers": 2, "memory": "4GB", "retries": 2, "timeout": None},
    "secrets": {"password": "***"},
}


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def check(
    name: str, status: Status = Status.PASSED, violations: int = 0, **more: Any
) -> CheckResult:
    values: dict[str, Any] = {"rows": 336_776, "kind": name.partition("(")[0], "seconds": 0.01}
    return CheckResult(check=name, status=status, violations=violations, **values | more)


def loaded(path: str, rows: int) -> UnitRecord:
    unit = Unit(path, 48_213, at(-86_400), "ef" * 32)
    return UnitRecord(unit, UnitOutcome.LOADED, rows, "lake/x.parquet")


def refused(path: str, outcome: UnitOutcome, reason: str, line: int | None = None) -> UnitRecord:
    unit = Unit(path, 48_213, at(-86_400), "ab" * 32)
    return UnitRecord(unit, outcome, reason=reason, hint="mend it and run again", line=line)


def outcome(
    asset: str,
    status: OutcomeStatus = OutcomeStatus.BUILT,
    *,
    began: float = 0.0,
    seconds: float = 0.5,
    rows: tuple[int, int] = (336_776, 336_776),
    checks: tuple[CheckResult, ...] = (),
    units: tuple[UnitRecord, ...] = (),
    faults: tuple[Fault, ...] = (),
    **more: Any,
) -> Outcome:
    bad = status in (OutcomeStatus.FAILED, OutcomeStatus.BLOCKED)
    kept = status is OutcomeStatus.KEPT
    snapshot = Snapshot(
        asset=asset,
        fingerprint="f3c1",
        build="01",
        ingredients={},
        schema=(),
        files=(DataFile("lake/x.parquet", rows[1], 1_000, "cd" * 32),),
        rows=rows[1],
        rows_in=rows[0],
        units=units,
        built_at=at(began),
        run=RUN,
        engine="duckdb 2.0.1",
    )
    verdict = Verdict(
        asset=asset, version="f3c1-01", key="k", rows=rows[1], results=checks, at=at(began)
    )
    return Outcome(
        asset=asset,
        action=Action.KEEP if kept else Action.BUILD,
        status=status,
        snapshot=None if bad and not checks else snapshot,
        verdict=verdict if checks else None,
        started=at(began),
        seconds=0.0 if kept else seconds,
        faults=faults,
        **more,
    )


WARNED = check(
    "references(tailnum, clean.planes, [tailnum])",
    Status.WARNED,
    52_606,
    severity="warning",
    message="not in the FAA's register",
    path="src/clean/flights.sql",
    line=9,
    examples=({"flight_id": 812, "tailnum": "N3ALAA"}, {"flight_id": 955, "tailnum": None}),
)
TOLERATED = check(
    "between(dep_delay, -120, 1500)",
    Status.TOLERATED,
    3,
    message="3 rows, within the tolerance of 0.1%",
    path="src/clean/flights.sql",
    line=8,
)
FAILED = check(
    "not_null(arr_time)",
    Status.FAILED,
    8_713,
    message="8,713 rows have no `arr_time`",
    path="src/clean/flights.sql",
    line=7,
    examples=(
        {"flight_id": 472, "carrier": "EV", "time_hour": datetime(2013, 1, 1, 20, tzinfo=UTC)},
        {"flight_id": 478, "carrier": "<script>alert(1)</script>", "time_hour": None},
    ),
)
