"""Checks of the table, held against the figures of pandas and Polars in the same random tables."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.project.contract import Check, Contract

SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DAYS = st.dates(date(2012, 12, 20), date(2013, 1, 20))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.integers(-50, 50),
            "real": st.none() | st.floats(-1e6, 1e6),
            "cost": st.none() | st.decimals(-999, 999, places=2),
            "day": st.none() | DAYS,
            "text": st.none() | st.sampled_from(["a", "b", "c"]),
        }
    ),
    max_size=30,
)
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("real", pa.float64()),
        ("cost", pa.decimal128(10, 2)),
        ("day", pa.date32()),
        ("text", pa.string()),
    ]
)


def found(warehouse, table, *checks):
    warehouse.database.register("given", table)
    warehouse.create("from given", form="or replace table")
    results = warehouse.audit(Contract(checks=checks)).results
    assert all(result.status.value != "error" for result in results), results
    return results


def figure(result):
    return None if result.figure is None else result.figure.rpartition(" = ")[2]


def near(text, expected):
    if text is None or expected is None or math.isnan(expected):
        return text is None and (expected is None or math.isnan(expected))
    return float(text) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@SETTINGS
@given(rows=ROWS)
def test_figures_are_those_of_pandas(warehouse, rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    frame = pd.DataFrame({"number": [row["number"] for row in rows]}, dtype="float64")
    frame["real"] = pd.Series([row["real"] for row in rows], dtype="float64")
    for name in ("number", "real"):
        column = frame[name]
        expected = {
            "mean": column.mean(),
            "sum": column.sum(min_count=1),
            "min": column.min(),
            "max": column.max(),
            "stddev": column.std(),
            "distinct": float(column.nunique()),
            "null_share": column.isna().mean(),
        }
        bounds = (("least", -1e9), ("most", 1e9))
        checks = [Check(kind, (name,), bounds) for kind in expected]
        checks.append(Check("quantile", (name,), (("at", 0.3), *bounds)))
        expected["quantile"] = column.quantile(0.3)
        for result in found(warehouse, table, *checks):
            assert near(figure(result), expected[result.kind]), (result, expected)
            assert result.status.value == "passed"


@SETTINGS
@given(rows=ROWS, low=st.integers(-30, 30), width=st.integers(0, 30))
def test_a_figure_is_held_against_its_bounds(warehouse, rows, low, width):
    """Decimals are exact in both, so that a bound that is met to the last digit holds."""
    table = pa.Table.from_pylist(rows, SCHEMA)
    costs = [row["cost"] for row in rows if row["cost"] is not None]
    numbers = [row["number"] for row in rows if row["number"] is not None]
    bounds = (("least", low), ("most", low + width))
    results = found(
        warehouse,
        table,
        Check("sum", ("cost",), bounds),
        Check("max", ("cost",), bounds),
        Check("min", ("number",), bounds),
        Check("distinct", ("text",), (("exactly", 2),)),
        Check("sum", ("cost",), (("exactly", sum(costs)),)),
    )
    passed = [result.status.value == "passed" for result in results]
    assert passed == [
        not costs or low <= sum(costs) <= low + width,
        not costs or low <= max(costs) <= low + width,
        not numbers or low <= min(numbers) <= low + width,
        len({row["text"] for row in rows} - {None}) == 2,
        True,
    ]


@SETTINGS
@given(rows=ROWS, step=st.integers(1, 4))
def test_missing_numbers_are_those_of_a_range(warehouse, rows, step):
    table = pa.Table.from_pylist(rows, SCHEMA)
    frame = pl.from_arrow(table).drop_nulls("number")
    places = gone = beside = 0
    for _, part in frame.group_by("text"):
        there = set(part["number"].to_list())
        wanted = set(range(min(there), max(there) + 1, step))
        places, gone, beside = (
            places + len(wanted),
            gone + len(wanted - there),
            beside + len(there - wanted),
        )
    (result,) = found(
        warehouse, table, Check("no_gap", ("number",), (("step", step), ("group", ("text",))))
    )
    assert (result.rows, result.violations) == (places + beside, gone + beside)


@pytest.mark.parametrize(
    ("unit", "frequency"),
    [("day", "D"), ("week", "W-SUN"), ("month", "M"), ("quarter", "Q"), ("year", "Y")],
)
@SETTINGS
@given(days=st.lists(st.dates(date(1960, 1, 1), date(1990, 1, 1)) | DAYS, max_size=30))
def test_missing_pieces_of_a_calendar_are_those_of_pandas(warehouse, unit, frequency, days):
    """Periods of pandas: a week of `W-SUN` ends with a Sunday, and so begins with a Monday."""
    there = pd.PeriodIndex(days, freq=frequency).unique()
    every = pd.period_range(there.min(), there.max(), freq=frequency) if len(there) else []
    table = pa.table({"day": pa.array(days, pa.date32())})
    (result,) = found(warehouse, table, Check("no_gap", ("day",), (("step", 1), ("unit", unit))))
    assert (result.rows, result.violations) == (len(every), len(every) - len(there))


@SETTINGS
@given(minutes=st.lists(st.integers(-3000, 3000), max_size=20), step=st.integers(1, 90))
def test_missing_minutes_are_counted_from_the_first(warehouse, minutes, step):
    start = pd.Timestamp("1970-01-02")
    times = [(start + timedelta(minutes=minute, seconds=59)).to_pydatetime() for minute in minutes]
    first = min(minutes, default=0)
    there = {(minute - first) // step for minute in minutes}
    table = pa.table({"at": pa.array(times, pa.timestamp("us"))})
    (result,) = found(
        warehouse, table, Check("no_gap", ("at",), (("step", step), ("unit", "minute")))
    )
    places = max(there) + 1 if there else 0
    assert (result.rows, result.violations) == (places, places - len(there))


@pytest.mark.parametrize(
    ("unit", "times", "rows"),
    [
        ("hour", [f"2013-03-31 0{hour}:00+00" for hour in range(5)], 5),
        ("day", ["2013-06-01 21:00+00", "2013-06-01 22:30+00", "2013-06-03 21:00+00"], 3),
    ],
)
def test_hours_are_those_of_utc_and_days_those_of_the_clock(warehouse, unit, times, rows):
    """In Rome, the hour from 2 to 3 was left out on 31 March, and 22:30 UTC is the next day."""
    warehouse.database.execute("set TimeZone = 'Europe/Rome'")
    table = pa.table({"seen": times}).cast(pa.schema([("seen", pa.timestamp("us", tz="UTC"))]))
    step = (("step", 1), ("unit", unit))
    (result,) = found(warehouse, table, Check("no_gap", ("seen",), step))
    assert (result.violations, result.rows) == (0, rows)


@SETTINGS
@given(ours=ROWS, theirs=ROWS, within=st.sampled_from(["0", "50", "10%"]))
def test_sums_reconcile_where_those_of_polars_do(warehouse, ours, theirs, within):
    here, there = (pa.Table.from_pylist(rows, SCHEMA) for rows in (ours, theirs))
    warehouse.database.register("others", there)
    warehouse.create("from others", "raw.orders", form="or replace table")
    sums = [
        {key: total or Decimal(0) for key, total in _sums(table).items()} for table in (here, there)
    ]
    groups = sums[0].keys() | sums[1].keys()

    def differ(one, other):
        allowed = abs(other) / 10 if within == "10%" else Decimal(within)
        return abs(one - other) > allowed

    apart = [differ(sums[0].get(key, Decimal(0)), sums[1].get(key, Decimal(0))) for key in groups]
    to = (("to", "raw.orders"), ("keys", ("cost", "text")), ("within", within))
    one = (("to", "raw.orders"), ("keys", ("cost",)), ("within", within))
    grouped, whole = found(
        warehouse,
        here,
        Check("reconciles", ("cost", "text"), to),
        Check("reconciles", ("cost",), one),
    )
    assert (grouped.rows, grouped.violations) == (len(groups), sum(apart))
    assert whole.violations == differ(*(sum(each.values(), Decimal(0)) for each in sums))


def _sums(table):
    frame = pl.from_arrow(table).group_by("text").agg(pl.col("cost").sum())
    return dict(frame.iter_rows())


@SETTINGS
@given(rows=ROWS)
def test_a_query_counts_the_rows_that_polars_filters(warehouse, rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    query = "select * from clean.flights where number > 0 and text <> 'a'"
    (result,) = found(warehouse, table, Check("query", (), (("query", query),)))
    frame = pl.from_arrow(table).filter((pl.col("number") > 0) & (pl.col("text") != "a"))
    assert result.violations == frame.height


@SETTINGS
@given(rows=ROWS)
def test_the_newest_value_and_the_number_of_rows_are_those_of_polars(warehouse, rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    fresh, counted = found(
        warehouse,
        table,
        Check("freshness", ("day",), (("within", 86400.0),)),
        Check("rows", (), (("equals", 3),), where="number > 0"),
    )
    frame = pl.from_arrow(table)
    newest = frame["day"].max()
    assert fresh.figure == (newest.isoformat() if newest else None)
    assert (counted.violations == 0) == (frame.filter(pl.col("number") > 0).height == 3)
