from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thresher.results import DataFile, Field, Snapshot
from thresher.tables import (
    column_sql,
    quote_name,
    quote_path,
    quote_table,
    quote_text,
    relation_sql,
)

NAMES = ["n", "select", "a.b", 'a"b', "a b", "É", "filename", "env"]


def snapshot(*files: str, schema: tuple[Field, ...], sql: str | None = None) -> Snapshot:
    return Snapshot(
        asset="clean.t",
        fingerprint="f",
        build="b",
        ingredients={},
        schema=schema,
        files=tuple(DataFile(file, 1, 1, "") for file in files),
        sql=sql,
        rows=1,
        built_at=dt.datetime(2024, 5, 17, tzinfo=dt.UTC),
        run="r",
        engine="duckdb",
    )


@pytest.mark.parametrize("folder", ["a", "[1]", "*", "?", "it's", "env=prod", "a[b]*?{c,d} ü"])
def test_any_folder_is_read_and_no_other(
    plain: duckdb.DuckDBPyConnection, tmp_path: Path, folder: str
) -> None:
    for name in (folder, "1", "b", "xx"):
        (tmp_path / name).mkdir(exist_ok=True)
    for name in ("1", "b", "xx"):
        pq.write_table(pa.table({"env": ["wrong"]}), tmp_path / name / "data.parquet")
    pq.write_table(pa.table({"env": ["right"]}), tmp_path / folder / "data.parquet")
    version = snapshot("data.parquet", schema=(Field("env", "VARCHAR", "VARCHAR"),))
    result = plain.execute(relation_sql(version, f"{tmp_path / folder}/"))
    assert [column[0] for column in result.description or ()] == ["env"]
    assert result.fetchall() == [("right",)]


def test_columns_come_by_name_as_their_logical_types(
    plain: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    pq.write_table(
        pa.table({name: [str(i)] for i, name in enumerate(NAMES)}), tmp_path / "1.parquet"
    )
    backwards = {name: [str(10 + i)] for i, name in enumerate(NAMES)}
    pq.write_table(pa.table(dict(reversed(backwards.items()))), tmp_path / "2.parquet")
    schema = tuple(Field(name, "HUGEINT", "VARCHAR") for name in NAMES)
    query = relation_sql(snapshot("1.parquet", "2.parquet", schema=schema), str(tmp_path))
    result = plain.execute(query)
    assert [column[0] for column in result.description or ()] == NAMES
    assert result.fetchall() == [tuple(range(8)), tuple(range(10, 18))]
    assert set(plain.execute(f"select column_type from (describe {query})").fetchall()) == {
        ("HUGEINT",)
    }


def test_a_version_without_files_has_its_columns(plain: duckdb.DuckDBPyConnection) -> None:
    schema = (Field("n", "ENUM('a', 'b')", "VARCHAR"), Field("t", "DATE", "DATE"))
    query = relation_sql(snapshot(schema=schema), "/nowhere")
    assert plain.execute(query).fetchall() == []
    assert plain.execute(f"select column_name, column_type from (describe {query})").fetchall() == [
        ("n", "ENUM('a', 'b')"),
        ("t", "DATE"),
    ]


def test_a_view_is_its_own_query() -> None:
    assert relation_sql(snapshot(schema=(), sql="select 1 as n\n"), "/nowhere") == "select 1 as n\n"


@pytest.mark.parametrize("text", ["", "it's", "a''b", 'a"b', "\n", "$x"])
def test_a_text_comes_back_as_it_was(plain: duckdb.DuckDBPyConnection, text: str) -> None:
    assert plain.execute(f"select {quote_text(text)}").fetchall() == [(text,)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (quote_name("a.b"), '"a.b"'),
        (quote_name('a"b'), '"a""b"'),
        (quote_table("clean.flights"), '"clean"."flights"'),
        (quote_path("/a[1]/*?.parquet"), "'/a[[]1]/[*][?].parquet'"),
        (column_sql("n", "DATE", "DATE"), '"n"'),
        (column_sql("n", "VARCHAR", "BIT"), 'cast("n" as BIT) as "n"'),
    ],
)
def test_names_are_quoted(written: str, expected: str) -> None:
    assert written == expected
