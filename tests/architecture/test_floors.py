"""The floors of the house: imports only run downwards, in every module, without exceptions."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

#: What stands beside the floors: no code, or the way into the command line.
BESIDE = {"_version", "templates", "__main__"}


@pytest.fixture(scope="module")
def contracts(root: Path) -> list[dict[str, Any]]:
    configuration = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = configuration["tool"]["importlinter"]["contracts"]
    return found


def test_no_import_runs_upwards(root: Path) -> None:
    command = "from importlinter.cli import lint_imports_command as main; main()"
    process = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "0 broken" in process.stdout


def test_the_floors_have_no_exceptions(contracts: list[dict[str, Any]]) -> None:
    (floors,) = [contract for contract in contracts if contract["type"] == "layers"]
    assert floors["exhaustive"] is True
    assert set(floors["exhaustive_ignores"]) <= BESIDE
    assert [key for contract in contracts for key in contract if "ignore_imports" in key] == []


def test_every_module_stands_on_a_floor(root: Path, contracts: list[dict[str, Any]]) -> None:
    (floors,) = [contract for contract in contracts if contract["type"] == "layers"]
    listed = {name.strip() for floor in floors["layers"] for name in floor.split("|")}
    package = root / "src" / "thresher"
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert listed == (files | folders) - BESIDE
