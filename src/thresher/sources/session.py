"""A session with DuckDB for one reading: a database in memory that another thread can stop."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from thresher.errors import DiskFullError, Place, SourceError, interruption, is_transient
from thresher.project.units import parse_size, threads_for
from thresher.stops import stopped_by_signals
from thresher.tables import quote_text

#: What the system says when nothing more can be written.
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Stop:
    """Tells work under way, in whatever thread, that it is to end.

    Attributes:
        place: what is worked at, for errors.
        thread: the thread that works.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.thread = threading.get_ident()
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the work to end."""
        self._event.set()

    def check(self) -> None:
        """Go on.

        Raises:
            SourceError: the work was asked to end.
        """
        if self._event.is_set():
            raise _interrupted(self.place)


class Session:
    """Runs statements in a database of its own, which ends with it.

    Args:
        threads: how many DuckDB may use.
        memory: limit of its memory, such as `4GB`.
        temp: folder that it spills into.
        timezone: of timestamps without an offset.
        stop: tells it to end.
    """

    def __init__(
        self, *, threads: int, memory: str | None, temp: Path, timezone: str, stop: Stop
    ) -> None:
        if memory:
            threads = threads_for(parse_size(memory), threads)
        config: dict[str, Any] = {
            "threads": threads,
            "temp_directory": str(temp),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        }
        if memory:
            config["memory_limit"] = memory
        self._stop = stop
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.execute(f"set TimeZone = {quote_text(timezone)}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement and give all its rows.

        Raises:
            duckdb.Error: the data or the statement is wrong.
            SourceError: it was stopped, or there is too little memory.
            DiskFullError: there is no space left.
        """
        self._stop.check()
        try:
            with stopped_by_signals(self._connection.interrupt):
                return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise _translated(error, self._stop.place) from error
        except RuntimeError as error:
            if stop := interruption(error):
                raise stop from error
            raise

    def types(self, query: str) -> dict[str, str]:
        """Give the type of each column of a query, without running it."""
        return {name: kind for name, kind, *_ in self.rows(f"describe {query}")}

    def members(self, kind: str) -> tuple[str, list[tuple[str, str]]]:
        """Take a nested type apart: its kind (`struct`, `list`, ...), and its members."""
        parsed = self._connection.sqltype(kind)
        if parsed.id not in {"struct", "list"}:
            return parsed.id, []
        return parsed.id, [(name, str(member)) for name, member in parsed.children]

    def spell(self, kind: str) -> str:
        """Write a type as DuckDB does."""
        return str(self._connection.sqltype(kind))

    def check(self) -> None:
        """Go on, unless it was stopped.

        Raises:
            SourceError: it was.
        """
        self._stop.check()

    def interrupt(self) -> None:
        """Stop the statement under way; may come from any thread."""
        # It may have ended in the meantime.
        with contextlib.suppress(duckdb.Error):
            self._connection.interrupt()

    def close(self) -> None:
        """End the database, and give back its memory and its files."""
        self._connection.close()


@contextlib.contextmanager
def disk_guard(place: Place) -> Iterator[None]:
    """Tell a full disk, and one that fails, as what it is.

    Raises:
        DiskFullError: there is no space left.
        SourceError: a file could not be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise _disk_full(place) from error
        if error.errno is None or is_transient(error):
            raise
        what = f"`{error.filename}`: {error.strerror}" if error.filename else error.strerror
        raise SourceError(
            f"the system refused {what}", place=place, hint="see to its disk"
        ) from error


def _translated(error: duckdb.Error, place: Place) -> Exception:
    if isinstance(error, duckdb.InterruptException):
        return _interrupted(place)
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(
            "there is too little memory to read its files",
            place=place,
            hint="raise `run.memory` in `config.yaml`, or lower `run.workers`",
        )
    # DuckDB gives no number for it, but the system's own words.
    if os.strerror(errno.ENOSPC) in str(error):
        return _disk_full(place)
    return error


def _interrupted(place: Place) -> SourceError:
    return SourceError("reading was interrupted", place=place)


def _disk_full(place: Place) -> DiskFullError:
    return DiskFullError(
        "no space left on the disk", place=place, hint="free some space and run again"
    )
