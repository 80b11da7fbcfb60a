"""A small warehouse in DuckDB's memory, and the audit of a table in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lake_tables import LakeTables

from thresher.errors import AssetError
from thresher.plan.audit_key import audit_key
from thresher.project.contract import Contract
from thresher.project.contracts import read_head
from thresher.project.documents import parse_document
from thresher.quality.audit import audit
from thresher.results import Field, PastVersion, Snapshot, Verdict

NOW = datetime(2013, 6, 15, 12, tzinfo=UTC)
TABLE = "clean.flights"


class Warehouse:
    """Tables in schemas, with a version of each, and a list of every query that was asked."""

    def __init__(self) -> None:
        self.database = duckdb.connect()
        self.database.execute("set TimeZone = 'UTC'")
        self.tables: dict[str, Snapshot] = {}
        self.queries: list[str] = []

    def create(self, query: str, name: str = TABLE, *, form: str = "table") -> Snapshot:
        schema, _, table = (part.replace('"', '""') for part in name.partition("."))
        quoted = f'"{schema}"."{table}"'
        self.database.execute(f'create schema if not exists "{schema}"')
        self.database.execute(f"create {form} {quoted} as {query}")
        described = self.database.execute(f"describe {quoted}").fetchall()
        ((count,),) = self.database.execute(f"select count(*) from {quoted}").fetchall()
        self.tables[name] = Snapshot(
            asset=name,
            fingerprint="f" * 16,
            build="1",
            ingredients={},
            schema=tuple(Field(row[0], row[1], row[1]) for row in described),
            rows=count,
            built_at=NOW,
            run="r1",
            engine="duckdb",
        )
        return self.tables[name]

    def rows(
        self,
        sql: str,
        tables: Mapping[str, Snapshot],
        params: Mapping[str, Any] | None = None,
    ) -> list[tuple[Any, ...]]:
        self.queries.append(sql)
        try:
            return self.database.execute(sql, dict(params) if params else None).fetchall()
        except duckdb.Error as error:
            raise AssetError(str(error)) from error

    def read(self, contract: str) -> Contract:
        return read_head(parse_document(contract, "src/clean/flights.sql"))[1]

    def audit(
        self,
        contract: str | Contract,
        name: str = TABLE,
        *,
        lenient: bool = False,
        past: Sequence[PastVersion] = (),
    ) -> Verdict:
        if isinstance(contract, str):
            contract = self.read(contract)
        snapshot = self.tables[name]
        return audit(
            snapshot,
            contract,
            key=audit_key(snapshot.version, contract, {}),
            rows=self.rows,
            tables=self.tables,
            now=NOW,
            past=past,
            lenient_references=lenient,
        )


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    made = Warehouse()
    yield made
    made.database.close()


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[LakeTables]:
    made = LakeTables(tmp_path)
    yield made
    made.engine.close()
