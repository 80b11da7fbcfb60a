"""Databases that are read as one raw asset, and what came of it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from source_landing import Reading

from thresher.project.asset import Asset, SourceBody
from thresher.project.connections import Connection, ConnectionConfig
from thresher.project.contract import Column, Contract
from thresher.project.database import Refresh
from thresher.protocols import Extract
from thresher.results import Unit
from thresher.sources.databases import DatabasesSource


class Reader:
    """Reads tables and queries of one database, the connection `shop`, by a source of its own."""

    def __init__(self, root: Path, connection: Any) -> None:
        self.root = root / "project"
        self.root.mkdir(exist_ok=True)
        self.temp = root / "temp"
        self.hashes: dict[str, Any] = {}
        self.connections: dict[str, Connection] = {}
        self.params: dict[str, Any] = {}
        self._numbers = itertools.count(1)
        self.connect(connection)

    def connect(self, connection: Any) -> None:
        given = ConnectionConfig.model_validate(connection)
        self.connections["shop"] = given.connection("shop")
        self.source = DatabasesSource(
            connections=self.connections,
            params=self.params,
            threads=2,
            memory="1GB",
            temp=self.temp,
            hashes=self.hashes,
        )

    def asset(
        self,
        table: str | None = None,
        *,
        query: str | None = None,
        types: Mapping[str, str] | None = None,
        refresh: Refresh | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Asset:
        self.params.update(params or {})
        columns = tuple(Column(name, kind) for name, kind in (types or {}).items())
        settings = {"database": "shop", "table": table, "query": query}
        looked_at = refresh or Refresh("content" if self.is_file else "always")
        return Asset(
            name="raw.things",
            path="src/raw/things.yaml",
            body=SourceBody("databases", settings, {"refresh": looked_at}),
            contract=Contract(columns=columns),
            params=tuple(params or ()),
        )

    @property
    def is_file(self) -> bool:
        return self.connections["shop"].kind == "sqlite"

    def unit(self, table: str | None = None, **options: Any) -> Unit:
        (found,) = self.source.units(self.asset(table, **options), self.root)
        return found

    def read(
        self, table: str | None = None, *, sample: float | None = None, **options: Any
    ) -> Reading:
        asset = self.asset(table, **options)
        folder = self.root.parent / f"out-{next(self._numbers)}"
        folder.mkdir()
        units = tuple(self.source.units(asset, self.root))
        given = Extract(
            asset=asset, root=self.root, folder=folder, units=units, schema=None, sample=sample
        )
        return Reading(self.source.read(given), folder)


class SqliteShop(Reader):
    """A SQLite file that statements change, and that is read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "sqlite:shop.sqlite")
        self.path = self.root / "shop.sqlite"
        self.run()

    def run(self, *statements: str, rows: Any = (), into: str = "") -> None:
        connection = sqlite3.connect(self.path)
        with connection:
            for statement in statements:
                connection.execute(statement)
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                connection.executemany(f"insert into {into} values ({marks})", rows)
        connection.close()

    def table(self, columns: str, rows: Any, name: str = "things") -> None:
        self.run(f"drop table if exists {name}", f"create table {name}({columns})")
        self.run(rows=rows, into=name)
