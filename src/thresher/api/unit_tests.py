"""Unit tests of a project's assets: found, held against the project, run one by one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from thresher.api.hands import Hands
from thresher.api.open import OpenProject
from thresher.errors import CommandError, Fault, ProjectError, WarehouseError
from thresher.project.config import Config
from thresher.project.reader import find_root
from thresher.project.selection import select as select_assets
from thresher.project.unit_test_rules import Bench, check
from thresher.project.unit_tests import FOLDER, UnitTest, read_tests, unit_test_files
from thresher.run.unit_test import UnitTestResult, UnitTestRunner
from thresher.warehouse.catalog import Warehouse


@dataclass(frozen=True, slots=True)
class UnitTests:
    """Tests that were found, and what is wrong with those that cannot be run."""

    benches: tuple[Bench, ...]
    faults: tuple[Fault, ...] = ()


def run_tests(
    project: OpenProject,
    select: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
) -> tuple[UnitTestResult, ...]:
    """Run the unit tests of a project's assets; its warehouse is not touched.

    Args:
        project: the project.
        select: assets whose tests are run, in dbt's selection syntax; all where empty.
        exclude: assets whose tests are left out.

    Raises:
        ProjectError: every fault of the files that hold the tests.
        CommandError: there are no tests, or the selection is not valid.
    """
    found = find_tests(project)
    if found.faults:
        raise ProjectError(found.faults)
    if not found.benches:
        layer = project.project.settings.config.layers[-1]
        what = f"there are no unit tests in `{FOLDER}/<layer>/`"
        raise CommandError(
            what, hint=f"write one: `{FOLDER}/{layer}/NAME.yaml` tests `{layer}.NAME`"
        )
    chosen = select_assets(project.project, _words(select), _words(exclude))
    benches = [bench for bench in found.benches if bench.test.asset in chosen]
    if not benches:
        tested = ", ".join(sorted({bench.test.asset for bench in found.benches}))
        raise CommandError("no selected asset has a unit test", hint=f"tested: {tested}")
    with unit_test_runner(project) as runner:
        return tuple(runner.run(bench) for bench in benches)


def find_tests(project: OpenProject, files: Sequence[Path] | None = None) -> UnitTests:
    """Find the unit tests of a project, and hold them against it.

    Args:
        project: the project.
        files: files to read; all there are if None.
    """
    faults: list[Fault] = []
    root, layers = project.root, project.project.settings.config.layers
    found = _read(
        files if files is not None else unit_test_files(root, layers, faults), root, faults
    )
    if not found:
        return UnitTests((), _sorted(faults))
    published = _published(project)
    benches = tuple(Bench(test, project.project, published) for test in found)
    faults += [fault for bench in benches for fault in check(bench)]
    wrong = ProjectError(_sorted(faults))
    wrong.rewrite(project.masker.text)
    return UnitTests(benches, wrong.faults)


def faults_of_form(path: Path) -> tuple[Fault, ...]:
    """Tell what is wrong with the files of tests of a project that itself cannot be read.

    Args:
        path: folder of the project, or any folder in it.
    """
    root = find_root(path)
    layers: tuple[str, ...] = Config.model_fields["layers"].default
    faults: list[Fault] = []
    _read(unit_test_files(root, layers, faults), root, faults)
    return _sorted(faults)


@contextmanager
def unit_test_runner(project: OpenProject) -> Iterator[UnitTestRunner]:
    """Open what runs tests: an engine over a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="thresher-test-") as name:
        folder = Path(os.path.realpath(name))
        hands = Hands(project.project, folder, project.work.cache)
        try:
            yield UnitTestRunner(project.project, hands.engine(), folder)
        finally:
            hands.close()


def _read(files: Iterable[Path], root: Path, faults: list[Fault]) -> list[UnitTest]:
    found: list[UnitTest] = []
    for file in files:
        try:
            found += read_tests(file, root)
        except ProjectError as error:
            faults += error.faults
    return found


def _published(project: OpenProject) -> Mapping[str, Mapping[str, str]]:
    """Give the columns of what is published; a warehouse that cannot be read tells none."""
    try:
        current = Warehouse(project.warehouse).current(project.environment)
    except WarehouseError:
        return {}
    if current is None:
        return {}
    return {
        name: {column.name: column.type for column in snapshot.schema}
        for name, snapshot in current.snapshots.items()
    }


def _sorted(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    unique = dict.fromkeys(faults)
    return tuple(sorted(unique, key=lambda f: (f.place.path or "", f.place.line or 0)))


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
