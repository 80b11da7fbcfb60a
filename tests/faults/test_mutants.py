"""Defects that the faults must find; each is put into the process under test alone."""

from __future__ import annotations

import pytest
from faults_bench import KILL, POWER_CONTENTS, POWER_NAMES, Bench
from mutants import MUTANTS

#: For each defect, a fault that finds it: scenario, kind and point, or None for the very end.
FOUND_BY: dict[str, tuple[str, str, str | None]] = {
    "files are renamed and never synced": ("run", POWER_CONTENTS, None),
    "the link is renamed before its catalog is synced": ("run", POWER_CONTENTS, "sync catalog"),
    "folders are not synced": ("run", POWER_NAMES, None),
    "data files are not synced": ("run", POWER_CONTENTS, "unlock commit lock"),
    "catalogs are not synced": ("run", POWER_CONTENTS, "unlock commit lock"),
    "the record of a version is written before its files are synced": (
        *("run", POWER_CONTENTS),
        "sync data file",
    ),
    "the record of a version is written before its files": ("run", KILL, "engine writes data file"),
    "the link is taken away before it is made": ("run", KILL, "make link as link"),
    "a publication is committed before its manifest": ("run", KILL, "engine writes catalog"),
    "a publication is not marked as pending": ("run", KILL, "rename link"),
    "the lock outlives its holder": ("run", KILL, "rename link"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_defect_is_found(bench: Bench, mutant: str) -> None:
    scenario, kind, point = FOUND_BY[mutant]
    with pytest.raises(AssertionError):
        bench.try_fault(scenario, kind, point, mutant=mutant)
