"""The engine that works on one machine: DuckDB, in memory, over the Parquet files of the lake.

One database for an engine and one cursor for each call, so that calls from several threads share
the memory limit, the threads and the views of their inputs, and nothing else. DuckDB never loads an
extension, and never takes a Python variable for a table.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from thresher.engines.columns import check_names, file_schema, view_schema
from thresher.engines.duckdb_calls import Call, embed, translating
from thresher.engines.duckdb_files import FILE, copy, describe, select_text
from thresher.engines.duckdb_inputs import Input
from thresher.engines.duckdb_views import Views
from thresher.engines.frame_sizes import check_sizes
from thresher.engines.frames import KINDS
from thresher.engines.isolated import Isolated
from thresher.engines.modules import Modules
from thresher.engines.python import Context, running
from thresher.engines.returned import stream_of
from thresher.engines.streams import Stream, pump
from thresher.engines.under_way import Calls
from thresher.errors import NOWHERE, AssetError, Place
from thresher.project import sql
from thresher.project.asset import Materialized, PythonBody, SqlBody
from thresher.project.units import parse_size, threads_for
from thresher.protocols import Job, Written
from thresher.results import DataFile, Snapshot
from thresher.storage.local import writing
from thresher.tables import quote_path, quote_text

if TYPE_CHECKING:
    import pyarrow as pa


class DuckDBEngine:
    """Builds assets with DuckDB; see [`Engine`][thresher.protocols.Engine].

    Args:
        warehouse: folder of the warehouse, which the files of versions are relative to.
        threads: how many threads DuckDB may use.
        memory: how much memory DuckDB may use, such as `4GB`; None leaves it to DuckDB.
        temp: folder for what does not fit into memory.
        timezone: time zone of the session.
        limit: bytes of memory that the whole run may use, and so may each process of its own.
        options: what other engines take.
    """

    def __init__(
        self,
        *,
        warehouse: Path,
        threads: int,
        memory: str | None,
        temp: Path,
        timezone: str = "UTC",
        limit: int | None = None,
        **options: Any,  # noqa: ARG002
    ) -> None:
        with writing(temp):
            temp.mkdir(parents=True, exist_ok=True)
        # Two databases in memory that spill into one folder would take each other's files.
        spill = temp.absolute() / f"duckdb-{uuid.uuid4().hex[:12]}"
        self._warehouse = warehouse.absolute()
        self._timezone = timezone
        self._threads = threads
        self._temp = temp.absolute()
        self._limit = limit
        self._database = duckdb.connect(":memory:", config=_config(threads, memory, spill))
        self._database.execute(f"set global TimeZone = {quote_text(timezone)}")
        self._views = Views(self._database, self._warehouse)
        self._modules = Modules()
        self._calls = Calls()

    @property
    def name(self) -> str:
        """Name and version."""
        return f"duckdb {duckdb.__version__}"

    def build(self, job: Job) -> Written:
        """Build one asset into `job.folder`."""
        body = job.asset.body
        place = Place(job.asset.path, asset=job.asset.name)
        if isinstance(body, PythonBody):
            return self._isolated(job) if job.asset.isolate else self._in_process(job, body, place)
        if not isinstance(body, SqlBody):
            raise AssetError("it is read by a source, not built by an engine", place=place)
        with self._call(job.tables, job.macros, place=place, first_line=body.first_line) as call:
            if job.asset.materialized is Materialized.VIEW:
                return _view(call, job, body)
            text = select_text(body.text, place)
            columns = describe(call, text, job.params)
            check_names([name for name, _ in columns], place)
            schema = file_schema(columns, place)
            target = job.folder / FILE
            rows = copy(call, text, job.params, columns=columns, schema=schema, target=target)
        return Written(schema, ((FILE, rows),), rows=rows)

    def write(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        target: Path,
        params: Mapping[str, Any] | None = None,
    ) -> Written:
        """Write what a query gives into one Parquet file."""
        with self._call(tables) as call:
            columns = describe(call, sql, params)
            check_names([name for name, _ in columns])
            schema = file_schema(columns)
            rows = copy(call, sql, params, columns=columns, schema=schema, target=target)
        return Written(schema, ((target.name, rows),), rows=rows)

    def rows(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        params: Mapping[str, Any] | None = None,
    ) -> list[tuple[Any, ...]]:
        """Answer a query in which each table is named as in `tables`."""
        with self._call(tables) as call:
            return call.fetch(sql, params)

    def head(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        params: Mapping[str, Any] | None = None,
        *,
        macros: Mapping[str, str] | None = None,
        limit: int,
    ) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
        """Give the names of a query's columns and its first rows.

        Raises:
            AssetError: the query failed.
        """
        query = f"from {embed(select_text(sql, NOWHERE))} limit {int(limit)}"
        with self._call(tables, macros or {}) as call:
            rows = call.fetch(query, params)
            names = tuple(column[0] for column in call.cursor.description or ())
        return names, tuple(rows)

    def arrow(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        params: Mapping[str, Any] | None = None,
    ) -> pa.Table:
        """Answer a query with an Arrow table.

        Raises:
            AssetError: the query failed.
        """
        with self._call(tables) as call:
            return call.arrow(embed(select_text(sql, NOWHERE)), params)

    def relation(self, sql: str, tables: Mapping[str, Snapshot]) -> duckdb.DuckDBPyRelation:
        """Give a query as a relation, which is computed when it is asked for its rows.

        Raises:
            AssetError: the query is wrong.
        """
        with translating():
            return self._views.cursor(tables, {}).sql(embed(select_text(sql, NOWHERE)))

    def count(self, files: Sequence[DataFile]) -> tuple[int, ...]:
        """Count the rows of each file in its own footer."""
        if not files:
            return ()
        paths = [str(self._warehouse / file.path) for file in files]
        given = ", ".join(map(quote_path, paths))
        with self._call({}) as call:
            query = f"select file_name, num_rows from parquet_file_metadata([{given}])"
            found = {name: int(rows) for name, rows in call.fetch(query)}
        return tuple(found[path] for path in paths)

    def interrupt(self, asset: str | None = None) -> None:
        """Stop whatever is being computed, or the building of one asset alone."""
        self._calls.stop(lambda call: asset in (None, call.place.asset))

    def interrupt_thread(self, thread: int) -> None:
        """Stop what is being computed for one thread; its calls under way raise."""
        self._calls.stop(lambda call: call.thread == thread)

    def close(self) -> None:
        """Give back all memory and temporary files."""
        for call in self._calls.under_way():
            if isinstance(call, Isolated):
                call.stop()
        self._modules.close()
        # A call may be in it that was given up, since its thread does not come back.
        with suppress(duckdb.Error):
            self._database.close()

    def _isolated(self, job: Job) -> Written:
        """Build a Python asset in a process of its own, which has an engine of its own."""
        with writing(self._temp):
            self._temp.mkdir(parents=True, exist_ok=True)
        engine = {
            "warehouse": self._warehouse,
            "threads": self._threads,
            "memory": self._limit and f"{self._limit // 2}B",  # the rest is for the author's code
            "temp": self._temp,
            "timezone": self._timezone,
        }
        call = Isolated(job, engine, self._limit)
        with self._calls.reaching(call):
            return call.build()

    def _in_process(self, job: Job, body: PythonBody, place: Place) -> Written:
        root = job.root.absolute()
        with ExitStack() as open_, running(job.asset, root):
            call = open_.enter_context(self._call({}, place=place))
            inputs = {wanted: self._input(job, wanted.asset, open_) for wanted in body.inputs}
            if self._limit is not None:
                frames = [(each.asset, each.frame, table) for each, table in inputs.items()]
                check_sizes(frames, self._limit, place)
            arguments: dict[str, Any] = {
                wanted.parameter: KINDS[wanted.frame](table) for wanted, table in inputs.items()
            }
            if body.context:
                arguments[body.context] = Context.of(job)
            function = open_.enter_context(self._modules.function(job.asset, body, root))
            stream = stream_of(function(**arguments))
            return pump(
                stream,
                lambda reader: _write(call, stream, reader, job),
                stopped=lambda: call.stopped,
            )

    def _input(self, job: Job, name: str, open_: ExitStack) -> Input:
        """Open an input; a frame that is still to be read needs a cursor of its own."""
        place = Place(asset=job.asset.name)
        call = open_.enter_context(self._call(job.tables, place=place))
        return Input(call.cursor, name, job.tables[name], self._warehouse, self._timezone)

    @contextmanager
    def _call(
        self,
        tables: Mapping[str, Snapshot],
        macros: Mapping[str, str] | None = None,
        *,
        place: Place = NOWHERE,
        first_line: int | None = None,
    ) -> Iterator[Call]:
        """Open a cursor that sees these versions, and that [`interrupt`][] reaches."""
        cursor = self._views.cursor(tables, macros or {})
        call = Call(cursor, place=place, first_line=first_line)
        try:
            with self._calls.reaching(call):
                yield call
        finally:
            cursor.close()


def _config(threads: int, memory: str | None, spill: Path) -> dict[str, Any]:
    if memory:
        threads = threads_for(parse_size(memory), threads)
    config = {
        "threads": threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
    }
    return config | ({"memory_limit": memory} if memory else {})


def _view(call: Call, job: Job, body: SqlBody) -> Written:
    if job.macros:
        raise AssetError(
            f"a view cannot use the macro `{next(iter(job.macros))}`",
            place=call.place,
            hint="the published catalog holds no macros: make it a table",
        )
    # With parameters bound first: an error in that text has the line of the file.
    describe(call, select_text(body.text, call.place), job.params)
    text = select_text(_inlined(job, body, call.place), call.place)
    columns = describe(call, text)
    check_names([name for name, _ in columns], call.place)
    (count,) = call.fetch(f"select count(*) from {embed(text)}")[0]
    # A comment may end it, and must not swallow what is written behind it.
    return Written(view_schema(columns), sql=f"{text.strip()}\n", rows=count)


def _inlined(job: Job, body: SqlBody, place: Place) -> str:
    try:
        return sql.inline_params(body.text, job.params)
    except sql.SqlError as error:
        at = replace(place, line=body.first_line + error.line - 1)
        raise AssetError(error.what, place=at, hint=error.hint) from error
    except (TypeError, ValueError) as error:
        raise AssetError(f"a parameter cannot be written: {error}", place=place) from error


def _write(call: Call, stream: Stream, reader: pa.RecordBatchReader, job: Job) -> Written:
    """Write a stream by the way that queries go; runs in the thread that reads the stream."""
    call.cursor.register("stream", reader)
    text = "from stream"
    columns = describe(call, text)
    types = stream.types or [held for _, held in columns]
    logical = [(name, type_) for (name, _), type_ in zip(columns, types, strict=True)]
    schema = file_schema(logical, call.place)
    target = job.folder / FILE
    rows = copy(call, text, None, columns=columns, schema=schema, target=target)
    return Written(schema, ((FILE, rows),), rows=rows)
