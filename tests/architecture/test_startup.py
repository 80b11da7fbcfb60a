"""Starting is free: nothing heavy is loaded until something needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "duckdb",
    "jinja2",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "rich",
    "sqlglot",
    "tenacity",
    "yaml",
}

#: What parses, computes or holds data, for which a run with nothing to do has no use.
ENGINES = {"duckdb", "numpy", "pandas", "polars", "pyarrow", "sqlglot"}


def loaded(*arguments: str, root: Path, folder: Path | None = None) -> set[str]:
    """Start Python in a fresh process and give the packages that it loads until its end."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    timed = [line for line in process.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in timed}


@pytest.mark.parametrize(
    "arguments",
    [("-c", "import thresher"), ("-m", "thresher", "--version"), ("-m", "thresher", "--help")],
    ids=["import thresher", "thresher --version", "thresher --help"],
)
def test_starting_loads_nothing_heavy(arguments: tuple[str, ...], root: Path) -> None:
    packages = loaded(*arguments, root=root)
    assert "thresher" in packages
    assert sorted(packages & HEAVY) == []


def test_what_is_loaded_is_seen(root: Path) -> None:
    assert "tenacity" in loaded("-c", "import thresher.run.retry", root=root)


def test_a_run_with_nothing_to_do_needs_no_engine_and_no_parser(root: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pipeline: shop\n")
    asset = tmp_path / "src" / "clean" / "carriers.sql"
    asset.parent.mkdir(parents=True)
    asset.write_text("select 'UA' as carrier")
    run = ("-m", "thresher", "run", "--quiet")
    assert {"duckdb", "sqlglot"} <= loaded(*run, root=root, folder=tmp_path)
    assert sorted(loaded(*run, root=root, folder=tmp_path) & ENGINES) == []
