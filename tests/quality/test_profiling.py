"""Profiles of random tables, held against pandas, Polars and numpy over the same rows."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_tables import TABLE

from thresher.quality.profiling import QUANTILES, profile

SETTINGS = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SCHEMA = pa.schema(
    [
        ("whole", pa.int64()),
        ("real", pa.float64()),
        ("day", pa.date32()),
        ("text", pa.string()),
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "whole": st.none() | st.integers(-40, 40),
            "real": st.none() | st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
            "day": st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
            "text": st.none() | st.sampled_from(["", " ", "a", "bb", "ü", "\x1b[31m", "日本"]),
        }
    ),
    min_size=1,
    max_size=40,
)


def profiled(lake, table, **options):
    snapshot = lake.write(table)
    found = profile(snapshot, {TABLE: snapshot}, lake.rows, **options)
    return found, {column.name: column for column in found.columns}


@SETTINGS
@given(ROWS)
def test_figures_are_those_of_pandas_and_polars(lake, rows):
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    found, columns = profiled(lake, table)
    frame, series = table.to_pandas(), pl.DataFrame(table)
    assert found.rows == len(frame)
    for name, column in columns.items():
        assert column.nulls == series[name].null_count() == frame[name].isna().sum()
        assert column.distinct == series[name].drop_nulls().n_unique()
    for name in ("whole", "real"):
        values, column = frame[name].dropna().astype(float), columns[name]
        if values.empty:
            assert (column.least, column.mean, column.quantiles, column.histogram) == (
                *(None, None, None),
                (),
            )
            continue
        assert (column.least, column.greatest) == (values.min(), values.max())
        assert column.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-6)
        for share in QUANTILES:
            expected = values.quantile(share)
            assert column.quantiles[share] == pytest.approx(expected, rel=1e-9, abs=1e-6)
        if len(values) > 1:
            assert column.stddev == pytest.approx(values.std(), rel=1e-6, abs=1e-6)
    days = series["day"].drop_nulls()
    if len(days):
        assert columns["day"].least == days.min().isoformat()
        assert columns["day"].quantiles[0.5] in {day.isoformat() for day in days}
    texts = series["text"].drop_nulls()
    if len(texts):
        lengths = texts.str.len_chars()
        assert columns["text"].lengths == (lengths.min(), lengths.max())
        assert columns["text"].blank == (texts.str.strip_chars() == "").sum()


@SETTINGS
@given(ROWS)
def test_the_most_frequent_values_are_those_that_are_counted_by_hand(lake, rows):
    _, columns = profiled(lake, pa.Table.from_pylist(rows, schema=SCHEMA), top=3)
    for name in ("whole", "text"):
        counts = pd.Series([row[name] for row in rows if row[name] is not None], dtype=object)
        expected = sorted(
            ((str(value), number) for value, number in counts.value_counts().items()),
            key=lambda pair: (-pair[1], pair[0].encode()),
        )
        assert [number for _, number in columns[name].top] == [n for _, n in expected[:3]]
        assert set(columns[name].top) <= set(expected)


@SETTINGS
@given(st.lists(st.floats(-1e5, 1e5), min_size=2, max_size=60).filter(lambda x: len(set(x)) > 1))
def test_the_bars_count_what_numpy_counts(lake, values):
    _, columns = profiled(lake, pa.table({"real": values}))
    bars = columns["real"].histogram
    assert sum(each.rows for each in bars) == len(values)
    assert (bars[0].low, bars[-1].high) == (min(values), max(values))
    expected, edges = np.histogram(values, bins=len(bars))
    # A value at an edge may be rounded into the bin beside it.
    between = [v for v in values if all(not math.isclose(v, e, abs_tol=1e-6) for e in edges)]
    if len(between) >= len(values) - 2 and np.ptp(values) > 1e-3:
        inner, _ = np.histogram(between, bins=edges)
        assert all(a >= b for a, b in zip([e.rows for e in bars], inner, strict=True))
    assert len(expected) == len(bars)


def test_whole_numbers_that_lie_close_together_have_a_bar_each(lake):
    _, columns = profiled(lake, pa.table({"month": [1, 1, 3, 12, 12, 12]}))
    assert [(each.low, each.rows) for each in columns["month"].histogram if each.rows] == [
        *((1, 2), (3, 1), (12, 3))
    ]
    assert len(columns["month"].histogram) == 12


def test_dates_have_bars_with_dates_at_their_ends(lake):
    days = [date(2013, 1, 1), date(2013, 1, 2), date(2013, 1, 11)]
    _, columns = profiled(lake, pa.table({"day": days}))
    bars = columns["day"].histogram
    assert (bars[0].low, bars[0].high, bars[-1].high) == ("2013-01-01", "2013-01-02", "2013-01-11")
    assert [each.rows for each in bars] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_what_is_not_finite_is_counted_and_left_out(lake):
    values = [1.0, 3.0, math.inf, -math.inf, math.nan, None]
    _, columns = profiled(lake, pa.table({"real": values}))
    column = columns["real"]
    assert (column.not_finite, column.nulls, column.distinct) == (3, 1, 5)
    assert (column.least, column.greatest, column.mean) == (1.0, 3.0, 2.0)
    assert sum(each.rows for each in column.histogram) == 2


@pytest.mark.parametrize("extremes", [[1.7e308, -1.7e308, 0.0], [5e-324, 0.0, 0.0], [1e17, 1e17]])
def test_extremes_of_a_double_still_make_bars(lake, extremes):
    _, columns = profiled(lake, pa.table({"real": extremes}))
    assert sum(each.rows for each in columns["real"].histogram) == len(extremes)


@pytest.mark.parametrize(
    "type_",
    [
        *("bool", "tinyint", "hugeint::decimal(38,0)", "decimal(38,10)", "float", "time"),
        *("timestamp", "timestamptz", "timestamp_ns", "blob", "uuid", "int[]", "varchar"),
        *("struct(a int, b varchar)", "map(varchar, int)", "interval::varchar", "json"),
    ],
)
def test_every_type_has_a_profile_with_and_without_values(lake, type_):
    sql = f"select null::{type_} as x from range(3)"
    snapshot = lake.query(sql)
    (column,) = profile(snapshot, {TABLE: snapshot}, lake.rows).columns
    assert (column.nulls, column.distinct, column.top, column.histogram) == (3, 0, (), ())


def test_values_of_many_types(lake):
    snapshot = lake.query(
        "select {'a': 1} as struct, [1, 2] as list, map {'k': 1} as map, 'x'::blob as blob,"
        " '12:00'::time as time, true as flag, '{\"a\": 1}'::json as json from range(2)"
    )
    for column in profile(snapshot, {TABLE: snapshot}, lake.rows).columns:
        assert (column.nulls, column.distinct, column.top[0][1]) == (0, 1, 2), column


def test_a_table_without_rows_and_odd_names(lake):
    table = pa.table({'a "b"': pa.array([], pa.int64()), "select": pa.array([], pa.string())})
    found, columns = profiled(lake, table)
    assert (found.rows, list(columns)) == (0, ['a "b"', "select"])


def test_few_queries_are_asked_whatever_the_number_of_columns(lake):
    snapshot = lake.write(pa.table({f"c{at}": [1, 2] for at in range(50)}))
    lake.queries.clear()
    profile(snapshot, {TABLE: snapshot}, lake.rows)
    assert len(lake.queries) == 3


def test_no_value_of_a_hidden_column_is_given(lake):
    table = pa.table({"Name": ["secret-a", "secret-b"], "age": [4711, 4712], "ok": [1, 2]})
    found, columns = profiled(lake, table, hidden=frozenset({"name", "age"}))
    assert "secret" not in repr(found)
    assert "471" not in repr(found)
    assert (columns["Name"].distinct, columns["Name"].hidden) == (2, True)
    assert columns["ok"].greatest == 2
