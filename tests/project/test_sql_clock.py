"""SQL with the clock stopped: what DuckDB would give at that instant, and nothing else changed."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from thresher.project import sql

LATE = dt.datetime(2013, 6, 1, 22, 30, 0, 123, tzinfo=dt.UTC)
CLOCKS = (
    "now()",
    "get_current_timestamp()",
    "transaction_timestamp()",
    "current_timestamp",
    "current_date",
    "CURRENT_DATE",
    "today()",
    "current_time",
    "get_current_time()",
    "localtime",
    "localtimestamp",
    "current_localtime()",
    "current_localtimestamp()",
    "ago(interval 1 day)",
    "ago(interval (extract(day from today())) day)",
    "age(timestamp '2013-01-01')",
    "age(timestamptz '2013-01-01 00:00:00+00')",
    "age(now(), timestamp '2012-01-01')",
)


@pytest.fixture
def rome():
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Europe/Rome'")
        yield connection


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_stopped_clock_has_the_type_of_a_running_one(rome, clock):
    query = f"select {clock} as c"
    frozen = sql.freeze_time(query, LATE, "Europe/Rome")
    assert rome.sql(frozen).types == rome.sql(query).types
    assert not sql.parse_query(frozen).not_repeatable


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        ("current_date", "2013-06-02"),
        ("today()", "2013-06-02"),
        ("current_localtimestamp()", "2013-06-02 00:30:00.000123"),
        ("localtime", "00:30:00.000123"),
        ("current_time", "00:30:00.000123+02"),
        ("now()", "2013-06-02 00:30:00.000123+02"),
        ("ago(interval 1 day)", "2013-06-01 00:30:00.000123+02"),
        ("age(timestamp '2013-05-01')", "1 month 1 day"),
    ],
)
def test_the_day_is_that_of_the_session(rome, clock, told):
    frozen = sql.freeze_time(f"select cast({clock} as varchar)", LATE, "Europe/Rome")
    assert rome.sql(frozen).fetchall() == [(told,)]


def test_names_texts_comments_and_lines_stay():
    query = """select t."now", 'now()' as a, today, current as current_date -- now()
    /* today() */ from (select 1 as now, 2 as today, 3 as current) as t
    where today > 1 and now(
    ) is not null
    limit 1"""
    frozen = sql.freeze_time(query, LATE, "UTC")
    assert frozen.count("\n") == query.count("\n")
    assert (
        frozen.replace("cast('2013-06-01 22:30:00.000123+00:00' as timestamptz)\n", "now(\n    )")
        == query
    )


def test_a_macro_of_the_name_is_not_the_clock():
    query = "select today() as a, now() as b"
    frozen = sql.freeze_time(query, LATE, "UTC", but=["today"])
    assert "today()" in frozen
    assert "now()" not in frozen
