"""The run as SARIF: what the specification requires, and a result at the line of each finding."""

import json
import re
from dataclasses import replace

import pytest
from observed_runs import FAILED, TOLERATED, WARNED, check, outcome

from thresher._version import __version__
from thresher.errors import Fault, Place
from thresher.observe.facts import Background, facts
from thresher.observe.sarif import sarif
from thresher.results import OutcomeStatus, Status

URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
LEVELS = {"none", "note", "warning", "error"}  # section 3.27.10


def log(result):
    return json.loads(sarif(facts(result, Background())))


def results(result):
    (run,) = log(result)["runs"]
    return run["results"]


def of_checks(passing, *checks):
    return results(replace(passing, outcomes=(outcome("clean.a", checks=checks),)))


def test_the_log_has_what_the_specification_requires(failing):
    made = log(failing)
    assert made["version"] == "2.1.0"  # section 3.13.2
    assert made["$schema"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    (run,) = made["runs"]
    driver = run["tool"]["driver"]  # sections 3.14.6, 3.18.2, 3.19.8
    assert (driver["name"], driver["version"]) == ("Thresher", __version__)
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert run["invocations"][0]["executionSuccessful"] is False  # section 3.20.14
    assert run["results"]
    for result in run["results"]:
        assert result["message"]["text"]  # section 3.27.11
        assert result["level"] in LEVELS
        assert ids[result["ruleIndex"]] == result["ruleId"]  # section 3.27.6
        for location in result["locations"]:
            place = location["physicalLocation"]
            assert URI.fullmatch(place["artifactLocation"]["uri"])
            assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
            assert place.get("region", {"startLine": 1})["startLine"] >= 1


def test_each_check_that_did_not_pass_is_a_result_at_its_line(passing):
    found = of_checks(passing, check("not_null(a)"), TOLERATED, WARNED, FAILED)
    assert [(r["ruleId"], r["level"], _place(r)) for r in found] == [
        ("not_null", "error", ("src/clean/flights.sql", 7)),
        ("references", "warning", ("src/clean/flights.sql", 9)),
        ("between", "note", ("src/clean/flights.sql", 8)),
    ]
    assert "8,713 rows have no `arr_time`" in found[0]["message"]["text"]
    assert found[0]["properties"]["violations"] == 8_713


def _place(result):
    (location,) = result["locations"]
    place = location["physicalLocation"]
    return place["artifactLocation"]["uri"], place.get("region", {}).get("startLine")


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (Status.ERROR, "error"),
        (Status.FAILED, "error"),
        (Status.WARNED, "warning"),
        (Status.QUARANTINED, "warning"),
        (Status.TOLERATED, "note"),
    ],
)
def test_levels_say_what_the_status_does(passing, status, level):
    (found,) = of_checks(passing, check("between(a)", status, 1))
    assert found["level"] == level
    assert "locations" not in found


def test_what_failed_otherwise_and_files_are_results_too(failing):
    found = {(r["ruleId"], r["level"], _place(r)) for r in results(failing)}
    assert ("build", "error", ("src/warehouse/airlines.sql", 12)) in found
    assert ("file", "error", ("data_raw/%3Cscript%3Ex.csv", 7)) in found


def test_a_failed_check_is_not_told_twice(passing):
    fault = Fault(
        f"{FAILED.check}: {FAILED.message}", Place(FAILED.path, FAILED.line, asset="clean.a")
    )
    bad = outcome("clean.a", OutcomeStatus.FAILED, checks=(FAILED,), faults=(fault,))
    assert [r["ruleId"] for r in results(replace(passing, outcomes=(bad,)))] == ["not_null"]


def test_a_finding_is_known_again_whatever_its_counts_and_line(passing):
    (first,) = of_checks(passing, FAILED)
    (again,) = of_checks(passing, replace(FAILED, violations=1, message="other", line=90))
    (other,) = of_checks(passing, replace(FAILED, check="not_null(dep_time)"))
    assert first["partialFingerprints"] == again["partialFingerprints"]
    assert first["partialFingerprints"] != other["partialFingerprints"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a b.sql", "src/a%20b.sql"),
        ("a:b.csv", "a%3Ab.csv"),
        ("s3://bucket/ä.csv", "s3://bucket/%C3%A4.csv"),
        ("/data/x.csv", "file:///data/x.csv"),
        ("x\udcff.csv", "x%5Cudcff.csv"),
        ("50%.csv", "50%25.csv"),
    ],
)
def test_any_name_of_a_file_becomes_a_uri(passing, path, uri):
    (found,) = of_checks(passing, replace(FAILED, path=path))
    location = found["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == uri
    assert ("uriBaseId" in location) == (not uri.startswith(("s3:", "file:")))


def test_a_run_without_findings_has_no_results(passing):
    assert of_checks(passing, check("not_null(a)")) == []
