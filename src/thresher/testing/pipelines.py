"""What the fixtures of the plugin are: a pipeline that can be run, its warehouse, its stand-ins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from thresher.api.open import OpenProject
from thresher.api.querying import Answer
from thresher.api.tables import Table
from thresher.errors import ThresherError
from thresher.results import RunResult
from thresher.testing.copies import Copy
from thresher.testing.messages import run_failure


class RunPipeline:
    """Runs the copy of the project, and fails the test where the run fails.

    Example:
        def test_it_runs(run_pipeline):
            assert run_pipeline(select="+clean.orders").status == "published"
    """

    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    def __call__(
        self,
        *,
        select: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        env: str | None = None,
        params: Mapping[str, Any] | None = None,
        check: bool = True,
        **options: Any,
    ) -> RunResult:
        """Run the pipeline.

        Args:
            select: assets to look after, in dbt's selection syntax; all where empty.
            exclude: assets to leave out.
            env: environment; the default of `config.yaml` if None.
            params: parameters that replace those of `config.yaml`.
            check: whether the test fails where the run fails.
            options: whatever else `OpenProject.run` takes, such as `strict=True`.

        Returns:
            How every asset ended.
        """
        __tracebackhide__ = True
        told = ""
        try:
            project = self._copy.open(env=env, params=params)
            result = project.run(select=select, exclude=exclude, **options)
            told = "" if result.ok else run_failure(result)
        except ThresherError as error:
            if not check:
                raise
            told = f"the pipeline could not be run\n{error}"
        if check and told:
            pytest.fail(told, pytrace=False)
        return result


class PipelineWarehouse:
    """The warehouse of the copy after a run, which is made when something is first asked for."""

    def __init__(self, copy: Copy, run: RunPipeline) -> None:
        self._copy = copy
        self._run = run
        self._result: RunResult | None = None

    @property
    def result(self) -> RunResult:
        """How the run ended; the test fails where it failed."""
        if self._result is None:
            self._result = self._run()
        return self._result

    @property
    def project(self) -> OpenProject:
        """The copy, after the run."""
        assert self.result  # noqa: S101  # asking for it makes it
        return self._copy.open()

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Ask the warehouse; see `OpenProject.query`."""
        return self.project.query(sql, params)

    def table(self, name: str) -> Table:
        """Give a published table; see `OpenProject.table`."""
        return self.project.table(name)


class FakeSource:
    """Lets something stand in for the source of a raw asset, in all runs of the copy from then on.

    Example:
        def test_suppliers(fake_source, warehouse):
            connection = sqlite3.connect(":memory:")
            connection.execute("create table suppliers as select 1 as id, 'Mill' as name")
            fake_source("raw.suppliers", connection)
            assert_table(warehouse.table("clean.suppliers"), [{"id": 1, "name": "Mill"}])
    """

    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    def __call__(self, asset: str, thing: Any) -> None:
        """Let a thing stand in for the source of an asset.

        Args:
            asset: name of a raw asset.
            thing: a DB-API connection, which the asset's own query is put to, a frame, or rows as
                a list of mappings.
        """
        self._copy.stand_ins[asset.lower()] = thing
