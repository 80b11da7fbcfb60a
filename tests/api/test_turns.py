"""Whose turn it is, in Python: waiting in a thread, and what is told of who was there before."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from thresher.api import turns
from thresher.api.running import link_clean
from thresher.errors import CommandError, HeldError
from thresher.events import RunFinished, RunStarted, TookOver, Waiting
from thresher.observe.history import record
from thresher.observe.telling import tell
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.fences import take
from thresher.warehouse.lock import Holder, hold

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = Holder("dev", "r1", os.getpid(), socket.gethostname(), NOW, 1)
HOLDER = Holder("dev", "r2", os.getpid(), socket.gethostname(), NOW, 2, BEFORE)


@pytest.mark.parametrize("wait", ["30s", timedelta(seconds=30), True])
def test_a_run_waits_as_long_as_it_is_told(shop, wait):
    free = threading.Event()

    def other():
        with hold(shop.root / "warehouse", "dev", "other"):
            holding.set()
            free.wait()

    holding = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    holding.wait()
    threading.Timer(0.5, free.set).start()
    began = time.monotonic()
    assert shop.run(wait=wait).status == "published"
    thread.join()
    assert time.monotonic() - began > 0.5
    waits = [event for event in shop.events if isinstance(event, Waiting)]
    assert [(each.by, each.longest) for each in waits] == [("other", None if wait is True else 30)]
    assert shop.events[0] == waits[0]


@pytest.mark.parametrize("wait", [False, "0s", "1s"])
def test_a_run_waits_no_longer(shop, wait):
    with hold(shop.root / "warehouse", "dev", "other"), pytest.raises(HeldError) as raised:
        shop.run(wait=wait)
    assert (raised.value.run, raised.value.exit_code) == ("other", 5)
    assert raised.value.since is not None
    assert ("after a wait of" in str(raised.value)) is (wait == "1s")


def test_what_is_no_duration_is_refused(shop):
    with pytest.raises(CommandError, match="`wait` should be a duration such as"):
        shop.run(wait="soon")


def test_a_run_takes_its_id_and_its_time_when_its_turn_has_come(tmp_path):
    freed = []

    def free():
        freed.append(datetime.now(UTC))
        other.close()

    with ExitStack() as other:
        other.enter_context(hold(tmp_path, "dev", "other"))
        threading.Timer(1.2, free).start()
        with turns.turn(tmp_path, "dev", wait=True, listeners=()) as holder:
            assert holder.since >= freed[0]
            assert holder.run >= f"{freed[0]:%Y%m%dT%H%M%S}"


def test_a_run_that_still_runs_is_not_called_dead(tmp_path):
    path = tmp_path / "h.sqlite"
    with record(path) as history:
        history(started("r1"))
        over = turns.took_over(path, HOLDER)
    assert over is not None
    assert not over.died
    assert tell(over).text.endswith("UTC and has lost it, though it still runs")


def test_a_run_whose_history_is_gone_died_of_what_nobody_knows(tmp_path):
    over = turns.took_over(tmp_path / "h.sqlite", HOLDER)
    assert over is not None
    assert (over.died, over.last) == (True, None)
    assert tell(over).sentence == (
        f"took over: `dev` from the run `r1` (process {os.getpid()} on `{socket.gethostname()}`), "
        "which held it since 2026-03-01 12:00:00 UTC and died"
    )


def test_a_run_that_let_go_or_has_ended_is_not_told(tmp_path):
    path = tmp_path / "h.sqlite"
    assert turns.took_over(path, replace(HOLDER, after=None)) is None
    figures = {"warnings": 0, "errors": 0, "rows_in": 0, "rows_out": 0, "exit_code": 0}
    end = RunFinished(run="r1", environment="dev", at=NOW, seconds=9, status="published", **figures)
    with record(path) as history:
        history(started("r1"))
        history(end)
    assert turns.took_over(path, HOLDER) is None


def test_a_run_is_told_whom_it_takes_over_from_as_soon_as_it_has_begun(shop):
    with hold(shop.root / "warehouse", "dev", "dead"):
        record = (shop.root / "warehouse/locks/dev.lock").read_bytes()
    (shop.root / "warehouse/locks/dev.lock").write_bytes(record)  # as a run that is killed does
    assert shop.run().status == "published"
    assert [type(event) for event in shop.events[:2]] == [RunStarted, TookOver]
    assert shop.run().status == "unchanged"
    assert not [event for event in shop.events if isinstance(event, TookOver)]


def test_a_run_that_lost_the_environment_leaves_the_links_alone(shop, capsys):
    shop.run()
    work = shop.open().work
    published = shop.open().publications()[0]
    links = shop.root / "data_clean"
    before = {path.name: path.readlink() for path in links.iterdir() if path.is_symlink()}
    assert before
    current = Warehouse(work.warehouse).current("dev")
    assert current is not None
    take(work.warehouse, "dev", "newer", datetime.now(UTC))
    link_clean(work, replace(current, snapshots={}), published.run)
    assert {p.name: p.readlink() for p in links.iterdir() if p.is_symlink()} == before
    assert "was taken over" in capsys.readouterr().err


def started(name):
    values = {"pipeline": "p", "environment": "dev", "at": NOW, "configuration": {}, "steps": ()}
    return RunStarted(run=name, **values)
