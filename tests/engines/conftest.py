"""A project and a warehouse in which single assets can be built."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from thresher.engines.duckdb import DuckDBEngine
from thresher.project.asset import Asset, Materialized, PythonBody, SqlBody
from thresher.project.functions import parse_function
from thresher.protocols import Job
from thresher.results import DataFile, Snapshot

NOON = dt.datetime(2024, 5, 17, 12, tzinfo=dt.UTC)


class Workshop:
    """Builds assets one by one, as a run would."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.warehouse = root / "warehouse"
        given = {"threads": 2, "memory": "1GB", "temp": self.warehouse / "tmp", **settings}
        self.engine = DuckDBEngine(warehouse=self.warehouse, **given)
        self.isolate = False
        self._numbers = itertools.count(1)

    def sql(
        self,
        name: str,
        text: str,
        *inputs: Snapshot,
        params: Mapping[str, Any] | None = None,
        macros: Mapping[str, str] | None = None,
        view: bool = False,
        first_line: int = 1,
    ) -> Snapshot:
        """Build a SQL asset."""
        asset = self.asset(name, text, view=view, first_line=first_line)
        return self.build(asset, inputs, params=params or {}, macros=macros or {})

    def asset(self, name: str, text: str, *, view: bool = False, first_line: int = 1) -> Asset:
        """Make a SQL asset."""
        return Asset(
            name=name,
            path=f"src/{name.replace('.', '/')}.sql",
            body=SqlBody(text, text, None, first_line=first_line),
            materialized=Materialized.VIEW if view else Materialized.TABLE,
        )

    def python(
        self,
        name: str,
        source: str,
        *inputs: Snapshot,
        params: Mapping[str, Any] | None = None,
        **settled: Any,
    ) -> Snapshot:
        """Write and build a Python asset."""
        path = f"src/{name.replace('.', '/')}.py"
        self.write(path, source)
        asset = replace(self.function(name), isolate=self.isolate)
        return self.build(asset, inputs, params=params or {}, **settled)

    def function(self, name: str) -> Asset:
        """Read the Python asset of a file, as the project's reader does."""
        path = f"src/{name.replace('.', '/')}.py"
        parsed = parse_function((self.root / path).read_text(), path, self.root)
        assert parsed is not None
        assert isinstance(parsed.body, PythonBody)
        return Asset(name=name, path=path, body=parsed.body)

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def build(self, asset: Asset, inputs: tuple[Snapshot, ...], **given: Any) -> Snapshot:
        """Build any asset, and give its version."""
        number = next(self._numbers)
        folder = self.warehouse / "lake" / asset.name.replace(".", "/") / f"f{number}-b"
        folder.mkdir(parents=True)
        written = self.engine.build(self.job(asset, inputs, folder=folder, **given))
        assert [name for name, _ in written.files] == sorted(p.name for p in folder.iterdir())
        return Snapshot(
            asset=asset.name,
            fingerprint=f"f{number}",
            build="b",
            ingredients={},
            schema=written.schema,
            files=tuple(
                DataFile((folder / file).relative_to(self.warehouse).as_posix(), rows, 0, "")
                for file, rows in written.files
            ),
            sql=written.sql,
            inputs={snapshot.asset: snapshot.version for snapshot in inputs},
            rows=written.rows,
            built_at=NOON,
            run="r1",
            engine=self.engine.name,
        )

    def job(self, asset: Asset, inputs: tuple[Snapshot, ...], **given: Any) -> Job:
        """Make the job of an asset."""
        tables = {snapshot.asset: snapshot for snapshot in inputs}
        settled = {"params": {}, "macros": {}, **given}
        return Job(asset=asset, root=self.root, tables=tables, run="r1", run_time=NOON, **settled)

    def rows(
        self, query: str, *tables: Snapshot, params: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """Ask the engine."""
        return self.engine.rows(query, {table.asset: table for table in tables}, params)


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Workshop]]:
    """Give what makes an empty project with settings of the engine."""
    made: list[Workshop] = []

    def make(folder: str = "project", **settings: Any) -> Workshop:
        made.append(Workshop(tmp_path / folder, **settings))
        return made[-1]

    yield make
    for workshop in made:
        workshop.engine.close()


@pytest.fixture
def shop(make_shop: Callable[..., Workshop]) -> Workshop:
    """Give an empty project."""
    return make_shop()


@pytest.fixture
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB of its own, to compare with."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
