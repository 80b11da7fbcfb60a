"""What a run that died did last, as the history had it written down until then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from observed_runs import BEGAN, at

from thresher.events import (
    AssetFinished,
    AssetStarted,
    AttemptFailed,
    Event,
    Published,
    RunFinished,
    RunStarted,
    TookOver,
)
from thresher.observe.history import record, run, runs


def began(name: str = "r1", **more: Any) -> RunStarted:
    values = {"pipeline": "p", "environment": "dev", "at": BEGAN, "configuration": {}, "steps": ()}
    return RunStarted(**{"run": name, **values, **more})


def starts(asset: str, seconds: float, action: str = "build", attempt: int = 1) -> AssetStarted:
    return AssetStarted(run="r1", asset=asset, action=action, attempt=attempt, at=at(seconds))


def fails(asset: str, seconds: float) -> AttemptFailed:
    given = {"attempt": 1, "seconds": 1.0, "error": "no", "wait": 9.0}
    return AttemptFailed(run="r1", asset=asset, at=at(seconds), **given)


def ends(asset: str, seconds: float, status: str = "built") -> AssetFinished:
    given = {"action": "build", "started": BEGAN, "seconds": 1.0, "attempts": 1}
    return AssetFinished(run="r1", asset=asset, status=status, at=at(seconds), **given)


PUBLISHED = Published(
    run="r1", environment="dev", at=at(9), publication=4, parent=3, tables=1, changed=()
)


def over(before: str = "r1", *, died: bool = True) -> TookOver:
    given = {"pid": 41, "host": "elsewhere", "since": BEGAN, "last": None}
    return TookOver(run="r2", environment="dev", at=at(60), before=before, died=died, **given)


def write(path: Path, *events: Event) -> None:
    with record(path) as history:
        for event in events:
            history(event)


@pytest.mark.parametrize(
    ("events", "last"),
    [
        ([], "before its first step"),
        (
            [starts("raw.a", 0.2), ends("raw.a", 3), starts("clean.b", 12)],
            "while building clean.b (attempt 1), begun 12.0 s after its start",
        ),
        (
            [starts("raw.a", 1, "reuse"), starts("clean.b", 75, "audit", 3), starts("raw.c", 2)],
            "while auditing clean.b (attempt 3) and 2 more, begun 1 min 15 s after its start",
        ),
        (
            [starts("raw.a", 1), fails("raw.a", 4)],
            "while waiting to try raw.a again, since attempt 1 failed 4.0 s after its start",
        ),
        (
            [starts("raw.a", 1), starts("raw.b", 1), ends("raw.a", 8), ends("raw.b", 5, "failed")],
            "after raw.a was built, 8.0 s after its start",
        ),
        ([starts("raw.a", 1), ends("raw.a", 3), PUBLISHED], "after publication 4 could be seen"),
    ],
    ids=["nothing", "building", "several", "retrying", "between", "published"],
)
def test_the_last_thing_is_told(tmp_path: Path, events: Sequence[Event], last: str) -> None:
    write(tmp_path / "h.sqlite", began(), *events)
    (row,) = runs(tmp_path / "h.sqlite")
    assert (row.status, row.last) == ("died", last)
    assert run(tmp_path / "h.sqlite").run == row


def test_a_run_that_goes_on_or_has_ended_has_no_last_thing(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    figures = {"warnings": 0, "errors": 0, "rows_in": 0, "rows_out": 0}
    end = RunFinished(
        run="r1", environment="dev", at=at(9), seconds=9, status="failed", exit_code=1, **figures
    )
    with record(path) as history:
        history(began())
        history(starts("raw.a", 1))
        assert [row.last for row in runs(path)] == [None]
        history(end)
    assert [row.last for row in runs(path)] == [None]


def test_who_takes_over_writes_down_that_the_other_died(tmp_path: Path) -> None:
    """On another machine nobody could tell by its process."""
    path = tmp_path / "h.sqlite"
    with record(path) as other, record(path) as history:
        other(began("r1"))
        other(starts("raw.a", 2))
        history(began("r2", at=at(60)))
        history(over(died=False))
        assert [row.status for row in runs(path)] == ["running", "running"]
        history(over())
        assert [row.status for row in runs(path)] == ["running", "died"]
        assert runs(path)[1].last == (
            "while building raw.a (attempt 1), begun 2.0 s after its start"
        )
        other(ends("raw.a", 70))  # it had only lost its lock
        figures = {"warnings": 0, "errors": 1, "rows_in": 0, "rows_out": 0, "exit_code": 1}
        other(
            RunFinished(
                run="r1", environment="dev", at=at(71), seconds=71, status="failed", **figures
            )
        )
        assert runs(path)[1].status == "failed"


def test_a_run_that_came_to_no_plan_is_written_down_by_who_takes_over(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    write(path, began("r2", at=at(60)), over("r0"))
    died = run(path, "r0").run
    assert (died.status, died.started, died.environment) == ("died", BEGAN, "dev")
    assert died.last == "before its first step"


def test_a_run_that_ended_is_not_declared_dead(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    figures = {"warnings": 0, "errors": 0, "rows_in": 0, "rows_out": 0, "exit_code": 0}
    end = RunFinished(
        run="r1", environment="dev", at=at(9), seconds=9, status="published", **figures
    )
    write(path, began(), end)
    write(path, began("r2", at=at(60)), over())
    assert run(path, "r1").run.status == "published"
