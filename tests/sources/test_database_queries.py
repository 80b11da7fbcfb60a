"""Queries in every style that a driver may declare; what SQLite takes is run on SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import duckdb
import pytest

from thresher.sources.databases_queries import (
    Query,
    Statement,
    as_written,
    bind,
    select,
    state,
    style_of,
)
from thresher.tables import quote_name


def on_sqlite(statement: Statement):
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(statement.sql, statement.arguments).fetchall()


SQL = "select $a, '$a %', $b, $a -- $c %\n, 5 % 3"


@pytest.mark.parametrize(
    ("style", "sql", "arguments"),
    [
        ("qmark", "select ?, '$a %', ?, ? -- $c %\n, 5 % 3", ("x", 2, "x")),
        ("numeric", "select :1, '$a %', :2, :1 -- $c %\n, 5 % 3", ("x", 2)),
        ("numeric_dollar", "select $1, '$a %', $2, $1 -- $c %\n, 5 % 3", ("x", 2)),
        ("named", "select :a, '$a %', :b, :a -- $c %\n, 5 % 3", {"a": "x", "b": 2}),
        ("format", "select %s, '$a %%', %s, %s -- $c %%\n, 5 %% 3", ("x", 2, "x")),
        (
            "pyformat",
            "select %(a)s, '$a %%', %(b)s, %(a)s -- $c %%\n, 5 %% 3",
            {"a": "x", "b": 2},
        ),
        ("format of pg8000", "select %s, '$a %', %s, %s -- $c %\n, 5 %% 3", ("x", 2, "x")),
    ],
)
def test_values_go_beside_the_query_in_the_style_of_the_driver(style, sql, arguments):
    made = bind(SQL, {"a": "x", "b": 2, "unused": 0}, style)
    assert (made.sql, made.arguments) == (sql, arguments)
    if style in ("qmark", "named"):
        assert on_sqlite(made) == [("x", "$a %", 2, "x", 2)]
    if style == "numeric_dollar":
        rows = duckdb.execute(made.sql, list(made.arguments)).fetchall()
        assert rows == [("x", "$a %", 2, "x", 2)]


def test_nothing_is_bound_where_nothing_is_named():
    made = bind("select '50 %'", {"a": 1}, "format")
    assert (made.sql, made.arguments) == ("select '50 %'", None)


def test_a_table_is_quoted_where_the_database_is_known():
    query = Query('my "s".t')
    assert select(query, "qmark", quote_name).sql == 'select * from "my ""s"""."t"'
    assert select(query, "qmark", as_written).sql == 'select * from my "s".t'


def test_a_query_may_end_as_people_end_it():
    query = Query(None, "select $x as n -- the end;\n; ", {"x": 7})
    asked = state(query, "n", "qmark", quote_name)
    assert on_sqlite(asked) == [(7, 1)]


def test_the_style_is_that_of_the_driver_of_a_connection():
    with closing(sqlite3.connect(":memory:")) as connection:
        assert style_of(connection) == sqlite3.paramstyle == "qmark"
    pg8000 = pytest.importorskip("pg8000.dbapi")
    assert style_of(object.__new__(pg8000.Connection)) == "format of pg8000"
    assert style_of(object()) == "qmark"
