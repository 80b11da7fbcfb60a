"""A call to DuckDB: one cursor that another thread can stop, and errors that are ours.

Text that a person wrote is put into a statement from the second line on ([`embed`][]), so that the
line that DuckDB names can be told as a line of the person's own file.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from thresher.errors import (
    NOWHERE,
    UNSHOWN,
    AssetError,
    DiskFullError,
    Place,
    ThresherError,
    interruption,
)
from thresher.stops import stopped_by_signals

if TYPE_CHECKING:
    import pyarrow as pa

_LINE = re.compile(r"\n\nLINE (\d+): ")
#: What DuckDB calls errors of a kind; it says nothing that the message does not.
_KIND = re.compile(r"^[A-Z][\w -]*? Error: ")
_HINTS: dict[type[duckdb.Error], str] = {
    duckdb.OutOfMemoryException: "raise `run.memory` in `config.yaml`, or lower `run.workers`",
    duckdb.ConversionException: "`try_cast` gives null where a value does not fit",
    duckdb.OutOfRangeException: "cast to a type that holds more",
}
#: Errors of a statement, which are found before a row is read.
_OF_STATEMENT = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)
_SUGGESTION = re.compile(r"^(?:Did you mean|Candidate).*", re.MULTILINE)
_NO_PARAMETER = re.compile(r"Values were not provided for the following [a-z ]*parameters: (.*)")
_DISK_FULL = re.compile("No space left|failed to offload data block")


def embed(text: str) -> str:
    """Put a query in parentheses, its first line on the second line of the statement."""
    return f"(\n{text}\n)"


class Call:
    """One cursor, for one call to the engine.

    Attributes:
        cursor: DuckDB's own cursor.
        place: where the text comes from, for errors.
        first_line: line of the file that the text begins at, where it comes from a file.
        thread: the thread that it was opened in.
        stopped: whether nothing more must begin.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        *,
        place: Place = NOWHERE,
        first_line: int | None = None,
    ) -> None:
        self.cursor = cursor
        self.place = place
        self.first_line = first_line
        self.thread = threading.get_ident()
        self.stopped = False

    def fetch(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, and give its rows.

        Raises:
            AssetError: it failed, or the call was stopped.
            DiskFullError: there is no space left.
        """
        with self._running():
            return self.cursor.execute(sql, params or None).fetchall()

    def arrow(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one query, and give its rows as an Arrow table.

        Raises:
            AssetError: it failed, or the call was stopped.
        """
        with self._running():
            return self.cursor.sql(sql, params=params or None).to_arrow_table()

    def bind(self, sql: str) -> duckdb.DuckDBPyRelation | None:
        """Bind a query without running it, or give None where that fails.

        This takes a fifth of the time of a `describe`, but its errors name no line.
        """
        with suppress(duckdb.Error):
            return self.cursor.sql(sql)
        return None

    def stop(self) -> None:
        """Stop what is running, and let nothing more begin; may come from any thread."""
        self.stopped = True
        # It may have ended in the meantime.
        with suppress(duckdb.Error):
            self.cursor.interrupt()

    @contextmanager
    def _running(self) -> Iterator[None]:
        if self.stopped:
            raise interrupted(self.place)
        with (
            translating(self.place, self.first_line),
            stopped_by_signals(self.cursor.interrupt),
        ):
            try:
                yield
            except duckdb.Error as error:
                if self.stopped:  # however it took that
                    raise interrupted(self.place) from error
                raise


@contextmanager
def translating(place: Place = NOWHERE, first_line: int | None = None) -> Iterator[None]:
    """Make ours of DuckDB's errors; see [`translated`][]."""
    try:
        yield
    except duckdb.Error as error:
        raise translated(error, place, first_line) from error
    except RuntimeError as error:
        if stop := interruption(error):
            raise stop from error
        raise


def interrupted(place: Place) -> AssetError:
    """Say that a call was stopped."""
    return AssetError("interrupted", place=place)


def translated(
    error: duckdb.Error, place: Place = NOWHERE, first_line: int | None = None
) -> ThresherError:
    """Turn DuckDB's error into ours: its first line, the file's line, and what to do.

    Args:
        error: what DuckDB raised for a statement made with [`embed`][].
        place: the asset, and its file.
        first_line: line of the file that the embedded text begins at.
    """
    message = str(error)
    where = _LINE.search(message)
    if where and first_line and int(where[1]) > 1:
        place = replace(place, line=first_line + int(where[1]) - 2)
    told = message[: where.start()] if where else message
    what = _KIND.sub("", told.strip().partition("\n")[0].rstrip("!."))
    if isinstance(error, duckdb.InterruptException):
        return interrupted(place)
    if _DISK_FULL.search(message):
        return DiskFullError(
            "no space left on the disk", place=place, hint="free some space and run again"
        )
    kind = _KIND.match(told.strip())
    of_data = not isinstance(error, _OF_STATEMENT)
    discreet = f"{kind[0] if kind else 'it failed: '}{UNSHOWN}" if of_data else None
    return AssetError(what, place=place, hint=_hint(error, told), discreet=discreet)


def _hint(error: duckdb.Error, told: str) -> str | None:
    if missing := _NO_PARAMETER.search(told):
        return f"give a value for {missing[1]} under `params:` in `config.yaml`"
    if isinstance(error, duckdb.ConversionException) and re.search(r"to DECIMAL\(38,0\)", told):
        return "Parquet holds `hugeint` as `decimal(38,0)`: cast it to a type that fits its values"
    if suggestion := _SUGGESTION.search(told):
        names = re.findall(r'"([^"]+)"', suggestion[0])
        return f"did you mean {' or '.join(f'`{name}`' for name in names)}?" if names else None
    return next((hint for kind, hint in _HINTS.items() if isinstance(error, kind)), None)
