"""`thresher schedule install`, `list` and `remove`, as a person meets them, with a crontab."""

import json
import os
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

import thresher
from thresher.schedule.installing import install, remove

LINES = b"MAILTO=ada\n\n# mine\n*/5 * * * * date +\\%F % in\n@daily x\n"
TABS = {
    "none": None,
    "empty": b"",
    "lines": LINES,
    "no newline": LINES + b"0 5 * * * last",
    "CRLF": b"0 5 * * * x\r\n# y\r\n",
    "blank": b"\n\n  \n",
    "not UTF-8": b"# \xff\xfe\n0 5 * * * \xe9\n",
    "other block": b'# >>> thresher: mill in "/srv/mill" >>>\n0 5 * * * x\n'
    b'# <<< thresher: mill in "/srv/mill" <<<\n',
}


def call(root, *arguments, **variables):
    done = subprocess.run(
        [sys.executable, "-m", "thresher", "schedule", *arguments],
        cwd=root,
        capture_output=True,
        env={**os.environ, "COLUMNS": "200", **variables},
        timeout=120,
        check=False,
    )
    done.stdout, done.stderr = os.fsdecode(done.stdout), os.fsdecode(done.stderr)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("tab", TABS.values(), ids=TABS)
def test_install_and_remove_leave_every_other_byte(crontab, shop, tab):
    if not crontab.write(tab) and tab is not None:
        pytest.skip("this `crontab` does not take that")
    assert crontab.read() == tab
    shown = install(thresher.open(shop), dry_run=True).after
    assert crontab.read() == tab

    assert install(thresher.open(shop)).schedules == ("nightly", "hourly")

    there = crontab.read()
    assert there == shown
    assert there.endswith(tab or b"")
    assert there.count(b"thresher: shop in") == 2
    assert not install(thresher.open(shop)).differs
    assert crontab.read() == there
    assert remove(shop, dry_run=True).after == (tab or b"")
    assert crontab.read() == there
    assert remove(shop).differs
    assert crontab.read() == (tab or None)
    assert not remove(shop).differs


def test_what_is_printed_is_what_would_be_written(kept, shop):
    kept.write(TABS["CRLF"] + TABS["not UTF-8"])
    shown = call(shop, "install", "--dry-run").stdout
    done = call(shop, "install")
    assert (done.returncode, done.stdout) == (0, "installed: nightly, hourly\n")
    assert kept.read() == os.fsencode(shown)
    assert call(shop, "install").stdout == "the crontab is as config.yaml says already\n"
    assert call(shop, "remove", "--dry-run").stdout.endswith(
        "# y\r\n# \udcff\udcfe\n0 5 * * * \udce9\n"
    )
    assert call(shop, "remove").stdout == "removed\n"
    assert kept.read() == TABS["CRLF"] + TABS["not UTF-8"]
    assert call(shop, "remove").stdout == "nothing of this project is installed\n"


def test_a_last_line_that_crontab_itself_refuses_is_ended(kept, shop):
    kept.become("lenient")
    kept.write(LINES + b"0 5 * * * last")
    kept.become("strict")
    assert call(shop, "install").returncode == 0
    assert kept.read().endswith(LINES + b"0 5 * * * last\n")
    assert call(shop, "remove").returncode == 0
    assert kept.read() == LINES + b"0 5 * * * last\n"


def test_a_schedule_that_changes_or_goes_is_brought_up_to_date(kept, shop):
    kept.write(LINES)
    call(shop, "install")
    config = shop / "config.yaml"
    text = config.read_text()
    config.write_text(text.replace("0 6 * * *", "0 7 * * *").replace("  hourly:", "  half_hourly:"))

    told = call(shop, "list")

    assert [row.split()[-1] for row in told.stdout.splitlines()[1:3]] == ["changed", "no"]
    assert "installed, and not in config.yaml any more: `hourly`" in told.stderr
    assert call(shop, "install").stdout == "installed: nightly, half_hourly\n"
    assert {row["installed"] for row in listed(shop)["schedules"]} == {"yes"}
    config.write_text(text.partition("schedules:")[0])
    assert "no schedules any more" in call(shop, "install").stdout
    assert kept.read() == LINES
    none = call(shop, "install")
    assert (none.returncode, "`config.yaml` has no schedules" in none.stderr) == (2, True)


def test_what_is_selected_is_read_when_the_time_has_come(kept, shop):
    call(shop, "install")
    config = shop / "config.yaml"
    config.write_text(config.read_text().replace("select: +clean.orders", "select: clean.other"))
    assert listed(shop)["schedules"][0]["installed"] == "yes"


def listed(root):
    return json.loads(call(root, "list", "--format", "json").stdout)


def test_the_list_tells_what_runs_and_when_and_no_secret(kept, shop):
    call(shop, "install")
    for tab in (kept.read().decode(), call(shop, "list").stdout, json.dumps(listed(shop))):
        assert "hunter2" not in tab
    nightly, hourly = listed(shop)["schedules"]
    assert nightly["params"] == {"least": 3, "api_token": "***"}
    assert (nightly["environment"], hourly["environment"]) == ("prod", "dev")
    assert (nightly["select"], hourly["select"]) == (["+clean.orders"], [])
    assert (nightly["cron"], hourly["cron"]) == ("0 6 * * *", "0 * * * *")
    assert len(nightly["next"]) == len(hourly["next"]) == 3
    for each in nightly["next"]:
        local, utc = map(datetime.fromisoformat, (each["local"], each["utc"]))
        assert local == utc
        assert utc.astimezone(ZoneInfo("Europe/Rome")).strftime("%H:%M") == "06:00"
    told = call(shop, "list").stdout
    assert "+clean.orders --param least=3 --param api_token=***" in told
    assert told.count("06:00 CE") == 3


def test_the_project_need_not_be_right_to_remove_it(kept, shop):
    kept.write(LINES)
    call(shop, "install")
    (shop / "config.yaml").write_text("pipeline: [")
    assert call(shop, "remove").stdout == "removed\n"
    assert kept.read() == LINES


def test_a_broken_pair_of_markers_is_refused_and_left_alone(kept, shop):
    call(shop, "install")
    broken = b"# mine\n" + kept.read().rpartition(b"# <<<")[0]
    kept.write(broken)
    for command in ("install", "remove", "list"):
        done = call(shop, command)
        assert done.returncode == 1
        assert "crontab:2: the block of `" in done.stderr
        assert "has no end" in done.stderr
    assert kept.read() == broken


def test_what_only_this_shell_knows_is_refused(kept, shop):
    config = shop / "config.yaml"
    config.write_text(config.read_text().replace("prod: {}", 'prod: {warehouse: "${WH}"}'))
    (shop / ".env.example").write_text("WH=\n")
    done = call(shop, "install", WH="warehouse")
    assert done.returncode == 2
    assert "config.yaml:2: the variable `WH` is not set" in done.stderr
    assert "set it in `.env`: cron knows none of the variables of your shell" in done.stderr
    assert kept.read() is None
    (shop / ".env").write_text("WH=warehouse\n")
    assert call(shop, "install").returncode == 0


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("forbidden", "you are not allowed to have a crontab"),
        ("broken", "the crontab cannot be read; `crontab` said: tempfile: No space left on device"),
    ],
)
def test_a_crontab_that_refuses_is_told_plainly(kept, shop, mode, told):
    kept.become(mode)
    for command in ("install", "remove"):
        done = call(shop, command)
        assert (done.returncode, f"error: {told}" in done.stderr) == (1, True)
    assert [row["installed"] for row in listed(shop)["schedules"]] == [None, None]
    assert told in call(shop, "list").stderr


def test_a_machine_without_crontab_is_told_plainly(shop, tmp_path):
    done = call(shop, "install", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "error: there is no program `crontab` on this machine" in done.stderr
    assert "apt-get install cron" in done.stderr
    assert call(shop, "list", PATH=str(tmp_path)).returncode == 0
