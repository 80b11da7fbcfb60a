"""Versions of tables made by DuckDB itself, and publications of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from thresher.results import CheckResult, Field, Publication, Snapshot, Status, Verdict
from thresher.warehouse.catalog import Warehouse

Start = Callable[..., "subprocess.Popen[str]"]
"""Starts a Python script with arguments as a process of its own."""

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes versions and publications of one warehouse."""

    warehouse: Warehouse

    def table(self, asset: str, sql: str, *, fingerprint: str = "f0", **options: Any) -> Snapshot:
        """Make a version of a table from a query."""
        draft = self.warehouse.lake.begin(asset, fingerprint)
        path = draft.folder / "part-0.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({sql}) to '{path}'")
            described = connection.sql(f"describe from '{path}'").fetchall()
            rows = connection.sql(f"from '{path}'").aggregate("count(*)").fetchall()[0][0]
        schema = tuple(Field(row[0], row[1], row[1]) for row in described)
        snapshot = snapshot_of(asset, **{"schema": schema, "rows": rows, **options})
        return self.warehouse.lake.complete(draft, snapshot, [(path.name, rows)])

    def view(
        self, asset: str, sql: str, inputs: Mapping[str, Snapshot], fingerprint: str = "f0"
    ) -> Snapshot:
        """Make a version of a view."""
        draft = self.warehouse.lake.begin(asset, fingerprint)
        versions = {name: each.version for name, each in inputs.items()}
        snapshot = snapshot_of(asset, sql=sql, inputs=versions)
        return self.warehouse.lake.complete(draft, snapshot, [])

    def publish(
        self,
        *snapshots: Snapshot,
        env: str = "dev",
        run: str = "r1",
        at: datetime = AT,
    ) -> Publication:
        """Publish these versions and no others, on top of what is current."""
        return self.warehouse.publish(
            Publication(
                number=0,
                environment=env,
                run=run,
                parent=self.warehouse.manifests.current(env),
                at=at,
                snapshots={each.asset: each for each in snapshots},
                verdicts={each.asset: verdict_of(each) for each in snapshots},
            )
        )

    def numbers(self, count: int, *tables: str, fingerprint: str = "f0") -> list[Snapshot]:
        """Make tables of one row, all of which hold the same number."""
        made = tables or ("clean.a",)
        return [self.table(t, f"select {count} as v", fingerprint=fingerprint) for t in made]

    def ask(self, sql: str, env: str = "dev") -> list[tuple[Any, ...]]:
        """Answer a query over what is published, as a reader of Thresher does."""
        with self.warehouse.connect(env) as connection:
            return connection.sql(sql).fetchall()


def snapshot_of(asset: str, **options: Any) -> Snapshot:
    """Describe a version whose files are not known yet."""
    given: dict[str, Any] = {
        "asset": asset,
        "fingerprint": "",
        "build": "",
        "ingredients": {"sql": "select 1"},
        "schema": (Field("v", "INTEGER", "INTEGER"),),
        "rows": 0,
        "built_at": AT,
        "run": "r1",
        "engine": "duckdb 2.0.1",
    }
    return Snapshot(**{**given, **options})


def verdict_of(snapshot: Snapshot) -> Verdict:
    """Give a verdict that lets a version pass."""
    passed = CheckResult(check="not_null(v)", kind="not_null", columns=("v",), status=Status.PASSED)
    return Verdict(
        asset=snapshot.asset,
        version=snapshot.version,
        key="k1",
        rows=snapshot.rows,
        results=(passed,),
        at=AT,
    )
