"""The table of `docs/durability.md`: every point of every scenario, and what is tried there.

`python scripts/write_durability.py` writes it; the tests try what stands in it, and hold it against
what a run without a fault reaches, so that a new write in the code is in the table or is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from faults_bench import KINDS, SCENARIOS, kinds_at

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
    cases = [kind for reached in points.values() for point in reached for kind in kinds_at(point)]
    tried = ", ".join(f"{cases.count(kind)} {kind}" for kind in KINDS)
    return f"{len(every)} points; {len(cases)} cases: {tried}.\n\n" + "\n".join(lines)


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
