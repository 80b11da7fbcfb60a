"""A reader: answers queries over one publication, however many are made meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thresher.errors import CommandError
from thresher.tables import quote_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

#: How a file of rows is written, by the end of its name; Arrow is written by pyarrow.
_FORMATS = {
    ".parquet": "format parquet",
    ".csv": "format csv, header true",
    ".json": "format json, array true",
}
_BATCH = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a query gave."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    """Type of each column, in DuckDB's spelling."""
    rows: tuple[tuple[Any, ...], ...]
    """The rows, at most as many as were asked for."""
    total: int
    """How many rows there are."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Answers queries over one publication.

    Args:
        connection: its catalog, open for reading.
        told: makes errors for people of what DuckDB refuses.
        unended: takes the semicolon that ends a statement away, and what follows it.
    """

    connection: DuckDBPyConnection
    told: Callable[[], AbstractContextManager[None]]
    unended: Callable[[str], str]

    def parameters(self, sql: str) -> tuple[str, ...]:
        """Name the placeholders of a query, sorted.

        Raises:
            CommandError: it is not one statement of SQL.
        """
        return tuple(sorted(self._statement(sql).named_parameters))

    def query(self, sql: str, params: Mapping[str, Any], *, limit: int | None = None) -> Found:
        """Give the rows of a query.

        Args:
            sql: one statement.
            params: value of each placeholder.
            limit: how many rows to give at most; all if None.

        Raises:
            CommandError: the query failed.
        """
        relation = self._relation(sql, params)
        with self.told():
            if relation is None:
                return Found((), (), (), 0)
            columns, types = tuple(relation.columns), tuple(map(str, relation.types))
            if limit is None:
                rows = relation.fetchall()
                return Found(columns, types, tuple(rows), len(rows))
            rows = relation.limit(limit + 1).fetchall()
            total = len(rows)
            if total > limit:
                total = relation.aggregate("count(*)").fetchall()[0][0]
            return Found(columns, types, tuple(rows[:limit]), total)

    def export(self, sql: str, params: Mapping[str, Any], to: Path, suffix: str) -> int:
        """Write the rows of a query into a file, and count them.

        Args:
            sql: one statement.
            params: value of each placeholder.
            to: the file; replaced if it is there.
            suffix: what it will hold: `.parquet`, `.csv`, `.json` or `.arrow`.

        Raises:
            CommandError: the query failed.
            OSError: the file cannot be written.
        """
        if suffix == ".arrow":
            return self._export_arrow(sql, params, to)
        self._statement(sql)
        with self.told():
            # The line break ends a comment that the query may end with.
            query = f"{self.unended(sql)}\n"
            copy = f"copy ({query}) to {quote_text(str(to))} ({_FORMATS[suffix]})"
            counted = self.connection.execute(copy, dict(params)).fetchall()
        return int(counted[0][0])

    def _export_arrow(self, sql: str, params: Mapping[str, Any], to: Path) -> int:
        from pyarrow import ipc  # loaded late: few ask for it

        relation = self._relation(sql, params)
        with self.told():
            batches = relation.to_arrow_reader(_BATCH)
            count = 0
            with ipc.new_file(str(to), batches.schema) as file:
                for batch in batches:
                    file.write_batch(batch)
                    count += batch.num_rows
        return count

    def _statement(self, sql: str) -> Statement:
        with self.told():
            statements = self.connection.extract_statements(sql)
        if len(statements) != 1:
            raise CommandError(
                f"one statement is asked for, and there are {len(statements)}",
                hint="ask them one by one" if statements else "such as `select 1`",
            )
        return statements[0]

    def _relation(self, sql: str, params: Mapping[str, Any]) -> Any:
        """Give a statement's relation; None for one that gives no rows, such as `set`."""
        from duckdb import Error  # loaded late: most commands do without

        self._statement(sql)
        query, given = self.unended(sql), dict(params)
        with self.told():
            try:
                return self.connection.sql(query, params=given or None)
            except Error:
                self.connection.execute(f"explain\n{query}", given)  # its errors name the line
                raise
