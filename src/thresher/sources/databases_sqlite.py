"""SQLite files: tables as record batches through ADBC, queries by Python's own module.

A column of SQLite may hold anything, and ADBC takes the type of a column from its first rows; so
it is first counted what each column holds, and where that is more than one kind, Python's module
reads the table. It also answers queries, since ADBC cannot stop one. Either gives the same rows.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from thresher.errors import SourceError
from thresher.sources.databases_dbapi import DbApiLink
from thresher.sources.databases_errors import Subject, translating
from thresher.sources.databases_files import states
from thresher.sources.databases_queries import Query
from thresher.sources.session import Stop
from thresher.sources.staging import Stage
from thresher.tables import quote_name, quote_text

_MAGIC = b"SQLite format 3\0"
_ROWS = 20_000
#: What makes ADBC take a column for what it holds, by the kinds that SQLite names.
_EXAMPLES = {
    ("integer", "integer"): "1",
    ("real", "real"): "1.5",
    ("integer", "real"): "1.5",
    ("text", "text"): "'x'",
    ("blob", "blob"): "x'00'",
    (None, None): "'x'",
}


@dataclass(slots=True)
class SqliteLink:
    """An open SQLite file.

    Args:
        path: the file.
        link: the connection of Python's own module.
        subject: whose it is, for errors.
        stop: tells it to end.
    """

    path: Path
    link: DbApiLink
    subject: Subject
    stop: Stop

    @property
    def dates(self) -> bool:
        """Whether its texts may be dates: SQLite has no other form for them."""
        return True

    def read(self, query: Query, folder: Path) -> Stage:
        """Fetch all rows of a query into a folder; see `DbApiLink.read`."""
        if query.table is not None and (driver := _driver()) is not None:
            before = states(self.path)
            columns = self._columns(query.table)
            if columns:
                # Two libraries must not hold one file: closing it in one unlocks it for both.
                self.link.close()
                stage = self._read_batches(driver, query.table, columns, folder / "batches")
                # What changed meanwhile may have been read half before and half afterwards.
                if stage is not None and states(self.path) == before:
                    return stage
                self.link = _open(self.path, self.subject, self.stop)
        return self.link.read(query, folder / "rows")

    def state(self, query: Query, column: str) -> tuple[Any, ...]:
        """Give how far a column has come, and the number of rows."""
        return self.link.state(query, column)

    def tables(self) -> Iterable[str]:
        """Name the tables that there are."""
        return self.link.tables()

    def interrupt(self) -> None:
        """Stop the query under way; may come from any thread."""
        self.link.interrupt()

    def close(self) -> None:
        """Close the file."""
        self.link.close()

    def _columns(self, table: str) -> dict[str, str]:
        """Give an example for each column of a table that ADBC can read, or nothing."""
        connection = self.link.connection
        with translating(self.subject, self.stop, tables=self.tables):
            kinds = f"select type from sqlite_master where name = {quote_text(table)}"
            if connection.execute(kinds).fetchall() != [("table",)]:
                return {}
            name = quote_name(table)
            cursor = connection.execute(f"select * from {name} limit 0")
            names = [column[0] for column in cursor.description]
            counts = ", ".join(
                f"{least}(case when {x} is not null then typeof({x}) end)"
                for x in map(quote_name, names)
                for least in ("min", "max")
            )
            found = connection.execute(f"select {counts} from {name}").fetchone()
        kinds_found = zip(names, found[::2], found[1::2], strict=True)
        examples = {column: _EXAMPLES.get((low, high)) for column, low, high in kinds_found}
        sure = {column: example for column, example in examples.items() if example}
        return sure if len(sure) == len(names) else {}

    def _read_batches(
        self, driver: ModuleType, table: str, columns: dict[str, str], folder: Path
    ) -> Stage | None:
        """Read a table by ADBC; None where that fails, and the other way will say why."""
        names = ", ".join(map(quote_name, columns))
        first = ", ".join(columns.values())
        stage = Stage(folder, tuple(columns), typed=True)
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        try:
            with (
                closing(driver.connect(uri)) as connection,
                closing(connection.cursor()) as cursor,
            ):
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_ROWS)})
                cursor.execute(f"select {first} union all select {names} from {quote_name(table)}")
                skipped = 1
                for batch in cursor.fetch_record_batch():
                    self.stop.check()
                    batch.validate(full=True)  # a text may be none
                    named = pa.RecordBatch.from_arrays(batch.columns, names=list(columns))
                    stage.add(named.slice(skipped))
                    skipped = 0
        except (driver.Error, pa.ArrowException, OSError):
            with suppress(OSError):
                shutil.rmtree(folder)
            return None
        return stage


def connect(path: Path, name: str, subject: Subject, stop: Stop) -> SqliteLink:
    """Open a SQLite file, to read it and nothing else.

    Args:
        path: the file.
        name: what people call it.
        subject: whose it is, for errors.
        stop: tells it to end.
    """
    place = subject.place
    if not path.is_file():
        hint = "see to `connections` in `config.yaml`: a path is relative to the project"
        raise SourceError(f"there is no SQLite file `{name}`", place=place, hint=hint)
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except PermissionError:
        what = f"the SQLite file `{name}` may not be read"
        hint = "give the right to read it: `chmod +r`"
        raise SourceError(what, place=place, hint=hint) from None
    if head and head != _MAGIC:
        hint = "see to `connections` in `config.yaml`, or have it written anew"
        raise SourceError(f"`{name}` is not an SQLite file", place=place, hint=hint)
    return SqliteLink(path, _open(path, subject, stop), subject, stop)


def _open(path: Path, subject: Subject, stop: Stop) -> DbApiLink:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with translating(subject, stop):
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    # A text that is not UTF-8 is to be named with its row, not to end the reading.
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return DbApiLink(connection, subject, stop)


def _driver() -> ModuleType | None:
    """Give ADBC's driver for SQLite, if it is installed."""
    try:
        from adbc_driver_sqlite import dbapi
    except ImportError:
        return None
    driver: ModuleType = dbapi
    return driver
