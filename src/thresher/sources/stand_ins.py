"""What stands in for the source of an asset: a database connection, a frame, or rows.

A thing is read when its asset's units are first asked for, which a plan does in the thread that
asked for the plan; connections such as those of `sqlite3` belong to the thread that made them.
What was read is kept, so that the run reads the same rows from its own threads.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from thresher.errors import UNSHOWN, Place, SourceError, ThresherError
from thresher.project.asset import Asset, SourceBody
from thresher.protocols import Extract, Written
from thresher.results import Unit
from thresher.sources.databases_dbapi import DbApiLink
from thresher.sources.databases_errors import Subject
from thresher.sources.databases_queries import Query
from thresher.sources.refusals import RefusedError
from thresher.sources.session import disk_guard
from thresher.sources.staged_rows import write_staged
from thresher.sources.staging import Stage
from thresher.sources.workplace import Workplace

_KINDS = "a DB-API connection, a frame (pandas, Polars or Arrow), or a list of dictionaries"


@dataclass(frozen=True, slots=True)
class Captured:
    """What a thing held when it was read."""

    unit: Unit
    names: tuple[str, ...]
    batches: tuple[pa.RecordBatch, ...]
    typed: bool
    dates: bool


class StandInsSource:
    """Reads things that were handed over in place of sources; safe to use from several threads.

    Args:
        things: what stands in, by the name of the asset.
        params: parameters of the project, for queries.
        threads: how many DuckDB may use.
        memory: limit of its memory, such as `4GB`; None leaves it to DuckDB.
        temp: folder for what is staged or spilled meanwhile.
        timezone: of timestamps without an offset.
    """

    def __init__(
        self,
        *,
        things: Mapping[str, Any],
        params: Mapping[str, Any],
        threads: int,
        memory: str | None,
        temp: Path,
        timezone: str = "UTC",
        **options: Any,  # noqa: ARG002
    ) -> None:
        self._things = things
        self._params = params
        self._workplace = Workplace(threads, memory, temp, timezone)
        self._lock = threading.Lock()
        self._captured: dict[str, Captured | ThresherError] = {}

    def units(self, asset: Asset, root: Path) -> Sequence[Unit]:  # noqa: ARG002
        """Give the one unit that a thing is, read when it is first asked for."""
        return [self._capture(asset).unit]

    def read(self, extract: Extract) -> Written:
        """Write what a thing held."""
        asset = extract.asset
        captured = self._capture(asset)
        place = Place(asset.path, asset=asset.name)
        with (
            self._workplace.call(place) as stop,
            disk_guard(place),
            self._workplace.folder("stand-in") as folder,
            self._workplace.session(stop, folder) as session,
        ):
            stage = Stage(folder / "stage", captured.names, typed=captured.typed)
            for batch in captured.batches:
                stage.add(batch)
            return write_staged(
                extract,
                captured.unit,
                stage,
                session,
                dates=captured.dates,
                filename_column=_settings(asset).get("filename_column"),
            )

    def interrupt(self) -> None:
        """Stop whatever is being read; the calls under way raise a `SourceError`."""
        self._workplace.interrupt()

    def interrupt_thread(self, thread: int) -> None:
        """Stop what is being read for one thread; its call raises a `SourceError`."""
        self._workplace.interrupt_thread(thread)

    def _capture(self, asset: Asset) -> Captured:
        """Read a thing, or say again why it could not be: another thread may not even try."""
        with self._lock:
            if asset.name not in self._captured:
                try:
                    self._captured[asset.name] = self._read(asset)
                except ThresherError as error:
                    self._captured[asset.name] = error
            found = self._captured[asset.name]
        if isinstance(found, ThresherError):
            raise found
        return found

    def _read(self, asset: Asset) -> Captured:
        thing = self._things[asset.name]
        place = Place(asset.path, asset=asset.name)
        name = f"stand-in for {asset.name}"
        try:
            if hasattr(thing, "cursor"):
                return self._from_connection(asset, thing, name, place)
            if (frame := _frame(thing)) is not None:
                return _captured(name, frame.schema.names, frame, typed=True)
            if isinstance(thing, Iterable) and not isinstance(thing, (str, bytes, Mapping)):
                return self._from_rows(asset, list(thing), name)
        except RefusedError as error:
            what = f"the {name}: {error.reason}"
            discreet = f"the {name}: {error.discreet}"
            raise SourceError(what, place=place, hint=error.hint, discreet=discreet) from None
        except (pa.ArrowException, TypeError, ValueError) as error:
            what = f"the {name} cannot be read as a table: {error}"
            discreet = f"the {name} cannot be read as a table: {UNSHOWN}"
            raise SourceError(
                what, place=place, hint=f"give {_KINDS}", discreet=discreet
            ) from error
        what = f"a {type(thing).__name__} cannot stand in for a source"
        raise SourceError(what, place=place, hint=f"give {_KINDS}")

    def _from_connection(self, asset: Asset, thing: Any, name: str, place: Place) -> Captured:
        settings = _settings(asset)
        params = {key: self._params[key] for key in asset.params}
        query = Query(settings["table"], settings["query"], params)
        with self._workplace.call(place) as stop, self._workplace.folder("stand-in") as folder:
            link = DbApiLink(thing, Subject(place, f"the {name}"), stop, ours=False)
            with self._workplace.reaching(stop, link.interrupt):
                stage = link.read(query, folder)
            return _captured(name, stage.names, stage.batches(), dates=link.dates)

    def _from_rows(self, asset: Asset, rows: list[Any], name: str) -> Captured:
        for number, row in enumerate(rows, 1):
            if not isinstance(row, Mapping):
                raise RefusedError(
                    f"row {number:,} is a {type(row).__name__}",
                    hint='each row must be a dictionary, such as {"id": 1}',
                )
        names = _names(rows, asset)
        if not names:
            raise RefusedError(
                "it has no columns", hint="give a row, or name columns in a contract"
            )
        with self._workplace.folder("stand-in") as folder:
            stage = Stage(folder, names)
            stage.add_rows([tuple(row.get(key) for key in names) for row in rows])
            return _captured(name, names, stage.batches(), dates=True)


def _settings(asset: Asset) -> Mapping[str, Any]:
    assert isinstance(asset.body, SourceBody)  # noqa: S101  # only sources are stood in for
    return asset.body.settings


def _names(rows: Iterable[Mapping[str, Any]], asset: Asset) -> list[str]:
    """Name the columns: the keys of all rows, and what the contract has beside them."""
    found = list(dict.fromkeys(key for row in rows for key in row))
    known = {name.lower() for name in found}
    named = (column.name for column in asset.contract.columns)
    return [*found, *(name for name in named if name.lower() not in known)]


def _frame(thing: Any) -> pa.RecordBatchReader | None:
    """Open a frame of any library as a stream of batches; None for what is no frame."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(thing, pandas.DataFrame):
        # Through Arrow's own door an index would become a column.
        return pa.Table.from_pandas(thing, preserve_index=False).to_reader()
    if hasattr(thing, "collect") and not hasattr(thing, "__arrow_c_stream__"):
        thing = thing.collect()
    if hasattr(thing, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(thing)
    return None


def _captured(
    name: str,
    names: Sequence[str],
    batches: Iterable[pa.RecordBatch],
    *,
    typed: bool = False,
    dates: bool = False,
) -> Captured:
    """Keep what was read, known by its content."""
    kept = tuple(batches)
    digest = hashlib.sha256(repr((list(names), typed, dates)).encode())
    for batch in kept:
        digest.update(batch.schema.serialize())
        digest.update(batch.serialize())
    size = sum(batch.nbytes for batch in kept)
    unit = Unit(name, size, datetime.now(UTC), digest.hexdigest())
    return Captured(unit, tuple(names), kept, typed, dates)
