"""A small project whose tests are run by a pytest of its own, as its author would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = {
    "config.yaml": "pipeline: shop\ndefault_environment: dev\nenvironments:\n  dev: {}\n"
    '  prod: {warehouse: "${PROD}", params: {least: 15}}\nparams: {least: 1}\n',
    ".env.example": "PROD=\n",
    "pytest.ini": "[pytest]\ntestpaths = tests\n",
    "data_raw/orders.csv": "id,customer,amount\n91,real,1\n92,real,2\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders.csv}\n"
    "columns: {id: bigint, customer: varchar, amount: bigint}\n",
    "src/clean/orders.sql": "/* ---\ncolumns:\n  id: {unique: true}\n"
    "  customer: {not_null: {severity: warning}}\n--- */\n"
    "select * from raw.orders where amount >= $least",
    "src/warehouse/totals.sql": "select customer, sum(amount) as total\n"
    "from clean.orders group by 1",
    "tests/resources/orders.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n4,,40\n",
}


class Shop:
    """A project on disk, and pytest in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        """Write files."""
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def files(self) -> dict[str, bytes]:
        """Read every file that is neither a cache nor pytest's own."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        own = (".pytest_cache", "__pycache__", ".thresher")
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in found
            if not any(part in own for part in path.parts)
        }

    def pytest(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """Run pytest, see how it ends, and give what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=self.root,
            env={**os.environ, "COLUMNS": "160", **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Give a project."""
    made = Shop(tmp_path / "shop")
    made.write(PROJECT)
    return made
