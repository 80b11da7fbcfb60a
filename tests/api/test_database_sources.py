"""Databases as inputs of a project: when they are read, and what that builds and does not."""

from __future__ import annotations

import json
import sqlite3

import pytest

from thresher.errors import ProjectError
from thresher.events import AttemptFailed

CONFIG = """pipeline: p
environments: {dev: {}, prod: {protected: true, connections: {shop: "sqlite:data_raw/prod.sqlite"}}}
params: {least: 2}
run: {retries: 2, backoff: 1ms}
connections:
  shop: sqlite:data_raw/shop.sqlite
  other: {sqlite: data_raw/prod.sqlite}
  odd: {dbapi: "odd_driver:connect", arguments: {path: data_raw/shop.sqlite, password: hush-hush}}
"""
#: A driver of its own module: SQLite that fails as often as a file says.
DRIVER = """
import pathlib, sqlite3
paramstyle = "named"
def connect(path, password):
    assert password == "hush-hush"
    root = pathlib.Path(__file__).parent
    left = root / "failures"
    if left.exists() and (count := int(left.read_text())):
        left.write_text(str(count - 1))
        raise ConnectionResetError("connection reset by peer, hush-hush")
    log = root / "connected"
    log.write_text(log.read_text() + "x" if log.exists() else "x")
    return sqlite3.connect(root / path, check_same_thread=False)
"""


class Database:
    """The SQLite files of a project."""

    def __init__(self, shop) -> None:
        self.shop = shop

    def run(self, *statements: str, file: str = "shop") -> None:
        with sqlite3.connect(self.shop.root / f"data_raw/{file}.sqlite") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    @property
    def connected(self) -> int:
        log = self.shop.root / "connected"
        return len(log.read_text()) if log.exists() else 0


@pytest.fixture
def database(shop, monkeypatch) -> Database:
    shop.write(
        {
            "config.yaml": CONFIG,
            "odd_driver.py": DRIVER,
            "src/raw/orders.yaml": "source: {database: shop, table: orders}\n",
        }
    )
    monkeypatch.syspath_prepend(str(shop.root))
    monkeypatch.delitem(__import__("sys").modules, "odd_driver", raising=False)
    made = Database(shop)
    for file in ("shop", "prod"):
        made.run(
            "create table orders(id integer, customer text, amount integer)",
            "insert into orders values (1, 'a', 10), (2, 'b', 20), (3, 'a', 30)",
            file=file,
        )
    return made


def source(shop, text: str) -> None:
    shop.write({"src/raw/orders.yaml": f"source: {text}\n"})


def test_a_table_is_read_once_until_the_file_changes(shop, database):
    assert shop.run().exit_code == 0
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40)]
    assert shop.run().status == "unchanged"
    database.run("insert into orders values (4, 'b', 5)")
    assert shop.plan()["raw.orders"] == ("build", "data changed: shop/orders")
    assert shop.plan()["clean.orders"] == ("build", "input changed: raw.orders")
    shop.run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40), ("b", 2, 25)]


def test_a_file_that_changed_without_its_rows_builds_nothing_and_is_read_once(shop, database):
    shop.run()
    database.run("create table other(x)")
    assert shop.plan()["raw.orders"][0] == "build"
    result = shop.run()
    assert (result.status, result.publication) == ("unchanged", None)
    assert (shop.done["raw.orders"], shop.done["warehouse.by_customer"]) == ("reused", "reused")
    # What was found is remembered: nothing is read a second time.
    assert shop.plan()["raw.orders"] == ("keep", "unchanged")
    assert {outcome.status for outcome in shop.run().outcomes} == {"kept"}
    database.run("insert into orders values (4, 'b', 5)")
    assert shop.plan()["raw.orders"] == ("build", "data changed: shop/orders")
    assert shop.run().status == "published"


def test_what_is_looked_at_always_builds_nothing_where_the_rows_are_the_same(shop, database):
    source(shop, "{database: odd, table: orders}")
    shop.run()
    assert shop.plan()["raw.orders"] == ("build", "refresh due: odd/orders")
    assert shop.plan()["clean.orders"] == ("build", "input may change: raw.orders")
    assert shop.plan()["warehouse.by_customer"] == ("build", "input may change: clean.orders")
    result = shop.run()
    assert result.status == "unchanged"
    assert shop.done["clean.orders"] == "reused"
    assert database.connected == 2
    database.run("update orders set amount = 31 where id = 3")
    shop.run()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 41)]
    assert shop.done["clean.orders"] == "built"


def test_the_order_of_rows_makes_no_other_version(shop, database):
    source(shop, "{database: odd, table: orders}")
    shop.run()
    database.run("create table copy as select * from orders order by id desc")
    database.run("delete from orders", "insert into orders select * from copy order by rowid")
    assert shop.run().status == "unchanged"
    database.run("insert into orders select * from orders where id = 1")
    database.run("delete from orders where id = 2")
    shop.run()
    assert shop.done["raw.orders"] == "built"  # as many rows, but others


@pytest.mark.parametrize(
    ("refresh", "reads"),
    [("always", 3), ("manual", 1), ("400d", 1), ("{cursor: id}", 1)],
)
def test_a_source_says_when_it_is_looked_at(shop, database, refresh, reads):
    source(shop, f"{{database: odd, table: orders, refresh: {refresh}}}")
    for _ in range(3):
        shop.run()
    # A cursor is asked by each plan, and the first time before and while the table is read.
    assert database.connected == (5 if "cursor" in refresh else reads)
    assert shop.plan()["clean.orders"][0] == ("build" if refresh == "always" else "keep")


def test_a_full_refresh_reads_what_is_looked_at_by_hand(shop, database):
    source(shop, "{database: odd, table: orders, refresh: manual}")
    shop.run()
    database.run("insert into orders values (4, 'b', 5)")
    assert shop.run().status == "unchanged"
    shop.run(select="raw.orders+", full_refresh=True)
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40), ("b", 2, 25)]


def test_when_to_look_changes_no_rows(shop, database):
    source(shop, "{database: odd, table: orders, refresh: manual}")
    shop.run()
    source(shop, "{database: odd, table: orders, refresh: 400d}")
    assert shop.run().status == "unchanged"


def test_parameters_are_part_of_what_is_known(shop, database):
    source(shop, '{database: shop, query: "select * from orders where id >= $least"}')
    shop.run(select="raw.orders")
    assert shop.rows("raw.orders") == [(2, "b", 20), (3, "a", 30)]
    plan = shop.plan(params={"least": 3}, select="raw.orders")
    assert plan["raw.orders"] == ("build", "parameter changed: least")
    shop.run(params={"least": 3}, select="raw.orders")
    assert shop.rows("raw.orders") == [(3, "a", 30)]


def test_environments_read_databases_of_their_own_and_share_what_is_the_same(shop, database):
    database.run("create table marker(x)", file="prod")
    shop.run()
    assert shop.plan(env="prod")["raw.orders"][0] == "build"  # its file is another
    shop.run(env="prod")
    # The rows are those of dev, so nothing that stands on them was built again.
    assert shop.done["warehouse.by_customer"] == "reused"
    database.run("insert into orders values (4, 'b', 5)", file="prod")
    shop.run(env="prod")
    assert shop.rows("warehouse.by_customer", env="prod") == [("a", 2, 40), ("b", 2, 25)]
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40)]
    assert shop.plan()["raw.orders"] == ("keep", "unchanged")


def test_what_can_pass_is_tried_again(shop, database):
    source(shop, "{database: odd, table: orders}")
    (shop.root / "failures").write_text("2")
    assert shop.run().exit_code == 0
    failed = [event for event in shop.events if isinstance(event, AttemptFailed)]
    assert len(failed) == 2
    assert all("cannot be reached" in event.error for event in failed)
    (shop.root / "failures").write_text("9")
    result = shop.run()
    assert result.exit_code == 1
    (outcome,) = [each for each in result.outcomes if each.asset == "raw.orders"]
    assert outcome.attempts == 3


def test_no_password_is_written_anywhere(shop, database):
    source(shop, "{database: odd, table: orders}")
    (shop.root / "failures").write_text("9")
    shop.run()
    (shop.root / "failures").write_text("0")
    shop.run()
    known = {"config.yaml", "odd_driver.py", "__pycache__"}
    for path in shop.root.rglob("*"):
        if path.is_file() and not {path.name, path.parent.name} & known:
            assert b"hush-hush" not in path.read_bytes(), path
    (report,) = {*(shop.root / "reports").glob("latest/report.json")}
    configuration = json.loads(report.read_text())["configuration"]
    assert configuration["connections"]["odd"] == "odd_driver:connect(password, path)"


def test_what_is_not_selected_is_not_looked_at(shop, database):
    source(shop, "{database: odd, table: orders}")
    shop.run(select="raw.customers clean.customers")
    assert database.connected == 0


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("{database: shp, table: x}", 1, "there is no connection `shp`", "did you mean `shop`?"),
        ("{database: crm, table: x}", 1, "there is no connection `crm`", "`odd`, `other`, `shop`"),
        ("{database: shop}", 1, "should have either a `table` or a `query`", None),
        ("{database: shop, table: a, query: b}", 1, "either a `table` or a `query`", None),
        ("{table: a}", 1, "`source.database` is missing", None),
        ("{files: a.csv, database: shop}", 1, "has `database` and `files`", "two assets"),
        ("{fils: a.csv}", 1, "neither `files` nor a `database`", "did you mean `files`?"),
        ("{databse: shop}", 1, "neither `files` nor a `database`", "did you mean `database`?"),
        ("{database: shop, tabel: x}", 1, "unknown key `source.tabel`", "`table`?"),
        ("{database: shop, table: x, refresh: often}", 1, "should be `always`", None),
        ("{database: shop, table: x, refresh: 0s}", 1, "should be `always`", None),
        ("{database: shop, table: x, refresh: {cursr: a}}", 1, "should be `always`", None),
        ('{database: shop, query: "select $lest"}', 1, "the parameter `lest`", "`least`?"),
        (
            "\n  database: shop\n  query: |\n    select *\n    from orders\n    where id = $lst",
            6,
            "the parameter `lst`",
            "`least`?",
        ),
        ('{database: shop, query: "select $run_time"}', 1, "`run_time`", "`now()`"),
        ("{type: kafak, topic: x}", 1, "there is no source `kafak`", "installed packages: none"),
        ("{type: files, files: x}", 1, "has `files` and `type`", None),
        ("{type: databases}", 1, "is not how this source is chosen", "`database: NAME`"),
    ],
)
def test_what_is_wrong_with_a_source_is_told_with_its_line(shop, database, text, line, what, hint):
    source(shop, text)
    with pytest.raises(ProjectError) as caught:
        shop.open()
    (fault,) = caught.value.faults
    assert what in fault.what
    assert (fault.place.path, fault.place.line) == ("src/raw/orders.yaml", line)
    assert hint is None or hint in (fault.hint or "")
