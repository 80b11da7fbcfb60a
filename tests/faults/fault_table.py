"""The table of `docs/durability.md`: every point of every scenario, and what is tried there.

`python scripts/write_durability.py` writes it; the tests try what stands in it, and hold it against
what a run without a fault reaches, so that a new write in the code is in the table or is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from faults_bench import KINDS, SCENARIOS, kinds_at
from injection import KILL

PAGE = Path(__file__).parents[2] / "docs" / "durability.md"
BEGIN, END = "<!-- points: begin -->", "<!-- points: end -->"
_ROW = re.compile(r"\| `([a-z -]+)` \|(.*)\|")


def written(points: Mapping[str, Mapping[str, int]]) -> str:
    """Write the table.

    Args:
        points: how often each scenario reaches each point.
    """
    every = sorted({point for reached in points.values() for point in reached})
    lines = [
        "| point | " + " | ".join(SCENARIOS) + " | faults |",
        "|---|" + "---|" * len(SCENARIOS) + "---|",
    ]
    for point in every:
        counts = [str(points[scenario].get(point, "")) for scenario in SCENARIOS]
        lines.append(f"| `{point}` | " + " | ".join(counts) + f" | {_faults(point)} |")
    kinds = [kind for case in cases(points) for kind in case.kinds]
    tried = ", ".join(f"{kinds.count(kind)} {kind}" for kind in KINDS)
    return f"{len(every)} points, {len(kinds)} cases: {tried}.\n\n" + "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Case:
    """What is tried at a point of a scenario."""

    scenario: str
    point: str
    kinds: tuple[str, ...]


def cases(points: Mapping[str, Iterable[str]], *, every: bool = False) -> list[Case]:
    """Say what is tried: all faults where a point is first reached, and kills elsewhere.

    Args:
        points: those that each scenario reaches.
        every: try all faults everywhere.
    """
    tried: set[str] = set()
    found = []
    for scenario in SCENARIOS:
        for point in sorted(points[scenario]):
            kinds = kinds_at(point) if every or point not in tried else (KILL,)
            found.append(Case(scenario, point, kinds))
            tried.add(point)
    return found


def listed() -> dict[str, set[str]]:
    """Read which points each scenario reaches from the page."""
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index(BEGIN) : text.index(END)]
    found: dict[str, set[str]] = {scenario: set() for scenario in SCENARIOS}
    for point, cells in _ROW.findall(table):
        for scenario, count in zip(SCENARIOS, cells.split("|"), strict=False):
            if count.strip():
                found[scenario].add(point)
    return found


def _faults(point: str) -> str:
    return ", ".join(kinds_at(point))
