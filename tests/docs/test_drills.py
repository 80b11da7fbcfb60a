"""The fifty drills are all there, held by tests, and do today what their page shows."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def drills():
    path = ROOT / "scripts" / "write_drills.py"
    spec = importlib.util.spec_from_file_location("write_drills", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["write_drills"] = module
    spec.loader.exec_module(module)
    return module


def test_there_are_fifty_in_ten_areas(drills):
    areas = drills.areas()
    assert [[drill.number for drill in area.drills] for area in areas] == [
        [f"{area}.{number}" for number in range(1, 6)] for area in range(1, 11)
    ]


def test_each_is_held_by_a_test_that_is_there(drills):
    for area in drills.areas():
        for drill in area.drills:
            path, _, name = drill.test.partition("::")
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in names, f"drill {drill.number}: {drill.test}"


def test_what_differs_from_run_to_run_is_folded_and_nothing_else(drills):
    told = "published 2 (dev): 9 tables, 34 rows in, {}, 4 warnings\nreports: reports/{}\n"
    one = told.format("0.7 s", "20261126T053724-261b36")
    other = told.format("12.3 s", "20270101T000000-ffffff")
    assert drills.folded(one) == drills.folded(other)
    assert drills.folded(one) != drills.folded(other.replace("34 rows", "35 rows"))
    assert drills.folded(one) != drills.folded(other.replace("published", "unchanged"))


def test_the_page_shows_what_the_drills_do(drills, tmp_path):
    areas = drills.areas()
    every = [drill for area in areas for drill in area.drills]
    answers = drills.done(every, tmp_path)
    shown = drills.sections(drills.TARGET.read_text(encoding="utf-8"))
    found = drills.sections(drills.page(areas, answers))
    assert list(shown) == list(found)
    apart = {
        number: list(difflib.ndiff(drills.folded(shown[number]), drills.folded(section)))
        for number, section in found.items()
        if drills.folded(shown[number]) != drills.folded(section)
    }
    told = {n: [line for line in lines if line[0] in "+-"] for n, lines in apart.items()}
    assert told == {}, "if it should be so: python scripts/write_drills.py writes the page anew"
