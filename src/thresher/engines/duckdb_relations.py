"""A DuckDB relation that an asset function gave back, as a stream with its own types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from thresher.engines.columns import check_names, file_schema
from thresher.engines.duckdb_calls import translating
from thresher.engines.streams import BATCH_ROWS, Stream
from thresher.tables import column_sql

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def relation_stream(relation: duckdb.DuckDBPyRelation) -> Stream:
    """Give the rows of a relation, on whatever connection, each column as a file holds it.

    Raises:
        AssetError: two columns have one name, or Parquet cannot hold a type.
    """
    check_names(relation.columns)
    types = [str(type_) for type_ in relation.types]
    schema = file_schema(list(zip(relation.columns, types, strict=True)))
    columns = ", ".join(column_sql(field.name, field.type, field.storage) for field in schema)
    with translating():
        reader = relation.project(columns).to_arrow_reader(BATCH_ROWS)
    return Stream(reader.schema, _batches(reader), types)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with translating():
        yield from reader
