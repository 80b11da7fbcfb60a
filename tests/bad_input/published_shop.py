"""A small project that has been published, and what must stay true of it whatever is put in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

import thresher
from thresher.plan.plan import Action
from thresher.results import RunResult

Files = Mapping[str, str | bytes | None]
"""What each file is to hold; None takes it away."""

CORES = os.cpu_count() or 1
#: Sorts more than fits into the memory that it is given, on a machine with however many cores.
LARGE_SORT: Files = {
    "config.yaml": f"pipeline: shop\nrun: {{workers: 1, memory: {50 * CORES}MB}}\n",
    "src/warehouse/new.sql": "select max(n) as n from (select row_number() over (order by h) as n\n"
    f"from (select md5(i::varchar) as h from range({500_000 * CORES}) t(i), raw.orders))",
}

GOOD: Files = {
    "config.yaml": "pipeline: shop\nrun: {workers: 2, retries: 0}\n",
    "data_raw/orders-1.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders-*}\n",
    "src/clean/orders.sql": "select * from raw.orders",
    "src/warehouse/by_customer.sql": "/* ---\ncolumns: {customer: {unique: true}}\n--- */\n"
    "select customer, sum(amount) as amount from clean.orders group by customer",
}
ROWS = [("a", 40), ("b", 20)]


@dataclass(frozen=True)
class Case:
    """One bad input, and what must be said about it.

    Attributes:
        bad: the files that are put in.
        told: what must be said, each in this spelling: what is wrong, where, and what to do.
        code: the exit code.
        hints: how many hints are given; none where what is wrong says what to do.
        mended: files that repair it; where there are none, all is put back as it was.
        builds: what the run after the repair has to build.
    """

    bad: Files
    told: Sequence[str]
    code: int = 1
    hints: int = 1
    mended: Files | None = None
    builds: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Ended:
    """How a process ended, and all that it said."""

    code: int
    said: str


class Shop:
    """The project, and its processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.put(GOOD)
        assert thresher.open(root).run().status == "published"
        self.before = self.seen()

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    def put(self, files: Files) -> dict[str, bytes | None]:
        """Write files, and give what takes that back."""
        before: dict[str, bytes | None] = {}
        for name, content in files.items():
            path = self.root / name
            before[name] = path.read_bytes() if path.exists() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return before

    def run(self, *before: str) -> Ended:
        """Run `thresher run`, behind what is to stand before it, and see no traceback."""
        ended = self.process("run", before=before)
        assert "Traceback" not in ended.said, ended.said
        assert "unexpected" not in ended.said, ended.said
        return ended

    def process(self, *arguments: str, before: Sequence[str] = ()) -> Ended:
        """Run a command as a process of its own."""
        done = subprocess.run(
            [*before, sys.executable, "-m", "thresher", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout + done.stderr)

    def seen(self) -> dict[str, Any]:
        """Give what readers see: the link, the rows behind it, and the publications."""
        link = self.warehouse / "dev.duckdb"
        rows = self.rows("warehouse.by_customer")
        manifests = sorted((self.warehouse / "publications" / "dev").iterdir())
        return {"link": str(link.readlink()), "rows": rows, "manifests": manifests}

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Read a published table by way of DuckDB alone."""
        link = str(self.warehouse / "dev.duckdb")
        with duckdb.connect(link, read_only=True) as connection:
            return connection.execute(f"from {table} order by all").fetchall()

    def left_over(self) -> list[Path]:
        """Give whatever is half-written: drafts, spilled files, and what was to be renamed."""
        versions = (self.warehouse / "lake").glob("*/*/*")
        drafts = [path for path in versions if not (path / "_version.json").is_file()]
        temporary = list((self.warehouse / "tmp").glob("*"))
        return [*drafts, *temporary, *self.warehouse.rglob(".*.tmp")]

    def assert_untouched(self) -> None:
        assert self.seen() == self.before
        assert self.before["rows"] == ROWS
        assert self.left_over() == []

    def again(self) -> tuple[RunResult, set[str]]:
        """Run once more, in this process, and give what it built."""
        result = thresher.open(self.root).run()
        built = {o.asset for o in result.outcomes if o.action is Action.BUILD}
        return result, built

    def assert_refuses(self, case: Case) -> None:
        """Put a case in, see it refused, repair it, and see that only what is missing is built."""
        original = self.put(case.bad)
        ended = self.run()
        for text in case.told:
            assert text in ended.said, f"`{text}` is not in:\n{ended.said}"
        assert ended.code == case.code, ended.said
        assert ended.said.count("hint:") == case.hints, ended.said
        self.assert_untouched()
        self.put(original if case.mended is None else case.mended)
        result, built = self.again()
        assert result.exit_code == 0
        assert built == case.builds
