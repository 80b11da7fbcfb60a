"""What a run will take on its disk, from plans and versions made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from thresher.plan.plan import Action, Plan, Step
from thresher.results import DataFile, Publication, Snapshot, Unit, UnitOutcome, UnitRecord
from thresher.run.room import room_needed

NOW = datetime(2024, 1, 31, tzinfo=UTC)
MB = 1_000_000


def step(asset: str, action: Action = Action.BUILD, **options: int) -> Step:
    return Step(asset=asset, action=action, reason="", stage=1, **options)


def version(asset: str, taken: int, read: int = 0) -> Snapshot:
    unit = Unit("a.csv", read, NOW, "x")
    units = (UnitRecord(unit, UnitOutcome.LOADED, file="f"),) if read else ()
    return Snapshot(
        asset=asset,
        fingerprint="f",
        build="b",
        ingredients={},
        schema=(),
        files=(DataFile("f", 1, taken, ""),),
        rows=1,
        built_at=NOW,
        run="r",
        engine="e",
        units=units,
    )


def needed(steps: list[Step], versions: list[Snapshot]) -> int:
    current = Publication(
        number=1,
        environment="dev",
        run="r",
        parent=None,
        at=NOW,
        snapshots={each.asset: each for each in versions},
        verdicts={},
    )
    plan = Plan(environment="dev", parent=1, steps=tuple(steps), run_time=NOW)
    return room_needed(plan, current)


@pytest.mark.parametrize(
    ("steps", "versions", "expected"),
    [
        ([step("clean.a")], [version("clean.a", 7 * MB)], 7 * MB),
        ([step("clean.a", Action.KEEP)], [version("clean.a", 7 * MB)], 0),
        ([step("clean.a", Action.REUSE)], [version("clean.a", 7 * MB)], 0),
        ([step("clean.new")], [], 0),
        ([step("raw.a", incoming=10 * MB)], [], 1 * MB),
        ([step("raw.a", incoming=10 * MB)], [version("raw.a", 1 * MB, read=4 * MB)], 2.5 * MB),
        # A small file tells nothing: most of what it took was the footer.
        ([step("raw.a", incoming=10 * MB)], [version("raw.a", 1_000, read=40)], 1 * MB),
        # Files that were read before are not written again.
        ([step("raw.a")], [version("raw.a", 1 * MB, read=4 * MB)], 0),
        (
            [step("raw.a", incoming=10 * MB), step("clean.a")],
            [version("clean.a", 7 * MB)],
            8 * MB,
        ),
    ],
)
def test_what_was_taken_before_tells_what_will_be(
    steps: list[Step], versions: list[Snapshot], expected: float
) -> None:
    assert needed(steps, versions) == expected
