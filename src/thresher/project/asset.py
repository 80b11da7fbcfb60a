"""What the user wrote in one file: a source, a query or a function that makes one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from thresher.project.contract import Contract
from thresher.project.patience import Patience

QUARANTINE = "quarantine"
"""Schema of the tables that hold rows which were set aside."""
SET_ASIDE_COLUMNS = ("__id", "__checks", "__file", "__row", "__run")
"""Columns that these tables have beside those of their asset."""
RESERVED_COLUMNS = (*SET_ASIDE_COLUMNS, "__position", "__low", "__high", "__path")
"""Names that no column of a table can have whose rows can be set aside."""


class Kind(StrEnum):
    """How an asset is made."""

    SOURCE = "source"
    SQL = "sql"
    PYTHON = "python"


class Materialized(StrEnum):
    """What an asset leaves in the warehouse."""

    TABLE = "table"
    """Parquet files."""
    VIEW = "view"
    """Its query alone; it has no files."""


class Volatile(StrEnum):
    """How long the result of a query that is not repeatable may be kept."""

    RUN = "run"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class SourceBody:
    """Where a raw asset comes from."""

    type: str
    """Name of the source in `plugins.py`, such as `files`."""
    settings: Mapping[str, Any]
    """What decides its rows, validated: plain values by name, every default filled in."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """Settings that change no row, such as when to look again."""
    unit: str = "file"
    """What its units are to a plan: a word of `plan/fingerprint.py`."""


@dataclass(frozen=True, slots=True)
class SqlBody:
    """A query, and what parsing it told."""

    text: str
    """The query as written, without its head; `$name` placeholders are bound by the engine."""
    normal: str
    """The query with comments and layout folded away: what the fingerprint sees."""
    columns: tuple[str, ...] | None
    """Names of the columns it gives, or None where they cannot be told without the data."""
    macros: tuple[str, ...] = ()
    """Names of the project's macros it uses, and of those that they use."""
    first_line: int = 1
    """Line of the file at which `text` begins, so that errors name the file's own lines."""


@dataclass(frozen=True, slots=True)
class PythonInput:
    """One parameter of an asset function."""

    parameter: str
    asset: str
    frame: str
    """Kind of frame the annotation asks for: a key of `engines/frames.py`."""


@dataclass(frozen=True, slots=True)
class PythonBody:
    """A function under `@asset`, read without running it."""

    function: str
    source: str
    """Normal form of the module's source: without comments, layout and what `@asset` says of it."""
    inputs: tuple[PythonInput, ...]
    context: str | None = None
    """Name of the parameter that takes the run's context, if any."""
    modules: tuple[tuple[str, str], ...] = ()
    """Path and SHA-256 of each module of the project that it imports, directly or not."""
    packages: tuple[tuple[str, str], ...] = ()
    """Name and version of each installed package that these import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One table of the project and all that its author wrote about it."""

    name: str
    """`layer.name`, taken from the file's folder and name."""
    path: str
    """Its file, relative to the project, with forward slashes."""
    body: SourceBody | SqlBody | PythonBody
    contract: Contract = field(default_factory=Contract)
    inputs: tuple[str, ...] = ()
    """Assets it reads, sorted, each once."""
    params: tuple[str, ...] = ()
    """Parameters it uses, sorted; `run_time` is never among them."""
    uses_run_time: bool = False
    materialized: Materialized = Materialized.TABLE
    volatile: Volatile | None = None
    tags: tuple[str, ...] = ()
    renamed_from: str | None = None
    isolate: bool = False
    """Whether its function runs in a process of its own; it decides no row."""
    patience: Patience = field(default_factory=Patience)
    """How it is tried again, and how long it may take: no part of what makes its rows."""
    corrections: tuple[tuple[str, str], ...] = ()
    """Path and SHA-256 of each file of corrected rows, in the order in which they were given."""

    @property
    def sets_aside(self) -> bool:
        """Whether other rows may be published than were built."""
        return self.contract.quarantines or bool(self.corrections)

    @property
    def kind(self) -> Kind:
        """How it is made."""
        if isinstance(self.body, SourceBody):
            return Kind.SOURCE
        return Kind.SQL if isinstance(self.body, SqlBody) else Kind.PYTHON

    @property
    def layer(self) -> str:
        """Its layer, which is also its schema in the warehouse."""
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        """Its name without the layer."""
        return self.name.partition(".")[2]


def quarantine_of(asset: str) -> str:
    """Name the table of an asset's quarantined rows: `clean.flights` has its own in a schema."""
    return f"{QUARANTINE}.{asset.replace('.', '__')}"


def rejected_of(asset: str) -> str:
    """Name the table of the records of a raw asset's inputs that could not be read."""
    return f"{quarantine_of(asset)}__rejected"


def tables_of(asset: str) -> tuple[str, str, str]:
    """Name all the tables that an asset may have: its own, and what was set aside of it."""
    return asset, quarantine_of(asset), rejected_of(asset)


def is_quarantine(table: str) -> bool:
    """Say whether a published table holds rows that were set aside."""
    return table.startswith(f"{QUARANTINE}.")
