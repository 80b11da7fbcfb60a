"""The pipeline on the small data of `tests/resources`: what comes out, and how bad data is met.

Each test has a copy of the project with a warehouse of its own: fixtures that pytest finds by itself.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import thresher
from thresher.testing import (
    PipelineWarehouse,
    RunPipeline,
    assert_contract,
    assert_no_nulls,
    assert_table,
    assert_unique,
)

RESOURCES = Path(__file__).parent / "resources"


def test_output_files_hold_the_expected_rows(warehouse: PipelineWarehouse) -> None:
    revenue = warehouse.table("warehouse.revenue_by_month")
    assert revenue.files
    assert all(file.is_file() for file in revenue.files)
    assert_table(revenue, RESOURCES / "revenue_by_month.csv", keys="month")


def test_orders_have_no_nulls_and_no_duplicates(warehouse: PipelineWarehouse) -> None:
    orders = warehouse.table("clean.orders")
    assert_no_nulls(orders)
    assert_unique(orders, "order_id")


def test_products_come_from_a_database(
    catalog: sqlite3.Connection, warehouse: PipelineWarehouse
) -> None:
    catalog.execute("insert into products values (' rolling pin ', 'Tools', null)")
    query = "select * from clean.products where supplier is null"
    expected = [{"product": "rolling pin", "category": "tools", "supplier": None}]
    assert_table(warehouse.query(query), expected)


def test_a_duplicate_customer_is_not_published(
    run_pipeline: RunPipeline, thresher_project: thresher.OpenProject
) -> None:
    with (thresher_project.root / "data_raw" / "customers.csv").open("a") as file:
        file.write("C001,Somebody Else,else@example.com,DE\n")
    result = run_pipeline(check=False)
    assert not result.ok
    assert not thresher_project.publications()


def test_what_is_odd_is_told_and_published(run_pipeline: RunPipeline) -> None:
    result = run_pipeline()
    assert_contract(result, "clean.customers")  # a missing address is a warning
    assert result.status == "published"
    assert run_pipeline().status == "unchanged"


def test_a_parameter_narrows_what_is_read(
    run_pipeline: RunPipeline, thresher_project: thresher.OpenProject
) -> None:
    run_pipeline(params={"start_date": "2024-02-01"})
    assert_table(thresher_project.table("clean.orders"), [{"order_id": 5}], columns="order_id")
