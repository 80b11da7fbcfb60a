"""A small project whose assets fail, hang and come back, and how it is run and looked at."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import thresher
from thresher.events import AssetFinished, AttemptFailed

FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}, prod: {}}\nparams: {least: 1}\n"
    "run: {workers: 2, retries: 2, backoff: 1ms}\n",
    "data_raw/orders.csv": "id,customer\n1,a\n2,b\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders.csv}\n",
    "src/clean/orders.sql": "select * from raw.orders where id >= $least\n",
}
#: Takes hours, and reads what was built before it.
ENDLESS = (
    "select sum(a.i * b.i) as x from range(10000000) a(i), range(100000) b(i) "
    "where exists (from raw.orders)"
)
#: Takes a few seconds, all of them in one statement.
LONG = (
    "select sum(a.i * b.i) as x from range(20000) a(i), range(100000) b(i) "
    "where exists (from raw.orders)"
)
FUNCTION = """
import time
from pathlib import Path

import pyarrow as pa

import thresher
from thresher import asset

ROOT = Path(__file__).parents[2]


def calls(name: str) -> int:
    file = ROOT / name
    with file.open("a") as counted:
        counted.write("x")
    return file.stat().st_size


@asset(inputs={{"orders": "raw.orders"}}{head})
def made(orders: pa.Table) -> pa.Table:
    call = calls("calls")
    {body}
    return orders
"""


def function(body: str, **head: object) -> str:
    """Write an asset function that counts its calls in the file `calls`, and then does this."""
    told = "".join(f", {key}={value!r}" for key, value in head.items())
    return FUNCTION.format(head=told, body="\n    ".join(body.splitlines()))


class Shop:
    """A project whose files can be changed, and what its last run in this process did."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list = []

    def write(self, files: dict[str, str | None]) -> Shop:
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def open(self, **options) -> thresher.OpenProject:
        return thresher.open(self.root, **options)

    def run(self, params=None, **options) -> thresher.RunResult:
        return self.run_of(self.open(params=params), **options)

    def run_of(self, project, **options) -> thresher.RunResult:
        self.events = []
        return project.run(listeners=[self.events.append], **options)

    def plan(self) -> dict[str, str]:
        return {step.asset: step.action.value for step in self.open().plan().steps}

    @property
    def done(self) -> dict[str, str]:
        """How each asset of the last run ended."""
        return {e.asset: e.status for e in self.events if isinstance(e, AssetFinished)}

    @property
    def waits(self) -> list[float]:
        return [e.wait for e in self.events if isinstance(e, AttemptFailed)]

    @property
    def calls(self) -> int:
        file = self.root / "calls"
        return file.stat().st_size if file.exists() else 0

    def fault(self, result, asset: str):
        (outcome,) = [o for o in result.outcomes if o.asset == asset]
        return outcome.faults[0]

    def published(self) -> str | None:
        link = self.root / "warehouse" / "dev.duckdb"
        return str(link.readlink()) if link.is_symlink() else None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: PLW1510  # its exit code is looked at
            [sys.executable, "-m", "thresher", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self, *arguments: str, code: str | None = None) -> subprocess.Popen[str]:
        given = ["-c", code] if code else ["-m", "thresher", *(arguments or ("run",))]
        return subprocess.Popen(
            [sys.executable, *given],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def logged(self) -> str:
        log = self.root / "logs" / "p.log"
        return log.read_text() if log.exists() else ""

    def report(self) -> dict:
        return json.loads((self.root / "reports" / "latest" / "report.json").read_text())

    def history(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.root / ".thresher" / "history.sqlite")) as connection:
            return connection.execute(query).fetchall()
