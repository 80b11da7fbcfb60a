"""A project whose runs stay in the middle of their work until a gate is opened, as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONFIG = """\
pipeline: shop
environments: {dev: {}, prod: {}}
run: {workers: 2, retries: 0}
"""
#: Built in the main process or in another, the function waits for the same file.
SLOW = """\
import time
from pathlib import Path

import pyarrow as pa
from thresher import asset


@asset(inputs={{"orders": "raw.orders"}})
def slow(orders: pa.Table) -> pa.Table:
    root = Path({root!r})
    (root / "begun").open("a").write("x")
    while not (root / "open").exists():
        time.sleep(0.02)
    return orders
"""
WHO = re.compile(
    r"`dev` is held by the run `(\S+)` \(process (\d+) on `(\S+)`\) since (\d{4}-\S+ \S+ UTC)"
)


class Shop:
    """The project, and the commands that were started in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[subprocess.Popen[str]] = []
        for name, text in {
            "config.yaml": CONFIG,
            "src/raw/orders.yaml": "source: {files: data_raw/*.csv}\n",
            "src/clean/slow.py": SLOW.format(root=str(root)),
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        self.orders(1)

    def orders(self, *ids: int) -> None:
        """Put other data where the source reads it."""
        path = self.root / "data_raw" / "orders.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("id\n" + "".join(f"{each}\n" for each in ids))

    def gate(self, *, opened: bool) -> None:
        """Let runs go on, or stay where they are."""
        if opened:
            (self.root / "open").touch()
        else:
            (self.root / "open").unlink(missing_ok=True)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        process = subprocess.Popen(
            [sys.executable, "-m", "thresher", *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "300"},
        )
        self.started.append(process)
        return process

    def run_in_the_middle(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a run, and come back when it builds what waits for the gate."""
        before = self.begun
        process = self.start("run", *arguments)
        until(lambda: self.begun > before or process.poll() is not None)
        assert process.poll() is None, ended(process)
        return process

    def done(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end."""
        return ended(self.start(*arguments))

    def json(self, *arguments: str) -> Any:
        """Give what a command prints as JSON."""
        return json.loads(self.done(*arguments, "--format", "json")[1])

    @property
    def begun(self) -> int:
        """How often the building of what waits has begun."""
        path = self.root / "begun"
        return path.stat().st_size if path.exists() else 0

    @property
    def fence(self) -> dict[str, Any]:
        """Who took the environment last."""
        return json.loads((self.root / "warehouse/locks/dev.fence").read_text())

    @property
    def shown(self) -> list[int]:
        """What readers see."""
        found = self.json("query", "select id from clean.slow order by id")
        return [row["id"] for row in found["rows"]]

    def clear(self) -> None:
        """End what still runs."""
        self.gate(opened=True)
        for process in self.started:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Give how a process ended, and what it said."""
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def until(true: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait for something to be so."""
    last = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < last, "it did not come to it"
        time.sleep(0.02)
