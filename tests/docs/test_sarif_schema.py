"""`report.sarif` has the form that SARIF's own schema asks for, whatever a run found.

The schema comes from the npm registry, in a package of its makers; Ajv holds the file against it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from npm_scripts import run_script

import thresher

BAD = "id,n\n1,2,3\n"
ODD = 'bad <b> "x" #1?a=b%41 & [c] {d} \\ ^`| ü 日本 \x1b\n:.csv'
FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}}\nrun: {retries: 1, backoff: 1ms}\n",
    "data_raw/good.csv": 'id,n,"o ""<\n\U0001f33e"\n1,1,a\n1,5,\x1b[31m\n3,,z\n',
    f"data_raw/{ODD}": BAD,
    "src/raw/a.yaml": "source: {files: data_raw/*.csv, tolerate: 9}\n",
    "../elsewhere/b ü.csv": BAD,
    "src/raw/b.yaml": "source: {files: ../elsewhere/*.csv}\n",
    "src/clean/failed.sql": """/* ---
columns:
  id: {unique: true}
  n: {not_null: {tolerate: 1}, at_most: {bound: 3, severity: warning}}
  "o \\"<\\n\\U0001F33E": {accepted: [<b>, "'", "\\u0007", "\\n"]}
checks: [{expression: "n > 9\\n  and '\\u202E' <> 'ü'"}, {expression: "cast(n || 'x' as int) > 0"}]
--- */
select * from raw.a""",
    "src/clean/aside.sql": """/* ---
columns: {n: {not_null: {on_violation: quarantine}}}
--- */
select * from raw.a""",
    "src/clean/broken.sql": "select cast(n || '\x1b' as int) as n from raw.a",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give what a run wrote that found everything there is to find, under odd names."""
    root = tmp_path_factory.mktemp("sarif") / "p"
    names = {name: text.encode() for name, text in FILES.items()}
    if sys.platform == "linux":  # elsewhere, names of files are Unicode
        names["data_raw/no utf-8 \udcff.csv"] = BAD.encode()
    for name, content in names.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    assert thresher.open(root).run().exit_code == 1
    return root / "reports" / "latest" / "report.sarif"


def faults(*files: Path) -> str:
    """Give what the schema has against files."""
    done = run_script("validate_sarif.mjs", *files)
    assert done.stderr == ""
    return "" if done.returncode == 0 else done.stdout


def test_what_a_run_wrote_is_valid(report: Path) -> None:
    (run,) = json.loads(report.read_text(encoding="utf-8"))["runs"]
    found = {(result["ruleId"], result["level"]) for result in run["results"]}
    assert found >= {
        *(("file", "warning"), ("file", "error"), ("build", "error")),
        *(("unique", "error"), ("accepted", "error"), ("expression", "error")),
        *(("not_null", "note"), ("not_null", "warning"), ("at_most", "warning")),
    }
    assert faults(report) == ""


def _without_text(run: Any) -> None:
    del run["results"][0]["message"]["text"]


def _misspelled(run: Any) -> None:
    run["results"][0]["locatons"] = run["results"][0].pop("locations")


def _raw_name(run: Any) -> None:
    place = run["results"][0]["locations"][0]["physicalLocation"]
    place["artifactLocation"]["uri"] = ODD


def _line_zero(run: Any) -> None:
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0


def _no_level(run: Any) -> None:
    run["results"][0]["level"] = "failed"


def _local_time(run: Any) -> None:
    run["invocations"][0]["startTimeUtc"] = "2026-03-03 14:02"


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        (_without_text, ".runs[0].results[0].message should have required property 'text'"),
        (_misspelled, '"additionalProperty":"locatons"'),
        (_raw_name, '.artifactLocation.uri should match format "uri-reference"'),
        (_line_zero, ".region.startLine should be >= 1"),
        (_no_level, ".runs[0].results[0].level should be equal to one of the allowed values"),
        (_local_time, '.startTimeUtc should match format "date-time"'),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_what_is_broken_is_seen(
    breaks: Callable[[Any], None], told: str, report: Path, tmp_path: Path
) -> None:
    log = json.loads(report.read_text(encoding="utf-8"))
    breaks(log["runs"][0])
    broken = tmp_path / "report.sarif"
    broken.write_text(json.dumps(log), encoding="utf-8")
    assert told in faults(broken)
