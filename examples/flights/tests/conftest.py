"""One run of the whole project, in a copy of it, that all tests look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import thresher

PROJECT = Path(__file__).parent.parent
MADE = ("warehouse", "data_clean", "reports", "logs", ".thresher", ".pytest_cache", "__pycache__")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> thresher.OpenProject:
    """Give a copy of the project that was never run."""
    copy = tmp_path_factory.mktemp("copy") / "flights"
    made = {PROJECT / name for name in MADE}

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder) / name in made]

    shutil.copytree(PROJECT, copy, ignore=left_out)
    return thresher.open(copy, env="dev")


@pytest.fixture(scope="session")
def result(project: thresher.OpenProject) -> thresher.RunResult:
    """Run the copy, once."""
    return project.run()


@pytest.fixture
def warehouse(project: thresher.OpenProject, result: thresher.RunResult) -> thresher.OpenProject:
    """Give the copy after its run."""
    assert result.ok
    return project
