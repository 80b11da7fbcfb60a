"""How one step becomes a version: found in the lake, read by a source, or built by the engine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from thresher.errors import DriftedError
from thresher.plan.fingerprint import fingerprint, grain, ingredients, recipe
from thresher.plan.plan import Plan, Step
from thresher.project.asset import Asset, Kind, SourceBody
from thresher.project.project import Project
from thresher.project.units import parse_share
from thresher.protocols import Engine, Extract, Job, Logger, Source, Written
from thresher.results import DataFile, Schema, Snapshot, Unit, UnitRecord
from thresher.run.removed import Kept, history, loaded, marked, remembered, together
from thresher.run.unchanged import holds_same
from thresher.warehouse.lake import Draft, Lake

Sources = Callable[[str], Source]
"""Gives the source of a type."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes versions; safe to use from several threads."""

    project: Project
    plan: Plan
    run: str
    engine: Callable[[], Engine]
    """Gives the engine; called only where there is work for it."""
    sources: Sources
    lake: Lake
    engine_matters: bool = False
    """Whether a change of the engine builds anew."""
    refresh: frozenset[str] = frozenset()
    """Assets that are built anew, whatever is in the lake."""
    orphaned: bool = False
    """Whether the manifests of what was published are lost: the lake alone tells of it."""
    logger: Callable[[str], Logger] = lambda name: logging.getLogger(f"thresher.assets.{name}")
    """Gives what the code of an asset logs to."""

    def build(self, step: Step, tables: Mapping[str, Snapshot]) -> tuple[Snapshot, bool]:
        """Make the version of an asset that its inputs ask for.

        Args:
            step: what the plan says of it.
            tables: version of each asset that is settled.

        Returns:
            The version, and whether it was there already.

        Raises:
            AssetError: its SQL or its function failed.
            SourceError: its input could not be read.
            WarehouseError: it could not be written.
        """
        asset = self.project.assets[step.asset]
        if asset.kind is Kind.SOURCE:
            return self._read(asset, tables.get(asset.name))
        found = self._ingredients(asset, tables)
        if existing := self._existing(asset, found):
            return existing, True
        job_tables = closure(asset.inputs, tables)
        draft = self.lake.begin(asset.name, fingerprint(found))
        try:
            written = self.engine().build(
                Job(
                    asset=asset,
                    root=self.project.root,
                    folder=draft.folder,
                    tables=job_tables,
                    params=self._params(asset),
                    run=self.run,
                    run_time=self._run_time(asset),
                    logger=self.logger(asset.name),
                    macros={m.name: m.statement for m in self._macros(asset)},
                )
            )
            rows_in = sum(tables[name].rows for name in asset.inputs)
            versions = {name: tables[name].version for name in asset.inputs}
            snapshot = self._snapshot(asset, draft, found, written)
            snapshot = replace(snapshot, rows_in=rows_in, inputs=versions)
            return self.lake.complete(draft, snapshot, written.files), False
        except BaseException:
            self.lake.discard(draft)
            raise

    def _read(self, asset: Asset, published: Snapshot | None) -> tuple[Snapshot, bool]:
        """Read what is new among the units of a source, and keep the parts that are not."""
        assert isinstance(asset.body, SourceBody)  # noqa: S101  # told by its kind
        source = self.sources(asset.body.type)
        there = tuple(source.units(asset, self.project.root))
        if published is None and self.orphaned:
            published = self.lake.latest(asset.name)
        gone = remembered(asset, published, there)
        units = together(there, gone)
        found = self._of_units(asset, units)
        if existing := self._existing(asset, found):
            return existing, True
        again = asset.name in self.refresh
        before = None if again else same_recipe(self.lake, asset.name, found)
        kept = loaded(before, units, self.lake) if before else {}
        fresh = tuple(unit for unit in there if unit.path not in kept)
        draft = self.lake.begin(asset.name, fingerprint(found))
        try:
            written = Written(before.schema if before else ())
            if fresh or before is None:
                schema = before.schema if before and kept else None
                try:
                    written = source.read(
                        self._extract(asset, draft, fresh, kept=len(kept), schema=schema)
                    )
                except DriftedError as error:
                    written = self._read_anew(source, asset, draft, there, error.drifted)
                    kept = {}
            kept |= history(published, gone, kept, written.schema, self.lake)
            kept = marked(kept, gone)
            read = {record.unit.path: record.unit for record in written.records}
            units = tuple(read.get(unit.path, unit) for unit in units)
            found = self._of_units(asset, units)
            if fingerprint(found) != draft.fingerprint:
                # A source may find something newer when it reads than when it looked.
                draft = self.lake.relabel(draft, fingerprint(found))
            snapshot = self._snapshot(asset, draft, found, written)
            snapshot = _with_units(snapshot, units, written, kept, PurePosixPath(draft.path))
            if same := self._same(snapshot, draft, written, (published, before)):
                self.lake.confirm(same, draft.fingerprint)
                self.lake.discard(draft)
                return same, True
            return self.lake.complete(draft, snapshot, written.files, written.rejects), False
        except BaseException:
            self.lake.discard(draft)
            raise

    def _read_anew(
        self,
        source: Source,
        asset: Asset,
        draft: Draft,
        units: tuple[Unit, ...],
        drifted: Mapping[str, tuple[str, ...]],
    ) -> Written:
        """Read all units, and let them decide the columns together."""
        for path in draft.folder.iterdir():
            path.unlink()
        written = source.read(self._extract(asset, draft, units, kept=0, schema=None))
        records = tuple(
            replace(record, drift=drifted.get(record.unit.path, ())) for record in written.records
        )
        return replace(written, records=records)

    def _extract(
        self,
        asset: Asset,
        draft: Draft,
        units: tuple[Unit, ...],
        *,
        kept: int,
        schema: Schema | None,
    ) -> Extract:
        return Extract(
            asset=asset,
            root=self.project.root,
            folder=draft.folder,
            units=units,
            kept=kept,
            schema=schema,
            sample=parse_share(self.plan.sample) if self.plan.sample else None,
        )

    def _same(
        self,
        snapshot: Snapshot,
        draft: Draft,
        written: Written,
        earlier: tuple[Snapshot | None, ...],
    ) -> Snapshot | None:
        """Give the version that holds just what was read, if one of these does."""
        if snapshot.asset in self.refresh:
            return None
        files = tuple(_file(draft, name, rows) for name, rows in written.files)
        now = replace(snapshot, files=(*snapshot.files, *files))
        for before in earlier:
            if before is None or recipe(before.ingredients) != recipe(now.ingredients):
                continue
            if all(map(self.lake.holds, before.all_files)) and holds_same(before, now, self.engine):
                return before
        return None

    def _of_units(self, asset: Asset, units: tuple[Unit, ...]) -> dict[str, str]:
        return self._ingredients(asset, {}, {unit.path: unit.sha256 for unit in units})

    def _ingredients(
        self,
        asset: Asset,
        tables: Mapping[str, Snapshot],
        files: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        return ingredients(
            asset,
            self.project,
            versions={name: tables[name].version for name in asset.inputs},
            files=files,
            run_time=self.plan.run_time,
            sample=self.plan.sample,
            engine=self.engine().name if self.engine_matters else None,
        )

    def _existing(self, asset: Asset, found: Mapping[str, str]) -> Snapshot | None:
        if asset.name in self.refresh:
            return None
        return self.lake.find(asset.name, fingerprint(found))

    def _snapshot(
        self, asset: Asset, draft: Draft, found: Mapping[str, str], written: Written
    ) -> Snapshot:
        return Snapshot(
            asset=asset.name,
            fingerprint=draft.fingerprint,
            build=draft.build,
            ingredients=dict(found),
            schema=written.schema,
            sql=written.sql,
            rows=written.rows,
            built_at=datetime.now(UTC),
            run=self.run,
            engine=self.engine().name,
        )

    def _params(self, asset: Asset) -> dict[str, Any]:
        settings = self.project.settings
        params = {name: settings.params[name] for name in asset.params}
        if asset.uses_run_time and asset.kind is Kind.SQL:
            params["run_time"] = self._run_time(asset)
        return params

    def _run_time(self, asset: Asset) -> datetime:
        return grain(asset, self.plan.run_time, self.project.settings.config.timezone)

    def _macros(self, asset: Asset) -> list[Any]:
        used = getattr(asset.body, "macros", ())
        return [self.project.macros[name] for name in used]


def same_recipe(lake: Lake, asset: str, found: Mapping[str, str]) -> Snapshot | None:
    """Give the latest version of a source that was read in the same way, from whatever files."""
    before = lake.latest(asset)
    if before is None or recipe(before.ingredients) != recipe(found):
        return None
    return before


def closure(names: tuple[str, ...], tables: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """Give the versions of these assets, and of all that the views among them read."""
    found: dict[str, Snapshot] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in tables:
            continue
        found[name] = tables[name]
        if tables[name].sql is not None:
            waiting += tables[name].inputs
    return found


def _with_units(
    snapshot: Snapshot,
    units: tuple[Unit, ...],
    written: Written,
    kept: Kept,
    folder: PurePosixPath,
) -> Snapshot:
    """Give a version what became of each of its units, and the files that it takes over."""
    records = {record.unit.path: _in_lake(record, folder) for record in written.records}
    records |= {path: record for path, (record, _) in kept.items()}
    ordered = tuple(records[unit.path] for unit in units)
    files = {each[0].path: each[0] for _, each in kept.values()}
    rows = sum(record.rows for record in ordered)
    return replace(
        snapshot,
        files=tuple(files.values()),
        rejects=tuple(file for _, each in kept.values() for file in each[1:]),
        units=ordered,
        rows=rows,
        rows_in=rows + sum(record.rejected for record in ordered),
    )


def _file(draft: Draft, name: str, rows: int) -> DataFile:
    """Name a file of a draft before it is sealed."""
    return DataFile(f"{draft.path}/{name}", rows, (draft.folder / name).stat().st_size, "")


def _in_lake(record: UnitRecord, folder: PurePosixPath) -> UnitRecord:
    return replace(
        record,
        file=str(folder / record.file) if record.file else None,
        rejects=str(folder / record.rejects) if record.rejects else None,
    )
