"""Rejected records and files that are gone, over several runs of a project."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from thresher.observe.summary import summarize
from thresher.warehouse.cleanup import clean
from thresher.warehouse.manifests import Manifests

SOURCE = "source: {files: data_raw/orders-*.csv, tolerate_rows: 1}\n"


def snapshot(shop):
    manifests = Manifests(shop.root / "warehouse")
    return manifests.read("dev", max(manifests.numbers("dev"))).snapshots["raw.orders"]


def rejected(shop) -> list[tuple[str, int, str]]:
    found = [
        row
        for file in snapshot(shop).rejects
        for row in pq.read_table(shop.root / "warehouse" / file.path).to_pylist()
    ]
    return [(row["path"], row["line"], row["text"]) for row in found]


@pytest.fixture
def bad(shop):
    return shop.write(
        {
            "src/raw/orders.yaml": SOURCE,
            "data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n5,a\n6,a,60\n",
        }
    )


def test_rejected_records_are_part_of_a_version(bad) -> None:
    assert bad.run(select="raw.*").ok
    assert rejected(bad) == [("data_raw/orders-2.csv", 3, "5,a")]
    assert [row[0] for row in bad.rows("raw.orders")] == [1, 2, 3, 4, 6]
    one, two = snapshot(bad).units
    assert (one.lines, one.rows, one.rejected, one.rejects) == (4, 3, 0, None)
    assert (two.lines, two.rows, two.rejected, two.header) == (4, 2, 1, 1)
    (file,) = snapshot(bad).rejects
    assert (file.path, file.rows) == (two.rejects, 1)


def test_rejected_records_are_told_and_matter_where_that_is_asked_for(bad) -> None:
    result = bad.run(select="raw.*", strict=True)
    assert result.exit_code == 3
    shown = [table.title for table in summarize(result).tables]
    assert "files that were loaded in part, or drifted" in shown
    report = json.loads((bad.root / (result.report or "") / "report.json").read_text())
    (told,) = (each for each in report["inputs"] if each["rejected"])
    beside = ("rows", "rejected", "header", "blank", "continuation")
    assert told["lines"] == sum(told[key] for key in beside) == 4


def test_a_file_that_is_kept_keeps_its_rejected_records(bad) -> None:
    bad.run(select="raw.*")
    before = snapshot(bad).rejects
    bad.write({"data_raw/orders-3.csv": "id,customer,amount\n7,a,70\n8\n"})
    assert bad.run(select="raw.*").ok
    assert snapshot(bad).rejects[:1] == before
    assert rejected(bad) == [
        ("data_raw/orders-2.csv", 3, "5,a"),
        ("data_raw/orders-3.csv", 3, "8"),
    ]
    bad.write({"data_raw/orders-2.csv": None})
    assert bad.run(select="raw.*").ok
    assert rejected(bad) == [("data_raw/orders-3.csv", 3, "8")]


def test_a_file_with_other_bad_rows_is_another_version(bad) -> None:
    bad.run(select="raw.*")
    bad.write({"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n6,a,60\n9,9,9,9\n"})
    assert bad.run(select="raw.*").ok
    assert rejected(bad) == [("data_raw/orders-2.csv", 4, "9,9,9,9")]


def test_clean_up_keeps_rejected_records(bad) -> None:
    bad.run(select="raw.*")
    bad.write({"data_raw/orders-3.csv": "id,customer,amount\n7,a,70\n"})
    bad.run(select="raw.*")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    clean(bad.root / "warehouse", keep=1, grace=dt.timedelta(0), now=later)
    assert rejected(bad) == [("data_raw/orders-2.csv", 3, "5,a")]


def test_a_version_without_its_rejected_records_is_not_whole(bad) -> None:
    bad.run(select="raw.*")
    (file,) = snapshot(bad).rejects
    path: Path = bad.root / "warehouse" / file.path
    path.unlink()
    assert bad.plan()["raw.orders"] == ("build", "its files are gone or damaged")
    assert bad.run(select="raw.*").ok
    assert rejected(bad) == [("data_raw/orders-2.csv", 3, "5,a")]


KEEP = "source: {files: data_raw/orders-*.csv, on_removed: keep}\n"


@pytest.fixture
def keeping(shop):
    shop.write(
        {
            "src/raw/orders.yaml": KEEP,
            "data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n",
        }
    )
    assert shop.run(select="raw.*").ok
    return shop.write({"data_raw/orders-1.csv": None})


def test_rows_of_a_file_that_is_gone_stay(keeping) -> None:
    assert keeping.plan()["raw.orders"] == ("keep", "unchanged")
    keeping.write({"data_raw/orders-3.csv": "id,customer,amount\n5,a,50\n"})
    assert keeping.run(select="raw.*").ok
    assert [row[0] for row in keeping.rows("raw.orders")] == [1, 2, 3, 4, 5]
    assert [(r.unit.path[-5], r.gone) for r in snapshot(keeping).units] == [
        ("1", True),
        ("2", False),
        ("3", False),
    ]


def test_a_full_refresh_does_not_lose_them(keeping) -> None:
    assert keeping.run(select="raw.*", full_refresh=True).ok
    assert [row[0] for row in keeping.rows("raw.orders")] == [1, 2, 3, 4]


def test_where_they_do_not_fit_any_more_the_run_fails(keeping) -> None:
    keeping.write({"src/raw/orders.yaml": KEEP + "columns: {id: {type: varchar}}\n"})
    result = keeping.run(select="raw.*")
    assert not result.ok
    (fault,) = (f for o in result.outcomes if o.asset == "raw.orders" for f in o.faults)
    assert "its rows have other columns or types" in fault.what
    assert "on_removed: drop" in (fault.hint or "")
    assert len(keeping.rows("raw.orders")) == 4


def test_without_the_setting_they_leave_with_the_file(keeping) -> None:
    keeping.write({"src/raw/orders.yaml": KEEP.replace("keep", "drop")})
    assert keeping.plan()["raw.orders"][1] == "file removed: data_raw/orders-1.csv"
    assert keeping.run(select="raw.*").ok
    assert [row[0] for row in keeping.rows("raw.orders")] == [4]


def test_a_file_that_comes_back_is_read_again(keeping) -> None:
    keeping.write({"data_raw/orders-1.csv": "id,customer,amount\n1,a,11\n"})
    assert keeping.run(select="raw.*").ok
    assert sorted(row[::2] for row in keeping.rows("raw.orders")) == [(1, 11), (4, 40)]


def test_a_new_column_evolves_the_table(shop) -> None:
    source = "source: {files: data_raw/orders-*.csv, drift: {new_column: evolve}}\n"
    shop.write({"src/raw/orders.yaml": source})
    assert shop.run(select="raw.*").ok
    shop.write({"data_raw/orders-2.csv": "id,customer,amount,zip\n4,b,40,z\n"})
    assert shop.run(select="raw.*").ok
    assert [column.name for column in snapshot(shop).schema] == ["id", "customer", "amount", "zip"]
    assert [row[-1] for row in shop.rows("raw.orders")] == [None, None, None, "z"]
    assert [record.drift for record in snapshot(shop).units] == [(), ("column `zip` is new",)]
