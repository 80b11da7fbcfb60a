"""Tables for people and other tools: a published table in any frame, the preview of an asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thresher.api.hands import Hands
from thresher.api.running import Work
from thresher.errors import CommandError
from thresher.plan.fingerprint import grain
from thresher.project.asset import Asset, SqlBody, is_quarantine
from thresher.project.documents import nearest
from thresher.results import Publication, Snapshot
from thresher.run.build import closure
from thresher.tables import quote_table
from thresher.warehouse.catalog import Warehouse

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow


@dataclass(frozen=True, slots=True)
class Table:
    """A published table; every method reads the publication that is current when it is called."""

    warehouse: Path
    environment: str
    name: str

    def __post_init__(self) -> None:
        self._snapshot()

    @property
    def files(self) -> tuple[Path, ...]:
        """Its Parquet files; none for a view."""
        return tuple(self.warehouse / file.path for file in self._snapshot().files)

    @property
    def schema(self) -> dict[str, str]:
        """Type of each column, in DuckDB's spelling."""
        return {column.name: column.type for column in self._snapshot().schema}

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Give a DuckDB relation over a read-only connection of its own."""
        return Warehouse(self.warehouse).connect(self.environment).sql(self._select)

    def arrow(self) -> pyarrow.Table:
        """Give all rows as an Arrow table."""
        return self.relation().to_arrow_table()

    def polars(self) -> polars.LazyFrame:
        """Give a lazy Polars frame, straight from the files where nothing has to be cast."""
        import polars

        snapshot = self._snapshot()
        faithful = all(column.storage == column.type for column in snapshot.schema)
        if snapshot.files and faithful:
            return polars.scan_parquet(list(self.files), glob=False, hive_partitioning=False)
        return polars.LazyFrame(polars.from_arrow(self.arrow()))

    def pandas(self) -> pandas.DataFrame:
        """Give all rows as a pandas frame."""
        frame: pandas.DataFrame = self.arrow().to_pandas()
        return frame

    @property
    def _select(self) -> str:
        return f"select * from {quote_table(self.name)}"

    def _snapshot(self) -> Snapshot:
        current = Warehouse(self.warehouse).current(self.environment)
        return published(current, self.name, self.environment)


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of an asset."""

    asset: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    origin: str
    """What the rows are, in words."""


def published(current: Publication | None, name: str, environment: str) -> Snapshot:
    """Give the published version of an asset.

    Raises:
        CommandError: it is not published.
    """
    if current is None:
        what = f"nothing is published in the environment `{environment}`"
        raise CommandError(what, hint="`thresher run` publishes")
    if name not in current.snapshots:
        what = f"`{name}` is not published in the environment `{environment}`"
        near = nearest(name, current.snapshots)
        raise CommandError(what, hint=near or f"published: {', '.join(sorted(current.snapshots))}")
    return current.snapshots[name]


def preview(work: Work, name: str, limit: int) -> Preview:
    """Give the first rows of an asset; see `OpenProject.show`."""
    assets = work.project.assets
    if name not in assets:
        hint = nearest(name, assets)
        if is_quarantine(name):
            hint = "`thresher quarantine show LAYER.TABLE` shows the rows that were set aside"
        raise CommandError(f"there is no asset `{name}`", hint=hint)
    asset = assets[name]
    current = Warehouse(work.warehouse).current(work.settings.environment)
    tables: Mapping[str, Snapshot] = current.snapshots if current else {}
    hands = Hands(work.project, work.warehouse, work.cache, work.stand_ins)
    try:
        if isinstance(asset.body, SqlBody):
            needed = {n: published(current, n, work.settings.environment) for n in asset.inputs}
            sql, origin = asset.body.text, "what its query gives now"
            rows = _rows(hands, work, asset, sql, closure(tuple(needed), tables), limit)
        else:
            published(current, name, work.settings.environment)
            sql, origin = f"select * from {quote_table(name)}", "as it was published"
            rows = _rows(hands, work, asset, sql, closure((name,), tables), limit)
    finally:
        hands.close()
    return Preview(name, rows[0], rows[1], origin)


def _rows(
    hands: Hands,
    work: Work,
    asset: Asset,
    sql: str,
    tables: Mapping[str, Snapshot],
    limit: int,
) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    params: dict[str, Any] = {}
    if isinstance(asset.body, SqlBody):
        params = {name: work.settings.params[name] for name in asset.params}
        if asset.uses_run_time:
            params["run_time"] = grain(asset, datetime.now(UTC), work.settings.config.timezone)
    macros = {name: work.project.macros[name].statement for name in _macros(asset)}
    return hands.engine().head(sql, tables, params, macros=macros, limit=limit)


def _macros(asset: Asset) -> tuple[str, ...]:
    return asset.body.macros if isinstance(asset.body, SqlBody) else ()
