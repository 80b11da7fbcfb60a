"""What the benchmarks share: whole processes by the wall clock, medians, and Markdown tables."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from thresher import __version__

PYTHON = [sys.executable]
THRESHER = [sys.executable, "-m", "thresher"]


class FailedError(Exception):
    """A command that was to be timed failed; holds what it printed."""


def seconds(command: Sequence[str | Path], *, folder: Path | None = None) -> float:
    """Time one command from its start to its end, as whoever types it waits for it."""
    start = time.perf_counter()
    process = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - start
    if process.returncode:
        raise FailedError(f"{' '.join(map(str, command))}\n{process.stdout}{process.stderr}")
    return taken


def medians(work: Mapping[str, Callable[[], float]], *, repeat: int) -> dict[str, float]:
    """Measure several things in turns, so that what disturbs the machine disturbs them alike."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for round_ in range(repeat):
        for name, measure in work.items():
            print(f"round {round_ + 1} of {repeat}: {name}", file=sys.stderr)
            taken[name].append(measure())
    return {name: statistics.median(values) for name, values in taken.items()}


def print_ratios(title: str, taken: Mapping[str, float], *, base: str) -> None:
    """Print medians as a table, each beside its ratio to one of them."""
    rows = [(name, f"{value:.3f}", f"{value / taken[base]:.2f}") for name, value in taken.items()]
    print_table(title, ("work", "seconds", f"ratio to {base}"), rows)


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table under a line that says what was measured, and on what."""
    versions = f"thresher {__version__}, duckdb {version('duckdb')}"
    print(f"\n{title} ({os.cpu_count()} CPUs, Python {platform.python_version()}, {versions})\n")
    print(f"| {' | '.join(head)} |")
    print(f"|{'|'.join(['---', *['---:'] * (len(head) - 1)])}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
