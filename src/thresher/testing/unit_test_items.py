"""Unit tests of assets as pytest runs them: a file of YAML is collected, each test is an item."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from thresher.api.open import OpenProject
from thresher.api.open import open as open_project
from thresher.api.unit_tests import find_tests, unit_test_runner
from thresher.errors import ThresherError
from thresher.observe.unit_tests import failure_text
from thresher.project.unit_test_rules import Bench
from thresher.project.unit_tests import asset_of
from thresher.run.unit_test import UnitTestRunner

_OPENED = pytest.StashKey[dict[Path, OpenProject]]()


class UnitTestFailed(Exception):  # noqa: N818  # how a test ended, and no error of the code
    """A unit test did not give what it expects; the message says why."""


class UnitTestFile(pytest.File):
    """A file of tests; its engine is open while they run."""

    root: Path
    _runner: UnitTestRunner
    _open: ExitStack

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, root: Path) -> UnitTestFile:
        """Make the collector of a file.

        Args:
            parent: what pytest is collecting.
            path: the file.
            root: folder of the project that it belongs to.
        """
        made: UnitTestFile = cls.from_parent(parent, path=path)
        made.root = root
        return made

    def collect(self) -> Iterator[UnitTestItem]:
        """Give an item for each test; none where the folder is that of no layer."""
        try:
            project = self.project()
            layer = asset_of(self.path, self.root).partition(".")[0]
            if layer not in project.project.settings.config.layers:
                return
            found = find_tests(project, [self.path])
        except ThresherError as error:
            raise self.CollectError(f"the project cannot be read\n{error}") from None
        if found.faults:
            raise self.CollectError("\n".join(map(str, found.faults)))
        for bench in found.benches:
            yield UnitTestItem.of(self, bench)

    def setup(self) -> None:
        """Open the engine."""
        with ExitStack() as stack:
            self._runner = stack.enter_context(unit_test_runner(self.project()))
            self._open = stack.pop_all()

    def teardown(self) -> None:
        """Close it."""
        self._open.close()

    @property
    def runner(self) -> UnitTestRunner:
        """What runs the tests."""
        return self._runner

    def project(self) -> OpenProject:
        """Open the project, once for all its files."""
        opened = self.config.stash.setdefault(_OPENED, {})
        if self.root not in opened:
            opened[self.root] = open_project(self.root)
        return opened[self.root]


class UnitTestItem(pytest.Item):
    """One test."""

    bench: Bench

    @classmethod
    def of(cls, parent: UnitTestFile, bench: Bench) -> UnitTestItem:
        """Make the item of a test."""
        made: UnitTestItem = cls.from_parent(parent, name=bench.test.name)
        made.bench = bench
        return made

    def runtest(self) -> None:
        """Run it."""
        assert isinstance(self.parent, UnitTestFile)  # noqa: S101  # made by `of`
        result = self.parent.runner.run(self.bench)
        if not result.passed:
            raise UnitTestFailed(self.parent.project().masker.text(failure_text(result)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell what is not as expected, without a traceback."""
        if isinstance(excinfo.value, UnitTestFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where it stands."""
        line = self.bench.test.place.line
        return self.path, line - 1 if line else None, self.bench.test.id
