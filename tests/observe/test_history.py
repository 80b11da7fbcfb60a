import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from observed_runs import BEGAN, RUN, at

from thresher.errors import CommandError
from thresher.events import RunFinished, RunStarted
from thresher.observe.history import record, run, runs
from thresher.observe.process import process_start


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "history.sqlite"


def started(name, **more):
    values: dict[str, Any] = {
        "pipeline": "p",
        "environment": "dev",
        "at": BEGAN,
        "configuration": {},
        "steps": (),
    }
    return RunStarted(run=name, **values | more)


def finished(name, status="published"):
    figures: dict[str, Any] = {"warnings": 0, "errors": 0, "rows_in": 1, "rows_out": 1}
    return RunFinished(
        run=name, environment="dev", at=at(1), seconds=1.0, status=status, exit_code=0, **figures
    )


def write(path, events, **options):
    with record(path, **options) as history:
        for event in events:
            history(event)


def test_a_run_is_written_down_with_how_it_ended(path, events):
    write(path, events)

    (row,) = runs(path)
    assert (row.id, row.pipeline, row.environment) == (RUN, "flights", "dev")
    assert (row.status, row.exit_code, row.publication) == ("partly published", 1, 12)
    assert (row.started, row.ended, row.seconds) == (BEGAN, at(3.2), 3.2)
    assert (row.warnings, row.errors, row.rows_in, row.rows_out) == (3, 1, 336_776, 336_700)
    assert row.unchanged == 2


def test_each_attempt_is_a_row_with_its_own_times(path, events):
    write(path, events)

    steps = run(path).steps
    assert [(s.asset, s.attempt, s.status) for s in steps] == [
        ("raw.flights", 1, "retried"),
        ("raw.flights", 2, "built"),
        ("clean.flights", 1, "failed"),
    ]
    first, second, failed = steps
    assert (first.started, first.ended, first.error) == (at(0.1), at(0.3), "connection reset")
    assert (second.started, second.ended, second.seconds) == (at(1.3), at(2.1), 0.8)
    assert (second.rows_in, second.rows_out, second.warnings) == (336_776, 336_700, 2)
    assert failed.error is not None
    assert failed.error.startswith("`not_null(arr_time)`")


def test_checks_and_refused_files_are_kept(path, events):
    write(path, events)

    detail = run(path, RUN)
    (check,) = detail.checks
    (file,) = detail.files
    assert (check.check, check.status, check.violations) == (
        "between(dep_delay, -120, 1500)",
        "tolerated",
        3,
    )
    assert (file.path, file.outcome, file.at) == (
        "data_raw/\x1b[31mbad\n.csv",
        "set aside",
        at(1.5),
    )


def test_runs_come_newest_first_and_no_more_than_asked(path):
    for n in range(5):
        write(path, [started(f"r{n}", at=at(n)), finished(f"r{n}")])

    assert [row.id for row in runs(path, 3)] == ["r4", "r3", "r2"]


@pytest.mark.parametrize("wanted", ["latest", "20260303T14", RUN])
def test_a_run_is_found_by_its_id_a_beginning_of_it_or_as_the_latest(path, events, wanted):
    write(path, [started("2025", at=at(-9)), finished("2025"), *events])

    assert run(path, wanted).run.id == RUN


def test_an_id_that_begins_another_is_still_found(path):
    write(path, [started("r1"), finished("r1"), started("r10", at=at(1)), finished("r10")])

    assert run(path, "r1").run.id == "r1"


def test_what_is_ambiguous_or_unknown_is_said_with_what_there_is(path):
    write(path, [started("r10"), finished("r10"), started("r11", at=at(1)), finished("r11")])

    with pytest.raises(CommandError, match="more than one run begins with `r1`") as found:
        run(path, "r1")
    assert "`r10`" in str(found.value)
    assert "`r11`" in str(found.value)
    for unknown in ("x", "", "r%", "r1_"):
        with pytest.raises(CommandError):
            run(path, unknown)


def test_no_history_is_no_runs(path):
    assert runs(path) == []
    with pytest.raises(CommandError, match="no runs"):
        run(path)


def test_the_file_is_made_by_a_run_and_not_before(path, events):
    with record(path) as history:
        assert not path.exists()
        history(events[0])
        assert path.exists()


def test_a_run_goes_on_as_running_until_it_ends(path):
    with record(path) as history:
        history(started("r1"))
        assert runs(path)[0].status == "running"
        history(finished("r1"))
    assert runs(path)[0].status == "published"


def test_a_run_whose_listener_was_closed_early_died(path, events):
    write(path, events[:4])

    detail = run(path)
    assert detail.run.status == "died"
    assert detail.steps[-1].status == "died"


def test_a_run_whose_process_is_gone_died(path):
    code = (
        "import os, sys; from pathlib import Path; from datetime import UTC, datetime\n"
        "from thresher.events import RunStarted\n"
        "from thresher.observe.history import record, runs\n"
        "history = record(Path(sys.argv[1]))\n"
        "history(RunStarted(run='r', pipeline='p', environment='dev', at=datetime.now(UTC),"
        " configuration={}, steps=()))\n"
        "assert runs(Path(sys.argv[1]))[0].status == 'running'\n"
        "os._exit(9)"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr

    assert runs(path)[0].status == "died"


def test_a_process_that_got_the_number_of_a_dead_one_does_not_keep_its_run_alive(path):
    with record(path) as history:
        history(started("r1"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("update runs set process_started = 'before'")
            connection.commit()
        assert runs(path)[0].status == "died"


def test_a_run_of_another_machine_is_not_declared_dead(path):
    with record(path) as history:
        history(started("r1"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("update runs set host = 'elsewhere', process_started = 'x'")
            connection.commit()
        assert runs(path)[0].status == "running"


def test_a_process_is_told_from_its_successor():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert process_start(child.pid) == process_start(child.pid)
        assert process_start(child.pid) != process_start(os.getpid())
        child.communicate(b"\n")
        assert process_start(child.pid) is None


def test_a_broken_file_is_set_aside_and_the_run_is_recorded_anew(path, events):
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but long enough to be looked at" * 100)
    said: list[str] = []
    write(path, events, warn=said.append)

    assert [row.id for row in runs(path)] == [RUN]
    (aside,) = path.parent.glob("*.broken-*")
    assert aside.read_bytes().startswith(b"this is no database")
    assert len(said) == 1
    assert str(aside) in said[0]


def test_a_file_that_breaks_during_the_run_is_begun_anew(path, events):
    write(path, [started("old", at=at(-60)), finished("old")])
    said: list[str] = []
    with record(path, warn=said.append) as history:
        history(events[0])
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
        with path.open("r+b") as file:
            file.seek(0)
            file.write(b"\xff" * path.stat().st_size)
        for event in events[1:]:
            history(event)

    assert [row.id for row in runs(path)] == [RUN]
    assert run(path).run.status == "partly published"
    assert len(said) == 1


def test_a_broken_file_is_said_to_readers(path):
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 1_000)

    with pytest.raises(CommandError, match="cannot be read") as found:
        runs(path)
    assert "the next run sets it aside" in str(found.value)


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path, events):
    (tmp_path / "state").write_text("a file where the folder should be")
    said: list[str] = []
    write(tmp_path / "state" / "history.sqlite", events, warn=said.append)

    assert len(said) == 1


def test_a_file_of_a_later_version_is_left_alone(path, events):
    write(path, events)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")
    before = path.read_bytes()
    said: list[str] = []
    write(path, [started("r2"), finished("r2")], warn=said.append)

    assert path.read_bytes() == before
    assert "later version" in said[0]
    with pytest.raises(CommandError, match="format 99"):
        runs(path)


def test_two_runs_write_at_once(path, events):
    def write_one(name):
        mine = [replace(e, run=name) for e in events]
        write(path, mine, warn=said.append)

    said: list[str] = []
    names = [f"r{n}" for n in range(6)]
    threads = [threading.Thread(target=write_one, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said == []
    assert sorted(row.id for row in runs(path)) == names
    for name in names:
        detail = run(path, name)
        assert detail.run.status == "partly published"
        assert (len(detail.steps), len(detail.checks), len(detail.files)) == (3, 1, 1)


def test_a_held_file_costs_the_run_its_record_and_nothing_else(path, events, monkeypatch):
    write(path, [started("r0", at=at(-1)), finished("r0")])
    said: list[str] = []
    with record(path, warn=said.append) as history:
        history(events[0])
        assert history._connection
        history._connection.execute("pragma busy_timeout = 1")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            for event in events[1:-1]:
                history(event)
            other.execute("rollback")
        history(events[-1])

    assert len(said) == 1
    assert "incomplete" in said[0]
    # How the run ended is told all the same.
    assert runs(path)[0].status == "partly published"


def test_a_directory_with_special_characters_can_be_read(tmp_path, events):
    path = tmp_path / "a?b#c%20" / "h.sqlite"
    write(path, events)

    assert runs(path)[0].id == RUN
