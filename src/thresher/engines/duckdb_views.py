"""The tables that a query sees: a view over its files for each version, made once.

A query names its inputs as `layer.table`, and a run has one version of each. So the views stand in
one namespace, which calls share and nothing is ever replaced in. Where a call asks for another
version of a name that is already there, it is served from a further namespace of its own, so that
calls with different versions never meet.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from thresher.engines.duckdb_calls import translated
from thresher.errors import AssetError, DiskFullError, Place, WarehouseError
from thresher.results import Snapshot
from thresher.tables import quote_name, quote_table, relation_sql

_FIRST = "memory"
"""Name of DuckDB's own database, where every cursor begins."""


@dataclass(frozen=True, slots=True)
class _Namespace:
    name: str
    versions: dict[str, str] = field(default_factory=dict)
    """Version by name of table."""
    macros: dict[str, str] = field(default_factory=dict)
    """Statement by name of macro."""
    layers: set[str] = field(default_factory=set)
    """Schemas that were made."""

    def serves(self, tables: Mapping[str, Snapshot], macros: Mapping[str, str]) -> bool:
        """Say whether nothing here differs from what is asked for."""
        return all(
            self.versions.get(name, snapshot.version) == snapshot.version
            for name, snapshot in tables.items()
        ) and all(self.macros.get(name, sql) == sql for name, sql in macros.items())


class Views:
    """The namespaces of one DuckDB database."""

    def __init__(self, database: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
        self._database = database
        self._warehouse = str(warehouse)
        self._namespaces = [_Namespace(_FIRST)]
        self._numbers = itertools.count(2)
        self._lock = threading.Lock()

    def cursor(
        self, tables: Mapping[str, Snapshot], macros: Mapping[str, str]
    ) -> duckdb.DuckDBPyConnection:
        """Open a cursor that sees these versions under their names, and these macros.

        Raises:
            AssetError: a macro is wrong.
            WarehouseError: the files of a version cannot be read.
        """
        with self._lock:
            namespace = self._namespace(tables, macros)
            self._complete(namespace, tables, macros)
        return self._enter(namespace)

    def _namespace(self, tables: Mapping[str, Snapshot], macros: Mapping[str, str]) -> _Namespace:
        for namespace in self._namespaces:
            if namespace.serves(tables, macros):
                return namespace
        namespace = _Namespace(f"versions_{next(self._numbers)}")
        self._database.execute(f"attach ':memory:' as {quote_name(namespace.name)}")
        self._namespaces.append(namespace)
        return namespace

    def _enter(self, namespace: _Namespace) -> duckdb.DuckDBPyConnection:
        cursor = self._database.cursor()
        if namespace.name != _FIRST:
            cursor.execute(f"use {quote_name(namespace.name)}")
        return cursor

    def _complete(
        self, namespace: _Namespace, tables: Mapping[str, Snapshot], macros: Mapping[str, str]
    ) -> None:
        missing = [name for name in tables if name not in namespace.versions]
        new = {name: sql for name, sql in macros.items() if name not in namespace.macros}
        if not missing and not new:
            return
        with closing(self._enter(namespace)) as cursor:
            for name in missing:
                self._create_view(cursor, namespace, name, tables)
            for name, sql in new.items():  # after the views: a macro may read a table
                _create_macro(cursor, name, sql)
                namespace.macros[name] = sql

    def _create_view(
        self,
        cursor: duckdb.DuckDBPyConnection,
        namespace: _Namespace,
        name: str,
        tables: Mapping[str, Snapshot],
    ) -> None:
        snapshot = tables[name]
        if name in namespace.versions:
            return
        if snapshot.sql is not None:
            for needed in snapshot.inputs:
                if needed in tables:
                    self._create_view(cursor, namespace, needed, tables)
        layer = name.partition(".")[0]
        try:
            if layer not in namespace.layers:
                cursor.execute(f"create schema if not exists {quote_name(layer)}")
                namespace.layers.add(layer)
            query = relation_sql(snapshot, self._warehouse)
            cursor.execute(f"create view {quote_table(name)} as {query}")
        except duckdb.Error as error:
            raise _unreadable(error, name) from error
        namespace.versions[name] = snapshot.version


def _create_macro(cursor: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    try:
        cursor.execute(sql)
    except duckdb.Error as error:
        fault = translated(error).fault
        raise AssetError(f"macro `{name}` cannot be made: {fault.what}", hint=fault.hint) from error


def _unreadable(error: duckdb.Error, name: str) -> WarehouseError:
    ours = translated(error, Place(asset=name))
    if isinstance(ours, DiskFullError):
        return ours
    return WarehouseError(
        f"its files in the lake cannot be read: {ours.fault.what}",
        place=Place(asset=name),
        hint="a file is missing or damaged: restore it, or have the table built again",
    )
