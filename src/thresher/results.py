"""What the hands give back: versions of tables, verdicts on them, and how each asset ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from thresher.errors import Fault
from thresher.events import AttemptFailed
from thresher.plan.plan import Action


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a version: its name, what it means, and how the file holds it."""

    name: str
    type: str
    """Logical type in DuckDB's spelling: what readers of the warehouse see."""
    storage: str
    """Type that the Parquet file holds; differs where Parquet would lose the logical type."""


Schema = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of a version."""

    path: str
    """Relative to the warehouse, with forward slashes."""
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One input of a source as it was found: usually a file."""

    path: str
    """Relative to the project where it is inside it."""
    size: int
    """Bytes."""
    modified: datetime
    sha256: str


class UnitOutcome(StrEnum):
    """What became of one input."""

    LOADED = "loaded"
    SET_ASIDE = "set aside"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record of an input that was not loaded, while others of the same input were."""

    line: int
    """Physical line at which it begins, counted from 1; in a JSON array as well."""
    last_line: int
    reason: str
    column: str | None
    """Column whose value does not fit, where it is one value."""
    text: str
    """The record as it stands in the input: what is no text as `\\x00`, and long ones in part."""


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """What became of one input, and where its rows are.

    For an input that was loaded wholly and by itself, `lines` were counted by a reader of its own,
    and are `rows + rejected + header + blank + continuation`.
    """

    unit: Unit
    outcome: UnitOutcome
    rows: int = 0
    file: str | None = None
    """Parquet file that holds its rows, relative to the warehouse; None if it was not loaded."""
    reason: str | None = None
    """Why it was not loaded."""
    hint: str | None = None
    line: int | None = None
    """Line of the input at fault, if one is."""
    rejects: str | None = None
    """Parquet file that holds its rejected records, relative to the warehouse, if there are any."""
    rejected: int = 0
    """Records that were rejected while the others were loaded."""
    lines: int | None = None
    """What a second reader counted in it; None where nothing was."""
    counted: str = "lines"
    """What that is: `lines` of a text, `records` of JSON, `rows` of other files."""
    header: int = 0
    """Lines of the header, and those before it that were skipped."""
    blank: int = 0
    """Blank lines and comments."""
    continuation: int = 0
    """Further lines of records that have several, be they loaded or rejected."""
    drift: tuple[str, ...] = ()
    """How it differs from what earlier inputs decided for the columns, and what was done."""
    gone: bool = False
    """Whether the input is no longer there, and its rows stay as its source says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One immutable version of one table."""

    asset: str
    fingerprint: str
    build: str
    """Tells builds of one fingerprint apart."""
    ingredients: Mapping[str, str]
    """What the fingerprint was made of."""
    schema: Schema
    files: tuple[DataFile, ...] = ()
    """Its Parquet files; none for a view."""
    rejects: tuple[DataFile, ...] = ()
    """Parquet files of the records that its inputs hold and that were rejected, for a source."""
    sql: str | None = None
    """Its query with every parameter a literal, for a view; None for a table."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Version of each input it was built from."""
    rows: int
    rows_in: int = 0
    """Rows of its inputs."""
    units: tuple[UnitRecord, ...] = ()
    """Its inputs one by one, for a source."""
    built_at: datetime
    run: str
    engine: str
    """Name and version of the engine, for the record."""
    part_of: str | None = None
    """Version that its rows were taken from when some were set aside; None for what was built."""

    @property
    def all_files(self) -> tuple[DataFile, ...]:
        """Everything that has to be there: the files of its rows, and of rejected records."""
        return (*self.files, *self.rejects)

    @property
    def version(self) -> str:
        """`<fingerprint>-<build>`: names this version everywhere."""
        return f"{self.fingerprint}-{self.build}"


class Status(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    TOLERATED = "tolerated"
    """Violated, by no more than its tolerance."""
    QUARANTINED = "quarantined"
    """Violated by rows that were set aside."""
    WARNED = "warned"
    FAILED = "failed"
    ERROR = "error"
    """It could not be computed; never a pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found."""

    check: str
    """The check's id, such as `not_null(flight_id)`."""
    kind: str
    columns: tuple[str, ...] = ()
    status: Status
    severity: str = "error"
    violations: int = 0
    """Violating rows, or 1 for a check of the table that does not hold."""
    rows: int = 0
    """Rows looked at."""
    message: str = ""
    """What was found, in words."""
    examples: tuple[Mapping[str, Any], ...] = ()
    """A few violating rows, as plain values."""
    figure: str | None = None
    """What it was judged by, where another run can judge it by that again, or compare with it: the
    newest timestamp, or a figure with its name, such as `mean(dep_delay) = 12.6`."""
    hides_figure: bool = False
    """Whether the figure is of a sensitive column: for later runs, and shown to nobody."""
    path: str | None = None
    line: int | None = None
    seconds: float = 0.0

    @property
    def valid_share(self) -> float:
        """Share of rows that satisfy the check, between 0 and 1."""
        if self.status is Status.ERROR:
            return 0.0
        if not self.rows:
            return 1.0 if not self.violations else 0.0
        return max(0.0, 1 - self.violations / self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How the rows of a version were divided; each number was counted in files of its own."""

    produced: int
    """Rows that were built."""
    published: int
    """Rows of the version that may be seen."""
    quarantined: int
    """Rows that were set aside."""
    quarantine: str | None = None
    """Version of the table that holds these; None where there are none."""
    released: int = 0
    """Rows that were published as they were corrected."""
    unmatched: int = 0
    """Corrected rows whose original is no longer built."""
    corrections: tuple[str, ...] = ()
    """Hash of each file of corrected rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the audit of one version found."""

    asset: str
    version: str
    key: str
    """Hash of the version, its contract and the versions it was held against."""
    rows: int
    results: tuple[CheckResult, ...] = ()
    at: datetime
    split: Split | None = None
    """How its rows were divided, where some were set aside."""

    @property
    def passed(self) -> bool:
        """Whether the version may be published."""
        return all(r.status not in (Status.FAILED, Status.ERROR) for r in self.results)

    @property
    def critical(self) -> bool:
        """Whether it keeps the whole run from being published."""
        bad = (Status.FAILED, Status.ERROR)
        return any(r.severity == "critical" and r.status in bad for r in self.results)

    def count(self, status: Status) -> int:
        """How many checks ended so."""
        return sum(result.status is status for result in self.results)


@dataclass(frozen=True, slots=True)
class PastVersion:
    """What is known of a version that was published before, for checks that compare with it."""

    version: str
    rows: int
    figures: tuple[str, ...] = ()
    """The figures that its checks were judged by, such as `mean(dep_delay) = 12.6`."""
    part_of: str | None = None
    """Version that it was taken from, where rows were set aside."""


class OutcomeStatus(StrEnum):
    """How an asset ended."""

    BUILT = "built"
    REUSED = "reused"
    AUDITED = "audited"
    KEPT = "kept"
    FAILED = "failed"
    BLOCKED = "blocked"
    STOPPED = "stopped"
    """Not done, because the run was stopped before."""


NOT_OK = (OutcomeStatus.FAILED, OutcomeStatus.BLOCKED, OutcomeStatus.STOPPED)
"""How an asset can end that may not be published."""
GOOD_EXITS = (0, 3)
"""Exit codes of runs that ended well; 3 says that inputs or rows are set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one asset of a run ended."""

    asset: str
    action: Action
    status: OutcomeStatus
    snapshot: Snapshot | None = None
    verdict: Verdict | None = None
    quarantine: Snapshot | None = None
    """Table of the rows that were set aside, if any were."""
    started: datetime
    seconds: float = 0.0
    attempts: int = 1
    retried: tuple[AttemptFailed, ...] = ()
    """The attempts that failed and were followed by another."""
    faults: tuple[Fault, ...] = ()
    """Why it failed, was blocked or was stopped."""
    error_code: int = 1
    """Exit code that its failure asks for."""
    refused: tuple[UnitRecord, ...] = ()
    """What became of its inputs, where so many were refused that there is no version."""

    @property
    def ok(self) -> bool:
        """Whether it may be published."""
        return self.status not in NOT_OK

    @property
    def units(self) -> tuple[UnitRecord, ...]:
        """What became of each of its inputs, for a source."""
        return self.snapshot.units if self.snapshot else self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A manifest: every table of one environment at one instant."""

    number: int
    environment: str
    run: str
    parent: int | None
    at: datetime
    snapshots: Mapping[str, Snapshot]
    verdicts: Mapping[str, Verdict]
    sample: str | None = None
    """Share of the raw rows it was made of, for a trial run."""
    fence: int | None = None
    """How often the environment had been taken by a run when this one took it; it only grows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to: what `project.run()` gives back and every report is made of."""

    run: str
    pipeline: str
    environment: str
    status: str
    """`published`, `unchanged`, `failed`, `partly published` or `interrupted`."""
    exit_code: int
    started: datetime
    seconds: float
    outcomes: tuple[Outcome, ...]
    publication: int | None = None
    """Number of the new publication, if there is one."""
    removed: tuple[str, ...] = ()
    """Assets that left the warehouse."""
    sample: str | None = None
    report: str | None = None
    """Folder of the reports, relative to the project."""
    error: str | None = None
    """What stopped the run as a whole, if anything did."""

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for passed."""
        return self.exit_code in GOOD_EXITS

    @property
    def set_aside(self) -> bool:
        """Whether inputs, records of inputs, or rows stand beside what was published."""
        rejected = any(record.rejected for _, record in self.in_part)
        return bool(self.refused) or rejected or any(each.quarantine for each in self.outcomes)

    @property
    def in_part(self) -> tuple[tuple[str, UnitRecord], ...]:
        """Asset and record of every input with rejected records, or with other columns or types."""
        return tuple(
            (outcome.asset, record)
            for outcome in self.outcomes
            if outcome.snapshot
            for record in outcome.snapshot.units
            if record.rejected or record.drift
        )

    @property
    def refused(self) -> tuple[tuple[str, UnitRecord], ...]:
        """Asset and record of every input that was not loaded."""
        return tuple(
            (outcome.asset, record)
            for outcome in self.outcomes
            for record in outcome.units
            if record.outcome is not UnitOutcome.LOADED
        )
