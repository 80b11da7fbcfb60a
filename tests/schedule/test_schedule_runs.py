"""`thresher schedule run`: what cron's line does when the time has come."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import thresher
from thresher.project.schedules import schedules_of
from thresher.schedule import running
from thresher.schedule.entries import Home, entry
from thresher.warehouse.lock import hold

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def start(root, *arguments, **given):
    return subprocess.Popen(
        [sys.executable, "-m", "thresher", "schedule", "run", *arguments],
        cwd=root,
        stdout=given.pop("stdout", subprocess.PIPE),
        stderr=given.pop("stderr", subprocess.PIPE),
        text=True,
    )


def run(root, *arguments):
    process = start(root, *arguments)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return process.returncode, out, err


def line_of(root, name):
    project = thresher.open(root)
    schedule = schedules_of(project.project.settings.config)[name]
    return entry(schedule, Home.of(root), UTC, NOW)


def as_cron_reads_it(line):
    """Give the command of a line: what stands before the first `%` that is not escaped."""
    command = line.decode().split(" ", 5)[5]
    found, rest = "", command
    while rest:
        two, one = rest[:2], rest[0]
        assert one != "%", "cron would end the command here"
        found += "%" if two == "\\%" else one
        rest = rest[2 if two == "\\%" else 1 :]
    return found


def test_the_line_of_the_crontab_runs_what_the_schedule_says(shop):
    line = line_of(shop, "nightly")
    assert line.startswith(b"0 4,5 * * * cd ")
    assert b"hunter2" not in line
    command = as_cron_reads_it(line).replace(" --if-due", "")

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd="/",
        env={"HOME": "/", "SHELL": "/bin/sh"},
        capture_output=True,
        check=False,
    )

    log = (shop / "logs" / "schedule-nightly.log").read_text()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), log
    project = thresher.open(shop, env="prod")
    assert project.table("clean.orders").arrow().to_pydict() == {"id": [3, 4]}  # least: 3
    assert "clean.other" not in {r.asset for r in project.past_run().steps}
    assert "schedule nightly begins" in log
    assert "published 1 (prod): 2 tables" in log
    assert "schedule nightly ends with exit code 0" in log
    assert "hunter2" not in log
    assert not thresher.open(shop).publications()  # nothing in dev


def test_what_is_not_due_is_not_run_and_says_nothing(shop):
    config = shop / "config.yaml"
    long_ago = datetime.now(ZoneInfo("Europe/Rome")) - timedelta(minutes=30)
    config.write_text(config.read_text().replace("0 6 * * *", f"{long_ago:%M %H} * * *"))
    assert run(shop, "nightly", "--if-due") == (0, "", "")
    assert not (shop / "warehouse").exists()
    now = datetime.now(ZoneInfo("Europe/Rome"))
    config.write_text(config.read_text().replace(f"{long_ago:%M %H} *", f"{now:%M %H} *"))
    code, out, _ = run(shop, "nightly", "--if-due")
    assert (code, "published 1 (prod)" in out) == (0, True)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-11-26T05:00:00", True),
        ("2026-11-26T05:09:59", True),
        ("2026-11-26T05:10:00", False),
        ("2026-11-26T04:59:59", False),
        ("2026-11-26T04:00:00", False),
        ("2026-07-26T04:00:00", True),
    ],
)
def test_a_schedule_is_due_in_its_own_zone(shop, at, due):
    schedule = schedules_of(thresher.open(shop).project.settings.config)["nightly"]
    assert running.due(schedule, datetime.fromisoformat(f"{at}+00:00")) is due


def test_a_second_start_says_so_and_ends_well(shop):
    with running.turn(shop, "hourly") as still:
        assert still is None
        code, out, _ = run(shop, "hourly")
        assert code == 0
        assert f"it is still running since {datetime.now(UTC):%Y-}" in out
        assert f"in process {os.getpid()}" in out
        assert not (shop / "warehouse").exists()
        assert run(shop, "nightly")[0] == 0  # another schedule has a lock of its own
    assert "published 1 (dev)" in run(shop, "hourly")[1]


def test_a_process_that_died_holds_nothing(shop):
    code = (
        "import sys, time; from pathlib import Path; from thresher.schedule import running\n"
        "with running.turn(Path('.'), 'hourly') as still: print(still, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=shop, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "None\n"
    assert "still running" in run(shop, "hourly")[1]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert "published 1 (dev)" in run(shop, "hourly")[1]


def test_a_run_waits_for_its_environment(shop):
    with hold(shop / "warehouse", "dev", "another"):
        process = start(shop, "hourly")
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert "schedule hourly begins" in lines[0]
        assert "waiting: `dev` is held by the run `another`" in lines[1]
    out, _ = process.communicate(timeout=120)
    assert (process.returncode, "published 1 (dev)" in out) == (0, True)


def test_a_run_waits_no_longer_than_it_should(shop):
    config = shop / "config.yaml"
    config.write_text(config.read_text().replace('"@hourly"', '"@hourly", wait: 0s'))
    with hold(shop / "warehouse", "dev", "another"):
        code, _, err = run(shop, "hourly")
    assert (code, "error: " in err, "`dev` is held" in err) == (5, True, True)


def test_a_schedule_passes_its_options_on(shop):
    (shop / "data_raw" / "broken.csv").write_bytes(b"id\n\xff\n")
    raw = shop / "src" / "raw" / "orders.yaml"
    raw.write_text("source: {files: data_raw/*.csv, tolerate: 1}\n")
    config = shop / "config.yaml"
    text = config.read_text()
    config.write_text(text.replace('"@hourly"', '"@hourly", strict: true, exclude: clean.other'))
    code, out, _ = run(shop, "hourly")
    assert (code, "ends with exit code 3" in out) == (3, True)
    built = {"raw.orders", "clean.orders"}
    assert {step.asset for step in thresher.open(shop).past_run().steps} == built
    config.write_text(text.replace('"@hourly"', '"@hourly", full_refresh: true, select: raw.*'))
    assert run(shop, "hourly")[0] == 0
    steps = thresher.open(shop).past_run().steps
    assert [(step.asset, step.action) for step in steps] == [("raw.orders", "build")]
    (shop / "src" / "clean" / "other.sql").write_text("select 'x'::int as x")
    config.write_text(text.replace('"@hourly"', '"@hourly", publish_what_passed: true'))
    code, out, _ = run(shop, "hourly")
    assert (code, "partly published" in out) == (1, True)


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("nightli", 2, "did you mean `nightly`?"),
        ("nightly", 2, "config.yaml:6: `schedules.nightly.cron` has a wrong hour"),
    ],
)
def test_a_schedule_that_is_gone_or_wrong_is_told(shop, name, code, told):
    config = shop / "config.yaml"
    config.write_text(config.read_text().replace("0 6 * * *", "0 26 * * *"))
    ended, _, err = run(shop, name)
    assert (ended, told in err) == (code, True)


def test_its_log_is_rotated_as_config_says(shop):
    config = shop / "config.yaml"
    config.write_text(config.read_text() + "logs: {max_size: 1000B, backups: 1}\n")
    log = shop / "logs" / "schedule-hourly.log"
    log.parent.mkdir()
    log.write_text("old " * 300)
    for _ in range(2):
        with log.open("a") as file:  # as the shell of cron does
            assert start(shop, "hourly", stdout=file, stderr=file).wait(timeout=120) == 0
    kept = log.with_name("schedule-hourly.log.1")
    assert kept.read_text() == "old " * 300
    text = log.read_text()
    assert text.count("schedule hourly begins") == text.count("ends with exit code 0") == 2
    assert sorted(path.name for path in log.parent.glob("schedule*")) == [log.name, kept.name]


def test_a_path_that_cron_cannot_run_is_refused(shop, tmp_path):
    project = thresher.open(shop)
    schedule = schedules_of(project.project.settings.config)["hourly"]
    with pytest.raises(thresher.ThresherError, match="has a line break"):
        entry(schedule, Home(Path("/srv/a\nb"), sys.executable, ()), UTC, NOW)
    long = Path("/srv") / ("x" * 900)
    with pytest.raises(thresher.ThresherError, match=r"too long for cron: 1\d{3} bytes"):
        entry(schedule, Home(long, sys.executable, ()), UTC, NOW)


@pytest.mark.parametrize(
    "name", ["a b", "it's", '"', "a%b", "%%", "a\\b", "a\\", "\\%", "a\\\\b", "$(x)", "é"]
)
def test_cron_and_the_shell_find_a_folder_of_any_name(shop, tmp_path, name):
    (folder := tmp_path / name).mkdir()
    schedule = schedules_of(thresher.open(shop).project.settings.config)["hourly"]
    line = entry(schedule, Home(folder, sys.executable, ()), UTC, NOW)
    assert b"\\\\" not in line  # which some crons take for one backslash
    command = as_cron_reads_it(line).partition(" && mkdir")[0]
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} && pwd -P"], capture_output=True, check=True
    )
    assert os.fsdecode(done.stdout) == f"{folder}\n"
