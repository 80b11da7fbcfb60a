"""What stands in for a source: a database connection, a frame, or rows."""

from __future__ import annotations

import contextlib
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


@pytest.fixture
def connect():
    """Give a function that opens a database in memory, closed in the end."""
    with contextlib.ExitStack() as stack:
        yield lambda driver: stack.enter_context(contextlib.closing(driver.connect(":memory:")))


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
        lambda connect: ORDERS,
        lambda connect: iter(ORDERS),
        lambda connect: orders(connect(sqlite3)),
        lambda connect: orders(connect(duckdb)),
        lambda connect: typed(ORDERS).to_pandas().set_index(pandas.Index([7, 8, 9])),
        lambda connect: polars.DataFrame(typed(ORDERS)),
        lambda connect: polars.DataFrame(typed(ORDERS)).lazy(),
        lambda connect: typed(ORDERS),
        lambda connect: typed(ORDERS).to_batches()[0],
        lambda connect: typed(ORDERS).to_reader(max_chunksize=2),
    ],
    ids=[
        *("rows", "iterator", "sqlite3", "duckdb", "pandas", "polars", "lazy polars"),
        *("arrow table", "record batch", "record batch reader"),
    ],
)
def test_a_thing_stands_in_for_files(shop, connect, make):
    thing = make(connect)
    project = shop.open(stand_ins={"raw.orders": thing})
    project.plan()
    result = project.run()
    assert result.exit_code == 0
    assert shop.rows("warehouse.by_customer") == [("a", 2, 13)]
    project = shop.open()
    assert project.table("raw.orders").arrow()["day"].to_pylist()[2] is None
    # DuckDB keeps texts as they are; SQLite and rows have no other form for a date.
    expected = "VARCHAR" if "duckdb" in type(thing).__module__ else "DATE"
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
    ],
    ids=["number", "text", "dictionary", "tuples", "nothing", "two names"],
)
def test_what_cannot_stand_in_is_told(shop, thing, told):
    result = shop.open(stand_ins={"raw.orders": thing}).run()
    assert result.exit_code == 1
    faults = {o.asset: str(o.faults[0]) for o in result.outcomes if o.asset == "raw.orders"}
    assert told in faults["raw.orders"]


def test_a_database_without_the_table_is_told(shop, connect):
    connection = connect(sqlite3)
    connection.execute("create table order_lines(id integer)")
    result = shop.open(stand_ins={"raw.orders": connection}).run()
    (fault,) = (o.faults[0] for o in result.outcomes if o.asset == "raw.orders")
    assert "no such table: orders" in fault.what
    assert "`order_lines`" in (fault.hint or "")


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
    done = threading.Event()

    def make() -> None:
        with contextlib.closing(orders(sqlite3.connect(":memory:"))) as connection:
            made.append(connection)
            done.wait(60)

    thread = threading.Thread(target=make)
    thread.start()
    while not made:
        thread.join(0.01)
    result = shop.open(stand_ins={"raw.orders": made[0]}).run()
    done.set()
    thread.join()
    (fault,) = (str(o.faults[0]) for o in result.outcomes if o.asset == "raw.orders")
    assert "belongs to another thread" in fault
    assert "check_same_thread=False" in fault


def test_the_connection_stays_open_and_is_asked_anew_each_time(shop, connect):
    connection = orders(connect(sqlite3))
    project = thresher.open(shop.root, stand_ins={"raw.orders": connection})
    project.run()
    connection.execute("insert into orders values (4, 'b', 9, null)")
    project.run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 13), ("b", 2, 16)]


def test_the_query_of_a_database_source_runs_on_what_stands_in(shop, connect):
    source = "{database: crm, query: 'select id, customer, amount from orders where id >= $least'}"
    shop.write(
        {
            "config.yaml": "pipeline: p\nparams: {least: 2}\n"
            "connections: {crm: 'postgresql://u:p@no-such-host.invalid/d'}\n",
            "src/raw/orders.yaml": f"source: {source}\n",
        }
    )
    project = shop.open(stand_ins={"RAW.orders": orders(connect(sqlite3))})
    project.run(select="raw.orders")
    assert shop.rows("raw.orders") == [(2, "b", 7), (3, "a", 8)]
