"""Questions to the warehouse: those of a new project, by name, with placeholders, into files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

import thresher
from thresher.api.create import init
from thresher.api.queries import ask, find, saved
from thresher.errors import CommandError

QUERIES: Mapping[str, Mapping[str, Any]] = {
    "revenue": {},
    "spending": {"orders": 1},
    "top_customers": {"n": 3},
}
"""Every query of a new project, with values for its placeholders."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> thresher.OpenProject:
    project = thresher.open(init(tmp_path_factory.mktemp("new") / "shop").folder)
    assert project.run().ok
    return project


def customers(shop: thresher.OpenProject) -> pl.DataFrame:
    return shop.table("warehouse.customer_value").polars().collect()


def test_a_new_project_asks_for_top_n_sum_and_avg_with_placeholders(
    shop: thresher.OpenProject,
) -> None:
    found = {query.name: query for query in saved(shop)}
    assert {name: set(query.placeholders) for name, query in found.items()} == {
        name: set(params) for name, params in QUERIES.items()
    }
    for words, name in (
        (("order by", "desc", "limit $n"), "top_customers"),
        (("sum(", "avg(", "$orders"), "spending"),
    ):
        assert [word for word in words if word not in found[name].text] == []
        assert found[name].description


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_of_a_new_project_has_an_answer(name: str, shop: thresher.OpenProject) -> None:
    answer = ask(shop, find(shop, name).text, QUERIES[name])
    assert answer.total > 0
    assert answer.seconds > 0


def test_the_answers_are_those_of_polars(shop: thresher.OpenProject) -> None:
    top = ask(shop, find(shop, "top_customers").text, {"n": 3})
    expected = customers(shop).sort(["revenue", "name"], descending=[True, False]).head(3)
    assert [row[0] for row in top.rows] == expected["name"].to_list()
    spent = ask(shop, find(shop, "spending").text, {"orders": 2})
    by_country = (
        customers(shop)
        .filter(pl.col("orders") >= 2)
        .group_by("country")
        .agg(pl.col("revenue").sum(), pl.col("revenue").mean().round(2).alias("mean"))
    )
    assert {row[0]: (row[2], float(row[3])) for row in spent.rows} == {
        country: (revenue, float(mean)) for country, revenue, mean in by_country.rows()
    }


@pytest.mark.parametrize(
    "name", ["top_customers", "queries/top_customers.sql", "./queries/revenue"]
)
def test_a_query_is_found_by_its_name_and_by_its_path(
    name: str, shop: thresher.OpenProject
) -> None:
    assert find(shop, name).path.startswith("queries/")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("top_custmers", "did you mean `top_customers`?"),
        ("clean.orders", "`thresher show clean.orders` previews a table"),
        ("zzz", "there are `revenue`, `spending`, `top_customers`"),
    ],
)
def test_a_name_that_is_not_there_names_what_is(
    name: str, hint: str, shop: thresher.OpenProject
) -> None:
    with pytest.raises(CommandError) as raised:
        find(shop, name)
    assert raised.value.fault.hint == hint


@pytest.mark.parametrize(
    ("text", "params", "line", "told"),
    [
        ("-- x\nselect $b,\n  $a\n", {}, 2, "needs a value for `$a`, `$b`"),
        ("select 1,\n  2 + nonsense\nfrom clean.orders", {}, 2, '"nonsense" not found'),
        ("select *\nfrom clean.ordres\nwhere $a", {"a": True}, 2, "ordres does not exist"),
        ("select *\nfrom\nclean.orders x y z", {}, 3, "syntax error"),
        ("select order_id\nfrom clean.orders\nlimit $n", {"n": "x"}, 3, "Could not convert"),
    ],
)
@pytest.mark.parametrize("limit", [None, 5])
def test_what_is_wrong_is_told_with_file_and_line(
    text: str,
    params: dict[str, Any],
    line: int,
    told: str,
    limit: int | None,
    shop: thresher.OpenProject,
) -> None:
    with pytest.raises(thresher.errors.ThresherError) as raised:
        ask(shop, text, params, path="queries/wrong.sql", limit=limit)
    assert str(raised.value).startswith(f"queries/wrong.sql:{line}: ")
    assert told in str(raised.value)
    assert "LINE" not in str(raised.value)


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "arrow"])
def test_another_library_reads_what_is_exported(
    ending: str, shop: thresher.OpenProject, tmp_path: Path
) -> None:
    file = tmp_path / f"out.{ending}"
    sql = "select customer_id, orders, revenue from warehouse.customer_value order by customer_id"
    answer = ask(shop, sql, {}, export=file)
    read = {
        "parquet": lambda: pq.read_table(file).to_pylist(),
        "csv": lambda: list(csv.DictReader(file.read_text().splitlines())),
        "json": lambda: json.loads(file.read_text()),
        "arrow": lambda: ipc.open_file(file).read_all().to_pylist(),
    }[ending]()
    expected = customers(shop).sort("customer_id")
    assert answer.total == len(read) == expected.height
    assert [row["customer_id"] for row in read] == expected["customer_id"].to_list()
    assert [int(row["orders"]) for row in read] == expected["orders"].to_list()
    assert [f"{float(row['revenue']):.2f}" for row in read] == [
        f"{value:.2f}" for value in expected["revenue"]
    ]


def test_every_query_is_logged_with_its_time_and_what_was_bound(
    shop: thresher.OpenProject,
) -> None:
    log = shop.root / "logs" / "shop.log"
    before = log.read_text().count("QueryFinished")
    ask(shop, find(shop, "top_customers").text, {"n": 2})
    with pytest.raises(CommandError):
        ask(shop, "select $missing", {})
    records = [json.loads(line) for line in log.read_text().splitlines()]
    told = [each for each in records if each["event"] == "QueryFinished"][before:]
    assert [each["params"] for each in told] == [{"n": 2}, {}]
    assert [each["level"] for each in told] == ["INFO", "ERROR"]
    assert told[0]["duration_s"] > 0
    assert told[0]["message"].startswith("query: 2 rows in ")
