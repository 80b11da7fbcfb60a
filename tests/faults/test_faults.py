"""Whatever fails wherever: what is published stays whole, and the next run goes on.

Each case is a process that meets one fault at one point, and what must hold afterwards: a reader
sees the tables of one publication, all of them; what was reported as done is there; the next run
comes to the same rows as if nothing had happened, without building again what was complete; and
clean-up leaves nothing behind and harms nothing. `make torture` tries all of them everywhere.
"""

from __future__ import annotations

import os

import pytest
from fault_table import BEGIN, END, PAGE, Case, cases, listed, written
from faults_bench import POWER_CONTENTS, POWER_NAMES, SCENARIOS, Bench

CASES = cases(listed(), every=bool(os.environ.get("THRESHER_FAULTS")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.scenario}: {case.point}")
def test_a_fault_harms_nothing(bench: Bench, case: Case) -> None:
    for kind in case.kinds:
        bench.try_fault(case.scenario, kind, case.point)


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
