"""PostgreSQL as a source, on a real server: types, parameters, and everything that can go wrong."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from source_databases import Reader

import postgres_server
from thresher.errors import CredentialsError, SourceError, TransientError
from thresher.project.database import Refresh
from thresher.sources import databases_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_server.Server]:
    with postgres_server.running() as running:
        yield running


@pytest.fixture
def database(server) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    server.sql(f"create database {name}")
    yield name
    server.sql(f"drop database {name} with (force)")


@pytest.fixture(params=["adbc", "pg8000"])
def shop(request, tmp_path, server, database) -> Reader:
    if request.param == "adbc":
        return Reader(tmp_path, server.url(database=database))
    pytest.importorskip("pg8000")
    arguments = {
        "user": postgres_server.USER,
        "password": postgres_server.PASSWORD,
        "host": "127.0.0.1",
        "port": server.port,
        "database": database,
    }
    return Reader(tmp_path, {"dbapi": "pg8000.dbapi:connect", "arguments": arguments})


@pytest.fixture
def adbc(tmp_path, server, database) -> Reader:
    return Reader(tmp_path, server.url(database=database))


@pytest.fixture
def sql(server, database):
    return lambda *statements: server.sql(*statements, database=database)


COLUMNS = {
    "a smallint": ("SMALLINT", "12", 12),
    "b integer": ("INTEGER", "12", 12),
    "c bigint": ("BIGINT", "9007199254740993", 9007199254740993),
    "d real": ("FLOAT", "1.5", 1.5),
    "e double precision": ("DOUBLE", "0.1", 0.1),
    "f numeric(12,2)": ("DECIMAL(12,2)", "1234567890.12", Decimal("1234567890.12")),
    "g numeric": ("DECIMAL(18,3)", "12.125", Decimal("12.125")),
    "h text": ("VARCHAR", "'2024-01-31'", "2024-01-31"),
    "i char(4)": ("VARCHAR", "'ab'", "ab  "),
    "j boolean": ("BOOLEAN", "true", True),
    "k date": ("DATE", "'2024-01-31'", dt.date(2024, 1, 31)),
    "l timestamp": (
        "TIMESTAMP",
        "'2024-01-31 05:30:00.123456'",
        dt.datetime.fromisoformat("2024-01-31 05:30:00.123456"),
    ),
    "m timestamptz": (
        "TIMESTAMP WITH TIME ZONE",
        "'2024-01-31 05:30:00+02'",
        dt.datetime(2024, 1, 31, 3, 30, tzinfo=dt.UTC),
    ),
    "n time": ("TIME", "'05:30:00'", dt.time(5, 30)),
    "o uuid": ("VARCHAR", f"'{uuid.UUID(int=7)}'", str(uuid.UUID(int=7))),
    "p jsonb": ("JSON", """'{"a": [1, 2]}'""", '{"a": [1, 2]}'),
    "q bytea": ("BLOB", r"'\x00ff'", b"\x00\xff"),
    "r integer[]": ("INTEGER[]", "'{1,2}'", [1, 2]),
    "s interval": ("VARCHAR", "'1 day 2 hours'", "1 day 02:00:00"),
    "t money": ("DECIMAL(18,2)", "12.5", Decimal("12.50")),
    "u inet": ("VARCHAR", "'10.0.0.1'", "10.0.0.1/32"),
    "v mood": ("VARCHAR", "'ok'", "ok"),
}


def test_types_are_those_of_the_database(adbc, sql):
    sql(
        "create type mood as enum ('sad', 'ok')",
        f"create table things({', '.join(COLUMNS)})",
        f"insert into things values ({', '.join(value for _, value, _ in COLUMNS.values())})",
        "insert into things(a) values (null)",
    )
    reading = adbc.read("things")
    expected = {name.split()[0]: kind for name, (kind, _, _) in COLUMNS.items()}
    assert reading.types == expected
    assert reading.rows[0] == tuple(value for _, _, value in COLUMNS.values())
    assert reading.rows[1] == (None,) * len(COLUMNS)
    sql("delete from things")
    empty = adbc.read("things")
    assert empty.rows == []
    assert empty.types == expected | {"g": "DECIMAL(18,0)", "t": "DECIMAL(18,0)"}


@pytest.mark.parametrize(
    ("declared", "values", "kind"),
    [
        ("numeric", ["1", "-2.5", "100"], "DECIMAL(18,1)"),
        ("numeric", ["1e30", "0.00001"], "DECIMAL(38,5)"),
        ("numeric", ["1e40", "0.5"], "VARCHAR"),
        ("numeric(60,2)", ["1"], "DECIMAL(18,2)"),
        ("numeric", ["'NaN'", "1.5"], "DOUBLE"),
        ("numeric(5,2)", ["'NaN'", "1.5"], "DOUBLE"),
        ("numeric(2,-3)", ["1234"], "DECIMAL(18,0)"),
        ("numeric", ["null"], "DECIMAL(18,0)"),
    ],
)
def test_numbers_keep_every_digit(adbc, sql, declared, values, kind):
    sql(f"create table things(x {declared})")
    sql(*(f"insert into things values ({value})" for value in values))
    reading = adbc.read("things")
    assert reading.types == {"x": kind}
    texts = sql("select x::text from things").splitlines()
    for (found,), text in zip(reading.rows, texts, strict=True):
        assert (
            (found is None and text == "")
            or Decimal(str(found)).normalize() == Decimal(text).normalize()
            or text == "NaN"
        )


def test_times_without_an_end_stay_so(adbc, sql):
    sql(
        "create table things(d date, t timestamp, z timestamptz)",
        "insert into things values ('infinity', 'infinity', 'infinity')",
        "insert into things values ('-infinity', '-infinity', '-infinity')",
        "insert into things values ('2024-01-31', '0044-03-15 BC', null)",
    )
    reading = adbc.read("things")
    files = [str(reading.folder / name) for name, _ in reading.written.files]
    told = duckdb.read_parquet(files).query("x", "select columns(*)::varchar from x").fetchall()
    assert told == [
        ("infinity",) * 3,
        ("-infinity",) * 3,
        ("2024-01-31", "0044-03-15 (BC) 00:00:00", None),
    ]


def test_either_driver_reads_the_same_rows(shop, sql):
    sql(
        "create table things as select n as id, n * 0.5 as half, 'name ' || n as name, "
        "date '2024-01-01' + n as day from generate_series(1, 30000) n"
    )
    reading = shop.read("things")
    assert len(reading.rows) == 30_000
    last = (30_000, Decimal(15_000), "name 30000", dt.date(2024, 1, 1) + dt.timedelta(30_000))
    assert max(reading.rows) == last
    assert reading.types["day"] == "DATE"


def test_parameters_are_bound_and_never_pasted(shop, sql):
    sql("create table things(id int, name text, day date)")
    sql(
        "insert into things select n, 'x'' or 1=1 --', date '2024-01-01' + n "
        "from generate_series(1, 120000) n"
    )
    query = """
        select id, name, '100%' as share, '$day' as text  -- $name
        from things where name = $name and day >= $day and id % 2 = 0 and name = $name
    """
    params = {"name": "x' or 1=1 --", "day": dt.date(2024, 1, 11)}
    reading = shop.read(query=query, params=params)
    assert len(reading.rows) == 59_996
    assert min(reading.rows) == (10, "x' or 1=1 --", "100%", "$day")
    assert shop.read(query=query, params=params | {"name": "' or 1=1 --"}).rows == []


def test_tables_are_named_as_they_are(adbc, sql):
    sql('create schema "My Schema"', 'create table "My Schema"."Things"("Id" int)')
    sql('insert into "My Schema"."Things" values (7)')
    reading = adbc.read("My Schema.Things")
    assert (reading.types, reading.rows) == ({"Id": "INTEGER"}, [(7,)])


def test_a_cursor_is_looked_at_in_the_state_that_is_read(adbc, sql, monkeypatch):
    sql("create table things(id int)", "insert into things values (1)")
    cursor = Refresh("cursor", cursor="id")
    found = adbc.unit("things", refresh=cursor)
    look = databases_postgres.PostgresLink.state

    def disturbed(link, query, column):
        told = look(link, query, column)
        sql("insert into things values (3)")
        return told

    sql("insert into things values (2)")
    monkeypatch.setattr(databases_postgres.PostgresLink, "state", disturbed)
    # What is found is not what is read, but what is recorded is.
    reading = adbc.read("things", refresh=cursor)
    (record,) = reading.written.records
    monkeypatch.undo()
    assert record.unit.sha256 != found.sha256
    assert reading.rows == [(1,), (2,), (3,)]
    sql(
        "delete from things where id > 3",
        "delete from things where ctid not in (select min(ctid) from things group by id)",
    )
    assert adbc.unit("things", refresh=cursor).sha256 == record.unit.sha256


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"table": "thing"}, 'relation "thing" does not exist', "did you mean `things`?"),
        ({"table": "x"}, 'relation "x" does not exist', "things`"),
        ({"query": "select idd from things"}, 'column "idd" does not exist', "things.id"),
        ({"query": "select timeout from things"}, 'column "timeout" does not exist', None),
        ({"query": "selct 1"}, 'syntax error at or near "selct"', None),
        ({"query": "select 1 / (id - 1) from things"}, "division by zero", None),
        ({"query": "select 1 as a, 2 as a"}, "two columns are called `a`", None),
        ({"query": "select set_config('a.b', 'x', false), lo_create(7)"}, "read-only", None),
    ],
)
def test_what_cannot_be_asked_is_told(adbc, sql, options, what, hint):
    sql("create table things(id int)", "insert into things values (1)")
    with pytest.raises(SourceError) as caught:
        adbc.read(**options)
    assert what in str(caught.value)
    assert hint is None or hint in str(caught.value)
    assert "src/raw/things.yaml (raw.things)" in str(caught.value)


def test_a_table_that_is_missing_is_told_by_any_driver(shop, sql):
    sql("create table things(id int)")
    with pytest.raises(SourceError) as caught:
        shop.read("thing")
    assert 'relation "thing" does not exist' in str(caught.value)
    assert "things`" in str(caught.value)


def test_a_refused_user_is_told_without_the_password(shop, server, database):
    connection = shop.connections["shop"]
    if connection.kind == "postgresql":
        shop.connect(server.url(password="not-the-password", database=database))
    else:
        arguments = dict(connection.arguments) | {"password": "not-the-password"}
        shop.connect({"dbapi": connection.target, "arguments": arguments})
    with pytest.raises(CredentialsError) as caught:
        shop.read("things")
    assert caught.value.exit_code == 4
    assert "not-the-password" not in str(caught.value)
    assert "the database `shop` refuses" in str(caught.value)


def test_a_password_that_is_missing_is_told(adbc, server, database):
    adbc.connect(server.url(password="", database=database))
    with pytest.raises(CredentialsError, match="no password supplied"):
        adbc.read("things")


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ((":PORT/", ":1/"), TransientError, "Connection refused"),
        (("127.0.0.1", "no-such-host.invalid"), SourceError, "no-such-host.invalid"),
        (("/DATABASE", "/nowhere"), SourceError, 'database "nowhere" does not exist'),
    ],
)
def test_a_database_that_cannot_be_reached_is_told(adbc, server, database, change, kind, told):
    old, new = change
    old = old.replace("PORT", str(server.port)).replace("DATABASE", database)
    adbc.connect(server.url(database=database).replace(old, new))
    with pytest.raises(kind, match=told) as caught:
        adbc.read("things")
    assert postgres_server.PASSWORD not in str(caught.value)


def test_a_server_that_goes_away_may_come_back(tmp_path, monkeypatch):
    with postgres_server.running() as server:
        shop = Reader(tmp_path, server.url())
        server.sql("create table things as select n from generate_series(1, 3000000) n")
        batches = databases_postgres.PostgresLink._stream

        def leaving(link, cursor):
            stream = batches(link, cursor)
            yield next(stream)
            yield next(stream)
            server.stop()
            yield from stream

        look = databases_postgres.PostgresLink._schema
        monkeypatch.setattr(databases_postgres.PostgresLink, "_stream", leaving)
        with pytest.raises(TransientError, match="cannot be reached, or did not answer"):
            shop.read("things")
        assert look is databases_postgres.PostgresLink._schema
        monkeypatch.undo()
        server.start()
        assert len(shop.read(query="select * from things where n < 10").rows) == 9


def test_a_long_query_is_interrupted(adbc):
    failures: list[SourceError] = []

    def read() -> None:
        try:
            adbc.read(query="select pg_sleep(120)")
        except SourceError as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while not any(adbc.source._workplace._under_way.values()) and thread.is_alive():
        time.sleep(0.01)
    adbc.source.interrupt()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert "reading was interrupted" in str(failures[0])


def test_a_driver_that_is_not_installed_is_told(adbc):
    adbc.connect({"dbapi": "no_such_driver:connect", "arguments": {}})
    with pytest.raises(SourceError, match="No module named 'no_such_driver'") as caught:
        adbc.read("things")
    assert "install the package that brings `no_such_driver`" in str(caught.value)
