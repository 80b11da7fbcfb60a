"""The run history: what every run did, in a SQLite file for people to ask.

Nothing depends on it: a file that is missing is made, a broken one is set aside and begun anew, and
deleting it changes no result of any run. Several runs may write it at once.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from thresher.errors import CommandError, Place
from thresher.observe.deaths import last_thing
from thresher.observe.process import process_start
from thresher.observe.recorder import SCHEMA_VERSION, Recorder, bring_up_to_date


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list of runs."""

    id: str
    pipeline: str
    environment: str
    started: datetime
    ended: datetime | None
    seconds: float | None
    status: str
    """As the run ended, or `running`, or `died` where its process is gone without an end."""
    exit_code: int | None
    publication: int | None
    warnings: int
    errors: int
    rows_in: int
    rows_out: int
    unchanged: int
    """Assets that nothing was done to."""
    sample: str | None
    error: str | None
    last: str | None = None
    """What a run that died did last, such as `while building clean.orders (attempt 1), ...`."""
    asked: Mapping[str, Any] | None = None
    """What it was asked for; None for a run that noted nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One attempt at one asset."""

    asset: str
    attempt: int
    action: str
    status: str
    """`retried`, or as the asset ended; `running` or `died` for an attempt without an end."""
    started: datetime
    ended: datetime | None
    seconds: float | None
    rows_in: int | None
    rows_out: int | None
    warnings: int
    error: str | None
    wait: float | None = None
    """Seconds until the next attempt, where another followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """A check that did not simply pass."""

    asset: str
    check: str
    status: str
    violations: int
    rows: int
    message: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """An input file that was not loaded."""

    run: str
    asset: str
    path: str
    line: int | None = None
    """Line of the file at fault, if one is."""
    outcome: str
    reason: str
    hint: str | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run with all that is known of it."""

    run: RunRow
    steps: tuple[StepRow, ...]
    checks: tuple[CheckRow, ...]
    files: tuple[FileRow, ...]


def record(path: Path, *, warn: Callable[[str], None] | None = None) -> Recorder:
    """Make the listener that writes the history; `close` it (or use it as a context manager).

    Args:
        path: the SQLite file; made, with its folder, when a run starts.
        warn: told what is wrong with the file, if anything; to standard error unless given.
    """
    return Recorder(path, warn=warn or _to_stderr)


def runs(path: Path, limit: int = 20) -> list[RunRow]:
    """List the latest runs, newest first; none where there is no history.

    Raises:
        CommandError: the file is no history that can be read.
    """
    if not path.exists():
        return []
    with _reading(path) as connection:
        found = connection.execute(
            "select * from runs order by started desc, rowid desc limit ?", (limit,)
        )
        return [_run(connection, row) for row in found]


def run(path: Path, wanted: str = "latest") -> RunDetail:
    """Give all that is known of one run.

    Args:
        path: the SQLite file.
        wanted: the run's id, a beginning of it that no other run has, or `latest`.

    Raises:
        CommandError: there is no such run, or more than one, or the file cannot be read.
    """
    if not path.exists():
        raise _no_run(wanted, ())
    with _reading(path) as connection:
        row = _find(connection, wanted)
        found = _run(connection, row)
        return RunDetail(
            run=found,
            steps=tuple(_step(step, found) for step in _of(connection, "steps", found.id)),
            checks=tuple(
                CheckRow(**_named(check, CheckRow)) for check in _of(connection, "checks", found.id)
            ),
            files=tuple(_file(file) for file in _of(connection, "files", found.id)),
        )


def files(path: Path, environment: str) -> tuple[FileRow, ...]:
    """List every input that a run of an environment did not load, those of the newest run first.

    Raises:
        CommandError: the file is no history that can be read.
    """
    if not path.exists():
        return ()
    with _reading(path) as connection:
        found = connection.execute(
            "select files.* from files join runs on runs.id = files.run where environment = ? "
            "order by started desc, runs.rowid desc, files.rowid",
            (environment,),
        )
        return tuple(_file(row) for row in found)


def latest(path: Path, environment: str) -> tuple[RunRow, dict[str, tuple[str, str]]] | None:
    """Give the latest run of an environment that ended, and how it left each asset it worked on.

    Returns:
        The run, and by asset the status of its last attempt and the id of the last run that built
        it or failed to; None where there is no such run.

    Raises:
        CommandError: the file is no history that can be read.
    """
    if not path.exists():
        return None
    with _reading(path) as connection:
        row = _newest(connection, environment, "status is not null")
        if row is None:
            return None
        left = {
            step["asset"]: step["status"] or "died" for step in _of(connection, "steps", row["id"])
        }
        tried = connection.execute(
            "select asset, run from steps join runs on runs.id = steps.run where environment = ? "
            "and steps.status in ('built', 'failed') order by runs.started, runs.rowid",
            (environment,),
        )
        runs_of = {step["asset"]: step["run"] for step in tried}
        return _run(connection, row), {a: (s, runs_of.get(a, row["id"])) for a, s in left.items()}


def last(path: Path, environment: str) -> tuple[RunRow, dict[str, str]] | None:
    """Give the latest run of an environment, however it ended, and how it left each asset.

    Returns:
        The run, and by asset the status of its last attempt, `running` or `died` where that has no
        end, and `not begun` for what it was to work on; None where there is no run.

    Raises:
        CommandError: the file is no history that can be read.
    """
    if not path.exists():
        return None
    with _reading(path) as connection:
        row = _newest(connection, environment)
        if row is None:
            return None
        found = _run(connection, row)
        left = dict.fromkeys(json.loads(row["planned"] or "[]"), "not begun")
        for step in _of(connection, "steps", found.id):
            left[step["asset"]] = _step(step, found).status
        return found, left


def _newest(
    connection: sqlite3.Connection, environment: str, condition: str = "true"
) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        f"select * from runs where environment = ? and {condition} "  # our own text
        "order by started desc, rowid desc",
        (environment,),
    ).fetchone()
    return row


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    place = Place(path=str(path))
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            connection.row_factory = sqlite3.Row
            version = connection.execute("pragma user_version").fetchone()[0]
            if version < SCHEMA_VERSION:
                with suppress(sqlite3.OperationalError):  # not ours to write: told below
                    bring_up_to_date(path)
                version = connection.execute("pragma user_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise CommandError(
                    f"the run history has format {version}, this version of Thresher reads "
                    f"{SCHEMA_VERSION}",
                    place=place,
                    hint="the next run brings an older format up to date; "
                    "for a newer one, update Thresher",
                )
            yield connection
    except sqlite3.Error as error:
        raise CommandError(
            f"the run history cannot be read: {error}",
            place=place,
            hint="if it is broken, the next run sets it aside and begins another; "
            "no result depends on it",
        ) from error


def _find(connection: sqlite3.Connection, wanted: str) -> sqlite3.Row:
    newest = connection.execute("select * from runs order by started desc, rowid desc").fetchone()
    if wanted == "latest" and newest:
        found: sqlite3.Row = newest
        return found
    # `substr` and not `like`: an id may hold characters that mean something there.
    fitting = connection.execute(
        "select * from runs where substr(id, 1, length(:id)) = :id "
        "order by id = :id desc, started desc limit 6",
        {"id": wanted},
    ).fetchall()
    if wanted and fitting and (len(fitting) == 1 or fitting[0]["id"] == wanted):
        one: sqlite3.Row = fitting[0]
        return one
    latest = connection.execute("select id from runs order by started desc limit 5").fetchall()
    if wanted and fitting:
        raise CommandError(
            f"more than one run begins with `{wanted}`",
            hint="give more of one of them: " + ", ".join(f"`{row['id']}`" for row in fitting),
        )
    raise _no_run(wanted, [row["id"] for row in latest])


def _no_run(wanted: str, latest: Any) -> CommandError:
    if not latest:
        return CommandError("the history holds no runs", hint="`thresher run` makes one")
    names = ", ".join(f"`{name}`" for name in latest)
    return CommandError(f"no run `{wanted}`", hint=f"the latest are {names}; or say `latest`")


def _of(connection: sqlite3.Connection, table: str, run_id: str) -> list[sqlite3.Row]:
    return connection.execute(
        f"select * from {table} where run = ? order by rowid", (run_id,)
    ).fetchall()


def _run(connection: sqlite3.Connection, row: sqlite3.Row) -> RunRow:
    values = {name: row[name] for name in RunRow.__dataclass_fields__ if name != "last"}
    values["started"] = _time(row["started"])
    values["ended"] = _time(row["ended"]) if row["ended"] else None
    values["status"] = row["status"] or _without_end(row)
    if values["status"] == "died":
        values["last"] = last_thing(row, _of(connection, "steps", row["id"]))
    values["asked"] = json.loads(row["asked"]) if row["asked"] else None
    return RunRow(**values)


def _step(row: sqlite3.Row, of: RunRow) -> StepRow:
    values = _named(row, StepRow)
    values["started"] = _time(row["started"])
    values["ended"] = _time(row["ended"]) if row["ended"] else None
    values["status"] = row["status"] or ("running" if of.status == "running" else "died")
    return StepRow(**values)


def _file(row: sqlite3.Row) -> FileRow:
    return FileRow(**_named(row, FileRow) | {"at": _time(row["at"])})


def _without_end(row: sqlite3.Row) -> str:
    if row["host"] != socket.gethostname():
        return "running"
    return "running" if process_start(row["pid"]) == row["process_started"] else "died"


def _named(row: sqlite3.Row, kind: type[Any]) -> dict[str, Any]:
    return {name: row[name] for name in kind.__dataclass_fields__}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")
