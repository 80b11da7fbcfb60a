"""What a function makes of its inputs is the same in a process of its own as in this one."""

from __future__ import annotations

from typing import Any

import pytest

HEAD = """
import datetime as dt
from decimal import Decimal
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from mine import doubled
from thresher import Context, asset

"""
KINDS = (
    "duckdb.DuckDBPyRelation",
    "pd.DataFrame",
    "pl.DataFrame",
    "pl.LazyFrame",
    "pa.RecordBatchReader",
    "pa.Table",
)
TOLD = """
def told(frame):
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pa.RecordBatchReader):
        frame = frame.read_all()
    if isinstance(frame, pd.DataFrame):
        return f"{frame.dtypes.to_dict()} {frame.to_csv()}"
    if isinstance(frame, duckdb.DuckDBPyRelation):
        return f"{frame.types} {frame.fetchall()}"
    rows = frame.rows() if isinstance(frame, pl.DataFrame) else frame.to_pylist()
    return f"{frame.schema} {rows}"
"""
BODIES = {
    "context": "return [{'p': doubled(ctx.params['p']), 'd': ctx.params['d'], 'run': ctx.run, "
    "'at': ctx.run_time}]",
    "dicts": "return [{'n': Decimal('1.50'), 'd': dt.date(2024, 2, 29), 'b': b'x', 'l': [1, None],"
    " 's': {'a': 1}}, {'n': None, 'd': None}]",
    "frames": "yield pd.DataFrame({'n': [1, 2]})\nyield pl.DataFrame({'n': [3]})\n"
    "yield pa.table({'n': [4]})",
    "lazy": "return pl.LazyFrame({'n': range(300_000), 'e': ['a', 'b', 'c'] * 100_000},"
    " schema={'n': pl.UInt64, 'e': pl.Categorical})",
    "relation": "return duckdb.sql(\"select 2::hugeint h, interval 1 month i, 'x'::enum('x') e\")",
    "nothing": "return pl.DataFrame(schema={'n': pl.Int8, 't': pl.Datetime('ns', 'UTC')})",
}


def built(shop: Any, source: str, *inputs: Any, **given: Any) -> list[Any]:
    """Give the columns and rows of an asset, built in this process and in one of its own."""
    shop.write("src/mine.py", "def doubled(n):\n    return 2 * n\n")
    found = []
    for shop.isolate in (False, True):
        made = shop.python("clean.made", HEAD + source, *inputs, **given)
        found.append((made.schema, made.rows, shop.rows("from clean.made", made)))
    return found


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_whatever_is_given_back_comes_to_the_same(shop: Any, body: str) -> None:
    lines = body.replace("\n", "\n    ")
    source = f"@asset\ndef made(ctx: Context):\n    {lines}\n"
    here, there = built(shop, source, params={"p": [1, 2], "d": "2024"})
    assert here == there
    assert here[0]


def test_inputs_come_as_they_are_asked_for_from_tables_and_views(shop: Any) -> None:
    table = shop.sql(
        "raw.t",
        "select range::int as n, range::hugeint as h, 'a' || range as t, uuid() is null as u, "
        "timestamptz '2024-01-01 12:00:00+02' as at, [range, null] as l, 1.25::decimal(9, 2) as d "
        "from range(1000)",
    )
    view = shop.sql("raw.v", "select n, 2 * n as m from raw.t where n > 500", table, view=True)
    taken = [(f"{name[-1]}{at}", name, kind) for name in ("raw.t", "raw.v")
             for at, kind in enumerate(KINDS)]  # fmt: skip
    inputs = {parameter: name for parameter, name, _ in taken}
    parameters = ", ".join(f"{parameter}: {kind}" for parameter, _, kind in taken)
    tell = f"[{{'as': type(each).__name__, 'rows': told(each)}} for each in ({', '.join(inputs)})]"
    source = f"{TOLD}\n@asset(inputs={inputs})\ndef made({parameters}):\n    return {tell}\n"
    here, there = built(shop, source, table, view)
    assert here == there
    assert here[1] == 2 * len(KINDS)
    assert sum("999" in rows for _, rows in here[2]) == 2 * len(KINDS)
