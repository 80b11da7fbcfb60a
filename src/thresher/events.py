"""What a run tells while it goes: frozen events, and nothing else.

Whoever listens gets every event once, in order, from one thread at a time. Events hold plain
values, so that a listener needs nothing from the rest of Thresher; secrets are masked before they
are told. Times are UTC; durations are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run began; its plan is made."""

    run: str
    pipeline: str
    environment: str
    at: datetime
    configuration: Mapping[str, Any]
    """The configuration in force."""
    steps: tuple[tuple[str, str], ...]
    """Asset and action (`build`, `reuse`, `audit`, `keep`) of each step, in order."""
    sample: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What the run was asked for, as plain values: what goes on with it asks for the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Another run holds the environment, and is waited for; told once, before the run begins."""

    environment: str
    at: datetime
    held: str
    """Who holds it and since when, in words."""
    by: str | None
    """The other run; None where it has not said yet who it is."""
    since: datetime | None
    longest: float | None
    """Seconds after which it is waited for no longer; None for as long as it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TookOver:
    """The run has the environment from one that died and never let go of it."""

    run: str
    environment: str
    at: datetime
    before: str
    """The other run."""
    pid: int
    host: str
    since: datetime
    """Since when the other run held the environment."""
    died: bool
    """False where its process is still there, and only its lock is lost."""
    last: str | None
    """What it did last, where the history knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetStarted:
    """An attempt at an asset began."""

    run: str
    asset: str
    action: str
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """An attempt failed in a way that may pass; another follows after the wait."""

    run: str
    asset: str
    attempt: int
    at: datetime
    seconds: float
    error: str
    wait: float

    @property
    def started(self) -> datetime:
        """When it began."""
        return self.at - timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRefused:
    """An input file was not loaded."""

    run: str
    asset: str
    at: datetime
    path: str
    outcome: str
    """`set aside` (within the source's tolerance) or `failed`."""
    reason: str
    line: int | None = None
    """Line of the file at fault, if one is."""
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTold:
    """A check did not simply pass."""

    run: str
    asset: str
    at: datetime
    check: str
    status: str
    """`warned`, `quarantined`, `failed`, `tolerated` or `error`."""
    violations: int
    rows: int
    message: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFinished:
    """An asset is done with, for better or worse."""

    run: str
    asset: str
    action: str
    status: str
    """`built`, `reused`, `audited`, `kept`, `failed`, `blocked` or `stopped`."""
    started: datetime
    at: datetime
    seconds: float
    attempts: int
    rows_in: int | None = None
    rows_out: int | None = None
    rows_aside: int = 0
    """Rows that were set aside."""
    files: int = 0
    """Input files read, for raw assets."""
    checks: Mapping[str, int] | None = None
    """How many checks ended in each status."""
    error: str | None = None
    """All that is wrong with it, each with its place and what to do next."""
    faults: int = 0
    """How many things that are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The run's tables can be seen, all of them from this instant."""

    run: str
    environment: str
    at: datetime
    publication: int
    parent: int | None
    tables: int
    changed: tuple[str, ...]
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run is over; the last event of every run that began."""

    run: str
    environment: str
    at: datetime
    seconds: float
    status: str
    """`published`, `unchanged`, `failed`, `partly published` or `interrupted`."""
    exit_code: int
    warnings: int
    errors: int
    rows_in: int
    rows_out: int
    publication: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFinished:
    """A query over the warehouse gave its answer, or failed."""

    at: datetime
    environment: str
    sql: str
    params: Mapping[str, Any]
    seconds: float
    rows: int | None
    error: str | None = None


Event = (
    RunStarted
    | Waiting
    | TookOver
    | AssetStarted
    | AttemptFailed
    | FileRefused
    | CheckTold
    | AssetFinished
    | Published
    | RunFinished
    | QueryFinished
)

Listener = Callable[[Event], None]
"""Anything that can be called with an event."""
