"""What the history tells of the checks of past runs."""

import sqlite3
from contextlib import closing

import pytest
from observed_runs import BEGAN, at

from thresher.events import AssetFinished, RunFinished, RunStarted
from thresher.observe import rates
from thresher.observe.history import record, run
from thresher.observe.rates import PastRate, pass_rates
from thresher.observe.recorder import _MIGRATIONS, SCHEMA_VERSION


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.sqlite"


def ran(path, name, second, checks, *, env="dev", status="built", **more):
    """Write down a run that ended with so many checks of one asset in each status."""
    figures = {"warnings": 0, "errors": 0, "rows_in": 1, "rows_out": 1}
    with record(path) as history:
        history(
            RunStarted(
                run=name,
                pipeline="p",
                environment=env,
                at=at(second),
                configuration={},
                steps=(),
                **more,
            )
        )
        history(
            AssetFinished(
                run=name,
                asset="clean.a",
                action="build",
                status=status,
                started=at(second),
                at=at(second),
                seconds=0.0,
                attempts=1,
                checks=checks,
            )
        )
        history(
            RunFinished(
                run=name,
                environment=env,
                at=at(second),
                seconds=1.0,
                status="published",
                exit_code=0,
                **figures,
            )
        )


def test_runs_come_in_order_with_their_checks(path):
    ran(path, "r2", 2, {"passed": 3, "failed": 1}, status="failed")
    ran(path, "r1", 1, {"passed": 4})
    ran(path, "r3", 3, {"failed": 2})
    assert pass_rates(path, "dev", besides="r3")["clean.a"] == (
        PastRate("r1", "2026-03-03T14:02:12.250000+00:00", 4, 4),
        PastRate("r2", "2026-03-03T14:02:13.250000+00:00", 3, 4),
    )
    assert [r.passed for r in pass_rates(path, "dev", besides="")["clean.a"]] == [4, 3, 0]


def test_other_environments_trials_and_what_was_not_audited_do_not_count(path):
    ran(path, "r1", 1, {"passed": 1}, env="prod")
    ran(path, "r2", 2, {"passed": 1}, sample="1%")
    ran(path, "r3", 3, None, status="blocked")
    ran(path, "r4", 4, {"passed": 1}, status="kept")
    assert pass_rates(path, "dev", besides="") == {}


def test_only_the_last_runs_are_given(path, monkeypatch):
    monkeypatch.setattr(rates, "MOST_RUNS", 2)
    for number in range(4):
        ran(path, f"r{number}", number, {"passed": number + 1})
    found = pass_rates(path, "dev", besides="")["clean.a"]
    assert [rate.run for rate in found] == ["r2", "r3"]


def test_no_history_and_one_that_cannot_be_read_tell_nothing(path):
    assert pass_rates(path, "dev", besides="") == {}
    path.write_bytes(b"no database" * 100)
    assert pass_rates(path, "dev", besides="") == {}


def test_a_history_of_an_earlier_version_is_brought_up_to_date(path):
    with closing(sqlite3.connect(path)) as connection:
        for statements in _MIGRATIONS[:2]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(
            "insert into runs (id, pipeline, environment, started, pid, host) values"
            " ('r0', 'p', 'dev', ?, 1, 'h')",
            (BEGAN.isoformat(),),
        )
        connection.execute(
            "insert into steps (run, asset, attempt, action, started) values"
            " ('r0', 'clean.a', 1, 'build', ?)",
            (BEGAN.isoformat(),),
        )
        connection.execute("pragma user_version = 2")
        connection.commit()
    assert pass_rates(path, "dev", besides="") == {}
    ran(path, "r1", 1, {"passed": 1})
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
    assert [rate.run for rate in pass_rates(path, "dev", besides="")["clean.a"]] == ["r1"]
    assert run(path, "r0").steps[0].asset == "clean.a"
