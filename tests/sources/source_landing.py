"""A project folder whose files are read as one raw asset, and what came of it."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thresher.project.asset import Asset, SourceBody
from thresher.project.contract import Column, Contract
from thresher.project.source import FilesSettings
from thresher.protocols import Extract, Written
from thresher.results import Schema, Unit, UnitOutcome, UnitRecord
from thresher.sources.files import FilesSource
from thresher.sources.refusals import RefusedFilesError


@dataclass(frozen=True)
class Reading:
    """What a reading wrote."""

    written: Written
    folder: Path

    @property
    def types(self) -> dict[str, str]:
        return {column.name: column.type for column in self.written.schema}

    @property
    def table(self) -> pa.Table:
        """All rows, file after file."""
        return pq.read_table([self.folder / name for name, _ in self.written.files])

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.table.to_pylist()]

    def record(self, path: str) -> UnitRecord:
        (found,) = (each for each in self.written.records if each.unit.path == path)
        return found


class Landing:
    """A project folder into which files are put, and the source that reads them."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.root.mkdir()
        self.temp = root / "temp"
        self.hashes: dict[str, Any] = {}
        self.source = FilesSource(threads=2, memory="1GB", temp=self.temp, hashes=self.hashes)
        self._numbers = itertools.count(1)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def asset(self, types: Mapping[str, str] | None = None, **settings: Any) -> Asset:
        given = FilesSettings.model_validate({"files": "**/*", **settings})
        columns = tuple(Column(name, kind) for name, kind in (types or {}).items())
        return Asset(
            name="raw.things",
            path="src/raw/things.yaml",
            body=SourceBody("files", given.model_dump()),
            contract=Contract(columns=columns),
        )

    def units(self, **settings: Any) -> list[Unit]:
        return list(self.source.units(self.asset(**settings), self.root))

    def read(
        self,
        *,
        types: Mapping[str, str] | None = None,
        schema: Schema | None = None,
        sample: float | None = None,
        units: Sequence[Unit] | None = None,
        **settings: Any,
    ) -> Reading:
        """Read all files, or the units given, into a folder of their own."""
        asset = self.asset(types, **settings)
        folder = self.root.parent / f"out-{next(self._numbers)}"
        folder.mkdir()
        found = self.source.units(asset, self.root) if units is None else units
        written = self.source.read(
            Extract(
                asset=asset,
                root=self.root,
                folder=folder,
                units=tuple(found),
                schema=schema,
                sample=sample,
            )
        )
        return Reading(written, folder)

    def refusal(self, **settings: Any) -> UnitRecord:
        """Read, and give the record of the one file that is refused."""
        with pytest.raises(RefusedFilesError) as caught:
            self.read(**settings)
        (record,) = (r for r in caught.value.records if r.outcome is UnitOutcome.FAILED)
        assert record.reason
        assert record.hint
        assert str(self.temp) not in record.reason
        assert "\n" not in record.reason
        return record


def parquet(table: pa.Table | Mapping[str, Any]) -> bytes:
    """Give a table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(dict(table)), buffer)
    return buffer.getvalue()


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Give files as the bytes of a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # A time of its own would name tests anew in every run.
            made = zipfile.ZipInfo(name, (2026, 1, 31, 12, 0, 0))
            archive.writestr(made, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def moment(text: str) -> dt.datetime:
    """Give a timestamp, which knows no time zone."""
    return dt.datetime.fromisoformat(text)


def gzipped(content: str) -> bytes:
    """Give a text as the bytes of a gzip file."""
    return gzip.compress(content.encode(), mtime=0)
