"""The four sockets: what an engine, a source, a destination and a listener must do.

This file is the manual for whoever writes another. Implementations are named in `plugins.py` or by
an entry point, chosen in `api/`, and handed to the run; they never know one another. A listener is
one callable that takes an [`Event`][thresher.events.Event] and must not raise.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from thresher.project.asset import Asset
from thresher.results import DataFile, Schema, Snapshot, Unit, UnitRecord

Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything an engine needs to build one asset."""

    asset: Asset
    root: Path
    """The project's folder."""
    folder: Path
    """Empty folder that the files are written into."""
    tables: Mapping[str, Snapshot]
    """Version of each input."""
    params: Mapping[str, Any]
    """Value of each parameter the asset uses, `run_time` among them if it does."""
    run: str
    run_time: datetime
    logger: Logger = field(default_factory=lambda: logging.getLogger("thresher.assets"))
    """What the asset's own code logs to."""
    macros: Mapping[str, str] = field(default_factory=dict)
    """`create macro` statement by name, in the order they must be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Everything a source needs to read some of its units."""

    asset: Asset
    root: Path
    folder: Path
    """Empty folder that the files are written into."""
    units: tuple[Unit, ...]
    """The units to read."""
    schema: Schema | None
    """The types that earlier units were read with, or None where they are to be decided."""
    kept: int = 0
    """Units of the asset that earlier versions have read already, beside those to read."""
    sample: float | None = None
    """Share of the rows to keep, between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an engine or a source wrote into the folder it was given."""

    schema: Schema
    files: tuple[tuple[str, int], ...] = ()
    """Name and rows of each Parquet file."""
    sql: str | None = None
    """The query of a view, every parameter a literal."""
    rows: int = 0
    records: tuple[UnitRecord, ...] = ()
    """What became of each unit, for sources; `file` and `rejects` are names in the folder."""
    rejects: tuple[tuple[str, int], ...] = ()
    """Name and rows of each Parquet file of rejected records, for sources.

    Its columns are `path` of the unit, `line` and `last_line` of the record, `reason`, `column`
    (null where it is not one value that does not fit) and `text`.
    """


class Engine(Protocol):
    """Turns steps into Parquet files, and answers queries over versions.

    An engine must be safe to call from several threads, must write nothing outside the folder it
    is given, and must refuse by name what Parquet would lose.
    """

    @property
    def name(self) -> str:
        """Name and version, such as `duckdb 2.0.1`."""
        ...

    def build(self, job: Job) -> Written:
        """Build one asset into `job.folder`.

        Raises:
            AssetError: the asset's SQL or function failed.
        """
        ...

    def write(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        target: Path,
        params: Mapping[str, Any] | None = None,
    ) -> Written:
        """Write what a query gives into one Parquet file, in the order that it gives.

        Raises:
            AssetError: the query failed, or gives what Parquet cannot hold.
        """
        ...

    def rows(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        params: Mapping[str, Any] | None = None,
    ) -> list[tuple[Any, ...]]:
        """Answer a query in which each table is named as in `tables`.

        Raises:
            AssetError: the query failed.
        """
        ...

    def head(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        params: Mapping[str, Any] | None = None,
        *,
        macros: Mapping[str, str] | None = None,
        limit: int,
    ) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
        """Give the names of a query's columns, and its first rows.

        Raises:
            AssetError: the query failed.
        """
        ...

    def count(self, files: Sequence[DataFile]) -> tuple[int, ...]:
        """Count the rows of each file of the lake in what the file itself says.

        Raises:
            AssetError: one cannot be read.
        """
        ...

    def interrupt(self, asset: str | None = None) -> None:
        """Stop whatever is being computed; the calls under way raise, and compute no more.

        Code in the process that computes nothing by the engine at the moment goes on until it
        does; a function in a process of its own (`asset.isolate`) is ended at once.

        Args:
            asset: whose [`build`][] alone to stop, while all else goes on; everything where None.
        """
        ...

    def close(self) -> None:
        """Give back all memory and temporary files."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """An engine or a source that can also stop what one thread asked of it, and nothing else.

    Without it an attempt that is over its time cannot be interrupted: it is given up, and its
    thread goes on.
    """

    def interrupt_thread(self, thread: int) -> None:
        """Stop what a thread is waiting for; its call raises.

        Args:
            thread: the thread that called, as `threading.get_ident` names it.
        """
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A source that can also tell, without reading them, how units differ from earlier ones."""

    def foresee(
        self, asset: Asset, root: Path, units: Sequence[Unit], schema: Schema
    ) -> Mapping[str, tuple[str, ...]]:
        """Say what drifts in each unit that has other columns or types, by its path.

        Args:
            asset: the asset.
            root: folder of the project.
            units: those that are to be read.
            schema: what earlier units decided.

        Raises:
            SourceError: it was stopped.
        """
        ...


class Source(Protocol):
    """Finds units of input and turns them into Parquet files, a file for each.

    A source must decide the types of an asset once, must read a unit wholly or not at all, and
    must give a record for every unit that it was asked for.
    """

    def units(self, asset: Asset, root: Path) -> Sequence[Unit]:
        """Find what there is to read, in a stable order, without reading it.

        Raises:
            SourceError: there is nothing where the asset says it comes from.
        """
        ...

    def read(self, extract: Extract) -> Written:
        """Read units into `extract.folder`.

        Raises:
            SourceError: no unit could be read, or the types cannot be decided.
            ChangedWhileReadError: a unit changed while it was read.
        """
        ...

    def interrupt(self) -> None:
        """Stop whatever is being read; the calls under way raise."""
        ...
