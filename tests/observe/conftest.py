"""Runs as they could have happened: results, and the events that led to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from observed_runs import (
    BEGAN,
    CONFIGURATION,
    FAILED,
    RUN,
    TOLERATED,
    WARNED,
    at,
    check,
    loaded,
    outcome,
    refused,
)

from thresher.errors import Fault, Place
from thresher.events import (
    AssetFinished,
    AssetStarted,
    AttemptFailed,
    CheckTold,
    Event,
    FileRefused,
    Published,
    RunFinished,
    RunStarted,
)
from thresher.plan.plan import Action, Plan, Step
from thresher.results import OutcomeStatus, RunResult, Status, UnitOutcome


@pytest.fixture
def passing() -> RunResult:
    """A run that published nine tables, with warnings and a file set aside."""
    aside = refused("data_raw/flights_2013_13.csv", UnitOutcome.SET_ASIDE, "no column `month`", 1)
    ok = tuple(check(f"not_null({name})") for name in ("flight_id", "carrier", "origin", "dest"))
    return RunResult(
        run=RUN,
        pipeline="flights",
        environment="dev",
        status="published",
        exit_code=0,
        started=BEGAN,
        seconds=3.214,
        publication=12,
        report=f"reports/{RUN}",
        outcomes=(
            outcome("raw.flights", began=0.02, seconds=1.1, units=(aside,), attempts=2),
            outcome("raw.planes", OutcomeStatus.KEPT, rows=(3_322, 3_322)),
            outcome(
                "raw.weather",
                began=0.04,
                seconds=0.31,
                rows=(26_115, 26_115),
                units=(loaded("data_raw/weather.csv", 26_115),),
            ),
            outcome("clean.planes", OutcomeStatus.KEPT, rows=(3_322, 3_322)),
            outcome("clean.weather", began=0.36, seconds=0.2, rows=(26_115, 26_115), checks=ok[:2]),
            outcome("clean.flights", began=1.13, seconds=1.4, checks=(*ok, TOLERATED, WARNED)),
            outcome(
                "warehouse.carrier_day", began=2.54, seconds=0.12, rows=(336_776, 4_711), checks=ok
            ),
            outcome("warehouse.delays", began=2.56, seconds=0.44, rows=(362_891, 8_255)),
            outcome("warehouse.routes", began=2.68, seconds=0.06, rows=(336_776, 224)),
        ),
    )


@pytest.fixture
def failing() -> RunResult:
    """A run in which a file could not be read, a contract was broken and a query was wrong."""
    bad = refused("data_raw/<script>x.csv", UnitOutcome.FAILED, "line 7 has 3 fields, not 4", 7)
    broken = Fault(
        "`not_null(arr_time)` is violated by 8,713 of 336,776 rows",
        Place("src/clean/flights.sql", 7, asset="clean.flights"),
        "tolerate them with `tolerate:`, or mend the query",
    )
    wrong = Fault(
        'Binder Error: column "carier" not found\n  select carier from clean.airlines\n         ^',
        Place("src/warehouse/airlines.sql", 12, asset="warehouse.airlines"),
        "did you mean `carrier`?",
    )
    return RunResult(
        run=RUN,
        pipeline="flights",
        environment="dev",
        status="failed",
        exit_code=1,
        started=BEGAN,
        seconds=65.2,
        report=f"reports/{RUN}",
        outcomes=(
            outcome("raw.flights", seconds=1.1, units=(bad,)),
            outcome("clean.airlines", OutcomeStatus.KEPT, rows=(16, 16)),
            outcome(
                "clean.flights",
                OutcomeStatus.FAILED,
                began=1.2,
                seconds=60.0,
                checks=(check("unique(flight_id)"), WARNED, FAILED),
                faults=(broken,),
            ),
            outcome(
                "warehouse.airlines", OutcomeStatus.FAILED, began=2, seconds=0.02, faults=(wrong,)
            ),
            outcome(
                "warehouse.delays",
                OutcomeStatus.BLOCKED,
                began=61.3,
                seconds=0.0,
                faults=(Fault("`clean.flights` failed"),),
            ),
        ),
    )


@pytest.fixture
def many(passing: RunResult) -> RunResult:
    """A run of sixty assets, of which half were kept."""
    layers = ("raw", "clean", "warehouse")
    made = tuple(
        outcome(
            f"{layers[n // 20]}.table_{n:02}_{'of_things' * (n % 3)}",
            OutcomeStatus.KEPT if n % 2 else OutcomeStatus.BUILT,
            began=n * 0.11,
            seconds=0.05 + (n * 37 % 17) / 8,
            rows=(n * 10_007, n * 9_001),
            checks=tuple(check(f"not_null(column_{c})") for c in range(n % 5)),
        )
        for n in range(60)
    )
    return replace(passing, outcomes=made, seconds=8.9)


@pytest.fixture
def plan_of() -> Callable[[RunResult], Plan]:
    """Makes the plan that a result could have come from."""

    def make(result: RunResult) -> Plan:
        steps = tuple(
            Step(
                asset=o.asset,
                action=o.action,
                reason="nothing changed" if o.action is Action.KEEP else "SQL changed",
                stage=1,
            )
            for o in result.outcomes
        )
        return Plan(environment=result.environment, parent=11, steps=steps, run_time=BEGAN)

    return make


@pytest.fixture
def events() -> list[Event]:
    """A run in which a file is set aside, an attempt is repeated, and a table fails."""
    steps = (
        ("raw.flights", "build"),
        ("clean.flights", "build"),
        ("warehouse.delays", "build"),
        ("clean.planes", "keep"),
        ("clean.airlines", "keep"),
    )
    flights: dict[str, Any] = {"run": RUN, "asset": "raw.flights"}
    clean: dict[str, Any] = {"run": RUN, "asset": "clean.flights"}
    return [
        RunStarted(
            run=RUN,
            pipeline="flights",
            environment="dev",
            at=BEGAN,
            configuration=CONFIGURATION | {"root": Path("/srv/flights"), "since": BEGAN.date()},
            steps=steps,
        ),
        AssetStarted(**flights, action="build", attempt=1, at=at(0.1)),
        AttemptFailed(
            **flights, attempt=1, at=at(0.3), seconds=0.2, error="connection reset", wait=1.0
        ),
        AssetStarted(**flights, action="build", attempt=2, at=at(1.3)),
        FileRefused(
            **flights,
            at=at(1.5),
            path="data_raw/\x1b[31mbad\n.csv",
            outcome=UnitOutcome.SET_ASIDE,
            reason="line 7 has 3 fields, not 4",
        ),
        AssetFinished(
            **flights,
            action=Action.BUILD,
            status=OutcomeStatus.BUILT,
            started=at(0.1),
            at=at(2.1),
            seconds=2.0,
            attempts=2,
            rows_in=336_776,
            rows_out=336_700,
            files=11,
        ),
        AssetStarted(**clean, action="build", attempt=1, at=at(2.2)),
        CheckTold(
            **clean,
            at=at(2.9),
            check="between(dep_delay, -120, 1500)",
            status=Status.TOLERATED,
            violations=3,
            rows=336_700,
            message="within the tolerance of 0.1%",
            place="src/clean/flights.sql:8",
        ),
        AssetFinished(
            **clean,
            action=Action.BUILD,
            status="failed",
            started=at(2.2),
            at=at(3.0),
            seconds=0.8,
            attempts=1,
            error="`not_null(arr_time)` is violated by 8,713 rows\n  hint: mend the query",
        ),
        AssetFinished(
            run=RUN,
            asset="clean.planes",
            action="keep",
            status=OutcomeStatus.KEPT,
            started=at(3.0),
            at=at(3.0),
            seconds=0.0,
            attempts=1,
        ),
        Published(
            run=RUN,
            environment="dev",
            at=at(3.1),
            publication=12,
            parent=11,
            tables=4,
            changed=("raw.flights",),
        ),
        RunFinished(
            run=RUN,
            environment="dev",
            at=at(3.2),
            seconds=3.2,
            status="partly published",
            exit_code=1,
            warnings=3,
            errors=1,
            rows_in=336_776,
            rows_out=336_700,
            publication=12,
        ),
    ]
