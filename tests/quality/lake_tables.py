"""Versions in Parquet files, as any writer leaves them, and their audit by the real engine."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from thresher.engines.duckdb import DuckDBEngine
from thresher.project.contract import Contract
from thresher.project.contracts import read_head
from thresher.project.documents import parse_document
from thresher.quality.audit import audit
from thresher.quality.statistics import Statistics, nothing_known, read_statistics
from thresher.results import DataFile, Field, Snapshot, Verdict

NOW = datetime(2013, 6, 15, 12, tzinfo=UTC)
TABLE = "clean.flights"

Write = Callable[[pa.Table, Path], None]


def by_duckdb(table: pa.Table, path: Path) -> None:
    with duckdb.connect() as connection:
        connection.register("given", table)
        connection.execute(f"copy (from given) to '{path}' (row_group_size 2048)")


def by_pyarrow(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, row_group_size=3)


def by_pyarrow_without_statistics(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, row_group_size=3, write_statistics=False, use_dictionary=False)


class LakeTables:
    """Versions in a folder, the engine over them, and a list of every query that was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine = DuckDBEngine(warehouse=root, threads=2, memory=None, temp=root / "tmp")
        self.tables: dict[str, Snapshot] = {}
        self.queries: list[str] = []
        self._builds = itertools.count()

    def write(
        self,
        *parts: pa.Table,
        name: str = TABLE,
        writers: Sequence[Write] = (by_duckdb,),
        types: Mapping[str, str] | None = None,
    ) -> Snapshot:
        """Make a version with a file for each part, by each of the writers in turn.

        Args:
            parts: rows of each file.
            name: name of the table.
            writers: who writes the files.
            types: logical type of the columns that are held as another.
        """
        build = f"{next(self._builds)}"
        (self.root / build).mkdir()
        files = []
        for part, write in zip(parts, itertools.cycle(writers), strict=False):
            path = self.root / build / f"{len(files)}.parquet"
            write(part, path)
            size = path.stat().st_size
            files.append(DataFile(f"{build}/{path.name}", part.num_rows, size, ""))
        described = duckdb.execute(f"describe from '{self.root / build / '0.parquet'}'").fetchall()
        self.tables[name] = Snapshot(
            asset=name,
            fingerprint="f" * 16,
            build=build,
            ingredients={},
            schema=tuple(
                Field(row[0], (types or {}).get(row[0], row[1]), row[1]) for row in described
            ),
            files=tuple(files),
            rows=sum(part.num_rows for part in parts),
            built_at=NOW,
            run="r1",
            engine="duckdb",
        )
        return self.tables[name]

    def query(self, sql: str, name: str = TABLE, **options: Any) -> Snapshot:
        """Make a version of what a query gives."""
        with duckdb.connect() as connection:
            return self.write(connection.sql(sql).to_arrow_table(), name=name, **options)

    def statistics(self, name: str = TABLE) -> Statistics:
        return read_statistics(self.tables[name], self.root)

    def rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        self.queries.append(sql)
        return self.engine.rows(sql, *given)

    def audit(self, contract: str | Contract, *, short: bool = True, rows: Any = None) -> Verdict:
        """Hold the table against a contract, by the short ways or by none of them."""
        if isinstance(contract, str):
            contract = read_head(parse_document(contract, "src/clean/flights.sql"))[1]
        self.queries.clear()
        return audit(
            self.tables[TABLE],
            contract,
            key="k",
            rows=rows or self.rows,
            tables=self.tables,
            now=NOW,
            statistics=(lambda each: read_statistics(each, self.root)) if short else nothing_known,
        )
