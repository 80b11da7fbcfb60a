"""Every check of the catalogue, by cases in plain files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from thresher.project.contract import Contract
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


@pytest.mark.parametrize("kind", sorted(set(CATALOGUE) - {"column", "rows", "change"}))
def test_a_check_of_columns_that_are_gone_is_an_error(warehouse, kind):
    """`rows`, and `change` of rows, need none; `column` is what tells that one is gone."""
    warehouse.create("select 1 as nothing_of_that")
    for name, query in CASES[kind][0].get("others", {}).items():
        warehouse.create(query, name)
    (result,) = [r for r in warehouse.audit(CASES[kind][0]["contract"]).results if r.kind == kind]
    assert (result.status.value, result.violations) == ("error", 0)
    assert result.message.startswith("could not be checked: ")


@pytest.mark.parametrize("kind", sorted(set(CATALOGUE) - {"column", "type", "query"}))
def test_a_check_of_rows_that_cannot_be_chosen_is_an_error(warehouse, kind):
    """A `query` has no `where`, and the schema is looked at without rows."""
    case = CASES[kind][0]
    warehouse.create(f"select *, 'x' as broken from ({case['table']})")
    for name, query in case.get("others", {}).items():
        warehouse.create(query, name)
    (check,) = [check for check in warehouse.read(case["contract"]).checks if check.kind == kind]
    check = replace(check, where="cast(broken as integer) > 0")
    (result,) = warehouse.audit(Contract(checks=(check,))).results
    assert result.status.value == "error", result
    assert "Conversion Error" in result.message


@pytest.mark.parametrize("kind", sorted(k for k in CASES if any("others" in c for c in CASES[k])))
def test_a_check_against_an_asset_that_is_missing_is_an_error(warehouse, kind):
    (case, *_) = [case for case in CASES[kind] if "others" in case]
    warehouse.create(case["table"])
    (result,) = [r for r in warehouse.audit(case["contract"]).results if r.kind == kind]
    assert result.status.value == "error"


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
