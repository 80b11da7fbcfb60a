"""Rows come back from quarantine corrected, through the same contract, once."""

import csv
import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thresher.api.quarantine import correct, export_rows, quarantines
from thresher.errors import CommandError, ProjectError

SQL = """/* ---
columns:
  id: {type: bigint, unique: {on_violation: quarantine}}
  customer: {references: {to: clean.customers.customer, on_violation: quarantine}}
  amount: {between: {low: 0, high: 100, on_violation: quarantine}}
--- */
select * from raw.orders
"""


@pytest.fixture
def bad(shop):
    more = "id,customer,amount\n4,c,40\n5,a,-1\n6,b,500\n"
    shop.write({"src/clean/orders.sql": SQL, "data_raw/orders-2.csv": more}).run()
    return shop


def exported(shop, name="bad.csv"):
    export_rows(shop.open().work, "clean.orders", shop.root / name)
    with (shop.root / name).open(newline="") as file:
        return list(csv.DictReader(file))


def give(shop, rows, name="good.csv"):
    path = shop.root / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return correct(shop.open().work, "clean.orders", path)


def state(shop):
    (row,) = quarantines(shop.open().work)
    return {"aside": row.rows, "released": row.released, "unmatched": row.unmatched}


def test_a_corrected_row_is_published_in_the_place_of_the_bad_one(bad):
    rows = {row["id"]: row for row in exported(bad)}
    give(bad, [{**rows["6"], "amount": "50"}])
    assert bad.plan()["clean.orders"] == ("audit", "corrections changed")
    result = bad.run()
    assert result.status == "published"
    assert (6, "b", 50) in bad.rows("clean.orders")
    assert len(bad.rows("clean.orders")) == 4
    assert state(bad) == {"aside": 2, "released": 1, "unmatched": 0}
    assert bad.rows("warehouse.by_customer") == [("a", 2, 40), ("b", 2, 70)]


def test_it_is_counted_once_however_often_a_run_is_made(bad):
    give(bad, [{**row, "amount": "50", "customer": "a"} for row in exported(bad)])
    bad.run()
    before = bad.rows("clean.orders")
    assert bad.run().status == "unchanged"
    bad.run(full_refresh=True)
    assert bad.rows("clean.orders") == before
    assert state(bad) == {"aside": 0, "released": 3, "unmatched": 0}


def test_the_same_file_cannot_be_given_twice(bad):
    rows = [{**row, "amount": "50", "customer": "a"} for row in exported(bad)]
    give(bad, rows)
    bad.run()
    with pytest.raises(CommandError, match=r"no rows of `clean.orders` are in quarantine"):
        give(bad, rows)


def test_a_correction_that_is_no_better_goes_aside_again(bad):
    rows = {row["id"]: row for row in exported(bad)}
    given = give(bad, [{**rows["6"], "amount": "600"}])
    bad.run()
    assert state(bad) == {"aside": 3, "released": 0, "unmatched": 0}
    found = {row["id"]: row for row in exported(bad)}
    assert (found["6"]["amount"], found["6"]["__file"]) == ("600", given.path)
    give(bad, [{**found["6"], "amount": "60"}])
    bad.run()
    assert (6, "b", 60) in bad.rows("clean.orders")
    assert state(bad) == {"aside": 2, "released": 1, "unmatched": 0}


def test_a_source_that_is_mended_makes_its_correction_needless(bad):
    rows = {row["id"]: row for row in exported(bad)}
    give(bad, [{**rows["6"], "amount": "50"}])
    bad.run()
    bad.write({"data_raw/orders-2.csv": "id,customer,amount\n4,c,40\n5,a,-1\n6,b,70\n"})
    bad.run()
    assert [row for row in bad.rows("clean.orders") if row[0] == 6] == [(6, "b", 70)]
    assert state(bad) == {"aside": 2, "released": 0, "unmatched": 1}


def test_taking_the_file_away_takes_the_decision_back(bad):
    before = bad.rows("clean.orders")
    given = give(bad, [{**row, "amount": "50", "customer": "a"} for row in exported(bad)])
    bad.run()
    assert len(bad.rows("clean.orders")) == 6
    (bad.root / given.path).unlink()
    assert bad.plan()["clean.orders"] == ("audit", "corrections changed")
    bad.run()
    assert bad.rows("clean.orders") == before


def test_later_files_come_beside_what_was_corrected(bad):
    give(bad, [{**row, "amount": "50", "customer": "a"} for row in exported(bad)])
    bad.run()
    bad.write({"data_raw/orders-3.csv": "id,customer,amount\n7,a,7\n"})
    bad.run()
    assert [row[0] for row in bad.rows("clean.orders")] == [1, 2, 3, 4, 5, 6, 7]


def test_another_environment_shows_the_same(bad):
    give(bad, [{**row, "amount": "50", "customer": "a"} for row in exported(bad)])
    bad.run()
    bad.run(env="prod")
    assert bad.done["clean.orders"] == "reused"
    assert bad.rows("clean.orders", env="prod") == bad.rows("clean.orders")


def test_parquet_keeps_every_type(shop):
    shop.write(
        {
            "src/clean/orders.sql": """/* ---
columns: {n: {not_null: {on_violation: quarantine}}}
--- */
select cast(9007199254740993 as hugeint) + id as h, cast(id as decimal(9, 3)) as d, [id, null] as l,
    {'a': id} as s, timestamptz '2024-01-01 00:00:00Z' as at, '' as empty,
    case when id > 1 then id end as n
from raw.orders""",
            "src/warehouse/by_customer.sql": None,
        }
    ).run()
    target = shop.root / "bad.parquet"
    export_rows(shop.open().work, "clean.orders", target)
    frame = pq.read_table(target)
    at = frame.column_names.index("n")
    pq.write_table(frame.set_column(at, "n", pa.array([9], pa.int64())), target)
    correct(shop.open().work, "clean.orders", target)
    shop.run()
    (row,) = shop.open().query("select * from clean.orders where n = 9").rows
    when = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert row[:2] == (9007199254740994, pytest.approx(1))
    assert row[2:] == ([1, None], {"a": 1}, when, "", 9)


def test_csv_tells_an_empty_text_from_no_value(shop):
    shop.write(
        {
            "src/clean/orders.sql": """/* ---
columns: {n: {not_null: {on_violation: quarantine}}}
--- */
select '' as empty, cast(null as varchar) as nothing, [1, 2] as l, id,
    case when id > 1 then id end as n from raw.orders""",
            "src/warehouse/by_customer.sql": None,
        }
    ).run()
    export_rows(shop.open().work, "clean.orders", shop.root / "bad.csv")
    text = (shop.root / "bad.csv").read_text()
    (shop.root / "bad.csv").write_text(text.replace(",1,,", ",1,8,"))
    correct(shop.open().work, "clean.orders", shop.root / "bad.csv")
    shop.run()
    rows = shop.open().query("select empty, nothing, l from clean.orders where n = 8").rows
    assert rows == (("", None, [1, 2]),)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount": "much"}, "row 1: `amount` should be BIGINT, not `much`"),
        ({"__id": "no"}, "`__id` 'no' is none of the rows in quarantine"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_row(bad, change, told):
    row = {**exported(bad)[0], **change}
    with pytest.raises(ProjectError, match=told):
        give(bad, [row])
    assert not (bad.root / "corrections").exists()


def test_a_row_that_stands_there_twice_is_refused(bad):
    row = exported(bad)[0]
    with pytest.raises(ProjectError, match="stands there twice"):
        give(bad, [row, row])


def test_a_column_of_another_name_is_refused(bad):
    row = exported(bad)[0]
    row["amuont"] = row.pop("amount")
    with pytest.raises(CommandError, match="`amount` is missing, there is no column `amuont`"):
        give(bad, [row])


def test_a_folder_of_corrections_belongs_to_an_asset(bad):
    given = give(bad, exported(bad))
    folder = (bad.root / given.path).parent
    folder.rename(folder.with_name("clean.oders"))
    with pytest.raises(ProjectError, match=r"(?s)corrects rows of `clean.oders`.*clean.orders"):
        bad.plan()


def test_of_two_corrections_of_one_row_the_later_holds(bad):
    rows = {row["id"]: row for row in exported(bad)}
    give(bad, [{**rows["6"], "amount": "50"}, {**rows["5"], "amount": "5"}], "one.csv")
    give(bad, [{**rows["6"], "amount": "60"}], "two.csv")
    bad.run()
    assert {(5, "a", 5), (6, "b", 60)} <= set(bad.rows("clean.orders"))
    assert state(bad) == {"aside": 1, "released": 2, "unmatched": 1}


def damaged(bad, change):
    given = give(bad, [{**row, "amount": "50", "customer": "a"} for row in exported(bad)])
    change(bad.root / given.path)
    bad.run()
    (outcome,) = [o for o in bad.run().outcomes if o.asset == "clean.orders"]
    return given.path, outcome


def rewritten(change):
    def rewrite(path):
        table = pq.read_table(path)
        pq.write_table(change(table), path)

    return rewrite


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "cannot be read"),
        (rewritten(lambda table: table.drop_columns(["__id"])), "does not say which rows"),
        (rewritten(lambda table: pa.concat_tables([table, table])), "more than once"),
    ],
)
def test_a_file_that_is_damaged_is_told_by_its_name(bad, change, told):
    path, outcome = damaged(bad, change)
    (fault,) = outcome.faults
    assert told in fault.what
    assert fault.place.path == path
    assert "remove it" in fault.hint


def test_a_folder_in_the_place_of_a_file_is_told(bad):
    (bad.root / "corrections/clean.orders/x.parquet").mkdir(parents=True)
    with pytest.raises(ProjectError, match=r"corrections/clean.orders/x.parquet: it cannot be"):
        bad.plan()


def test_a_row_that_goes_by_nothing_corrects_nothing(bad):
    nothing = pa.nulls(3, pa.string())
    change = rewritten(lambda table: table.set_column(0, "__id", nothing))
    _, outcome = damaged(bad, change)
    assert not outcome.faults
    assert state(bad) == {"aside": 3, "released": 0, "unmatched": 3}


@pytest.mark.parametrize("query", ["*, 1 as more", "* replace (amount::double as amount)"])
def test_a_table_with_other_columns_has_other_rows(bad, query):
    give(bad, [{**row, "amount": "50", "customer": "a"} for row in exported(bad)])
    bad.run()
    sql = SQL.replace("select *", f"select {query}")
    bad.write({"src/clean/orders.sql": sql})
    assert bad.run().exit_code == 0
    assert state(bad) == {"aside": 3, "released": 0, "unmatched": 3}
    assert len(bad.rows("clean.orders")) == 3
