"""The pytest plugin, which every installed Thresher registers; it must load nothing heavy.

Fixtures and hooks import what they need when they are used: most runs of pytest on a machine have
nothing to do with Thresher.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from thresher.testing.prefixes import add_settings, storage_options, temporary_prefix

if TYPE_CHECKING:
    from thresher.api.open import OpenProject
    from thresher.testing.copies import Copy
    from thresher.testing.pipelines import FakeSource, PipelineWarehouse, RunPipeline

__all__ = [
    "fake_source",
    "run_pipeline",
    "storage_options",
    "temporary_prefix",
    "thresher_project",
    "warehouse",
]

CONFIG_FILE = "config.yaml"
TESTS = "tests"
Scope = Literal["session", "package", "module", "class", "function"]
SCOPES: tuple[Scope, ...] = ("function", "class", "module", "package", "session")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's settings in `pytest.ini`."""
    parser.addini(
        "thresher_project",
        "folder of the Thresher project; found from the tests upwards unless told",
        default="",
    )
    parser.addini(
        "thresher_resources",
        "folder, relative to the project, whose files are the raw data of its tests",
        default="tests/resources",
    )
    parser.addini(
        "thresher_scope",
        f"how long a copy of the project lives: {', '.join(SCOPES)}",
        default="function",
    )
    add_settings(parser)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the unit tests of assets: YAML files in `tests/<layer>/` of a project."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    root = _project_of(file_path)
    if root is None:
        return None
    from thresher.testing.unit_test_items import UnitTestFile

    return UnitTestFile.of(parent, file_path, root)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a scope that there is not."""
    told = config.getini("thresher_scope")
    if told not in SCOPES:
        what = f"`thresher_scope` should be one of {', '.join(SCOPES)}, not `{told}`"
        raise pytest.UsageError(what)


def _scope(fixture_name: str, config: pytest.Config) -> Scope:  # noqa: ARG001  # as pytest calls it
    """Give the scope of the fixtures: a copy, and a run, for each test unless told otherwise."""
    scope: Scope = config.getini("thresher_scope")
    return scope


@pytest.fixture(scope=_scope)
def _thresher_copy(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Copy:
    """Give a copy of the project that nobody else sees."""
    from thresher.errors import ThresherError
    from thresher.testing.copies import copy_project

    root = _root(request)
    resources = root / str(request.config.getini("thresher_resources"))
    target = tmp_path_factory.mktemp("thresher") / root.name
    try:
        return copy_project(root, target, resources if resources.is_dir() else None)
    except ThresherError as error:
        pytest.fail(f"the project cannot be read\n{error}", pytrace=False)


@pytest.fixture(scope=_scope)
def thresher_project(_thresher_copy: Copy) -> OpenProject:
    """Give an isolated copy of the project, with a warehouse, logs and reports of its own.

    Its raw data are the files of `tests/resources` where there is that folder, else the project's.
    """
    from thresher.errors import ThresherError

    try:
        return _thresher_copy.open()
    except ThresherError as error:
        pytest.fail(f"the project cannot be read\n{error}", pytrace=False)


@pytest.fixture(scope=_scope)
def run_pipeline(_thresher_copy: Copy) -> RunPipeline:
    """Give what runs the copy of the project, and fails the test where the run fails."""
    from thresher.testing.pipelines import RunPipeline

    return RunPipeline(_thresher_copy)


@pytest.fixture(scope=_scope)
def warehouse(_thresher_copy: Copy, run_pipeline: RunPipeline) -> PipelineWarehouse:
    """Give the warehouse of the copy after one run, to query it and to read its tables."""
    from thresher.testing.pipelines import PipelineWarehouse

    return PipelineWarehouse(_thresher_copy, run_pipeline)


@pytest.fixture(scope=_scope)
def fake_source(_thresher_copy: Copy) -> FakeSource:
    """Give what lets a connection, a frame or rows stand in for the source of a raw asset."""
    from thresher.testing.pipelines import FakeSource

    return FakeSource(_thresher_copy)


def _root(request: pytest.FixtureRequest) -> Path:
    """Find the project: where `pytest.ini` says, above the test, or above pytest's own root."""
    config = request.config
    if told := str(config.getini("thresher_project")):
        base = config.inipath.parent if config.inipath else config.rootpath
        root = base / told
        if (root / CONFIG_FILE).is_file():
            return root.resolve()
        pytest.fail(f"`thresher_project`: there is no `{CONFIG_FILE}` in `{root}`", pytrace=False)
    starts: tuple[Path, Path] = (request.node.path, config.rootpath)
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / CONFIG_FILE).is_file():
                return folder
    pytest.fail(
        f"there is no `{CONFIG_FILE}` above `{starts[0]}`: "
        "say `thresher_project = FOLDER` in `pytest.ini`",
        pytrace=False,
    )


def _project_of(file: Path) -> Path | None:
    """Give the project that has a layer with unit tests in a file; None for any other file."""
    for folder in file.parents:
        root = folder.parent
        if folder.name == TESTS and (root / CONFIG_FILE).is_file():
            inside = file.relative_to(folder).parts
            return root if len(inside) > 1 and (root / "src" / inside[0]).is_dir() else None
    return None
