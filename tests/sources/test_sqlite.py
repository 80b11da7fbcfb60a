"""SQLite files as a source: the same rows through ADBC and without it, whatever a column holds."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import threading
import time
from decimal import Decimal

import pytest
from source_databases import SqliteShop

from thresher.errors import ChangedWhileReadError, SourceError, TransientError
from thresher.project.database import Refresh
from thresher.sources import databases_sqlite

ALWAYS = Refresh("always")


@pytest.fixture(params=["adbc", "sqlite3"])
def shop(request, tmp_path, monkeypatch) -> SqliteShop:
    if request.param == "sqlite3":
        monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    return SqliteShop(tmp_path)


@pytest.fixture
def batches(monkeypatch) -> list[str]:
    """Name the tables that were read through ADBC."""
    read: list[str] = []
    by_batches = databases_sqlite.SqliteLink._read_batches

    def recorded(link, driver, table, *rest):
        stage = by_batches(link, driver, table, *rest)
        if stage is not None:
            read.append(table)
        return stage

    monkeypatch.setattr(databases_sqlite.SqliteLink, "_read_batches", recorded)
    return read


@pytest.mark.parametrize(
    ("declared", "values", "kind", "expected"),
    [
        ("integer", [1, None, 2**62], "BIGINT", [1, None, 2**62]),
        ("real", [1.5, 2, None], "DOUBLE", [1.5, 2.0, None]),
        ("", [1, 2.5], "DOUBLE", [1.0, 2.5]),
        ("decimal(10,2)", [1, 2.25], "DOUBLE", [1.0, 2.25]),
        ("text", ["a", None, ""], "VARCHAR", ["a", None, ""]),
        ("text", ["1", "2"], "VARCHAR", ["1", "2"]),
        ("blob", [b"\x00\xff", None], "BLOB", [b"\x00\xff", None]),
        ("", [None, None], "VARCHAR", [None, None]),
        ("integer", [1, "x", 2.5, None], "VARCHAR", ["1", "x", "2.5", None]),
        ("", ["x", 0.1 + 0.2], "VARCHAR", ["x", "0.30000000000000004"]),
        ("", ["x", b"\xff"], "VARCHAR", ["x", r"\xFF"]),
        ("date", ["2024-01-31", None], "DATE", [dt.date(2024, 1, 31), None]),
        ("date", ["2024-01-31", "soon"], "VARCHAR", ["2024-01-31", "soon"]),
        (
            "datetime",
            ["2024-01-31 05:30:00"],
            "TIMESTAMP",
            [dt.datetime.fromisoformat("2024-01-31 05:30:00")],
        ),
        ("boolean", [0, 1], "BIGINT", [0, 1]),
    ],
)
def test_a_column_is_typed_by_all_that_it_holds(shop, declared, values, kind, expected):
    shop.table(f"n integer, x {declared}", list(enumerate(values)))
    for reading in (shop.read("things"), shop.read(query="select n, x from things")):
        assert reading.types == {"n": "BIGINT", "x": kind}
        assert reading.rows == list(enumerate(expected))


def test_what_comes_late_has_its_say(shop):
    rows = [(n, None if n < 25_000 else n / 2, "x" if n == 29_000 else n) for n in range(30_000)]
    shop.table("n integer, late, mixed", rows)
    reading = shop.read("things")
    assert reading.types == {"n": "BIGINT", "late": "DOUBLE", "mixed": "VARCHAR"}
    assert [row[0] for row in reading.rows] == list(range(30_000))
    assert (reading.rows[-1], reading.rows[29_000][2]) == ((29_999, 14999.5, "29999"), "x")


def test_the_contract_gives_types(shop):
    shop.table("id, price, day, ok", [(1, "1.50", "2024-1-31", 1), ("2", 2.5, None, 0)])
    types = {"id": "integer", "price": "decimal(10,2)", "day": "date", "ok": "boolean"}
    reading = shop.read("things", types=types)
    assert list(reading.types.values()) == ["INTEGER", "DECIMAL(10,2)", "DATE", "BOOLEAN"]
    assert reading.rows == [
        (1, Decimal("1.50"), dt.date(2024, 1, 31), True),
        (2, Decimal("2.50"), None, False),
    ]


@pytest.mark.parametrize(
    ("declared", "value", "kind", "told"),
    [
        ("integer", "many", "bigint", "row 15,001: `x` should be BIGINT, not `many`"),
        ("real", 1.234, "decimal(5,2)", "row 15,001: `x` should be DECIMAL(5,2), not `1.234`"),
        ("text", "2024-13-01", "date", "row 15,001: `x` should be DATE, not `2024-13-01`"),
        ("integer", 2, "boolean", "row 15,001: `x` should be BOOLEAN, not `2`"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_table_column_and_row(
    shop, declared, value, kind, told
):
    fine = {"integer": 1, "real": 1.25, "text": "2024-01-01"}[declared]
    shop.table(f"x {declared}", [*[(fine,)] * 15_000, (value,), (fine,)])
    with pytest.raises(SourceError) as caught:
        shop.read("things", types={"x": kind})
    assert f"src/raw/things.yaml (raw.things): `shop/things`: {told}" in str(caught.value)


def test_a_text_that_is_not_utf_8_is_named_with_its_row(shop):
    shop.run("create table things(n integer, x text)", "insert into things values (1, 'a')")
    shop.run("insert into things values (2, cast(x'62ff' as text))")
    with pytest.raises(SourceError) as caught:
        shop.read("things")
    assert "row 2: `x` holds a text that is not UTF-8: `b\\udcff`" in str(caught.value)


def test_odd_names_are_names_like_others(shop):
    shop.run('create table "it\'s ""odd"""("a b" integer, "select" text, "x""y" real)')
    shop.run(rows=[(1, "a", 2.5)], into='"it\'s ""odd"""')
    reading = shop.read('it\'s "odd"')
    assert list(reading.types) == ["a b", "select", 'x"y']
    assert reading.rows == [(1, "a", 2.5)]


def test_an_empty_table_has_columns(shop):
    shop.table("id integer, name text", ())
    reading = shop.read("things")
    assert (list(reading.types), reading.rows) == (["id", "name"], [])


def test_a_view_and_a_query_are_read(shop):
    shop.table("id integer, name text", [(1, "a"), (2, "b"), (3, None)])
    shop.run("create view names as select name, count(*) as n from things group by name")
    assert sorted(shop.read("names").rows, key=repr) == [("a", 1), ("b", 1), (None, 1)]
    query = "select id as i, '$least' as text -- $least\nfrom things where id >= $least;"
    assert shop.read(query=query, params={"least": 2}).rows == [(2, "$least"), (3, "$least")]


def test_parameters_are_bound_and_never_pasted(shop):
    shop.table("name text", [("x' or 1=1 --",), ("y",)])
    query = "select name from things where name = $name or name = $name"
    assert shop.read(query=query, params={"name": "x' or 1=1 --"}).rows == [("x' or 1=1 --",)]


def test_a_sample_is_a_share_of_the_rows(shop):
    shop.table("id integer", [(n,) for n in range(10_000)])
    rows = shop.read("things", sample=0.1).rows
    assert 800 < len(rows) < 1200
    assert shop.read("things", sample=0.1).rows == rows


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"table": "thing"}, "no such table: thing", "did you mean `things`?"),
        ({"table": "x"}, "no such table: x", "there is `orders`, `things`"),
        ({"query": "select * from x"}, "no such table: x", "there is `orders`, `things`"),
        ({"query": "select idd from things"}, "no such column: idd", None),
        ({"query": "select timeout from things"}, "no such column: timeout", None),
        ({"query": "selct 1"}, 'near "selct": syntax error', None),
        ({"query": "update things set id = 2"}, "readonly database", None),
        ({"query": "select 1 as a, 2 as A"}, "the columns `a` and `A` differ", None),
    ],
)
def test_what_cannot_be_asked_is_told(shop, options, what, hint):
    shop.table("id integer", [(1,)])
    shop.run("create table orders(id integer)")
    with pytest.raises(SourceError) as caught:
        shop.read(**options)
    assert what in str(caught.value)
    assert hint is None or hint in str(caught.value)
    assert "src/raw/things.yaml" in str(caught.value)


def test_a_file_that_is_missing_or_no_database_is_told(shop):
    shop.path.write_text("id,name\n" * 1000)
    with pytest.raises(SourceError, match=r"`shop\.sqlite` is not an SQLite file"):
        shop.read("things")
    shop.path.unlink()
    with pytest.raises(SourceError, match=r"there is no SQLite file `shop\.sqlite`"):
        shop.unit("things")


def test_a_file_is_known_by_its_content(shop):
    shop.table("id integer", [(1,)])
    first = shop.unit("things")
    shop.path.touch()
    assert shop.unit("things").sha256 == first.sha256
    shop.run("insert into things values (2)")
    changed = shop.unit("things")
    assert changed.sha256 != first.sha256
    assert changed.path == "shop/things"


def test_what_lies_in_the_log_beside_a_file_counts(shop):
    writer = sqlite3.connect(shop.path)
    writer.execute("pragma journal_mode = wal")
    writer.execute("create table things(id integer)")
    writer.commit()
    first, main = shop.unit("things"), shop.path.read_bytes()
    writer.execute("insert into things values (7)")
    writer.commit()
    assert shop.path.read_bytes() == main  # the row is in the log alone
    assert shop.unit("things").sha256 != first.sha256
    assert shop.read("things").rows == [(7,)]
    assert shop.path.with_name("shop.sqlite-wal").stat().st_size > 0
    writer.close()


def test_reading_changes_nothing(shop):
    shop.table("id integer", [(1,)])
    before = {path: path.read_bytes() for path in shop.root.iterdir()}
    shop.read("things")
    shop.read(query="select * from things")
    assert {path: path.read_bytes() for path in shop.root.iterdir()} == before


def test_a_file_that_changes_while_it_is_read_is_read_again(shop, monkeypatch):
    shop.table("id integer", [(1,)])
    read = databases_sqlite.SqliteLink.read

    def disturbed(link, *given):
        stage = read(link, *given)
        shop.run("insert into things values (2)")
        return stage

    monkeypatch.setattr(databases_sqlite.SqliteLink, "read", disturbed)
    with pytest.raises(ChangedWhileReadError, match="`refresh: always`"):
        shop.read("things")
    # Where the content is not what it is known by, a state of it is as good as another.
    assert len(shop.read("things", refresh=ALWAYS).rows) == 2


def test_rows_that_change_between_counting_and_reading_are_read_anew(tmp_path, monkeypatch):
    shop = SqliteShop(tmp_path)
    shop.table("x", [("a",)])
    columns = databases_sqlite.SqliteLink._columns

    def disturbed(link, table):
        found = columns(link, table)
        shop.run("insert into things values (0.1 + 0.2)")
        return found

    monkeypatch.setattr(databases_sqlite.SqliteLink, "_columns", disturbed)
    # ADBC would give it as `0.3`.
    assert shop.read("things", refresh=ALWAYS).rows == [("a",), ("0.30000000000000004",)]


def test_tables_of_one_kind_a_column_go_through_adbc(tmp_path, batches):
    shop = SqliteShop(tmp_path)
    shop.table("id integer, name text, price", [(1, "a", 1.5), (2, None, 2)])
    shop.table("id", [(1,), ("x",)], name="mixed")
    for table in ("things", "mixed"):
        shop.read(table)
    assert batches == ["things"]


def test_a_cursor_tells_whether_rows_changed(shop):
    cursor = Refresh("cursor", cursor="id")
    shop.table("id integer, x text", [(1, "a")])
    first = shop.unit("things", refresh=cursor)
    shop.run("update things set x = 'b'")
    assert shop.unit("things", refresh=cursor).sha256 == first.sha256
    shop.run("insert into things values (2, 'c')")
    second = shop.unit("things", refresh=cursor)
    shop.run("delete from things where id = 1")
    third = shop.unit("things", refresh=cursor)
    assert len({first.sha256, second.sha256, third.sha256}) == 3
    query = "select * from things where id > $least"
    asked = {"query": query, "params": {"least": 1}, "refresh": cursor}
    assert shop.read(**asked).rows == [(2, "c")]
    with pytest.raises(SourceError) as caught:
        shop.unit("things", refresh=Refresh("cursor", cursor="idd"))
    assert "no column `idd` to tell changes by\n  hint: did you mean `id`?" in str(caught.value)


def test_a_locked_file_may_be_free_later(shop, monkeypatch):
    shop.table("id integer", [(1,)])
    monkeypatch.setattr(sqlite3, "connect", _impatient(sqlite3.connect))
    writer = sqlite3.connect(shop.path, isolation_level=None)
    writer.execute("begin exclusive")
    with pytest.raises(TransientError, match="database is locked"):
        shop.read(query="select * from things", refresh=ALWAYS)
    writer.close()
    assert shop.read("things").rows == [(1,)]


def _impatient(connect):
    return lambda *given, **options: connect(*given, **{"timeout": 0, **options})


def test_a_long_query_is_interrupted(shop):
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    failures: list[BaseException] = []

    def read() -> None:
        try:
            shop.read(query=endless, refresh=ALWAYS)
        except SourceError as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while not shop.source._workplace._under_way or not thread.is_alive():
        time.sleep(0.01)
    shop.source.interrupt()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert "reading was interrupted" in str(failures[0])
