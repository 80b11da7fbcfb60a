"""Every check of the catalogue, by cases in plain files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from thresher.project.contracts import COLUMN_CHECKS, TableCheck
from thresher.quality.checks import CATALOGUE
from thresher.results import PastVersion

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "fixtures" / "checks"
CASES: dict[str, list[dict[str, Any]]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yaml")
}
PARTS = ("status", "violations", "rows", "message", "examples", "figure")


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        pytest.param(kind, case, id=f"{kind}: {case['case']}")
        for kind, cases in sorted(CASES.items())
        for case in cases
    ],
)
def test_a_check_finds_what_it_should(warehouse, kind, case):
    warehouse.create(case["table"])
    for name, query in case.get("others", {}).items():
        warehouse.create(query, name)
    past = [
        PastVersion(f"v{number}", each.get("rows", 0), tuple(each.get("figures", ())))
        for number, each in enumerate(case.get("past", ()))
    ]
    verdict = warehouse.audit(case["contract"], past=past)
    (result,) = [result for result in verdict.results if result.kind == kind]
    found = {part: getattr(result, part) for part in PARTS}
    expected = {"violations": 0, **case["expect"]}
    if "examples" in expected:
        expected["examples"] = tuple(expected["examples"])
    assert {part: found[part] for part in expected} == expected


def test_every_check_has_cases():
    assert set(CASES) == set(CATALOGUE)


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_every_check_has_a_case_that_passes_one_that_fails_and_an_empty_one(kind):
    statuses = {case["expect"]["status"] for case in CASES[kind]}
    assert {"passed", "failed"} <= statuses
    assert any("limit 0" in case["table"] for case in CASES[kind])


def test_every_check_that_can_be_written_is_in_the_catalogue():
    written = {*COLUMN_CHECKS, *TableCheck.model_fields}
    assert written == set(CATALOGUE) - {"column", "type"}


def test_every_check_has_a_section_in_the_documentation():
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)`", text, re.MULTILINE) == list(CATALOGUE)
