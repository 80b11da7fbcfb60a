"""Queries over what is published: bound values, bounded answers, files that others can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars
import pytest
from made_versions import Maker
from pyarrow import ipc

from thresher.errors import CommandError, WarehouseError
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.reader import Reader


@pytest.fixture
def reader(make: Maker, warehouse: Warehouse) -> Iterator[Reader]:
    make.publish(make.table("clean.a", "select range as v, 'x' || range as t from range(10)"))
    with warehouse.reader("dev") as found:
        yield found


def test_an_answer_names_columns_and_types(reader: Reader) -> None:
    found = reader.query("select v, t from clean.a where v = $v", {"v": 3})
    assert (found.columns, found.types) == (("v", "t"), ("BIGINT", "VARCHAR"))
    assert (found.rows, found.total) == (((3, "x3"),), 1)


@pytest.mark.parametrize(("limit", "given"), [(0, 0), (3, 3), (10, 10), (11, 10), (None, 10)])
def test_an_answer_is_cut_and_counted_whole(reader: Reader, limit: int | None, given: int) -> None:
    found = reader.query("select v from clean.a order by v desc; -- all of 'em", {}, limit=limit)
    assert [row[0] for row in found.rows] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0][:given]
    assert found.total == 10


def test_a_semicolon_ends_a_statement_only_where_it_is_one(reader: Reader) -> None:
    found = reader.query("select 'ä;' as t, $$;$$ /* ; */ -- ;\n; -- €; /* the end */", {}, limit=1)
    assert found.rows == (("ä;", ";"),)


def test_placeholders_are_named(reader: Reader) -> None:
    assert reader.parameters("select $b, $a, $b -- $c") == ("a", "b")
    assert reader.parameters("select 1") == ()


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("selec 1", "the query failed: Parser Error"),
        ("select 1; select 2", "one statement is asked for, and there are 2"),
        ("", "one statement is asked for, and there are 0"),
    ],
)
def test_what_is_not_one_statement_is_refused(reader: Reader, sql: str, what: str) -> None:
    with pytest.raises(CommandError, match=what):
        reader.parameters(sql)


@pytest.mark.parametrize(
    "sql", ["select w from clean.a", "create table clean.b (v int)", "drop view clean.a"]
)
def test_a_query_that_fails_is_told(reader: Reader, sql: str) -> None:
    with pytest.raises(CommandError, match="the query failed"):
        reader.query(sql, {})


def test_a_statement_without_an_answer_gives_none(reader: Reader) -> None:
    assert reader.query("set threads = 1", {}).rows == ()


def rows_of(path: Path) -> list[int]:
    match path.suffix:
        case ".parquet":
            return polars.read_parquet(path)["v"].to_list()
        case ".csv":
            return polars.read_csv(path)["v"].to_list()
        case ".json":
            return [row["v"] for row in json.loads(path.read_text())]
    with ipc.open_file(str(path)) as file:
        found: list[int] = file.read_all()["v"].to_pylist()
    return found


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".json", ".arrow"])
def test_answers_are_exported(reader: Reader, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"it's{suffix}"
    sql = "select v, t from clean.a where v >= $low order by v -- the upper;\n; -- end"
    assert reader.export(sql, {"low": 7}, path, suffix) == 3
    assert rows_of(path) == [7, 8, 9]


def test_an_export_that_fails_is_told(reader: Reader, tmp_path: Path) -> None:
    for suffix in (".csv", ".arrow"):
        with pytest.raises(CommandError, match="the query failed"):
            reader.export("select w from clean.a", {}, tmp_path / "out", suffix)


def test_times_are_told_in_the_zone_that_is_asked_for(make: Maker, warehouse: Warehouse) -> None:
    make.publish(make.table("clean.a", "select timestamptz '2026-01-01 00:00:00+00' as v"))
    with warehouse.reader("dev", timezone="Asia/Tokyo") as there:
        assert there.query("select v::varchar from clean.a", {}).rows == (
            ("2026-01-01 09:00:00+09",),
        )
    with warehouse.reader("dev") as here:
        assert here.query("select v::varchar from clean.a", {}).rows == (
            ("2026-01-01 00:00:00+00",),
        )


def test_an_empty_environment_has_nothing_to_read(warehouse: Warehouse) -> None:
    with (
        pytest.raises(WarehouseError, match="nothing is published in `dev`"),
        warehouse.reader("dev"),
    ):
        pass
