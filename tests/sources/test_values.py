"""Python values as Arrow columns: one type for all, and texts as DuckDB writes them."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal

import duckdb
import numpy
import pandas
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.sources.values import array_of, text_of, unwritable

DAY = dt.date(2024, 1, 31)
MOMENT = dt.datetime.fromisoformat("2024-01-31 05:30")
INSTANT = dt.datetime(2024, 1, 31, 5, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([], pa.null(), []),
        ([None, None], pa.null(), [None, None]),
        ([1, None, 2**62], pa.int64(), [1, None, 2**62]),
        ([2**63, 1], pa.decimal128(38, 0), [Decimal(2**63), Decimal(1)]),
        ([10**40, 1], pa.string(), [str(10**40), "1"]),
        ([True, None], pa.bool_(), [True, None]),
        ([1, 1.5], pa.float64(), [1.0, 1.5]),
        ([1.5, Decimal("2.5")], pa.float64(), [1.5, 2.5]),
        ([Decimal("1.5"), Decimal(100)], pa.decimal128(4, 1), [Decimal("1.5"), Decimal(100)]),
        ([Decimal("1E+2"), 7], pa.decimal128(3, 0), [Decimal(100), Decimal(7)]),
        ([Decimal("0.5")], pa.decimal128(2, 1), [Decimal("0.5")]),
        ([Decimal("NaN"), Decimal(1)], pa.string(), ["NaN", "1"]),
        ([b"a", bytearray(b"\x00")], pa.binary(), [b"a", b"\x00"]),
        ([DAY, None], pa.date32(), [DAY, None]),
        ([DAY, MOMENT], pa.timestamp("us"), [dt.datetime.fromisoformat("2024-01-31"), MOMENT]),
        ([INSTANT], pa.timestamp("us", tz="UTC"), [INSTANT]),
        ([MOMENT, INSTANT], pa.string(), ["2024-01-31 05:30:00", "2024-01-31 03:30:00+00"]),
        ([dt.time(5, 30)], pa.time64("us"), [dt.time(5, 30)]),
        ([1, "x", None, 1.5, True], pa.string(), ["1", "x", None, "1.5", "true"]),
        ([1, "x", b"\xff"], pa.string(), ["1", "x", r"\xFF"]),
        ([numpy.int32(7), numpy.int64(8)], pa.int64(), [7, 8]),
        ([numpy.float32(1.5), 1], pa.float64(), [1.5, 1.0]),
        ([pandas.Timestamp(MOMENT), pandas.NaT], pa.timestamp("us"), [MOMENT, None]),
        ([Colour.RED], pa.int64(), [3]),
        ([uuid.UUID(int=1)], pa.string(), ["00000000-0000-0000-0000-000000000001"]),
        ([[1, 2], None], pa.list_(pa.int64()), [[1, 2], None]),
        ([{"a": 1}, {"a": None}], pa.struct({"a": pa.int64()}), [{"a": 1}, {"a": None}]),
        ([{"a": 1}, "x", DAY], pa.string(), ['{"a": 1}', '"x"', '"2024-01-31"']),
    ],
)
def test_a_column_has_one_type_that_holds_all_its_values(values, kind, expected):
    array = array_of(values)
    assert array.type == kind
    assert array.to_pylist() == expected


def test_an_instant_stays_one_beside_pandas_on_spark(monkeypatch):
    monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", "1")  # as `import pyspark.pandas` sets it
    first = dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=-2)))
    assert array_of([INSTANT, None, first]).to_pylist() == [INSTANT, None, first]
    east = INSTANT.astimezone(dt.timezone(dt.timedelta(hours=2)))
    assert array_of([[east]]).to_pylist() == [[INSTANT]]
    assert array_of([{"at": (east,)}]).to_pylist() == [{"at": [INSTANT]}]


@pytest.mark.parametrize(
    ("before", "values", "kept"),
    [
        (pa.string(), [1, 2.5], True),
        (pa.float64(), [1], True),
        (pa.decimal128(10, 2), [Decimal("1.5")], True),
        (pa.timestamp("us"), [DAY], True),
        (pa.int64(), [None], True),
        (pa.int64(), [1.5], False),
        (pa.decimal128(3, 2), [Decimal("10.5")], False),
        (pa.int64(), ["x"], False),
        (pa.null(), [1], False),
        (pa.bool_(), [1], False),
    ],
)
def test_a_type_is_kept_where_it_holds_what_comes(before, values, kept):
    assert (array_of(values, before).type == before) is kept


@given(
    st.one_of(
        *(
            st.floats(allow_nan=False),
            st.integers(),
            st.booleans(),
            st.text(),
            st.binary(),
            st.dates(),
        ),
        *(st.datetimes(), st.times(), st.decimals(allow_nan=False, allow_infinity=False, places=3)),
    )
)
def test_texts_are_those_that_duckdb_writes(value):
    if isinstance(value, (int, Decimal)) and abs(value) >= 10**30:
        return  # DuckDB takes these for floating point numbers
    held = "decimal(38,3)" if isinstance(value, Decimal) else ""
    query = f"select cast(?{held and '::'}{held} as varchar)"
    assert text_of(value) == duckdb.execute(query, [value]).fetchall()[0][0]


def test_a_text_that_is_no_utf_8_is_found():
    with pytest.raises(UnicodeEncodeError):
        array_of(["a", "b\udcff"])
    assert unwritable(["a", None, "b\udcff"]) == (2, "b\udcff")
    assert unwritable(["a"]) is None
