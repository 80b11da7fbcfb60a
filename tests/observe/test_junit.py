from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from observed_runs import FAILED, TOLERATED, WARNED, check, outcome, refused

from thresher.errors import Fault
from thresher.observe.facts import Background, facts
from thresher.observe.junit import junit
from thresher.results import OutcomeStatus, Status, UnitOutcome

SUITE = (
    *("package", "id", "name", "timestamp", "hostname"),
    *("tests", "failures", "errors", "skipped", "time"),
)


@pytest.fixture
def suites(passing):
    def make(*outcomes):
        result = replace(passing, outcomes=outcomes)
        return list(ET.fromstring(junit(facts(result, Background()))))

    return make


def test_an_asset_is_a_suite_and_a_check_is_a_case(suites, passing):
    made = suites(*passing.outcomes)

    assert [s.get("name") for s in made] == [o.asset for o in passing.outcomes]
    flights = next(s for s in made if s.get("name") == "clean.flights")
    assert [c.get("name") for c in flights.iter("testcase")][:2] == (
        ["not_null(flight_id)", "not_null(carrier)"]
    )
    assert {c.get("classname") for c in flights.iter("testcase")} == {"clean.flights"}
    assert [s.get("id") for s in made] == [str(n) for n in range(9)]


def test_elements_and_attributes_are_those_of_the_schema_in_its_order(suites, failing):
    for suite in suites(*failing.outcomes):
        assert tuple(suite.attrib) == SUITE
        tags = [child.tag for child in suite]
        cases = int(suite.attrib["tests"])
        assert tags == ["properties", *["testcase"] * cases, "system-out", "system-err"]
        assert len(suite.attrib["timestamp"]) == len("2026-03-03T14:02:11")
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"name", "classname", "time"}
            assert [c.tag for c in case] in ([], ["failure"], ["error"], ["skipped"])


def test_a_failed_check_is_a_failure_with_figures_place_and_examples(suites):
    (suite,) = suites(outcome("clean.flights", OutcomeStatus.FAILED, checks=(FAILED,)))

    (failure,) = suite.iter("failure")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    assert failure.get("message") == "8,713 rows have no `arr_time`"
    assert failure.text is not None
    for fact in ("8,713 of 336,776 rows", "97.41% valid", "src/clean/flights.sql:7", '"EV"'):
        assert fact in failure.text


def test_a_check_that_could_not_be_computed_is_an_error(suites):
    (suite,) = suites(
        outcome("a.b", checks=(check("x()", Status.ERROR, message="no such column"),))
    )

    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    assert [e.get("message") for e in suite.iter("error")] == ["no such column"]


def test_what_does_not_fail_a_run_does_not_fail_its_case(suites):
    (suite,) = suites(outcome("a.b", checks=(WARNED, TOLERATED)))

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")
    assert "tolerated: between(dep_delay" in (suite.findtext("system-out") or "")


def test_files_blocked_and_failed_assets_are_cases_of_their_own(suites):
    aside = refused("a.csv", UnitOutcome.SET_ASIDE, "empty")
    broken = refused("b.csv", UnitOutcome.FAILED, "not text")
    raw, bad, held = suites(
        outcome("raw.a", units=(aside, broken)),
        outcome("clean.a", OutcomeStatus.FAILED, faults=(Fault("no table", hint="make it"),)),
        outcome("mart.a", OutcomeStatus.BLOCKED, faults=(Fault("`clean.a` failed"),)),
    )

    assert [(c.get("name"), c[0].tag) for c in raw.iter("testcase")] == [
        ("file a.csv", "skipped"),
        ("file b.csv", "failure"),
    ]
    assert [(e.get("message"), e.text) for e in bad.iter("error")] == [
        ("no table", "no table\nhint: make it")
    ]
    assert [s.get("message") for s in held.iter("skipped")] == ["`clean.a` failed"]


def test_text_that_xml_cannot_hold_is_escaped(suites):
    evil = check("pattern(\x00)", Status.FAILED, 1, message="\x1b[31m <&]]> \ufffe \udcff 😀")
    (suite,) = suites(outcome("a.b", checks=(evil,)))

    assert [c.get("name") for c in suite.iter("testcase")] == [r"pattern(\x00)"]
    (failure,) = suite.iter("failure")
    assert failure.get("message") == r"\x1b[31m <&]]> \ufffe \udcff 😀"
