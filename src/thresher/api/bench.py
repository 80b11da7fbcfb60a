"""A bench: where published tables, or a file, are looked at without touching the warehouse.

It is a warehouse of its own in a temporary folder, from which the published files are seen where
they lie. So whatever an audit writes, such as the rows that it would set aside, goes with it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.api.hands import Hands
from thresher.api.running import Work
from thresher.api.tables import published
from thresher.errors import CommandError, Place, SourceError, WarehouseError
from thresher.project.asset import Asset, SourceBody
from thresher.project.cache import ParseCache
from thresher.project.config import Config
from thresher.project.contract import Contract
from thresher.project.documents import Document
from thresher.project.project import Project
from thresher.project.secrets import Masker
from thresher.project.settings import Settings
from thresher.project.source import ENDINGS, FilesSettings
from thresher.project.sources import FILES
from thresher.protocols import Engine, Extract
from thresher.results import DataFile, Publication, Snapshot
from thresher.run.build import closure
from thresher.storage.objects import is_url
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.cleanup import TEMPORARY
from thresher.warehouse.lake import Lake

#: Name of a table that was read from a file, where nothing gives it another.
FILE_TABLE = "file.rows"


@dataclass(frozen=True, slots=True)
class Bench:
    """Tables as they can be looked at; made by `open_bench`."""

    folder: Path
    """The bench's own warehouse, which is gone afterwards."""
    project: Project
    hands: Hands
    warehouse: Path
    """The warehouse of the project."""
    current: Publication | None
    """What is published, if anything is."""

    @property
    def engine(self) -> Engine:
        """What answers queries about the tables."""
        return self.hands.engine()

    @property
    def tables(self) -> dict[str, Snapshot]:
        """Every published table."""
        found = self.current.snapshots if self.current else {}
        return {name: self._seen(snapshot) for name, snapshot in found.items()}

    def built(self, name: str) -> Snapshot:
        """Give a published table as it was built, before rows of it were set aside.

        Raises:
            WarehouseError: that is no longer there.
        """
        tables = self.current.snapshots if self.current else {}
        snapshot = tables[name]
        if snapshot.part_of is None:
            return self._seen(snapshot)
        built = Lake(self.warehouse).find_version(name, snapshot.part_of)
        if built is None:
            raise WarehouseError(
                "what it was built as, before rows were set aside, is no longer in the lake",
                place=Place(asset=name),
                hint="`thresher run` builds it again",
            )
        return self._seen(built)

    def load(self, file: str, asset: Asset) -> Snapshot:
        """Read a file as a run reads it for a raw asset.

        Args:
            file: path, or URL of an object.
            asset: whose contract gives the types, and whose source says how to read.

        Raises:
            CommandError: there is no such file.
            SourceError: it cannot be read, or values of it do not have the contract's types.
        """
        if not is_url(file) and not Path(file).is_file():
            raise CommandError(f"there is no file `{file}`")
        try:
            return self._loaded(file, asset)
        except SourceError as error:
            fault = error.faults[0]
            place = replace(fault.place, path=fault.place.path or file, asset=None)
            raise SourceError(fault.what, place=place, hint=fault.hint) from error

    def _loaded(self, file: str, asset: Asset) -> Snapshot:
        source, root = self.hands.source(FILES), Path.cwd()
        known = asset.body if isinstance(asset.body, SourceBody) else None
        told = dict(known.settings) if known and known.type == FILES else {}
        told.pop("tolerate", None)
        settings = FilesSettings.model_validate(
            {**told, "files": (file,), "format": told.get("format") if _fits(file) else None}
        )
        reader = replace(asset, body=SourceBody(FILES, settings.model_dump(exclude={"copy_to"})))
        units = tuple(source.units(reader, root))
        folder = Path(tempfile.mkdtemp(prefix="file-", dir=self.folder))
        written = source.read(
            Extract(asset=reader, root=root, folder=folder, units=units, schema=None)
        )
        path = folder.relative_to(self.folder).as_posix()
        return Snapshot(
            asset=asset.name,
            fingerprint=units[0].sha256[:16],
            build=folder.name,
            ingredients={},
            schema=written.schema,
            files=tuple(DataFile(f"{path}/{name}", rows, 0, "") for name, rows in written.files),
            rows=written.rows,
            rows_in=written.rows,
            built_at=datetime.now(UTC),
            run="",
            engine=self.engine.name,
        )

    def _seen(self, snapshot: Snapshot) -> Snapshot:
        """Give a version with its files as they are seen from the bench."""
        way = os.path.relpath(self.warehouse.resolve(), self.folder)
        files = tuple(replace(file, path=f"{way}/{file.path}") for file in snapshot.files)
        return replace(snapshot, files=files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A table that is looked at."""

    name: str
    """What people call it: the name of an asset, or of a file."""
    snapshot: Snapshot
    tables: Mapping[str, Snapshot]
    """The version itself, and all that it needs."""
    engine: Engine
    contract: Contract
    """What is known of it already; empty for a file."""


@contextmanager
def open_bench(work: Work | None) -> Iterator[Bench]:
    """Open a bench for a project, or for no project at all."""
    if work is None:
        with tempfile.TemporaryDirectory(prefix="thresher-") as name:
            folder = Path(name).resolve()
            with _hands(Hands(_no_project(), folder, ParseCache())) as hands:
                yield Bench(folder, hands.project, hands, folder, None)
        return
    above = work.warehouse.resolve() / TEMPORARY
    above.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=above))
    try:
        current = Warehouse(work.warehouse).current(work.settings.environment)
        with _hands(Hands(work.project, folder, work.cache, work.stand_ins)) as hands:
            yield Bench(folder, work.project, hands, work.warehouse, current)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def look(work: Work | None, subject: str) -> Iterator[Looked]:
    """Look at a published table, or at a file.

    Args:
        work: the project; None for a file outside of any.
        subject: name of an asset, path of a file, or URL of an object.

    Raises:
        CommandError: there is no such asset or file, or it is not published.
        SourceError: the file cannot be read.
    """
    with open_bench(work) as bench:
        if is_file(subject):
            asset = Asset(name=FILE_TABLE, path=subject, body=SourceBody(FILES, {}))
            snapshot = bench.load(subject, asset)
            tables = {snapshot.asset: snapshot}
            contract = Contract()
        else:
            name = subject.lower()
            tables = bench.tables
            snapshot = _published(bench, name)
            known = bench.project.assets.get(name)
            contract = known.contract if known else Contract()
        yield Looked(
            name=subject if is_file(subject) else snapshot.asset,
            snapshot=snapshot,
            tables=closure((snapshot.asset,), tables),
            engine=bench.engine,
            contract=contract,
        )


def is_file(subject: str) -> bool:
    """Say whether a word names a file, and no asset."""
    path = Path(subject)
    ending = path.suffix.lower() in (*ENDINGS, ".gz", ".zip")
    return is_url(subject) or ending or "/" in subject or path.is_file()


def _published(bench: Bench, name: str) -> Snapshot:
    published(bench.current, name, bench.project.settings.environment)
    return bench.tables[name]


def _fits(file: str) -> bool:
    """Say whether the format that a source names may hold for a file: its own name says nothing."""
    return Path(file).suffix.lower() not in ENDINGS


@contextmanager
def _hands(hands: Hands) -> Iterator[Hands]:
    try:
        yield hands
    finally:
        hands.close()


def _no_project() -> Project:
    """Give the settings that hold where there is no project."""
    config = Config(pipeline="none")
    nothing: Any = Document("", None, {}, {})
    settings = Settings(config, "dev", {}, config.run, "warehouse", Masker(), nothing)
    return Project(Path.cwd(), settings, {}, {})
