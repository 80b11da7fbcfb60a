"""Two runs on one environment, as processes: waiting, taking over, and runs only asleep."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time

import pytest
from gated_shop import WHO, Shop, ended, until

AGAIN = "what was built is kept and will be used"


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path / "shop")
    yield made
    made.clear()


def files(root):
    return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_the_second_is_told_who_holds_the_environment_and_since_when(shop):
    first = shop.run_in_the_middle()
    began = time.monotonic()
    code, _, err = shop.done("run")
    assert code == 5
    assert time.monotonic() - began < 10
    run, pid, host, _ = WHO.search(err).groups()
    assert (run, int(pid), host) == (shop.fence["run"], first.pid, socket.gethostname())
    assert f"`--wait` waits for it to end, and `kill {first.pid}` stops it" in err
    shop.gate(opened=True)
    assert ended(first)[0] == 0


def test_two_environments_run_side_by_side(shop):
    both = [shop.run_in_the_middle("--env", name) for name in ("dev", "prod")]
    assert [each.poll() for each in both] == [None, None]
    shop.gate(opened=True)
    for code, out, err in map(ended, both):
        assert (code, "published 1" in out) == (0, True)
        assert "held" not in err
        assert "waiting" not in err


@pytest.mark.parametrize("more", [(), ("--quiet",), ("--format", "json")])
def test_who_waits_says_so_once_and_goes_on_when_the_other_ends(shop, more):
    first = shop.run_in_the_middle()
    second = shop.start("run", "--wait", *more)
    said = second.stderr.readline()
    assert said.startswith("waiting: `dev` is held by the run")
    assert WHO.search(said)[2] == str(first.pid)
    time.sleep(1)  # as long as several tries
    assert second.poll() is None
    shop.gate(opened=True)
    assert ended(first)[0] == 0
    code, out, err = ended(second)
    assert (code, "unchanged" in out, "waiting" in err) == (0, True, False)
    log = (shop.root / "logs" / "shop.log").read_text()
    assert log.count('"event": "Waiting"') == 1
    newest, oldest = shop.json("runs")["runs"]
    assert newest["started"] >= oldest["ended"]


def test_who_waits_no_longer_than_it_should_ends_with_5(shop):
    shop.run_in_the_middle()
    began = time.monotonic()
    code, _, err = shop.done("run", "--wait", "1s")
    assert code == 5
    assert 1 <= time.monotonic() - began < 15
    assert err.startswith("waiting: `dev` is held")
    assert "(for 1.0 s at most)" in err
    assert "and still is after a wait of 1 s" in err


def test_what_is_no_duration_is_refused_before_anything_is_done(shop):
    code, _, err = shop.done("run", "--wait", "soon")
    assert (code, "`--wait` should be a duration such as" in err) == (2, True)
    assert not (shop.root / "warehouse").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_wait_at_once_and_nothing_is_written(shop, number, code):
    shop.run_in_the_middle()
    before = files(shop.root)
    second = shop.start("run", "--wait")
    assert second.stderr.readline().startswith("waiting")
    second.send_signal(number)
    sent = time.monotonic()
    ended_with, out, err = ended(second)
    assert (ended_with, out, err.strip()) == (code, "", "interrupted")
    assert time.monotonic() - sent < 5
    assert files(shop.root) == before


def test_rollback_waits_as_well(shop):
    shop.gate(opened=True)
    for each in (1, 2):
        shop.orders(each)
        assert shop.done("run", "-q")[0] == 0
    shop.gate(opened=False)
    shop.orders(3)
    first = shop.run_in_the_middle()
    assert shop.done("rollback")[0] == 5
    second = shop.start("rollback", "1", "--wait")
    assert second.stderr.readline().startswith("waiting: `dev` is held by the run")
    shop.gate(opened=True)
    assert ended(first)[0] == 0
    assert ended(second)[0] == 0
    assert shop.shown == [1]


def test_a_run_that_was_killed_is_taken_over_from_and_shown_with_what_it_did_last(shop):
    first = shop.run_in_the_middle()
    lost = shop.fence
    first.kill()
    ended(first)
    last = r"died while building clean.slow \(attempt 1\), begun [\d.]+ s after its start"
    for output in (shop.done("runs")[1], shop.done("runs", "show")[1]):
        assert len(re.findall(last, output)) == 1
    shop.gate(opened=True)
    began = time.monotonic()
    code, _, err = shop.done("run")
    assert (code, time.monotonic() - began < 30) == (0, True)
    who = rf"took over: `dev` from the run `{lost['run']}` \(process {first.pid} on `\S+`\)"
    assert re.search(rf"{who}, which held it since \S+ \S+ UTC and {last}", err)
    assert (lost["fence"], shop.fence["fence"]) == (1, 2)
    assert '"fence":2' in (shop.root / "warehouse/publications/dev/1.json").read_text()
    newest, died = shop.json("runs")["runs"]
    assert (newest["status"], newest["last"]) == ("published", None)
    assert (died["id"], died["status"]) == (lost["run"], "died")
    assert died["last"].startswith("while building clean.slow")
    assert "took over" not in shop.done("run")[2]  # this one let go of it


def test_a_run_that_was_killed_before_its_plan_was_made_is_in_the_history_too(shop):
    first = shop.run_in_the_middle()
    first.kill()
    ended(first)
    shutil.rmtree(shop.root / ".thresher")
    shop.gate(opened=True)
    lost = shop.fence["run"]
    assert shop.done("run", "-q")[0] == 0
    died = shop.json("runs")["runs"][-1]
    assert (died["id"], died["status"], died["last"]) == (lost, "died", "before its first step")


@pytest.mark.parametrize("removed", ["locks/dev.lock", "locks/dev.*", "locks"])
def test_a_run_that_was_asleep_cannot_publish_over_a_newer_one(shop, removed):
    sleeper = shop.run_in_the_middle()
    sleeper.send_signal(signal.SIGSTOP)
    lose(shop, removed)
    shop.gate(opened=True)
    shop.orders(2)
    code, out, err = shop.done("run")
    assert (code, "published 1 (dev)" in out, "waiting" in err) == (0, True, False)
    newer = shop.fence["run"]
    sleeper.send_signal(signal.SIGCONT)
    code, _, err = ended(sleeper)
    assert code == 1
    assert f"by the run `{newer}`" in err
    assert AGAIN in err
    assert shop.shown == [2]
    assert [row["run"] for row in shop.json("publications")["publications"]] == [newer]
    status = {row["id"]: row["status"] for row in shop.json("runs")["runs"]}
    assert [status.pop(newer), *status.values()] == ["published", "failed"]
    shop.orders(1, 2)
    assert shop.done("run")[0] == 0
    assert shop.shown == [1, 2]


def test_a_run_that_was_asleep_cannot_publish_where_a_newer_one_found_nothing_to_do(shop):
    shop.gate(opened=True)
    shop.done("run", "-q")
    shop.gate(opened=False)
    shop.orders(2)
    sleeper = shop.run_in_the_middle()
    sleeper.send_signal(signal.SIGSTOP)
    lose(shop, "locks/dev.lock")
    shop.orders(1)
    assert "unchanged (dev)" in shop.done("run")[1]
    assert shop.fence["fence"] == 3
    shop.gate(opened=True)
    sleeper.send_signal(signal.SIGCONT)
    code, _, err = ended(sleeper)
    assert (code, "with the fencing number 3" in err, AGAIN in err) == (1, True, True)
    assert shop.shown == [1]
    assert len(shop.json("publications")["publications"]) == 1


def test_who_waited_for_a_lock_that_was_removed_takes_the_one_that_is_there(shop):
    shop.run_in_the_middle()
    second = shop.start("run", "--wait")
    second.stderr.readline()
    lose(shop, "locks/dev.lock")
    until(lambda: shop.fence["fence"] == 2)
    third = shop.done("run")
    assert (third[0], WHO.search(third[2])[2]) == (5, str(second.pid))
    shop.gate(opened=True)
    assert ended(second)[0] == 0


def lose(shop, removed):
    """Take a lock away by hand, as a lock service does that gave its holder up."""
    for path in (shop.root / "warehouse").glob(removed):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
