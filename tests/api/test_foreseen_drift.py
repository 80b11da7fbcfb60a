"""Plans tell how files drift before a run reads them."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thresher.api import documents
from thresher.observe.console import plan as told

SECOND = "data_raw/orders-2.csv"


def drift(shop, **options) -> dict[str, list[str]]:
    made = documents.plan(shop.open().plan(**options))
    (step,) = (step for step in made["steps"] if step["asset"] == "raw.orders")
    return step["drift"]


def settings(shop, modes: str = "", files: str = "data_raw/orders-*") -> None:
    shop.write({"src/raw/orders.yaml": f"source: {{files: '{files}', drift: {{{modes}}}}}\n"})


@pytest.mark.parametrize(
    ("content", "modes", "expected"),
    [
        ("id,customer,amount\n4,b,40\n", "", []),
        ("id,customer,amount,note\n4,b,40,x\n", "", ["column `note` is new (freeze)"]),
        (
            "id,amount,note\n4,40,x\n",
            "new_column: evolve, missing_column: discard_value",
            ["column `note` is new (evolve)", "column `customer` is missing (discard_value)"],
        ),
        (
            "id,customer,amount\n4,b,much\n",
            "type_change: quarantine",
            ["column `amount` is VARCHAR, not BIGINT (quarantine)"],
        ),
        ("id,customer,amount\n4,7,\n", "", []),
    ],
)
def test_a_plan_tells_what_drifts_and_what_is_done(shop, content, modes, expected) -> None:
    settings(shop, modes)
    assert drift(shop) == {}
    assert shop.run(select="raw.*").ok
    shop.write({SECOND: content})
    assert drift(shop) == ({SECOND: expected} if expected else {})
    listing = told(shop.open().plan())
    assert all(line in listing for line in expected)
    assert ("drift" in listing) is bool(expected)


def test_files_of_any_format_are_looked_into(shop) -> None:
    settings(shop)
    shop.run(select="raw.*")
    small = io.BytesIO()
    columns = {"id": [1.5], "customer": ["a"], "amount": pa.array([1], pa.int8())}
    pq.write_table(pa.table(columns), small)
    shop.write(
        {
            "data_raw/orders-2.ndjson": '{"id": 1, "customer": "a"}\n',
            "data_raw/orders-3.parquet": small.getvalue(),
        }
    )
    assert drift(shop) == {
        "data_raw/orders-2.ndjson": ["column `amount` is missing (freeze)"],
        "data_raw/orders-3.parquet": ["column `id` is DOUBLE, not BIGINT (freeze)"],
    }


def test_what_is_not_read_by_what_was_decided_does_not_drift(shop) -> None:
    settings(shop)
    shop.run(select="raw.*")
    shop.write({SECOND: "id,other\n1,2\n"})
    assert drift(shop, full_refresh=True) == {}
    settings(shop, files="data_raw/*-2.csv")  # read in another way, so decided anew
    assert drift(shop) == {}


def test_a_broken_file_is_left_to_the_run(shop) -> None:
    settings(shop)
    shop.run(select="raw.*")
    shop.write({SECOND: b"\0\0\0", "data_raw/orders-3.csv": "id\n1\n"})
    found = drift(shop)
    assert list(found) == ["data_raw/orders-3.csv"]


def test_a_plan_writes_nothing(shop) -> None:
    settings(shop)
    shop.run(select="raw.*")
    shop.write({SECOND: "id\n1\n"})
    drift(shop)
    before = sorted(shop.root.rglob("*"))
    assert drift(shop)
    assert sorted(shop.root.rglob("*")) == before
