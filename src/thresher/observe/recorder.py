"""Writes the run history, event by event, each in a transaction of its own.

The schema is versioned by `pragma user_version`: `_MIGRATIONS` holds what brings a file from each
version to the next. A change of the schema must be one more entry, never a change of an entry.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from thresher.events import (
    AssetFinished,
    AssetStarted,
    AttemptFailed,
    CheckTold,
    Event,
    FileRefused,
    Published,
    RunFinished,
    RunStarted,
    TookOver,
)
from thresher.observe.plain import plain
from thresher.observe.process import process_start
from thresher.totals import SOFT

_MIGRATIONS = (
    (
        """create table runs (
            id text primary key, pipeline text not null, environment text not null, sample text,
            started text not null, ended text, seconds real, status text, exit_code integer,
            publication integer, warnings integer not null default 0,
            errors integer not null default 0, rows_in integer not null default 0,
            rows_out integer not null default 0, unchanged integer not null default 0, error text,
            pid integer not null, host text not null, process_started text)""",
        "create index runs_started on runs (started)",
        """create table steps (
            run text not null, asset text not null, attempt integer not null, action text not null,
            status text, started text not null, ended text, seconds real, rows_in integer,
            rows_out integer, warnings integer not null default 0, error text)""",
        "create unique index steps_attempt on steps (run, asset, attempt)",
        """create table checks (
            run text not null, asset text not null, "check" text not null, status text not null,
            violations integer not null, rows integer not null, message text not null,
            place text not null, at text not null)""",
        "create index checks_run on checks (run)",
        """create table files (
            run text not null, asset text not null, path text not null, outcome text not null,
            reason text not null, at text not null)""",
        "create index files_run on files (run)",
    ),
    (
        "alter table files add column line integer",
        "alter table files add column hint text",
    ),
    (
        "alter table steps add column checks integer",
        "alter table steps add column passed integer",
    ),
    (
        "alter table runs add column asked text",
        "alter table runs add column planned text",
        "alter table steps add column wait real",
    ),
)

_FILE = ("asset", "path", "outcome", "reason", "line", "hint")
_CHECK = ("asset", "check", "status", "violations", "rows", "message", "place")
SCHEMA_VERSION = len(_MIGRATIONS)
"""Version of the schema that this code writes and reads."""


class Recorder:
    """A listener that writes the history. Whatever is wrong with its file, it never raises."""

    def __init__(self, path: Path, *, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._connection: sqlite3.Connection | None = None
        self._started: RunStarted | None = None
        self._warnings: Counter[str] = Counter()
        self._incomplete = False

    def __call__(self, event: Event) -> None:
        """Write down an event; those of a run that could not be begun are dropped."""
        if isinstance(event, RunStarted):
            self._begin(event)
        elif self._started and (isinstance(event, RunFinished) or not self._incomplete):
            self._guarded(lambda connection: self._write(connection, event))

    def close(self) -> None:
        """Close the file; a run that did not end is written down as one that died."""
        if self._started:
            run = self._started.run
            self._guarded(
                lambda connection: connection.execute(
                    "update runs set status = 'died', ended = ? where id = ? and status is null",
                    (_text(datetime.now(UTC)), run),
                )
            )
        self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _begin(self, event: RunStarted) -> None:
        self._drop()
        self._warnings.clear()
        self._incomplete = False
        try:
            self._connection = self._opened()
        except (OSError, sqlite3.Error) as error:
            self._warn(f"warning: the run history `{self._path}` cannot be written: {error}")
            return
        if self._connection:
            self._started = event
            self._guarded(lambda connection: _insert_run(connection, event))

    def _opened(self) -> sqlite3.Connection | None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(self._path)
        except _NewerSchemaError as error:
            self._warn(f"warning: the run history `{self._path}` is left alone: {error}")
            return None
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            return _connect(self._path)

    def _guarded(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do some work on the file; when it turns out broken, begin another and go on there."""
        if not self._connection:
            return
        try:
            work(self._connection)
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError as broken:
            started = self._started
            self._drop()
            try:
                self._set_aside(broken)
                self._connection = _connect(self._path)
                self._started = started
                if started:
                    _insert_run(self._connection, started)
                work(self._connection)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Write no more than how the run ends: waiting for the file must not slow the run down."""
        if not self._incomplete:
            self._warn(f"warning: the run history `{self._path}` is incomplete: {error}")
        self._incomplete = True

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self._path.with_name(f"{self._path.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        for ending in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self._path}{ending}").rename(f"{aside}{ending}")
        self._warn(
            f"warning: the run history was broken ({error}) and is begun anew; "
            f"the old one is `{aside}`, and no result depends on it"
        )

    def _drop(self) -> None:
        connection, self._connection, self._started = self._connection, None, None
        if connection:
            with suppress(sqlite3.Error):
                connection.close()

    def _write(self, connection: sqlite3.Connection, event: Event) -> None:
        match event:
            case AssetStarted():
                _insert(
                    connection,
                    "steps",
                    run=event.run,
                    asset=event.asset,
                    attempt=event.attempt,
                    action=event.action,
                    started=_text(event.at),
                )
            case AttemptFailed():
                self._warnings[event.asset] += 1
                _fail_step(connection, event)
            case FileRefused():
                self._warnings[event.asset] += event.outcome != "failed"
                _insert(connection, "files", **_values(event, *_FILE))
            case CheckTold():
                self._warnings[event.asset] += event.status in SOFT
                _insert(connection, "checks", **_values(event, *_CHECK))
            case AssetFinished() if event.status != "kept":
                _finish_step(connection, event, self._warnings[event.asset])
            case Published():
                connection.execute(
                    "update runs set publication = ? where id = ?", (event.publication, event.run)
                )
            case TookOver() if event.died and self._started:
                _let_die(connection, event, self._started.pipeline)
            case RunFinished():
                _finish_run(connection, event)
                self._started = None


class _NewerSchemaError(Exception):
    """The file was written by a later version of Thresher."""


def bring_up_to_date(path: Path) -> None:
    """Bring the file of an earlier version of Thresher to the schema of this one.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    with suppress(_NewerSchemaError):
        _connect(path).close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("pragma journal_mode").fetchone()[0] != "wal":
            # Another run may be switching it at this moment, which is as good.
            with suppress(sqlite3.OperationalError):
                connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version < SCHEMA_VERSION:
        connection.execute("begin immediate")
        version = connection.execute("pragma user_version").fetchone()[0]
        for statements in _MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"pragma user_version = {max(version, SCHEMA_VERSION)}")
        connection.execute("commit")
    if version > SCHEMA_VERSION:
        raise _NewerSchemaError(f"a later version of Thresher wrote it (format {version})")


def _insert_run(connection: sqlite3.Connection, event: RunStarted) -> None:
    _insert(
        connection,
        "runs",
        id=event.run,
        pipeline=event.pipeline,
        environment=event.environment,
        sample=event.sample,
        started=_text(event.at),
        unchanged=sum(action == "keep" for _, action in event.steps),
        asked=json.dumps(plain(event.asked)) if event.asked else None,
        planned=json.dumps([plain(asset) for asset, action in event.steps if action != "keep"]),
        pid=os.getpid(),
        host=socket.gethostname(),
        process_started=process_start(os.getpid()),
    )


def _let_die(connection: sqlite3.Connection, event: TookOver, pipeline: str) -> None:
    """Write down that another run died, be it that it came to no plan and has no row yet."""
    connection.execute(
        "insert or ignore into runs (id, pipeline, environment, started, pid, host) "
        "values (?, ?, ?, ?, ?, ?)",
        (event.before, pipeline, event.environment, _text(event.since), event.pid, event.host),
    )
    connection.execute(
        "update runs set status = 'died' where id = ? and status is null", (event.before,)
    )


def _fail_step(connection: sqlite3.Connection, event: AttemptFailed) -> None:
    connection.execute(
        "update steps set status = 'retried', ended = ?, seconds = ?, error = ?, wait = ? "
        "where run = ? and asset = ? and attempt = ?",
        (
            *(_text(event.at), event.seconds, _told(event.error), event.wait),
            *(event.run, event.asset, event.attempt),
        ),
    )


def _finish_step(connection: sqlite3.Connection, event: AssetFinished, warnings: int) -> None:
    """Complete the row of the last attempt, or make it for an asset that was never begun."""
    begun = connection.execute(
        "select started from steps where run = ? and asset = ? and attempt = ?",
        (event.run, event.asset, event.attempts),
    ).fetchone()
    started = datetime.fromisoformat(begun[0]) if begun else event.started
    _insert(
        connection,
        "steps",
        run=event.run,
        asset=event.asset,
        attempt=event.attempts,
        action=event.action,
        status=event.status,
        started=_text(started),
        ended=_text(event.at),
        seconds=max((event.at - started).total_seconds(), 0.0),
        rows_in=event.rows_in,
        rows_out=event.rows_out,
        warnings=warnings,
        error=_told(event.error),
        checks=sum(event.checks.values()) if event.checks else None,
        passed=event.checks.get("passed", 0) if event.checks else None,
    )


def _finish_run(connection: sqlite3.Connection, event: RunFinished) -> None:
    connection.execute(
        "update runs set ended = ?, seconds = ?, status = ?, exit_code = ?, publication = ?, "
        "warnings = ?, errors = ?, rows_in = ?, rows_out = ?, error = ? where id = ?",
        (
            *(_text(event.at), event.seconds, event.status, event.exit_code, event.publication),
            *(event.warnings, event.errors, event.rows_in, event.rows_out, _told(event.error)),
            event.run,
        ),
    )


def _insert(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    connection.execute(
        f"insert or replace into {table} ({names}) values ({marks})", tuple(values.values())
    )


def _values(event: FileRefused | CheckTold, *names: str) -> dict[str, Any]:
    return {
        "run": event.run,
        "at": _text(event.at),
        **{name: plain(getattr(event, name)) for name in names},
    }


def _told(text: str | None) -> str | None:
    return None if text is None else str(plain(text))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
