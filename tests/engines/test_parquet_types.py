from __future__ import annotations

import re
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.engines.parquet_types import UnfaithfulTypeError, storage_type
from thresher.errors import AssetError

#: Values of each type as SQL, the extreme ones among them; null is always added.
VALUES: dict[str, list[str]] = {
    "BOOLEAN": ["true", "false"],
    "TINYINT": ["-128", "127"],
    "SMALLINT": ["-32768", "32767"],
    "INTEGER": ["-2147483648", "2147483647"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "UTINYINT": ["0", "255"],
    "USMALLINT": ["65535"],
    "UINTEGER": ["4294967295"],
    "UBIGINT": ["18446744073709551615"],
    "HUGEINT": ["9007199254740993", "-" + "9" * 38, "9" * 38, "0"],
    "UHUGEINT": ["9007199254740993", "9" * 38, "0"],
    "DECIMAL(4,1)": ["-999.9", "0.1"],
    "DECIMAL(18,6)": ["-999999999999.999999"],
    "DECIMAL(38,10)": ["-9999999999999999999999999999.9999999999"],
    "FLOAT": ["'nan'", "'inf'", "'-0.0'", "'1e-45'", "'0.1'"],
    "DOUBLE": ["'nan'", "'-inf'", "'-0.0'", "'5e-324'", "'0.1'"],
    "VARCHAR": ["''", "'é😀'", "'NULL'", "' a\n'", "chr(0)"],
    "BLOB": [r"'\x00\xFF'", "''"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    "JSON": ["'null'", """'{"a": [1, "x"]}'"""],
    "DATE": ["'5877642-06-25 (BC)'", "'5881580-07-10'", "'infinity'", "'1969-12-31'"],
    "TIME": ["'00:00:00'", "'23:59:59.999999'", "'24:00:00'"],
    "TIME_NS": ["'00:00:00'", "'23:59:59.999999999'"],
    "TIME WITH TIME ZONE": ["'00:00:00.000001+05:30'", "'23:59:59.999999-15:59:59'"],
    "TIMESTAMP": ["'290309-12-22 (BC) 00:00:00'", "'1969-12-31 23:59:59.999999'", "'-infinity'"],
    "TIMESTAMP_S": ["'290309-12-22 (BC) 00:00:00'", "'294247-01-10 04:00:54'", "'infinity'"],
    "TIMESTAMP_MS": ["'1969-12-31 23:59:59.999'", "'294247-01-10 04:00:54.775'", "'infinity'"],
    "TIMESTAMP_NS": ["'1677-09-22 00:00:00'", "'2262-04-11 23:47:16.854775806'"],
    "TIMESTAMP WITH TIME ZONE": ["'1969-12-31 23:59:59.999999+00'", "'infinity'"],
    "INTERVAL": [
        "interval '1 year 2 days 3 hours 4.567891 seconds'",
        "to_months(-13) + to_days(400) + to_microseconds(-90000000001)",
        "to_microseconds(-3599999999999999999)",
        "interval '2147483647 days'",
    ],
    "BIT": ["'0101'", "'0000000001'", "'1'"],
    "BIGNUM": ["'" + "9" * 60 + "'", "'-1'", "'0'"],
    "ENUM('a', 'b''c', '', 'NULL', ' [x, y]')": ["'a'", "'b''c'", "''", "'NULL'", "' [x, y]'"],
}

NESTED = {
    "INTEGER[3]": ["[1, null, 3]"],
    "VARCHAR[2][]": ["[['a', null], ['', ' x']]", "[]"],
    "HUGEINT[]": ["[9007199254740993, null]", "[]"],
    'STRUCT(a HUGEINT, "b c" ENUM(\'x\', \'y\')[], "d""e" STRUCT(f BIT)[2])': [
        "{'a': 1, 'b c': ['x', null], 'd\"e': [{'f': '01'}, null]}",
        "{'a': null, 'b c': null, 'd\"e': null}",
    ],
    "MAP(HUGEINT, INTERVAL)": ["map {1::hugeint: interval '-3 days', 2::hugeint: null}", "map {}"],
    "MAP(ENUM('a', 'b'), TIME WITH TIME ZONE[])": ["map {'a': ['00:00:00+05:30'], 'b': []}"],
}

STORED = {
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT[]": "DECIMAL(38,0)[]",
    "BIT": "VARCHAR",
    "BIGNUM": "VARCHAR",
    "ENUM('a,)', 'b''(')": "VARCHAR",
    "INTERVAL": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS[2][]": "TIMESTAMP[][]",
    'STRUCT(a HUGEINT, "b (c" DECIMAL(3,1))': 'STRUCT(a DECIMAL(38,0), "b (c" DECIMAL(3,1))',
    "MAP(HUGEINT, STRUCT(x ENUM('y')))[]": "MAP(DECIMAL(38,0), STRUCT(x VARCHAR))[]",
}


def round_trip(shop: Any, plain: Any, type_: str, values: list[str]) -> None:
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate([*values, "null"]))
    plain.execute(f"create or replace table native(n integer, x {type_})")
    plain.execute(f"insert into native values {rows}")
    text = f"select n, cast(x as {type_}) as x from (values {rows}) t(n, x)"
    built = shop.sql("clean.t", text)

    # Texts, and values beside them: `text` tells -0.0 from 0.0, and the value a null from 'NULL'.
    query = "select n, typeof(x), x::varchar, x is null from {} order by n"
    assert (
        shop.rows(query.format("clean.t"), built)
        == plain.execute(query.format("native")).fetchall()
    )

    file = shop.warehouse / built.files[0].path
    held = plain.execute(f"select typeof(x) from read_parquet('{file}') limit 1").fetchone()
    assert held == (built.schema[1].storage,)
    assert pq.read_table(file).num_rows == pl.read_parquet(file).height == len(values) + 1


@pytest.mark.parametrize(("type_", "values"), (VALUES | NESTED).items(), ids=VALUES | NESTED)
def test_no_value_is_changed(
    shop: Any, plain: duckdb.DuckDBPyConnection, type_: str, values: list[str]
) -> None:
    round_trip(shop, plain, type_, values)


def nested(inner: Any) -> Any:
    types, values = st.tuples(inner, inner), st.sampled_from([0, 1, 2])
    return st.tuples(types, values).map(lambda drawn: _nest(*drawn))


def _nest(pair: Any, form: int) -> tuple[str, str]:
    (first, one), (second, other) = pair
    return [
        (f"{first}[]", f"[({one}), null]"),
        (f"{first}[2]", f"[null, ({one})]"),
        (f"STRUCT(a {first}, b {second})", f"{{'a': ({one}), 'b': ({other})}}"),
    ][form]


ANY_TYPE = st.recursive(
    st.sampled_from([(type_, value) for type_, values in VALUES.items() for value in values]),
    nested,
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=ANY_TYPE)
def test_no_nested_value_is_changed(shop: Any, plain: Any, drawn: tuple[str, str]) -> None:
    round_trip(shop, plain, drawn[0], [drawn[1]])


@pytest.mark.parametrize(("logical", "stored"), STORED.items(), ids=STORED)
def test_what_parquet_loses_is_held_otherwise(logical: str, stored: str) -> None:
    assert storage_type(logical) == stored


@pytest.mark.parametrize(
    ("logical", "fault"),
    [
        ("UNION(num INTEGER, str VARCHAR)", "UNION"),
        ("STRUCT(a UNION(n INTEGER))[]", "UNION"),
        ("MAP(VARCHAR, VARIANT)", "VARIANT"),
        ("GEOMETRY('EPSG:4326')", "GEOMETRY"),
        ("TUPLE(INTEGER, INTEGER)", "TUPLE"),
        ("STRUCT(INTEGER, DECIMAL(3,1))", "STRUCT"),
        ("A_TYPE_OF_TOMORROW", "A_TYPE_OF_TOMORROW"),
    ],
)
def test_what_has_no_faithful_form_is_refused(logical: str, fault: str) -> None:
    with pytest.raises(UnfaithfulTypeError) as caught:
        storage_type(logical)
    assert caught.value.type == fault


@pytest.mark.parametrize(
    ("value", "type_", "advice"),
    [
        ("union_value(num := 1)", "UNION", "union_extract"),
        ("[{'a': 1::variant}]", "VARIANT", "json"),
        ("row(1, 2)", "(TUPLE|STRUCT)", "names"),
        ("null::geometry", "GEOMETRY", "WKB"),
    ],
)
def test_a_refusal_names_column_and_type(shop: Any, value: str, type_: str, advice: str) -> None:
    with pytest.raises(AssetError) as caught:
        shop.sql("clean.t", f"select 1 as id, {value} as odd")
    assert re.search(f"column `odd` is of type {type_}", caught.value.fault.what)
    assert advice in str(caught.value.fault.hint)
    assert caught.value.fault.place.path == "src/clean/t.sql"


@pytest.mark.parametrize(
    "value",
    [
        "170141183460469231731687303715884105727::hugeint",
        "340282366920938463463374607431768211455::uhugeint",
    ],
)
def test_a_value_too_large_for_its_form_fails(shop: Any, value: str) -> None:
    with pytest.raises(AssetError, match="Could not cast value") as caught:
        shop.sql("clean.t", f"select {value} as total")
    assert "decimal(38,0)" in str(caught.value.fault.hint)
    assert caught.value.fault.place.line is None


def test_a_null_column_keeps_its_place(shop: Any) -> None:
    built = shop.sql("clean.t", "select null as nothing, [] as none, 1 as one")
    assert shop.rows("from clean.t", built) == [(None, [], 1)]
    file = shop.warehouse / built.files[0].path
    assert pq.read_table(file).column_names == pl.read_parquet(file).columns
