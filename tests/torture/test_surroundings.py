"""What changes around a run: the clock, the project while it is built, and many other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

import thresher

FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}, other: {}}\nparams: {factor: 1}\n"
    "run: {retries: 0}\n",
    "data_raw/orders-1.csv": "id,amount\n1,10\n2,20\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv}\n",
    "src/clean/orders.sql": "select id, amount * $factor as amount from raw.orders",
    "src/warehouse/total.sql": "select sum(amount) as amount from clean.orders",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def total(root: Path, environment: str = "dev") -> int:
    link = root / f"warehouse/{environment}.duckdb"
    with duckdb.connect(str(link), read_only=True) as connection:
        return connection.sql("select amount from warehouse.total").fetchall()[0][0]


def move_clock_back(root: Path, seconds: float) -> None:
    """Let all that is there have been written later than now, as after a clock was set back."""
    for folder, _, files in os.walk(root):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            state = path.lstat()
            times = (state.st_atime + seconds, state.st_mtime + seconds)
            os.utime(path, times, follow_symlinks=False)


@pytest.mark.parametrize("seconds", [5, 7 * 86_400, -7 * 86_400])
def test_a_clock_that_is_set_back_or_forward_loses_nothing(root: Path, seconds: float) -> None:
    assert thresher.open(root).run().ok
    move_clock_back(root, seconds)
    assert thresher.open(root).run().publication is None
    write(root, {"data_raw/orders-2.csv": "id,amount\n3,30\n"})
    assert thresher.open(root).run().publication == 2
    move_clock_back(root, seconds)
    # A file of the same length and of the time of another one is read all the same.
    old = (root / "data_raw/orders-2.csv").stat()
    write(root, {"data_raw/orders-2.csv": "id,amount\n3,70\n"})
    os.utime(root / "data_raw/orders-2.csv", ns=(old.st_atime_ns, old.st_mtime_ns + 1))
    assert thresher.open(root).run().publication == 3
    assert total(root) == 100
    assert command(root, "gc", "--keep", "1").returncode == 0
    assert total(root) == 100
    assert thresher.open(root).run().publication is None


SLOW = """\
import time
from pathlib import Path

import pyarrow as pa

from thresher import asset


@asset(inputs={"orders": "raw.orders"})
def slow(orders: pa.Table) -> pa.Table:
    Path("begun").touch()
    while not Path("go on").exists():
        time.sleep(0.01)
    return orders
"""


def test_a_project_that_changes_while_it_is_run_is_run_as_it_was(root: Path) -> None:
    write(root, {"src/clean/slow.py": SLOW})
    write(root, {"src/clean/orders.sql": "select id, amount * $factor as amount from clean.slow"})
    running = subprocess.Popen(
        [sys.executable, "-m", "thresher", "run"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (root / "begun").exists():
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.01)
    changed = FILES["config.yaml"].replace("factor: 1", "factor: 100").replace("p\n", "q\n", 1)
    write(root, {"config.yaml": changed, "src/warehouse/total.sql": "select 1 as amount"})
    (root / "src/clean/orders.sql").unlink()
    (root / "go on").touch()
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert total(root) == 30
    write(root, {"src/clean/orders.sql": FILES["src/clean/orders.sql"]})
    assert command(root, "run").returncode == 0
    assert total(root) == 1


def test_many_processes_on_one_folder_do_not_hinder_each_other(root: Path) -> None:
    """As of two machines that share it, each with runs, readers, clean-ups and checks."""
    assert command(root, "run").returncode == 0
    assert command(root, "run", "--env", "other").returncode == 0
    write(root, {"data_raw/orders-2.csv": "id,amount\n3,30\n"})
    commands = [
        *[("run", "--wait", "1m"), ("run", "--wait", "1m", "--env", "other")] * 2,
        *[("gc", "--keep", "1"), ("plan",), ("publications",), ("check",)],
        ("query", "select amount from warehouse.total"),
    ]
    with ThreadPoolExecutor(len(commands)) as pool:
        ended = list(pool.map(lambda given: command(root, *given), commands))
    assert [
        (c, e.returncode, e.stderr) for c, e in zip(commands, ended, strict=True) if e.returncode
    ] == []
    assert (total(root), total(root, "other")) == (60, 60)
    for environment in ("dev", "other"):
        rows = thresher.open(root, env=environment).publications()
        assert max(row.number for row in rows) == 2
