from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from thresher.engines.duckdb_inputs import Input
from thresher.engines.frames import KINDS
from thresher.errors import AssetError
from thresher.project.functions import FRAMES

TABLE = """
select 9007199254740993 + range as big, if(range = 1, null, range) as n, range = 0 as yes,
    'é' || range as text, date '2013-01-01' + range::int as day, range / 4 as part,
    timestamptz '2013-01-01 00:30:00+00' as at, [range, null] as list, range::hugeint * 3 as total,
    interval (range) hour as wait
from range(3)
"""
UUID = "'12345678-1234-5678-1234-567812345678'::uuid"


def frame(shop: Any, kind: str, table: Any, *others: Any) -> Any:
    shop.read = shop.engine._views.cursor({t.asset: t for t in (table, *others)}, {})
    return KINDS[kind](Input(shop.read, table.asset, table, shop.warehouse, shop.engine._timezone))


def arrow(result: Any) -> pa.Table:
    """Bring any frame to Arrow by its own library."""
    match result:
        case pl.LazyFrame():
            return result.collect().to_arrow()
        case pl.DataFrame():
            return result.to_arrow()
        case pd.DataFrame():
            return pa.Table.from_pandas(result)
        case pa.RecordBatchReader():
            return result.read_all()
        case pa.Table():
            return result
    return result.to_arrow_table()


def test_every_kind_that_can_be_asked_for_can_be_given() -> None:
    assert set(KINDS) == set(FRAMES)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_frame_holds_every_value(shop: Any, kind: str) -> None:
    table = shop.sql("clean.t", TABLE)
    found = arrow(frame(shop, kind, table)).select(
        ["big", "n", "yes", "text", "day", "part", "list"]
    )
    assert found.to_pydict() == {
        "big": [9007199254740993, 9007199254740994, 9007199254740995],
        "n": [0, None, 2],
        "yes": [True, False, False],
        "text": ["é0", "é1", "é2"],
        "day": [dt.date(2013, 1, 1), dt.date(2013, 1, 2), dt.date(2013, 1, 3)],
        "part": [0.0, 0.25, 0.5],
        "list": [[0, None], [1, None], [2, None]],
    }


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("view", [False, True])
def test_types_that_parquet_lacks_come_as_they_are_held(shop: Any, kind: str, view: bool) -> None:
    table = shop.sql("clean.t", TABLE, view=view)
    found = arrow(frame(shop, kind, table))
    assert found["total"].to_pylist() == [Decimal(0), Decimal(3), Decimal(6)]
    if kind != "duckdb.DuckDBPyRelation":
        assert found["wait"].to_pylist() == ["00:00:00", "01:00:00", "02:00:00"]


def test_a_relation_has_the_logical_types(shop: Any) -> None:
    relation = frame(shop, "duckdb.DuckDBPyRelation", shop.sql("clean.t", TABLE))
    assert [str(type_) for type_ in relation.types[-2:]] == ["HUGEINT", "INTERVAL"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome"])
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"duckdb.DuckDBPyRelation"}))
@pytest.mark.parametrize("odd", ["1", UUID])
def test_times_are_in_the_session_s_zone_however_they_are_read(
    make_shop: Any, zone: str, kind: str, odd: str
) -> None:
    shop = make_shop(timezone=zone)
    table = shop.sql("clean.t", f"select timestamptz '2013-01-01 00:30:00+00' as at, {odd} as odd")
    assert arrow(frame(shop, kind, table)).schema.field("at").type == pa.timestamp("us", zone)


@pytest.mark.parametrize("kind", ["polars.LazyFrame", "polars.DataFrame", "pyarrow.Table"])
def test_what_polars_reads_otherwise_is_read_by_duckdb(shop: Any, kind: str) -> None:
    text = f"""select {UUID} as id, '{{"a": 1}}'::json as doc, [{UUID}] as ids, null as nothing"""
    found = arrow(frame(shop, kind, shop.sql("clean.t", text)))
    uuid = "12345678-1234-5678-1234-567812345678"
    assert found.to_pylist() == [{"id": uuid, "doc": '{"a": 1}', "ids": [uuid], "nothing": None}]


def test_a_lazy_frame_reads_the_files_themselves(shop: Any) -> None:
    table = shop.sql("clean.t", TABLE)
    assert "Parquet SCAN" in frame(shop, "polars.LazyFrame", table).explain()


@pytest.mark.parametrize("folder", ["env=prod", "a[b]c", "a*c"])
def test_a_folder_s_name_is_neither_pattern_nor_column(make_shop: Any, folder: str) -> None:
    shop = make_shop(folder)
    table = shop.sql("clean.t", "select 'mine' as env")
    for kind in KINDS:
        assert arrow(frame(shop, kind, table)).to_pydict() == {"env": ["mine"]}


def test_whole_numbers_with_nulls_stay_whole_in_pandas(shop: Any) -> None:
    text = """select unnest([9007199254740993, null]) as big, unnest([1::utinyint, null]) as small,
        unnest([true, null]) as yes, unnest([1, 2]) as n, unnest([1.5, null]::double[]) as part"""
    found = frame(shop, "pandas.DataFrame", shop.sql("clean.t", text))
    assert found.dtypes.astype(str).to_dict() == {
        "big": "Int64",
        "small": "UInt8",
        "yes": "boolean",
        "n": "int32",
        "part": "float64",
    }
    assert found["big"][0] == 9007199254740993


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_empty_table_is_an_empty_frame(shop: Any, kind: str) -> None:
    found = arrow(frame(shop, kind, shop.sql("clean.t", TABLE + " where false")))
    assert (found.num_rows, found.column_names[:2]) == (0, ["big", "n"])


def test_a_view_is_read_with_what_it_stands_on(shop: Any) -> None:
    raw = shop.sql("raw.n", "select range as n from range(3)")
    view = shop.sql("clean.v", "select n * 2 as n from raw.n", raw, view=True)
    for kind in KINDS:
        assert arrow(frame(shop, kind, view, raw)).to_pydict() == {"n": [0, 2, 4]}


@pytest.mark.parametrize(
    ("kind", "package"), [("polars.LazyFrame", "polars"), ("pandas.DataFrame", "pandas")]
)
def test_a_package_that_is_missing_is_named(
    shop: Any, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
) -> None:
    table = shop.sql("clean.t", "select 1 as n")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(AssetError, match=package) as caught:
        frame(shop, kind, table)
    assert caught.value.fault.hint == f"pip install 'thresher[{package}]'"
