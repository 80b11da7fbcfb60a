"""Any connection that does what PEP 249 says: `cursor()`, `execute`, `description`, `fetchmany`.

Rows come as Python values, in batches; what each column holds is told by its values alone, since
what drivers say of types has no common form.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from thresher.errors import SourceError
from thresher.sources.databases_errors import Subject, require, translating
from thresher.sources.databases_queries import (
    Query,
    Quote,
    Statement,
    as_written,
    described,
    select,
    state,
    style_of,
)
from thresher.sources.session import Stop
from thresher.sources.staging import Stage
from thresher.tables import quote_name

#: Rows that are fetched at a time.
BATCH = 10_000
_TABLES = (
    "select table_schema, table_name from information_schema.tables where lower(table_schema) "
    "not in ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')"
)
_SQLITE_TABLES = "select name from sqlite_master where type in ('table', 'view')"


@dataclass(frozen=True, slots=True)
class DbApiLink:
    """An open connection of any driver.

    Args:
        connection: the connection.
        subject: whose it is, for errors.
        stop: tells it to end.
        ours: whether we opened it, and so are to close it.
    """

    connection: Any
    subject: Subject
    stop: Stop
    ours: bool = True

    @property
    def dates(self) -> bool:
        """Whether its texts may be dates: SQLite has no other form for them."""
        return self._is_sqlite

    def read(self, query: Query, folder: Path) -> Stage:
        """Fetch all rows of a query into a folder.

        Raises:
            SourceError: the database refused it; or another of our errors.
            RefusedError: what it gives cannot be a table.
        """
        statement = select(query, style_of(self.connection), self._quote)
        with closing(self._cursor()) as cursor:
            self._execute(cursor, statement)
            if not cursor.description:
                raise SourceError(
                    "the query gives no rows", place=self.subject.place, hint="write a `select`"
                )
            stage = Stage(folder, [str(column[0]) for column in cursor.description])
            while rows := self._fetch(cursor):
                stage.add_rows(rows)
        return stage

    def state(self, query: Query, column: str) -> tuple[Any, ...]:
        """Give how far a column has come, and the number of rows."""
        style = style_of(self.connection)
        with closing(self._cursor()) as cursor:
            self._execute(cursor, described(select(query, style, self._quote)))
            require(column, (str(each[0]) for each in cursor.description), self.subject)
        with closing(self._cursor()) as cursor:
            self._execute(cursor, state(query, column, style, self._quote))
            (found,) = self._fetch(cursor)
        return tuple(found)

    def tables(self) -> Iterable[str]:
        """Name the tables that there are, as far as the database tells."""
        with suppress(Exception):  # it is only a hint, and drivers raise what they like
            if self.ours:
                self.connection.rollback()
            with closing(self.connection.cursor()) as cursor:
                cursor.execute(_SQLITE_TABLES if self._is_sqlite else _TABLES)
                return [".".join(map(str, row)) for row in cursor.fetchall()]
        return ()

    def interrupt(self) -> None:
        """Stop the query under way, if the driver can; may come from any thread."""
        stop = getattr(self.connection, "interrupt", None) or getattr(
            self.connection, "cancel", None
        )
        if callable(stop):
            with suppress(Exception):
                stop()

    def close(self) -> None:
        """End the connection, if it is ours."""
        if self.ours:
            with suppress(Exception):
                self.connection.close()

    @property
    def _is_sqlite(self) -> bool:
        return isinstance(self.connection, sqlite3.Connection)

    @property
    def _quote(self) -> Quote:
        return quote_name if self._is_sqlite else as_written

    def _cursor(self) -> Any:
        with translating(self.subject, self.stop):
            return self.connection.cursor()

    def _execute(self, cursor: Any, statement: Statement) -> None:
        self.stop.check()
        with translating(self.subject, self.stop, tables=self.tables):
            if statement.arguments is None:
                cursor.execute(statement.sql)
            else:
                cursor.execute(statement.sql, statement.arguments)

    def _fetch(self, cursor: Any) -> list[Any]:
        self.stop.check()
        with translating(self.subject, self.stop):
            return list(cursor.fetchmany(BATCH))


def connect(maker: str, arguments: dict[str, Any], subject: Subject, stop: Stop) -> DbApiLink:
    """Open a connection by a driver that is installed.

    Args:
        maker: `module:function` that gives a connection, such as `pg8000.dbapi:connect`.
        arguments: what it is called with.
        subject: whose it is, for errors.
        stop: tells it to end.
    """
    module, _, function = maker.partition(":")
    try:
        make = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SourceError(
            f"{subject.name} needs `{maker}`, which cannot be loaded: {error}",
            place=subject.place,
            hint=f"install the package that brings `{module}`, or mend `dbapi`",
        ) from error
    with translating(subject, stop):
        return DbApiLink(make(**arguments), subject, stop)
