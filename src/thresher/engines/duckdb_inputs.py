"""A version of a table as DuckDB gives it to an asset function."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from thresher.engines.streams import BATCH_ROWS
from thresher.results import Schema, Snapshot
from thresher.tables import column_sql, quote_table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a function; see [`Table`][thresher.engines.frames.Table]."""

    cursor: duckdb.DuckDBPyConnection
    """A cursor of its own, which sees the table; it must stay open while the frame is read."""
    name: str
    """Name that the cursor sees it under."""
    snapshot: Snapshot
    warehouse: Path
    timezone: str

    @property
    def schema(self) -> Schema:
        """Its columns."""
        return self.snapshot.schema

    @property
    def paths(self) -> list[str]:
        """Its files; none for a view."""
        return [str(self.warehouse / file.path) for file in self.snapshot.files]

    @property
    def rows(self) -> int:
        """Number of its rows."""
        return self.snapshot.rows

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Give a relation with the logical types."""
        return self.cursor.sql(f"from {quote_table(self.name)}")

    def reader(self) -> pa.RecordBatchReader:
        """Give its rows as a stream with the storage types."""
        columns = ", ".join(
            column_sql(field.name, field.type, field.storage) for field in self.schema
        )
        query = f"select {columns} from {quote_table(self.name)}"
        return self.cursor.sql(query).to_arrow_reader(BATCH_ROWS)
