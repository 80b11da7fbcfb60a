"""A literal means to DuckDB what the same value means when it is bound."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresher.project import sql

EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))

#: All that UTF-8 can write.
LETTERS = st.characters(codec="utf-8", exclude_characters="\0")

moment = dt.datetime.fromisoformat

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, -(2**63),
    2**64, 2**127 - 1, -(2**127), 2**127, 2**128 - 1,
    0.1, 1.5, -0.0, 1e300, 5e-324, float("inf"), float("-inf"), float("nan"),
    Decimal("1.50"), Decimal("0.50"), Decimal("0.001"), Decimal("0.00"), Decimal("-0.0"),
    Decimal("1E+3"), Decimal("-12345678901234567890.123"), Decimal("1E-40"), Decimal("1E+38"),
    Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"),
    "", "it's", 'a "b"', "é\n\t\\x -- $p /*", "2020-01-01", "1",
    dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31), dt.time(1, 2, 3, 4),
    moment("2020-01-02T03:04:05.000006"), moment("0001-01-01"), moment("9999-12-31T23:59:59.999"),
    dt.datetime(2020, 1, 2, tzinfo=dt.UTC), dt.datetime(2020, 1, 2, 3, tzinfo=EAST),
    dt.timedelta(), dt.timedelta(days=40, hours=30, microseconds=7), dt.timedelta(hours=-30),
    b"", b"\x00'\xff", bytearray(b"a"),
    [], [None], [1, 2], (1, None, 2**40), [1.5, 2], [Decimal("1.5"), 1], [dt.date(2020, 1, 1)],
    ["a", None], ["a", 1, True], [[1], [2, 3]], [b"a"], [True, 2],
]  # fmt: skip

QUERIES = [
    "select typeof($p), $p, $p::varchar",
    "select typeof([$p]), [$p]",
    "select typeof(coalesce(null, $p)), case when true then $p end, $p is null, ($p) = $p",
    "with t as (select $p as x) select typeof(x), x from t",
]
"""What is asked about every value."""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set timezone = 'UTC'")
        yield opened


def both(connection: duckdb.DuckDBPyConnection, query: str, value: Any) -> tuple[str, str]:
    """Answer a query twice: with its parameter bound, and written in."""
    bound = connection.execute(query, {"p": value}).fetchall()
    written = connection.execute(sql.inline_params(query, {"p": value})).fetchall()
    return repr(bound), repr(written)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_literal_means_what_the_bound_value_means(
    connection: duckdb.DuckDBPyConnection, value: Any
) -> None:
    for query in QUERIES:
        bound, written = both(connection, query, value)
        assert written == bound


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select typeof(x + $p) from (values (1::tinyint)) t(x)", 1),
        ("select typeof(x * $p) from (values (1.5::decimal(5, 2))) t(x)", Decimal("2.5")),
        ("select 2-$p, -$p, 2 -$p", -1),
        ("select * from range($p) limit $p", 3),
        ("select date '2020-01-02' > $p", "2020-01-01"),
        ("select 1 = $p, 'a' || $p, $p like '1%'", "1"),
        ("select date_trunc($p, date '2020-02-03')", "month"),
        ("select 1 in $p, list_contains($p, 2), $p[1], len($p)", [1, 2]),
        ("select x in $p from (values ('b')) t(x)", ["a", "b"]),
        ("select l[$p:$p] from (values ([1, 2, 3])) t(l)", 2),
        ("select timestamp '2020-01-02' - $p", dt.timedelta(hours=25)),
        ("select i from range(3) t(i) where i between $p and $p", 1),
        ("select round(2.567, $p), interval ($p) day", 1),
        ('select \'$p\', "$p", $$ $p $$, $p from (select 1 as "$p") -- $p', "x"),
        ("select $p, coalesce($p,$p)", "$p"),
        ("select $ p, $\"p\", x'00', [$p,$p]", 7),
    ],
)
def test_a_query_means_the_same_with_its_values_written_in(
    connection: duckdb.DuckDBPyConnection, query: str, value: Any
) -> None:
    bound, written = both(connection, query, value)
    assert written == bound


@settings(max_examples=150, deadline=None)
@given(
    value=st.one_of(
        st.integers(-(2**127), 2**128 - 1),
        st.floats(),
        st.decimals(allow_nan=False, allow_infinity=False, places=9, max_value=10**20),
        st.text(LETTERS),
        st.datetimes(),
        st.datetimes(min_value=moment("0001-01-02"), timezones=st.just(EAST)),
        st.timedeltas(),
        st.binary(),
        st.lists(st.one_of(st.none(), st.integers(-(2**70), 2**70))),
        st.lists(st.one_of(st.none(), st.integers(), st.text("ab'"))).filter(
            lambda items: all(not isinstance(i, int) or abs(i) < 2**63 for i in items)
        ),
    )
)
def test_any_value_can_be_written_in(connection: duckdb.DuckDBPyConnection, value: Any) -> None:
    bound, written = both(connection, "select typeof($p), $p::varchar", value)
    assert written == bound


@settings(max_examples=100, deadline=None)
@given(name=st.text(LETTERS, min_size=1))
def test_any_name_can_be_quoted(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    described = connection.execute(f"select 1 as {sql.quote(name)}").description
    assert described[0][0] == name


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name in SQL"):
        sql.quote(name)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("a\0b", ValueError, "NUL"),
        (["a", "\0"], ValueError, "NUL"),
        (2**128, ValueError, "beyond DuckDB's integers"),
        (-(2**127) - 1, ValueError, "beyond DuckDB's integers"),
        ({"a": 1}, TypeError, "type `dict`"),
        (object(), TypeError, "type `object`"),
    ],
)
def test_a_value_that_cannot_be_written_is_refused(
    value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        sql.literal(value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select $p,\n  $missing", r"`missing` has no value \(line 2, column 3\)"),
        ("select ?", r"`\?` has no name"),
        ("select $1", r"`\$1` has no name"),
        ("select $p +", "SQL syntax error"),
        ("select $p; select $p", "not several statements"),
    ],
)
def test_a_query_that_cannot_be_completed_is_refused(query: str, message: str) -> None:
    with pytest.raises(sql.SqlError, match=message):
        sql.inline_params(query, {"p": 1})


def test_all_but_the_placeholders_stays_as_it_is_written() -> None:
    text = "SELECT  $a -- $a\n , '$a' FROM raw.t /* $a */ WHERE b=$a ;\n"
    written = "SELECT  true -- $a\n , '$a' FROM raw.t /* $a */ WHERE b=true ;\n"
    assert sql.inline_params(text, {"a": True, "unused": object()}) == written
