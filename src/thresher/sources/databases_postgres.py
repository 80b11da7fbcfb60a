"""PostgreSQL through ADBC: record batches from the wire to Parquet, without a Python value a row.

All of a reading happens in one transaction that sees one state of the database and changes nothing.
What Arrow has no form for comes as the text that PostgreSQL writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc

from thresher.errors import SourceError
from thresher.sources.databases_errors import Subject, require, translating
from thresher.sources.databases_queries import Query, Statement, described, select, state
from thresher.sources.session import Stop
from thresher.sources.staging import UNBOUNDED, Stage
from thresher.sources.type_lattice import JSON
from thresher.tables import quote_name

_STYLE = "numeric_dollar"
#: Rows that are fetched at a time where PostgreSQL cannot send them all in one go.
_FETCHED = 50_000
#: Seconds to wait for a server that does not answer.
_PATIENCE = 15
_TABLES = """
    select case table_schema when 'public' then table_name
           else table_schema || '.' || table_name end
    from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema')
"""
#: Types without a form in Arrow that the driver gives as texts.
_TEXTS_ALREADY = ("numeric", "json", "jsonb")
#: How the driver holds infinite times, whose numbers overflow, and how DuckDB holds them.
_INFINITE = {
    pa.int32(): ((-(2**31) + 10956, 2**31 - 1), (-(2**31) + 10957, -(2**31) + 1)),
    pa.int64(): (
        (-(2**63) + 946684800000000 - 1, 2**63 - 1),
        (-(2**63) + 946684800000000, -(2**63) + 1),
    ),
}


@dataclass(frozen=True, slots=True)
class PostgresLink:
    """An open connection to PostgreSQL.

    Args:
        connection: the connection, in a transaction of its own.
        driver: the module of the driver.
        subject: whose it is, for errors.
        stop: tells it to end.
    """

    connection: Any
    driver: Any
    subject: Subject
    stop: Stop

    @property
    def dates(self) -> bool:
        """Whether its texts may be dates: never, PostgreSQL has types for these."""
        return False

    def read(self, query: Query, folder: Path) -> Stage:
        """Fetch all rows of a query into a folder.

        Raises:
            SourceError: the database refused it; or another of our errors.
            RefusedError: what it gives cannot be a table.
        """
        asked = select(query, _STYLE, quote_name)
        schema = self._schema(asked)
        stage = Stage(folder, schema.names, typed=True, hints=_hints(schema))
        for batch in self._batches(_castable(asked, schema)):
            stage.add(_plain(batch))
        return stage

    def state(self, query: Query, column: str) -> tuple[Any, ...]:
        """Give how far a column has come, and the number of rows."""
        columns = self._schema(select(query, _STYLE, quote_name)).names
        require(column, columns, self.subject)
        with self._cursor() as cursor:
            self._execute(cursor, state(query, column, _STYLE, quote_name))
            with translating(self.subject, self.stop):
                return tuple(cursor.fetchone())

    def tables(self) -> Iterable[str]:
        """Name the tables that there are."""
        with suppress(self.driver.Error):  # it is only a hint
            self.connection.rollback()
            with self._cursor() as cursor:
                cursor.execute(_TABLES)
                return [str(name) for (name,) in cursor.fetchall()]
        return ()

    def interrupt(self) -> None:
        """Stop the query under way; may come from any thread."""
        with suppress(self.driver.Error):
            self.connection.adbc_cancel()

    def close(self) -> None:
        """End the connection."""
        with suppress(self.driver.Error):
            self.connection.close()

    def _schema(self, asked: Statement) -> pa.Schema:
        """Give the columns of a query without its rows."""
        with self._cursor() as cursor:
            if asked.arguments is None:
                with translating(self.subject, self.stop, tables=self.tables):
                    return cursor.adbc_execute_schema(asked.sql)
            self._execute(cursor, described(asked))
            with translating(self.subject, self.stop):
                return cursor.fetch_arrow_table().schema

    def _batches(self, asked: Statement) -> Iterator[pa.RecordBatch]:
        if asked.arguments is None:
            with self._cursor() as cursor:
                self._execute(cursor, asked)
                yield from self._stream(cursor)
            return
        # With values bound to it a query cannot be copied; a cursor gives its rows in parts.
        declared = f"declare wanted no scroll cursor for {asked.sql}"
        for each in (Statement("set cursor_tuple_fraction = 1"), replace(asked, sql=declared)):
            with self._cursor() as cursor:
                self._execute(cursor, each)
        more = True
        while more:
            more = False
            with self._cursor() as cursor:
                cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
                self._execute(cursor, Statement(f"fetch forward {_FETCHED} from wanted"))
                for batch in self._stream(cursor):
                    more = more or batch.num_rows > 0
                    yield batch

    def _stream(self, cursor: Any) -> Iterator[pa.RecordBatch]:
        reader = cursor.fetch_record_batch()
        # Without rows there is no batch, and an empty table has columns all the same.
        yield _no_rows(reader.schema)
        while True:
            self.stop.check()
            with translating(self.subject, self.stop):
                batch = next(reader, None)
            if batch is None:
                return
            yield batch

    def _cursor(self) -> Any:
        return closing(self.connection.cursor())

    def _execute(self, cursor: Any, statement: Statement) -> None:
        self.stop.check()
        with translating(self.subject, self.stop, tables=self.tables):
            cursor.execute(statement.sql, statement.arguments)


def connect(url: str, subject: Subject, stop: Stop) -> PostgresLink:
    """Open a connection to PostgreSQL.

    Args:
        url: where it is, with user and password.
        subject: whose it is, for errors.
        stop: tells it to end.
    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise SourceError(
            f"{subject.name} needs another package: {error}",
            place=subject.place,
            hint="pip install 'thresher[databases]'",
        ) from error
    if "connect_timeout" not in url:
        url += f"{'&' if '?' in url else '?'}{urlencode({'connect_timeout': _PATIENCE})}"
    with translating(subject, stop):
        connection = dbapi.connect(url)
    link = PostgresLink(connection, dbapi, subject, stop)
    try:
        with translating(subject, stop), closing(connection.cursor()) as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
    except BaseException:
        link.close()
        raise
    return link


def _hints(schema: pa.Schema) -> dict[str, str]:
    """Give the types of what comes as texts and is none, as far as PostgreSQL tells them."""
    found = {}
    for column in schema:
        if _name(column) == "numeric":
            modifier = int((column.metadata or {}).get(b"POSTGRESQL:typmod", b"-1")) - 4
            width, scale = (modifier >> 16) & 0xFFFF, modifier & 0x7FF
            fits = modifier >= 0 and scale <= width <= 38
            found[column.name] = f"DECIMAL({width},{scale})" if fits else UNBOUNDED
        elif _name(column) in ("json", "jsonb"):
            found[column.name] = JSON
        elif _name(column) == "money":
            found[column.name] = UNBOUNDED
    return found


def _castable(asked: Statement, schema: pa.Schema) -> Statement:
    """Ask for texts where Arrow has no form for a type."""
    casts = {column.name: cast for column in schema if (cast := _cast(column))}
    if not casts:
        return asked
    columns = ", ".join(
        f"{quote_name(name)}::{casts[name]}" if name in casts else quote_name(name)
        for name in schema.names
    )
    return replace(asked, sql=f"select {columns} from (\n{asked.sql}\n) wanted_texts")


def _cast(column: pa.Field) -> str | None:
    if _name(column) == "money":
        return "numeric"
    kind = column.type
    while pa.types.is_list(kind):
        kind = kind.value_type
    if pa.types.is_interval(kind):
        return "text"
    foreign = isinstance(kind, pa.BaseExtensionType)
    return "text" if foreign and _name(column) not in _TEXTS_ALREADY else None


def _name(column: pa.Field) -> str:
    name: bytes = (column.metadata or {}).get(b"POSTGRESQL:type", b"")
    return name.decode()


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give a batch without the driver's own types and remarks."""
    arrays = [_storage(array) for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    kinds = [getattr(kind, "storage_type", kind) for kind in schema.types]
    return pa.RecordBatch.from_arrays([pa.nulls(0, kind) for kind in kinds], names=schema.names)


def _storage(array: pa.Array) -> pa.Array:
    if isinstance(array, pa.ExtensionArray):
        return array.storage
    if pa.types.is_date32(array.type):
        return _finite(array, pa.int32())
    return _finite(array, pa.int64()) if pa.types.is_timestamp(array.type) else array


def _finite(array: pa.Array, held: pa.DataType) -> pa.Array:
    """Write infinite times as DuckDB does."""
    numbers = array.cast(held) if held == pa.int64() else array.view(held)
    least = pc.min(numbers).as_py()
    if least is None or least > _INFINITE[held][1][0]:
        return array
    for found, written in _INFINITE[held]:
        numbers = pc.if_else(pc.equal(numbers, found), pa.scalar(written, held), numbers)
    return numbers.cast(array.type) if held == pa.int64() else numbers.view(array.type)
