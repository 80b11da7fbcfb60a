"""A run as SARIF 2.1.0: a result for each finding, at the line of the contract that asked for it.

Editors and code hosts show such a file at the lines of the files it names. What simply passed is no
result. Nothing of the data stands in it but what the message of a check says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from thresher.observe.wording import visible
from thresher.totals import NOT_PASSED

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
#: Rules beside the kinds of checks.
BUILD, FILE = "build", "file"
_LEVELS = {
    "failed": "error",
    "error": "error",
    "warned": "warning",
    "quarantined": "warning",
    "tolerated": "note",
}
_RULES = {
    BUILD: "An asset can be built from its inputs.",
    FILE: "An input file can be loaded.",
}
_ROOT = "PROJECT"


def sarif(document: dict[str, Any]) -> str:
    """Write the facts of a run as SARIF.

    Args:
        document: what `facts` gives.
    """
    results = [*_checks(document), *_faults(document), *_files(document)]
    rules = sorted({result["ruleId"] for result in results})
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    run = document["run"]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Thresher",
                        "version": document["thresher"],
                        "rules": [_rule(name) for name in rules],
                    }
                },
                "automationDetails": {"id": f"{run['pipeline']}/{run['environment']}/{run['id']}"},
                "invocations": [
                    {
                        "executionSuccessful": run["ok"],
                        "exitCode": run["exit_code"],
                        "startTimeUtc": run["started"],
                        "endTimeUtc": run["ended"],
                    }
                ],
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The folder of the project."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _rule(name: str) -> dict[str, Any]:
    said = _RULES.get(name, f"The check `{name}` of a contract holds.")
    return {"id": name, "shortDescription": {"text": visible(said)}}


def _checks(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    order = [status.value for status in NOT_PASSED]
    found = [check for check in document["checks"] if check["status"] in order]
    for check in sorted(found, key=lambda check: order.index(check["status"])):
        said = f"{check['asset']}: {check['check']}: {check['message'] or check['status']}"
        made = _result(check["kind"], _LEVELS[check["status"]], said, check["path"], check["line"])
        about = ("asset", "check", "status", "severity", "violations", "rows")
        made["properties"] = {key: check[key] for key in about}
        yield _known(made, check["asset"], check["check"])


def _faults(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what failed otherwise than by a check, which is a result already."""
    told = {
        (check["asset"], f"{check['check']}: {check['message']}") for check in document["checks"]
    }
    files = {(file["asset"], file["reason"]) for file in document["files"]}
    for asset in document["assets"]:
        if asset["status"] != "failed":
            continue
        for fault in asset["faults"]:
            name = asset["asset"]
            if (name, fault["what"]) in told | files:
                continue
            path = fault["path"] or asset["path"]
            said = f"{name}: {fault['what']}" + (f"\n{fault['hint']}" if fault["hint"] else "")
            made = _result(BUILD, "error", said, path, fault["line"])
            yield _known(made, name, fault["what"])


def _files(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for file in document["files"]:
        level = "error" if file["outcome"] == "failed" else "warning"
        said = f"{file['asset']}: {file['outcome']}: {file['reason'] or 'it was not loaded'}"
        made = _result(FILE, level, said, file["path"], file["line"])
        yield _known(made, file["asset"], file["path"])


def _result(rule: str, level: str, said: str, path: str | None, line: int | None) -> dict[str, Any]:
    made: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": visible(said)}}
    if path:
        place: dict[str, Any] = {"artifactLocation": _artifact(path)}
        if line:
            place["region"] = {"startLine": line}
        made["locations"] = [{"physicalLocation": place}]
    return made


def _artifact(path: str) -> dict[str, str]:
    """Name a file of the project, or an object or a file elsewhere, by a URI."""
    uri = quote(path, safe="/:@!$&'()*+,;=-._~")
    if "://" in path:
        return {"uri": uri}
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    # A colon in the first part of a relative path would make a scheme of what is before it.
    first, slash, rest = uri.partition("/")
    return {"uri": first.replace(":", "%3A") + slash + rest, "uriBaseId": _ROOT}


def _known(result: dict[str, Any], *parts: str) -> dict[str, Any]:
    """Give a result what it is known by from run to run."""
    text = "\0".join((result["ruleId"], *parts)).encode("utf-8", "backslashreplace")
    digest = hashlib.sha256(text).hexdigest()[:32]
    return {**result, "partialFingerprints": {"thresher/v1": digest}}
