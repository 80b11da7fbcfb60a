from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest

from thresher.errors import AssetError

HEAD = """
import datetime as dt
from decimal import Decimal
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import thresher

@thresher.asset()
def made():
"""


def make(shop: Any, body: str) -> Any:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return shop.python("clean.made", f"{HEAD}{lines}\n")


def fault(shop: Any, body: str) -> str:
    with pytest.raises(AssetError) as caught:
        make(shop, body)
    assert caught.value.fault.place.path == "src/clean/made.py"
    assert caught.value.fault.hint
    return caught.value.fault.what


ROWS = [(1, "a"), (2, None), (3, "ü")]
COLUMNS = '{"n": [1, 2, 3], "t": ["a", None, "ü"]}'
RESULTS = {
    "polars frame": f"return pl.DataFrame({COLUMNS})",
    "polars lazy frame": f"return pl.LazyFrame({COLUMNS}).filter(pl.col('n') > 0)",
    "pandas frame": f"return pd.DataFrame({COLUMNS})",
    "pandas frame, filtered": f"d = pd.DataFrame({COLUMNS}); return pd.concat([d, d])[3:]",
    "arrow table": f"return pa.table({COLUMNS})",
    "arrow batch": f"return pa.record_batch({COLUMNS})",
    "arrow reader": f"return pa.table({COLUMNS}).to_reader()",
    "relation": "return duckdb.sql(\"from (values (1, 'a'), (2, null), (3, 'ü')) v(n, t)\")",
    "dicts": "return [{'n': 1, 't': 'a'}, {'n': 2}, {'t': 'ü', 'n': 3}]",
    "key missing at first": "return [{'n': 1, 't': 'a'}, {'n': 2, 't': None}, {'n': 3, 't': 'ü'}]",
    "list of frames": f"return list(pl.DataFrame({COLUMNS}).iter_slices(2))",
    "tuple of batches": f"return tuple(pa.table({COLUMNS}).to_batches(1))",
    "generator of dicts": "for n, t in [(1, 'a'), (2, None), (3, 'ü')]: yield [{'n': n, 't': t}]",
    "generator of frames": f"""
d = pd.DataFrame({COLUMNS})
yield d[:1]
yield pl.from_pandas(d[1:2]).select('t', 'n')
yield pa.table({{'t': ['ü'], 'n': pa.array([3], pa.int32())}})
""",
}


@pytest.mark.parametrize("body", RESULTS.values(), ids=RESULTS)
def test_any_frame_can_be_given_back(shop: Any, body: str) -> None:
    built = make(shop, body)
    assert (built.rows, built.files[0].rows) == (3, 3)
    assert [field.name for field in built.schema] == ["n", "t"]
    assert shop.rows("select n, t from clean.made", built) == ROWS


@pytest.mark.parametrize(
    ("body", "type_", "value"),
    [
        ("return duckdb.sql('select 9007199254740993::hugeint as x')", "HUGEINT", 9007199254740993),
        ("return duckdb.sql(\"select '0101'::bit as x\")", "BIT", "0101"),
        ("return duckdb.sql(\"select 'b'::enum('a', 'b') as x\")", "ENUM('a', 'b')", "b"),
        ("return duckdb.sql('select [1, null]::integer[2] as x')", "INTEGER[2]", (1, None)),
        (
            "return pa.table({'x': pa.array([1], pa.timestamp('s'))})",
            "TIMESTAMP_S",
            dt.datetime.fromisoformat("1970-01-01 00:00:01"),
        ),
        ("return pa.table({'x': pa.array([1], pa.float16())})", "FLOAT", 1.0),
        ("return pa.table({'x': [[np.float16(1)]]})", "FLOAT[]", [1.0]),
        (
            "return pa.table({'x': pa.array([Decimal(10) ** 30], pa.decimal256(50, 2))})",
            "DECIMAL(38,2)",
            Decimal(10) ** 30,
        ),
        (
            "return pa.table({'x': pa.array([5000], pa.duration('ns'))})",
            "INTERVAL",
            dt.timedelta(microseconds=5),
        ),
        ("return pd.DataFrame({'x': pd.Categorical(['b'], ['a', 'b'])})", "VARCHAR", "b"),
        ("return pl.DataFrame({'x': pl.Series(['b'], dtype=pl.Enum(['a', 'b']))})", "VARCHAR", "b"),
        (
            "return pl.DataFrame({'x': [{'a': pl.Series(['b']).cast(pl.Categorical)}]})",
            "STRUCT(a VARCHAR[])",
            {"a": ["b"]},
        ),
        ("return pd.DataFrame({'x': [1, 2.5]}, dtype=object)[:1]", "BIGINT", 1),
        ("return pd.DataFrame({'x': [[1, 2]]})", "BIGINT[]", [1, 2]),
        ("return pd.DataFrame({'x': [Decimal('1.50')]})", "DECIMAL(3,2)", Decimal("1.50")),
        ("return [{'x': {'a': 1}}]", "STRUCT(a BIGINT)", {"a": 1}),
    ],
)
def test_types_keep_what_they_mean(shop: Any, body: str, type_: str, value: Any) -> None:
    built = make(shop, body)
    assert built.schema[0].type == type_
    assert shop.rows("select x from clean.made", built) == [(value,)]


def test_an_instant_of_a_row_stays_one_beside_pandas_on_spark(shop: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", "1")  # as `import pyspark.pandas` sets it
    zone = "dt.timezone(dt.timedelta(hours=2))"
    built = make(shop, f"return [{{'x': dt.datetime(2024, 1, 31, 5, 30, tzinfo={zone})}}]")
    assert built.schema[0].type == "TIMESTAMP WITH TIME ZONE"
    asked = "select x = timestamptz '2024-01-31 03:30:00+00' from clean.made"
    assert shop.rows(asked, built) == [(True,)]


def test_a_frame_without_rows_keeps_its_columns(shop: Any) -> None:
    for body in (
        "return pl.DataFrame(schema={'n': pl.Int64})",
        "return pl.LazyFrame(schema={'n': pl.Int64})",
        "yield pa.table({'n': pa.array([], pa.int64())})",
    ):
        built = make(shop, body)
        assert (built.rows, [(f.name, f.type) for f in built.schema]) == (0, [("n", "BIGINT")])


def test_many_batches_of_categories_keep_their_values(shop: Any) -> None:
    built = make(
        shop,
        """
for start in range(0, 3000, 100):
    yield pd.DataFrame({'c': pd.Categorical([f'c{i % 7}_{start}' for i in range(100)])})
""",
    )
    query = "select count(distinct c), min(c), max(c) from clean.made"
    assert shop.rows(query, built) == [(210, "c0_0", "c6_900")]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return None", "it returned None: return a frame"),
        ("pass", "it returned None: return a frame"),
        ("return 42", "it returned `int`"),
        ("return 'text'", "it returned `str`"),
        ("return {'n': [1]}", "it returned `dict`"),
        ("return pd.Series([1])", "it returned|cannot be read as a table"),
        ("return pl.Series([1])", "it returned|cannot be read as a table"),
        ("return pl.DataFrame()", "without columns"),
        ("return []", "it gave no batch"),
        ("if False: yield", "it gave no batch"),
        ("yield pl.DataFrame({'n': [1]}); yield 42", "batch 2 is `int`"),
        ("yield {'n': 1}", "batch 1 is `dict`"),
        (
            "yield pa.table({'n': [1]}); yield pa.table({'m': [1]})",
            "batch 2: it lacks `n` and adds `m`",
        ),
        (
            "yield pa.table({'n': [1]}); yield pa.table({'n': [1.5]})",
            "batch 2: column `n` is double and does not fit int64",
        ),
        ("yield pa.table({'n': [1]}); yield pa.table({'n': ['x']})", "batch 2: column `n`"),
        (
            "return pd.DataFrame({'n': [1, 'x']})",
            "column `n` mixes values of the types `int`, `str`",
        ),
        ("return pd.DataFrame({'n': [b'x', 'x']})", "column `n` mixes"),
        (
            "d = dt.date(2013, 1, 1); return [{'n': d}, {'n': dt.datetime(2013, 1, 1)}]",
            "column `n` mixes",
        ),
        ("return [{'n': True}, {'n': 1}]", "column `n` mixes"),
        ("return [{'n': 1}, {'n': 2 ** 70}]", "column `n` cannot be written"),
        ("return pd.DataFrame({'n': [object()]})", "the pandas frame cannot be written.*column n"),
        ("return pd.DataFrame({'n': [1j]})", "the pandas frame cannot be written.*column n"),
        ("return pd.DataFrame({0: [1]})", "column 0 has no text for a name"),
        ("return pd.DataFrame([[1, 2]], columns=['n', 'N'])", "one name: `n` and `N`"),
        ("return pa.table([[1], [2]], ['n', 'n'])", "two columns have one name: `n`"),
        ("return duckdb.sql('select 1 as n, 2 as n')", "two columns have one name: `n`"),
        ("return pa.table([[1]], [''])", "a column has no name"),
        ("return pd.DataFrame({'n': [1, 1]}).groupby('n').sum()", "the index .* holds `n`"),
        ("return pd.DataFrame({'n': [1]}, index=['x'])", "the index .* holds values such as 'x'"),
        (
            "return pd.DataFrame({'n': pd.period_range('2013', periods=1, freq='D')})",
            "column `n` is of Arrow's type pandas.period",
        ),
        ("return pa.table({'n': pa.array([1001], pa.duration('ns'))})", "column `n`.*lose data"),
        (
            "return pa.table({'n': pa.array([Decimal(10) ** 40], pa.decimal256(50, 0))})",
            "column `n`",
        ),
        (
            "return pa.table({'n': pa.array([pa.MonthDayNano([1, 2, 3])])})",
            "column `n` is of Arrow's",
        ),
        (
            "return pl.DataFrame({'m': [1], 'n': pl.Series([1], dtype=pl.Int128)})",
            "column `n` is of Polars' type Int128",
        ),
        (
            "return pl.LazyFrame({'n': pl.Series([object()], dtype=pl.Object)})",
            "column `n` is of Polars' type Object",
        ),
        ("return duckdb.sql('select union_value(a := 1) as n')", "column `n` is of type UNION"),
        (
            "return duckdb.sql('select 170141183460469231731687303715884105727 as n')",
            "Could not cast",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(shop: Any, body: str, what: str) -> None:
    assert re.search(what, fault(shop, body))
