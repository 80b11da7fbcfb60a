"""Whatever fails wherever: what is published stays whole, and the next run goes on.

Each case is a process that meets one fault at one point, and what must hold afterwards: a reader
sees the tables of one publication, all of them; what was reported as done is there; the next run
comes to the same rows as if nothing had happened, without building again what was complete; and
clean-up leaves nothing behind and harms nothing.
"""

from __future__ import annotations

import pytest
from fault_table import BEGIN, END, PAGE, listed, written
from faults_bench import (
    POWER_CONTENTS,
    POWER_NAMES,
    SCENARIOS,
    Bench,
    kinds_at,
)

CASES = [(scenario, point) for scenario, points in listed().items() for point in sorted(points)]


@pytest.mark.parametrize(("scenario", "point"), CASES)
def test_a_fault_harms_nothing(bench: Bench, scenario: str, point: str) -> None:
    for kind in kinds_at(point):
        bench.try_fault(scenario, kind, point)


@pytest.mark.parametrize("how", [POWER_NAMES, POWER_CONTENTS])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_reported_as_done_survives_a_loss_of_power(
    bench: Bench, scenario: str, how: str
) -> None:
    bench.try_fault(scenario, how, None)


def test_every_point_is_tried(bench: Bench) -> None:
    """Whoever adds a write has it in the table: `python scripts/write_durability.py`."""
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip()
    assert table == written({scenario: bench.points(scenario) for scenario in SCENARIOS})
