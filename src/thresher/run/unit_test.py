"""One unit test, run: its rows become tables, the engine builds the asset, the result is compared.

Nothing here knows a warehouse: all that is written stays in the folder that the bench is given.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from thresher.errors import AssetError, Fault, ThresherError
from thresher.plan.fingerprint import grain
from thresher.project import sql
from thresher.project.asset import Asset, Kind, SqlBody
from thresher.project.documents import nearest
from thresher.project.project import Project
from thresher.project.unit_test_rules import Bench
from thresher.project.unit_tests import UnitTest
from thresher.project.written_rows import columns_of
from thresher.protocols import Engine, Job
from thresher.quality.differences import Difference, Rowset, compare
from thresher.quality.wording import counted
from thresher.results import Snapshot
from thresher.run.build import closure
from thresher.run.given import RUN, build_asset, given_version, version_of
from thresher.tables import quote_name, quote_table


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTestResult:
    """How one test ended."""

    test: UnitTest
    seconds: float
    difference: Difference | None = None
    """In what the rows differ from those expected."""
    faults: tuple[Fault, ...] = ()
    """Why there was nothing to compare, or what is not as expected beside the rows."""

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.faults and not self.difference


@dataclass(frozen=True, slots=True)
class UnitTestRunner:
    """Runs unit tests one after another, in a folder of their own."""

    project: Project
    engine: Engine
    folder: Path
    """Warehouse of the engine; empty at first."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, bench: Bench) -> UnitTestResult:
        """Run one test that no rule has a fault in."""
        began = time.perf_counter()
        test, expected = bench.test, bench.test.expected
        difference: Difference | None = None
        faults: tuple[Fault, ...] = ()
        try:
            version, tables = self._built(bench)
            if expected.error is not None:
                gave = counted(version.rows, "row")
                what = f"it should fail with `{expected.error}`, and gave {gave}"
                faults = (Fault(what, test.document.place("expect")),)
            elif expected.count is not None and expected.count != version.rows:
                what = f"{counted(version.rows, 'row')} came out instead of {expected.count:,}"
                faults = (Fault(what, test.document.place("expect")),)
            elif expected.rows is not None:
                difference, faults = self._compared(test, version, tables)
        except ThresherError as error:
            faults = _after_error(test, error)
        return UnitTestResult(
            test=test,
            seconds=time.perf_counter() - began,
            difference=difference,
            faults=faults,
        )

    def _built(self, bench: Bench) -> tuple[Snapshot, dict[str, Snapshot]]:
        """Build the asset of a test on the rows that it gives."""
        test = bench.test
        build = f"{next(self._numbers)}"
        tables = {
            name: given_version(
                self.engine, self.folder, name, rows, bench.columns(name)[0], build=build
            )
            for name, rows in test.given.items()
        }
        self._make_views(test, test.asset, tables, build)
        version = self._build(test, test.asset, tables, build)
        return version, {**tables, test.asset: version}

    def _make_views(
        self, test: UnitTest, name: str, tables: dict[str, Snapshot], build: str
    ) -> None:
        """Make what an asset reads and the test does not give: views of what it gives."""
        for read in self.project.assets[name].inputs:
            if read not in tables:
                self._make_views(test, read, tables, build)
                tables[read] = self._build(test, read, tables, build)

    def _build(
        self, test: UnitTest, name: str, tables: Mapping[str, Snapshot], build: str
    ) -> Snapshot:
        settings, asset = self.project.settings, self.project.assets[name]
        zone = settings.config.timezone
        run_time = grain(asset, _moment(test, zone), zone)
        known = {**settings.params, **test.params}
        params = {param: known[param] for param in asset.params}
        if asset.uses_run_time and asset.kind is Kind.SQL:
            params["run_time"] = run_time
        macros = asset.body.macros if isinstance(asset.body, SqlBody) else ()
        folder = f"lake/{name.replace('.', '/')}/test-{build}"
        job = Job(
            asset=_frozen(asset, test, zone),
            root=self.project.root,
            folder=self.folder / folder,
            tables=closure(asset.inputs, tables),
            params=params,
            run=RUN,
            run_time=run_time,
            macros={macro: self.project.macros[macro].statement for macro in macros},
        )
        written = build_asset(self.engine, job)
        inputs = {read: tables[read].version for read in asset.inputs}
        return version_of(name, written, folder, build=build, engine=self.engine, inputs=inputs)

    def _compared(
        self, test: UnitTest, version: Snapshot, tables: Mapping[str, Snapshot]
    ) -> tuple[Difference | None, tuple[Fault, ...]]:
        """Hold what was built against the rows expected, in the columns that these name."""
        expected = test.expected.rows or ()
        known = {column.name.lower(): column for column in version.schema}
        named = columns_of(expected)
        for name in named:
            if name.lower() not in known:
                what = f"`{test.asset}` gives no column `{name}`"
                hint = nearest(name, known) or f"columns: {', '.join(known)}"
                return None, (Fault(what, expected[0].place, hint),)
        chosen = [known[name.lower()] for name in named] or list(version.schema)
        selected = ", ".join(quote_name(column.name) for column in chosen)
        query = f"select {selected} from {quote_table(test.asset)}"
        rows = self.engine.rows(query, closure((test.asset,), tables))
        columns = tuple(column.name for column in chosen)
        found = Rowset(columns, tuple(rows), tuple(column.type for column in chosen))
        wanted = tuple(
            tuple(cells[name.lower()].text for name in columns)
            for row in expected
            for cells in ({key.lower(): cell for key, cell in row.cells.items()},)
        )
        return compare(found, Rowset(columns, wanted), ordered=test.ordered), ()


def _moment(test: UnitTest, timezone: str) -> datetime:
    """Give the time that it is for a test; one without a zone is the project's."""
    if test.time is None:
        return datetime.now(UTC)
    return test.time if test.time.tzinfo else test.time.replace(tzinfo=ZoneInfo(timezone))


def _frozen(asset: Asset, test: UnitTest, timezone: str) -> Asset:
    """Give an asset for which the clock stands still, if the test says when."""
    body = asset.body
    if test.time is None or not isinstance(body, SqlBody):
        return asset
    text = sql.freeze_time(body.text, _moment(test, timezone), timezone, but=body.macros)
    return dataclasses.replace(asset, body=dataclasses.replace(body, text=text))


def _after_error(test: UnitTest, error: ThresherError) -> tuple[Fault, ...]:
    """Say whether an error is the one that was expected."""
    wanted = test.expected.error
    if wanted is None or not isinstance(error, AssetError):
        return error.faults
    if any(wanted.lower() in f"{fault.what}\n{fault.hint}".lower() for fault in error.faults):
        return ()
    what = f"it should fail with `{wanted}`, and failed with another error"
    return (Fault(what, test.document.place("expect")), *error.faults)
