"""What the pipeline promises, held against one run of it in a copy of the project."""

from __future__ import annotations

import pytest

from thresher.testing import PipelineWarehouse

KNOWN_FAULTS = {
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


def test_the_run_is_published(warehouse: PipelineWarehouse) -> None:
    assert warehouse.result.status == "published"


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("clean.airlines", 16),
        ("clean.airports", 1_458),
        ("clean.flights", 336_776),
        ("clean.planes", 3_322),
        ("clean.weather", 26_115),
        ("warehouse.carrier_month", 185),
        ("warehouse.origin_day", 3 * 365),
        ("warehouse.routes", 224),
    ],
)
def test_no_row_is_lost(warehouse: PipelineWarehouse, table: str, rows: int) -> None:
    assert warehouse.table(table).arrow().num_rows == rows


def test_all_known_faults_are_told_and_no_other(warehouse: PipelineWarehouse) -> None:
    told = {
        (outcome.asset, found.check): found.violations
        for outcome in warehouse.result.outcomes
        if outcome.verdict
        for found in outcome.verdict.results
        if found.violations
    }
    assert told == KNOWN_FAULTS


def test_midnight_belongs_to_the_next_day(warehouse: PipelineWarehouse) -> None:
    sql = "select sched_dep_time, dep_time from clean.flights where flight_id = $id"
    answer = warehouse.query(sql, {"id": "20131031T03Z-B6-839"})
    assert [tuple(map(str, row)) for row in answer.rows] == [
        ("2013-10-30 23:59:00", "2013-10-31 00:00:00")
    ]


def test_summaries_add_up_to_the_flights(warehouse: PipelineWarehouse) -> None:
    for table in ("busiest_hours", "carrier_month", "origin_day", "routes", "weather_delay"):
        answer = warehouse.query(f"select sum(flights) from warehouse.{table}")
        assert int(answer.rows[0][0]) == 336_776, table
