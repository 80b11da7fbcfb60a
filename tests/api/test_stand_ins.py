"""What stands in for a source: a database connection, a frame, or rows."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest

import thresher
from thresher.errors import CommandError

ORDERS = [
    {"id": 1, "customer": "a", "amount": 5, "day": "2024-01-31"},
    {"id": 2, "customer": "b", "amount": 7, "day": "2024-02-01"},
    {"id": 3, "customer": "a", "amount": 8, "day": None},
]


def orders(connection):
    connection.execute("create table orders(id integer, customer text, amount integer, day text)")
    connection.executemany(
        "insert into orders values (?, ?, ?, ?)", [tuple(row.values()) for row in ORDERS]
    )
    return connection


def typed(rows):
    days = [row["day"] and dt.date.fromisoformat(row["day"]) for row in rows]
    return pa.Table.from_pylist(rows).set_column(3, "day", [days])


@pytest.mark.parametrize(
    "make",
    [
        lambda: ORDERS,
        lambda: iter(ORDERS),
        lambda: orders(sqlite3.connect(":memory:")),
        lambda: orders(duckdb.connect(":memory:")),
        lambda: typed(ORDERS).to_pandas().set_index(pandas.Index([7, 8, 9])),
        lambda: polars.DataFrame(typed(ORDERS)),
        lambda: polars.DataFrame(typed(ORDERS)).lazy(),
        lambda: typed(ORDERS),
        lambda: typed(ORDERS).to_batches()[0],
        lambda: typed(ORDERS).to_reader(max_chunksize=2),
    ],
    ids=[
        *("rows", "iterator", "sqlite3", "duckdb", "pandas", "polars", "lazy polars"),
        *("arrow table", "record batch", "record batch reader"),
    ],
)
def test_a_thing_stands_in_for_files(shop, make):
    result = shop.open(stand_ins={"raw.orders": make()}).run()
    assert result.exit_code == 0
    assert shop.rows("warehouse.by_customer") == [("a", 2, 13)]
    project = shop.open()
    assert project.table("raw.orders").arrow()["day"].to_pylist()[2] is None
    # DuckDB keeps texts as they are; SQLite and rows have no other form for a date.
    expected = "VARCHAR" if "duckdb" in type(make()).__module__ else "DATE"
    assert project.table("raw.orders").schema["day"] == expected


def test_the_real_source_is_read_again_afterwards(shop):
    shop.run()
    shop.open(stand_ins={"raw.orders": ORDERS}).run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 13)]
    shop.run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40)]


def test_the_same_rows_are_not_built_again(shop):
    shop.open(stand_ins={"raw.orders": ORDERS}).run()
    result = shop.open(stand_ins={"raw.orders": list(ORDERS)}).run()
    assert result.status == "unchanged"


def test_the_contract_gives_types_and_the_columns_that_no_row_has(shop):
    head = "columns: {id: {type: integer}, amount: {type: 'decimal(10,2)'}, note: {type: varchar}}"
    shop.write({"src/raw/orders.yaml": f"source: {{files: data_raw/orders-*.csv}}\n{head}\n"})
    rows = [{"id": 1, "customer": "a", "amount": 1.5}]
    result = shop.open(stand_ins={"raw.orders": rows}).run(select="raw.orders")
    assert [str(o.faults[0]) for o in result.outcomes if o.faults] == []
    assert shop.open().table("raw.orders").schema == {
        "id": "INTEGER",
        "customer": "VARCHAR",
        "amount": "DECIMAL(10,2)",
        "note": "VARCHAR",
    }


def test_no_rows_are_rows_where_the_contract_names_the_columns(shop):
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv}\n"
            "columns: {id: {type: bigint}, customer: {type: varchar}, amount: {}}\n",
            "src/warehouse/by_customer.sql": "select count(*) as n from clean.orders",
        }
    )
    result = shop.open(stand_ins={"raw.orders": []}).run()
    assert [str(o.faults[0]) for o in result.outcomes if o.faults] == []
    assert shop.rows("warehouse.by_customer") == [(0,)]


def test_a_value_that_does_not_fit_is_named_with_its_row(shop):
    shop.write(
        {"src/raw/orders.yaml": "source: {files: x.csv}\ncolumns: {amount: {type: integer}}\n"}
    )
    rows = [*ORDERS, {"id": 4, "customer": "c", "amount": "much"}]
    (outcome,) = [
        outcome
        for outcome in shop.open(stand_ins={"raw.orders": rows}).run().outcomes
        if outcome.asset == "raw.orders"
    ]
    assert "row 4: `amount` should be INTEGER, not `much`" in str(outcome.faults[0])


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        (7, "a int cannot stand in for a source"),
        ("data.csv", "a str cannot stand in for a source"),
        ({"id": [1]}, "a dict cannot stand in for a source"),
        ([(1, 2)], "row 1 is a tuple"),
        ([], "it has no columns"),
        ([{"id": 1, "ID": 2}], "differ in case alone"),
        (sqlite3.connect(":memory:"), "no such table: orders"),
    ],
    ids=str,
)
def test_what_cannot_stand_in_is_told(shop, thing, told):
    result = shop.open(stand_ins={"raw.orders": thing}).run()
    assert result.exit_code == 1
    faults = {o.asset: str(o.faults[0]) for o in result.outcomes if o.asset == "raw.orders"}
    assert told in faults["raw.orders"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("raw.order", "did you mean `raw.orders`?"),
        ("clean.orders", "raw.orders"),
        ("x", "raw assets: `raw.customers`, `raw.orders`"),
    ],
)
def test_only_a_raw_asset_can_be_stood_in_for(shop, name, hint):
    with pytest.raises(CommandError) as caught:
        shop.open(stand_ins={name: ORDERS})
    assert hint in str(caught.value)


def test_nothing_stands_in_where_the_environment_is_protected(shop):
    with pytest.raises(CommandError, match="`prod` is protected"):
        shop.open(env="prod", stand_ins={"raw.orders": ORDERS})


def test_a_connection_of_another_thread_is_told(shop):
    made = []
    thread = threading.Thread(target=lambda: made.append(orders(sqlite3.connect(":memory:"))))
    thread.start()
    thread.join()
    result = shop.open(stand_ins={"raw.orders": made[0]}).run()
    (fault,) = (str(o.faults[0]) for o in result.outcomes if o.asset == "raw.orders")
    assert "belongs to another thread" in fault
    assert "check_same_thread=False" in fault


def test_the_connection_stays_open_and_is_asked_anew_each_time(shop):
    connection = orders(sqlite3.connect(":memory:"))
    project = thresher.open(shop.root, stand_ins={"raw.orders": connection})
    project.run()
    connection.execute("insert into orders values (4, 'b', 9, null)")
    project.run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 13), ("b", 2, 16)]
