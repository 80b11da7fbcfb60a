"""A run as JUnit XML: a suite for each asset, a case for each check, for every CI that reads it.

Made to satisfy the strictest schema in use (Ant's): its order of elements, its attributes, no
others. What does not fail a run (a violation within its tolerance, a warning) is a case that passed
and is told in the suite's `system-out`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from thresher.observe.wording import counted, percent

# XML 1.0 cannot hold these at all, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SKIPPED = ("blocked", "stopped")
_FAILING = {"failed": "failure", "error": "error"}


def junit(document: dict[str, Any], *, host: str = "localhost") -> bytes:
    """Write the facts of a run as JUnit XML.

    Args:
        document: what `facts` gives.
        host: name of the machine.
    """
    root = ET.Element("testsuites")
    checks_of, files_of = _by_asset(document["checks"]), _by_asset(document["files"])
    for number, asset in enumerate(document["assets"]):
        checks, files = checks_of[asset["asset"]], files_of[asset["asset"]]
        cases = [_check_case(check) for check in checks] + [_file_case(file) for file in files]
        told = any(case.find(tag) is not None for case in cases for tag in ("failure", "error"))
        if asset["status"] in _SKIPPED or (asset["status"] == "failed" and not told):
            cases.insert(0, _build_case(asset))
        suite = _suite(asset, cases, number=number, host=host, run=document["run"])
        child(suite, "system-out", "\n".join(_told(check) for check in checks if _soft(check)))
        child(suite, "system-err", "")
        root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(
    asset: dict[str, Any], cases: list[ET.Element], *, number: int, host: str, run: dict[str, Any]
) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        {
            "package": clean(asset["asset"].partition(".")[0]),
            "id": str(number),
            "name": clean(asset["asset"]),
            "timestamp": _second(asset["started"]),
            "hostname": clean(host) or "localhost",
            "tests": str(len(cases)),
            "failures": str(count_of(cases, "failure")),
            "errors": str(count_of(cases, "error")),
            "skipped": str(count_of(cases, "skipped")),
            "time": f"{asset['seconds']:.3f}",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("pipeline", run["pipeline"]),
        ("environment", run["environment"]),
        ("run", run["id"]),
        ("status", asset["status"]),
        ("version", asset["version"]),
        ("path", asset["path"]),
    ):
        if value:
            ET.SubElement(properties, "property", {"name": key, "value": clean(str(value))})
    suite.extend(cases)
    return suite


def _build_case(asset: dict[str, Any]) -> ET.Element:
    case = case_of("build", asset["asset"], asset["seconds"])
    said = "\n".join(_fault(fault) for fault in asset["faults"])
    if asset["status"] in _SKIPPED:
        ET.SubElement(case, "skipped", {"message": clean(said) or asset["status"]})
    else:
        first = next((fault["what"] for fault in asset["faults"]), "the asset failed")
        child(case, "error", said, {"message": clean(first), "type": asset["status"]})
    return case


def _check_case(check: dict[str, Any]) -> ET.Element:
    case = case_of(check["check"], check["asset"], check["seconds"])
    if tag := _FAILING.get(check["status"]):
        message = clean(check["message"] or _figures(check))
        child(case, tag, _told(check), {"message": message, "type": check["severity"]})
    return case


def _file_case(file: dict[str, Any]) -> ET.Element:
    case = case_of(f"file {file['path']}", file["asset"], 0.0)
    reason = file["reason"] or file["outcome"]
    if file["outcome"] == "failed":
        said = "\n".join(filter(None, (reason, f"hint: {file['hint']}" if file["hint"] else "")))
        child(case, "failure", said, {"message": clean(reason), "type": "file"})
    else:
        ET.SubElement(case, "skipped", {"message": clean(f"{file['outcome']}: {reason}")})
    return case


def case_of(name: str, asset: str, seconds: float) -> ET.Element:
    """Make a case, which has passed as long as nothing is put into it."""
    attributes = {"name": clean(name), "classname": clean(asset), "time": f"{seconds:.3f}"}
    return ET.Element("testcase", attributes)


def child(
    parent: ET.Element, tag: str, said: str, attributes: dict[str, str] | None = None
) -> None:
    """Put a text into an element, below a tag of its own."""
    ET.SubElement(parent, tag, attributes or {}).text = clean(said)


def _told(check: dict[str, Any]) -> str:
    place = f"{check['path']}:{check['line']}" if check["line"] else check["path"] or ""
    lines = [
        f"{check['status']}: {check['check']}, {_figures(check)}",
        *filter(None, (check["message"], place and f"defined in {place}")),
    ]
    lines += [json.dumps(example, ensure_ascii=False) for example in check["examples"]]
    return "\n".join(lines)


def _figures(check: dict[str, Any]) -> str:
    valid = percent(check["rows"] - check["violations"], check["rows"])
    figures = f"{check['violations']:,} of {counted(check['rows'], 'row')} violate it"
    return f"{figures}, {valid} valid" if valid else figures


def _fault(fault: dict[str, Any]) -> str:
    place = f"{fault['path']}:{fault['line']}: " if fault["line"] else ""
    hint = f"\nhint: {fault['hint']}" if fault["hint"] else ""
    return f"{place}{fault['what']}{hint}"


def _by_asset(rows: list[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["asset"]].append(row)
    return grouped


def _soft(check: dict[str, Any]) -> bool:
    return check["status"] in ("warned", "quarantined", "tolerated")


def count_of(cases: list[ET.Element], tag: str) -> int:
    """Count the cases that hold a tag, such as `failure`."""
    return sum(case.find(tag) is not None for case in cases)


def _second(stamp: str) -> str:
    return datetime.fromisoformat(stamp).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def clean(text: str) -> str:
    r"""Write what XML cannot hold as an escape, `\x1b`."""
    return _FORBIDDEN.sub(
        lambda match: match[0].encode("unicode_escape", "backslashreplace").decode("ascii"), text
    )
