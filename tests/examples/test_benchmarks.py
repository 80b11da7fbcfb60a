"""The benchmarks, played small: whoever changes what they call is told, before anybody measures."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = {
    "checks.py": ("--orders", "2000", "--bad-every", "100", "--repeat", "1"),
    "no_change.py": ("--models", "12", "--layers", "3", "--repeat", "1"),
    "s3.py": ("--megabytes", "1", "--files", "3", "--kilobytes", "1", "--repeat", "1"),
    "startup.py": ("--repeat", "1"),
    "tpch.py": ("--scale", "0.01", "--repeat", "1"),
}


def test_every_benchmark_is_played() -> None:
    named = {path.name for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text()}
    assert named == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_comes_to_its_figures(name: str) -> None:
    beside = Path(sys.executable).parent
    if name == "tpch.py" and not shutil.which("tpchgen-cli", path=str(beside)):
        pytest.skip("`tpchgen-cli` is not installed: pip install -r benchmarks/requirements.txt")
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *SMALL[name]],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    header, rule, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert "seconds" in header
    assert set(rule) <= set("|-:")
    assert len(rows) > 2
