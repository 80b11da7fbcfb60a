"""A real cron daemon runs a project at the next minute, in two time zones, and then no more."""

import os
import shutil
import subprocess
import sys
import time

import pytest

import thresher

SCHEDULES = """\
schedules:
  here: {cron: "* * * * *", environment: dev}
  tokyo: {cron: "* * * * *", timezone: Asia/Tokyo, environment: prod, select: raw.*}
"""
#: Cron starts what is due when a minute begins; the rest is for the run itself.
SECONDS = 120


@pytest.fixture
def daemon(own):
    """Let cron run; one that runs already will do."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a cron daemon")
    if (program := shutil.which("cron", path="/usr/sbin:/usr/bin")) is None:
        pytest.skip("there is no `cron` on this machine: `apt-get install cron`")
    process = subprocess.Popen([program, "-f"], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def call(folder, *arguments):
    command = [sys.executable, "-m", "thresher", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def published(root):
    return [env for env in ("dev", "prod") if (root / "warehouse" / f"{env}.duckdb").is_symlink()]


def test_a_real_cron_runs_a_new_project(tmp_path, daemon):
    folder = tmp_path / 'it\'s 100% "new"'
    folder.mkdir()
    call(folder, "init", "shop")
    shop = folder / "shop"
    with (shop / "config.yaml").open("a") as config:
        config.write(SCHEDULES)

    assert call(shop, "schedule", "install") == "installed: here, tokyo\n"

    until = time.monotonic() + SECONDS
    while published(shop) != ["dev", "prod"] and time.monotonic() < until:
        time.sleep(0.2)
    call(shop, "schedule", "remove")
    logs = {path.name: path.read_text() for path in (shop / "logs").glob("schedule-*.log")}
    assert published(shop) == ["dev", "prod"], logs
    (run,) = thresher.open(shop, env="dev").publications()
    assert run.tables == len(thresher.open(shop).project.assets)
    (run,) = thresher.open(shop, env="prod").publications()
    assert run.tables == len(list((shop / "src/raw").glob("*.yaml"))) > 1
    assert subprocess.run(["crontab", "-l"], capture_output=True, check=False).stdout == b""
    assert logs.keys() == {"schedule-here.log", "schedule-tokyo.log"}
    assert all("begins" in text for text in logs.values())
