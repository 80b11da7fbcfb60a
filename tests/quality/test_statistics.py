"""What footers say, held against the values themselves, whoever wrote the file."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_tables import TABLE, by_duckdb, by_pyarrow, by_pyarrow_without_statistics

from thresher.quality.statistics import UNKNOWN, ColumnStatistics, read_statistics
from thresher.results import Snapshot

WRITERS = {
    "duckdb": by_duckdb,
    "pyarrow": by_pyarrow,
    "pyarrow without statistics": by_pyarrow_without_statistics,
}
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001
VALUES = {
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "decimal": (pa.decimal128(10, 2), st.decimals(-1000, 1000, places=2)),
    "wide": (pa.decimal128(38, 0), st.integers(-(10**37), 10**37).map(Decimal)),
    "float": (pa.float32(), st.floats(width=32)),
    "double": (pa.float64(), st.floats()),
    "text": (pa.string(), st.text(st.characters(codec="utf-8"), max_size=300)),
    "blob": (pa.binary(), st.binary(max_size=9)),
    "bool": (pa.bool_(), st.booleans()),
    "date": (pa.date32(), DAYS),
    "timestamp": (pa.timestamp("us"), TIMES),
    "millis": (pa.timestamp("ms"), TIMES.map(lambda at: at.replace(microsecond=0))),
    "zoned": (pa.timestamp("us", "UTC"), TIMES.map(lambda at: at.replace(tzinfo=UTC))),
    "list": (pa.list_(pa.int64()), st.lists(st.integers(0, 9), max_size=2)),
}
BOUNDED = {"int8", "int64", "uint64", "decimal", "wide", "text", "date", "timestamp", "millis"}
"""Columns whose bounds must be told where the writer tells them."""


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_what_is_told_of_a_column_holds_for_every_value(lake, data):
    name = data.draw(st.sampled_from(sorted(VALUES)))
    type_, values = VALUES[name]
    lists = st.lists(st.lists(st.none() | values, max_size=8), min_size=1, max_size=3)
    parts = data.draw(lists)
    writers = data.draw(st.lists(st.sampled_from(sorted(WRITERS)), min_size=1, max_size=2))
    tables = [pa.table({name: pa.array(part, type_)}) for part in parts]
    lake.write(*tables, writers=[WRITERS[each] for each in writers])
    told = lake.statistics()[name]
    present = [value for part in parts for value in part if value is not None]
    assert told.nulls in (None, sum(len(part) for part in parts) - len(present))
    if name == "list":
        assert told == UNKNOWN
    ordered = [value for value in present if value == value]  # noqa: PLR0124  # NaN is not
    assert told.low is None or told.low <= min(ordered)
    assert told.high is None or told.high >= max(present)
    if name in BOUNDED and present and set(writers) == {"pyarrow"}:
        assert (told.low, told.high) == (min(present), max(present))


def test_bounds_are_known_for_what_thresher_writes(lake):
    lake.query(
        "select i::bigint as id, i / 4 as real, (i / 4)::decimal(9, 2) as cost, 'k' || i as text,"
        " date '2013-01-01' + i::integer as day, timestamp '2013-01-01' + to_hours(i) as seen,"
        " i % 2 = 0 as even, nullif(i, 3) as gap from range(5) as t(i)"
    )
    assert lake.statistics() == {
        "id": ColumnStatistics(0, 0, 4),
        "real": ColumnStatistics(0, 0.0, None),
        "cost": ColumnStatistics(0, Decimal("0.00"), Decimal("1.00")),
        "text": ColumnStatistics(0, "k0", "k4"),
        "day": ColumnStatistics(0, date(2013, 1, 1), date(2013, 1, 5)),
        "seen": ColumnStatistics(0, datetime(2013, 1, 1), datetime(2013, 1, 1, 4)),  # noqa: DTZ001
        "even": ColumnStatistics(0),
        "gap": ColumnStatistics(1, 0, 4),
    }


def test_a_number_that_is_no_number_is_above_no_bound(lake):
    values = pa.table({"real": [1.0, math.nan, 2.0]})
    lake.write(values, writers=[by_pyarrow])
    assert lake.statistics()["real"] == ColumnStatistics(0, 1.0, None, repeats=True)


def test_one_part_without_bounds_leaves_the_column_without(lake):
    parts = [pa.table({"real": values}) for values in ([1.0, 2.0], [-5.0, math.nan])]
    lake.write(*parts)
    assert lake.statistics()["real"] == ColumnStatistics(0)


def test_a_column_that_is_held_as_another_type_has_nulls_and_no_bounds(lake):
    held = {
        "huge": pa.array([1, None, 3], pa.decimal128(38, 0)),
        "mood": ["b", "a", "c"],
        "cost": pa.array([Decimal("0.96")] * 3, pa.decimal128(9, 2)),
    }
    types = {"huge": "HUGEINT", "mood": "ENUM('c', 'b', 'a')", "cost": "DECIMAL(9,1)"}
    lake.write(pa.table(held), types=types)
    assert lake.statistics() == {
        "huge": ColumnStatistics(1),
        "mood": ColumnStatistics(0),
        "cost": ColumnStatistics(0),
    }


def test_what_is_nested_has_no_figures_even_under_the_name_of_a_column(lake):
    inner = pa.struct([pa.field("b", pa.int64(), nullable=False)])
    schema = pa.schema([pa.field("a", inner, nullable=False), pa.field("a.b", pa.int64())])
    table = pa.Table.from_pylist([{"a": {"b": 1}, "a.b": None}], schema)
    lake.write(table, writers=[by_pyarrow])
    assert lake.statistics() == {"a": UNKNOWN, "a.b": ColumnStatistics(1, repeats=True)}


def test_values_repeat_where_every_part_has_a_dictionary(lake):
    table = pa.table({"code": ["a", "b"] * 4, "id": list(range(8))})
    lake.write(table, table, writers=[by_pyarrow])
    assert lake.statistics()["code"].repeats
    lake.write(table, table, writers=[by_pyarrow, by_pyarrow_without_statistics])
    assert not lake.statistics()["code"].repeats


def test_time_beyond_the_calendar_has_no_bound(lake):
    lake.query("select date 'infinity' as day, timestamp '20000-01-01' as seen")
    assert lake.statistics() == {"day": ColumnStatistics(0), "seen": ColumnStatistics(0)}


@pytest.mark.parametrize("fault", ["gone", "damaged", "other rows"])
def test_files_that_are_not_as_the_version_says_tell_nothing(lake, fault):
    snapshot = lake.query("select 1 as id")
    path = lake.root / snapshot.files[0].path
    match fault:
        case "gone":
            path.unlink()
        case "damaged":
            path.write_bytes(b"PAR1" + bytes(99))
        case "other rows":
            by_duckdb(pa.table({"id": [1, 2]}), path)
    assert lake.statistics() == {}


def test_nothing_is_known_of_a_view(lake):
    view = Snapshot(
        asset=TABLE, fingerprint="f", build="1", ingredients={}, schema=(), sql="select 1 as id",
        rows=1, built_at=datetime.now(UTC), run="r1", engine="duckdb",
    )  # fmt: skip
    assert read_statistics(view, lake.root) == {}
