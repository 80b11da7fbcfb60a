"""Unit tests of assets for people and for CI: what failed, in words, as a listing, as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from xml.etree import ElementTree as ET

from thresher.observe.differences import difference_text, headline
from thresher.observe.junit import case_of, child, clean, count_of
from thresher.observe.wording import counted, duration, visible
from thresher.run.unit_test import UnitTestResult


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the listing, and the word in it that says how a test ended."""

    text: str
    word: str = ""


def failure_text(result: UnitTestResult) -> str:
    """Tell why a test failed: what is not as expected, and where the test stands."""
    parts = [visible(str(fault)) for fault in result.faults]
    if result.difference:
        parts.append(difference_text(result.difference))
    place = result.test.place
    if all(fault.place.path != place.path for fault in result.faults):
        parts.append(f"{place.path}:{place.line}")
    return "\n".join(parts)


def headline_of(result: UnitTestResult) -> str:
    """Say in one line why a test failed; nothing where it passed."""
    if result.faults:
        return visible(result.faults[0].what)
    return headline(result.difference) if result.difference else ""


def listing(results: Sequence[UnitTestResult]) -> Iterator[Line]:
    """List tests by asset, those that failed with the reason, and count them at the end."""
    for asset, group in groupby(results, key=lambda result: result.test.asset):
        yield Line(asset)
        for result in group:
            word = "passed" if result.passed else "failed"
            yield Line(f"  {word}  {visible(result.test.name)}", word)
            if not result.passed:
                yield from (
                    Line(f"          {line}".rstrip()) for line in failure_text(result).splitlines()
                )
    failed = sum(not result.passed for result in results)
    seconds = duration(sum(result.seconds for result in results))
    told = f"{len(results) - failed:,} passed, {failed:,} failed, {seconds}"
    yield Line(f"{counted(len(results), 'test')}: {told}", "failed" if failed else "passed")


def unit_tests_junit(results: Sequence[UnitTestResult], *, host: str = "localhost") -> bytes:
    """Write tests as JUnit XML: a suite for each asset, a case for each test."""
    root = ET.Element("testsuites")
    groups = groupby(results, key=lambda result: result.test.asset)
    for number, (asset, group) in enumerate(groups):
        found = list(group)
        cases = [_case(result) for result in found]
        suite = ET.SubElement(
            root,
            "testsuite",
            {
                "package": clean(asset.partition(".")[0]),
                "id": str(number),
                "name": clean(asset),
                "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                "hostname": clean(host) or "localhost",
                "tests": str(len(cases)),
                "failures": str(count_of(cases, "failure")),
                "errors": "0",
                "skipped": "0",
                "time": f"{sum(result.seconds for result in found):.3f}",
            },
        )
        ET.SubElement(suite, "properties")
        suite.extend(cases)
        child(suite, "system-out", "")
        child(suite, "system-err", "")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(result: UnitTestResult) -> ET.Element:
    case = case_of(result.test.name, result.test.asset, result.seconds)
    if not result.passed:
        attributes = {"message": clean(headline_of(result)), "type": "unit test"}
        child(case, "failure", failure_text(result), attributes)
    return case
