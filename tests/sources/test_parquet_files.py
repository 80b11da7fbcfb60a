"""Parquet files: their types, and what comes of broken ones."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from source_landing import Landing, moment, parquet


def test_rows_are_what_polars_wrote(landing: Landing) -> None:
    frame = pl.DataFrame(
        {
            "i": [1, None, 3],
            "f": [0.1, None, float("inf")],
            "s": ["x", None, "é"],
            "d": [dt.date(2013, 1, 1), None, dt.date(1, 1, 1)],
            "t": [moment("2013-01-01 05:06:07.000008"), None, None],
            "l": [[1, 2], None, []],
            "m": [Decimal("1.50"), None, Decimal("2.25")],
        }
    )
    frame.write_parquet(landing.root / "a.parquet")
    reading = landing.read()
    found = pl.read_parquet(reading.folder / "0001.parquet")
    assert found.rows() == frame.rows()


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (pa.int32(), pa.uint32(), "BIGINT"),
        (pa.int64(), pa.uint64(), "DECIMAL(38,0)"),
        (pa.int64(), pa.float32(), "DOUBLE"),
        (pa.decimal128(5, 1), pa.decimal128(6, 4), "DECIMAL(8,4)"),
        (pa.decimal128(5, 1), pa.int16(), "DECIMAL(6,1)"),
        (pa.date32(), pa.timestamp("us"), "TIMESTAMP"),
        (pa.timestamp("us"), pa.timestamp("ns"), "TIMESTAMP_NS"),
        (pa.timestamp("us"), pa.timestamp("us", "UTC"), "VARCHAR"),
        (pa.bool_(), pa.int64(), "VARCHAR"),
        (pa.null(), pa.int16(), "SMALLINT"),
        (pa.list_(pa.int64()), pa.string(), "JSON"),
    ],
)
def test_types_hold_for_all_files_in_any_order(
    landing: Landing, first: pa.DataType, second: pa.DataType, kind: str
) -> None:
    for one, other in itertools.permutations([first, second]):
        landing.put("1.parquet", parquet(pa.table({"x": pa.array([None], one)})))
        landing.put("2.parquet", parquet(pa.table({"x": pa.array([None], other)})))
        assert landing.read().types == {"x": kind}


def test_members_are_matched_by_name(landing: Landing) -> None:
    landing.put("1.parquet", parquet({"s": [{"a": 1, "b": "x"}]}))
    landing.put("2.parquet", parquet({"s": [{"b": "y", "a": 2.5}]}))
    assert landing.read().rows == [({"a": 1.0, "b": "x"},), ({"a": 2.5, "b": "y"},)]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (7.0, "int", 7),
        (7.5, "int", None),
        ("007", "int", 7),
        ("x", "int", None),
        (moment("2013-01-01"), "date", dt.date(2013, 1, 1)),
        (moment("2013-01-01 05:00"), "date", None),
        (Decimal("1.50"), "decimal(4,1)", Decimal("1.5")),
        (Decimal("1.55"), "decimal(4,1)", None),
        ('{"a": 1}', "json", '{"a": 1}'),
    ],
)
def test_a_contract_takes_what_loses_nothing(
    landing: Landing, value: Any, kind: str, expected: Any
) -> None:
    landing.put("a.parquet", parquet({"x": [None, value]}))
    if expected is None:
        reason = landing.refusal(types={"x": kind}).reason or ""
        assert reason.startswith("row 2: `x` should be")
    else:
        assert landing.read(types={"x": kind}).rows[1] == (expected,)


def test_a_file_that_is_cut_short_is_refused(landing: Landing) -> None:
    content = parquet({"a": list(range(1000))})
    landing.put("a.parquet", content[:-20])
    assert landing.refusal().reason == "the Parquet file is cut short"


def test_a_damaged_footer_is_refused(landing: Landing) -> None:
    content = parquet({"a": list(range(1000))})
    landing.put("a.parquet", content[:-30] + b"\xff" * 22 + content[-8:])
    assert "damaged" in (landing.refusal().reason or "")


def test_damaged_pages_are_refused(landing: Landing) -> None:
    content = bytearray(parquet({"a": [f"text {n}" for n in range(1000)]}))
    content[20:2000] = b"\xff" * 1980
    landing.put("a.parquet", bytes(content))
    assert "damaged" in (landing.refusal().reason or "")


def test_text_named_parquet_is_refused(landing: Landing) -> None:
    landing.put("a.parquet", "id,name\n1,x\n")
    reason = landing.refusal().reason
    assert reason == "it is not a Parquet file: it begins with `id,name`"


def test_columns_of_one_name_are_refused(landing: Landing) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "A"])
    landing.put("a.parquet", parquet(table))
    assert "differ in case alone" in (landing.refusal().reason or "")


@pytest.mark.parametrize("nest", [lambda kind: kind, pa.list_, lambda kind: pa.struct({"a": kind})])
def test_numbers_that_would_be_rounded_are_refused(landing: Landing, nest: Any) -> None:
    wide = pa.table({"x": pa.array([None], nest(pa.decimal256(50, 2)))})
    landing.put("a.parquet", parquet(wide))
    reason = landing.refusal().reason
    assert reason == "column `x` is decimal256(50, 2): DuckDB would round it"
    landing.put("a.parquet", parquet(pa.table({"x": pa.array([None], nest(pa.decimal256(38, 2)))})))
    assert len(landing.read().rows) == 1


def test_folders_that_look_like_partitions_add_no_columns(landing: Landing) -> None:
    landing.put("year=2013/a.parquet", parquet({"a": [1]}))
    landing.put("year=2014/a.csv", "a\n2\n")
    landing.put("year=2015/a.json", '[{"a": 3}]')
    assert landing.read().rows == [(1,), (2,), (3,)]
