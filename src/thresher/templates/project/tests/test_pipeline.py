"""The whole pipeline on small data: what comes out of `tests/resources`, and how bad data is met."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

import thresher

PROJECT = Path(__file__).parent.parent
RESOURCES = Path(__file__).parent / "resources"
PARTS = ("config.yaml", ".env.example", "src")


@pytest.fixture
def project(tmp_path: Path) -> thresher.OpenProject:
    """Give a copy of the project with the small data of `tests/resources` as its raw data."""
    for part in PARTS:
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, tmp_path / part)
        else:
            shutil.copy(PROJECT / part, tmp_path / part)
    (tmp_path / "data_raw").mkdir()
    for name in ("customers.csv", "orders-2024-01.csv", "orders-2024-02.csv"):
        shutil.copy(RESOURCES / name, tmp_path / "data_raw" / name)
    return thresher.open(tmp_path, env="dev")


def violations(result: thresher.RunResult) -> dict[tuple[str, str], int]:
    """Count what each check found, for those that found anything."""
    return {
        (outcome.asset, found.check): found.violations
        for outcome in result.outcomes
        if outcome.verdict
        for found in outcome.verdict.results
        if found.violations
    }


def test_expected_rows_come_out(project: thresher.OpenProject) -> None:
    result = project.run()
    assert result.ok
    table = project.table("warehouse.revenue_by_month")
    assert table.files
    assert all(file.is_file() for file in table.files)
    rows = [
        {name: str(value) for name, value in row.items()}
        for row in sorted(table.arrow().to_pylist(), key=lambda row: row["month"])
    ]
    with (RESOURCES / "revenue_by_month.csv").open(newline="") as file:
        assert rows == list(csv.DictReader(file))


def test_orders_have_no_nulls_and_no_duplicates(project: thresher.OpenProject) -> None:
    assert project.run().ok
    orders = project.table("clean.orders").arrow()
    assert {name: orders[name].null_count for name in orders.column_names} == dict.fromkeys(
        orders.column_names, 0
    )
    assert sorted(orders["order_id"].to_pylist()) == [2, 3, 4, 5]


def test_what_is_odd_is_told_and_published(project: thresher.OpenProject) -> None:
    result = project.run()
    found = violations(result)
    assert found["clean.customers", "not_null(email)"] == 1
    assert found["clean.orders", "references(customer_id, clean.customers, [customer_id])"] == 1
    assert result.status == "published"


def test_a_duplicate_customer_is_not_published(project: thresher.OpenProject) -> None:
    customers = project.root / "data_raw" / "customers.csv"
    with customers.open("a") as file:
        file.write("C001,Somebody Else,else@example.com,DE\n")
    result = project.run()
    assert not result.ok
    assert ("clean.customers", "primary_key(customer_id)") in violations(result)
    assert not project.publications()


def test_nothing_is_done_twice(project: thresher.OpenProject) -> None:
    assert project.run().status == "published"
    assert project.run().status == "unchanged"


def test_a_parameter_narrows_what_is_read(project: thresher.OpenProject) -> None:
    february = thresher.open(project.root, params={"start_date": "2024-02-01"})
    assert february.run().ok
    assert february.table("clean.orders").arrow()["order_id"].to_pylist() == [5]
