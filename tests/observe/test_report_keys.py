"""`report.json` and its page of the documentation have the same keys, and the same words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from thresher.observe.rates import PastRate
from thresher.observe.report import write_reports
from thresher.plan.plan import Action
from thresher.results import OutcomeStatus, Status, UnitOutcome

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
LISTS = ("assets", "checks", "files", "inputs")
#: Mappings whose keys come from the user.
OPEN = ("configuration", "checks.examples")
#: Mappings within others, and in which row of which table their keys stand.
INNER = {
    "totals.statuses": ("### `totals`", "statuses"),
    "totals.checks_by_status": ("### `totals`", "checks_by_status"),
    "assets.checks": ("### `totals`", "checks_by_status"),
    "assets.past": ("### Each of `assets`", "past"),
    "assets.faults": ("### Each of `assets`", "faults"),
}
WORDS = (
    ("### Each of `assets`", "action", Action),
    ("### Each of `assets`", "status", OutcomeStatus),
    ("### Each of `checks`", "status", Status),
    ("### Each of `inputs`", "outcome", UnitOutcome),
    ("### Each of `files`", "outcome", set(UnitOutcome) - {UnitOutcome.LOADED}),
)


@pytest.fixture
def told(tmp_path, failing, plan_of):
    """A report in which no list of the document is empty."""
    past = {"clean.flights": (PastRate("r1", "2026-03-01T00:00:00+00:00", 6, 6),)}
    folder = write_reports(failing, folder=tmp_path, plan=plan_of(failing), past=past)
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def rows(heading):
    """Read the table below a heading: for each key, what its row says of it."""
    below = DOCS.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    lines = re.split(r"\n##", below)[0].splitlines()
    cells = [line.strip("|").split(" | ") for line in lines if line.startswith("| `")]
    return {key: said for keys, said in cells for key in names(keys)}


def names(text):
    return re.findall(r"`([^`]+)`", text)


def mappings(value, path=""):
    """Give each mapping of the document by the keys that lead to it."""
    if path in OPEN:
        return
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from mappings(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from mappings(inner, path)


def test_every_key_of_the_json_is_documented_and_no_other(told):
    found = {}
    for path, mapping in mappings(told):
        found.setdefault(path, set()).update(mapping)

    documented = {
        "": set(rows("## `report.json`")),
        **{name: set(rows(f"### `{name}`")) for name in ("run", "totals")},
        **{name: set(rows(f"### Each of `{name}`")) for name in LISTS},
        **{path: set(names(rows(heading)[key])) for path, (heading, key) in INNER.items()},
    }
    assert found == documented


@pytest.mark.parametrize(
    ("heading", "key", "words"), WORDS, ids=[f"{h.split('`')[1]}.{key}" for h, key, _ in WORDS]
)
def test_every_word_that_a_key_may_have_is_documented(heading, key, words):
    assert set(names(rows(heading)[key])) == set(words)
