"""Rows that break a check are set aside, the others published, and nobody loses count."""

import datetime as dt

import duckdb
import pyarrow.parquet as pq
import pytest

from thresher.errors import CommandError, ProjectError

ORDERS = """/* ---
columns:
  id: {type: bigint, unique: {keep: first by amount desc, on_violation: quarantine}}
  customer: {references: {to: clean.customers.customer, on_violation: quarantine}}
  amount: {between: {low: 0, high: 100, on_violation: quarantine}, not_null: true}
--- */
select * from raw.orders
"""
BAD = "4,c,40\n5,a,-1\n6,c,500\n3,b,7\n"
"""An unknown customer, an amount below the least, both of these and a repeated number."""


@pytest.fixture
def bad(shop):
    return shop.write(
        {"src/clean/orders.sql": ORDERS, "data_raw/orders-2.csv": f"id,customer,amount\n{BAD}"}
    )


def aside(shop, table="clean.orders", env=None):
    name = f"quarantine.{table.replace('.', '__')}"
    rows = shop.open(env=env).query(f"select id, __checks from {name} order by id, amount").rows
    return {(row[0], tuple(sorted(row[1]))) for row in rows}


def split(result, asset="clean.orders"):
    (outcome,) = [each for each in result.outcomes if each.asset == asset]
    found = outcome.verdict.split
    return (found.produced, found.published, found.quarantined) if found else None


REFERENCE = "references(customer, clean.customers, [customer])"
RANGE = "between(amount, 0, 100)"


def test_bad_rows_go_aside_with_the_names_of_all_their_checks(bad):
    result = bad.run()
    assert (result.status, result.exit_code) == ("published", 0)
    assert bad.rows("clean.orders") == [(1, "a", 10), (2, "b", 20), (3, "a", 30)]
    assert aside(bad) == {
        (3, (UNIQUE,)),
        (4, (REFERENCE,)),
        (5, (RANGE,)),
        (6, (RANGE, REFERENCE)),
    }
    assert split(result) == (7, 3, 4)


UNIQUE = "unique(id, keep first by amount desc)"


def test_what_stands_on_it_sees_only_what_was_published(bad):
    bad.run()
    assert bad.rows("warehouse.by_customer") == [("a", 2, 40)]


def test_nothing_is_written_twice_where_no_row_is_bad(bad):
    bad.write({"data_raw/orders-2.csv": None})
    result = bad.run()
    assert split(result) is None
    with pytest.raises(CommandError):
        bad.rows("quarantine.clean__orders")
    (outcome,) = [each for each in result.outcomes if each.asset == "clean.orders"]
    assert outcome.snapshot.part_of is None
    assert len(list((bad.root / "warehouse/lake/clean/orders").iterdir())) == 1


def test_a_second_run_finds_nothing_to_do(bad):
    bad.run()
    assert bad.plan() == dict.fromkeys(bad.plan(), ("keep", "unchanged"))
    assert bad.run().status == "unchanged"


def test_another_environment_shares_what_was_divided(bad):
    first = bad.run()
    second = bad.run(env="prod")
    assert set(bad.done.values()) == {"reused"}
    assert split(second) == split(first)
    assert aside(bad, env="prod") == aside(bad)


def test_another_contract_begins_with_all_that_was_built(bad):
    bad.run()
    bad.write({"src/clean/orders.sql": ORDERS.replace("low: 0", "low: -1")})
    plan = bad.plan()
    assert plan["clean.orders"] == ("audit", "contract changed")
    assert plan["warehouse.by_customer"] == ("build", "input changed: clean.orders")
    result = bad.run()
    assert bad.done["clean.orders"] == "audited"
    assert split(result) == (7, 4, 3)
    assert bad.rows("warehouse.by_customer") == [("a", 3, 39)]


def test_clean_up_keeps_what_another_contract_would_begin_with(bad):
    bad.run()
    bad.open().gc(keep=1, grace=dt.timedelta(0))
    bad.write({"src/clean/orders.sql": ORDERS.replace("low: 0", "low: -1")})
    bad.run()
    assert bad.done["clean.orders"] == "audited"


def test_what_was_built_and_is_gone_is_built_again(bad):
    bad.run()
    lake = bad.root / "warehouse/lake/clean/orders"
    for version in lake.iterdir():
        if '"part_of"' not in (version / "_version.json").read_text():
            (version / "data.parquet").unlink()
    assert bad.plan()["clean.orders"] == ("build", "its files are gone or damaged")
    assert split(bad.run()) == (7, 3, 4)


def test_rows_go_back_when_their_parent_comes(bad):
    bad.run()
    bad.write({"data_raw/customers.csv": "customer,name\na,Ada\nb,Bob\nc,Cid\n"})
    result = bad.run()
    assert split(result) == (7, 4, 3)
    assert (4, "c", 40) in bad.rows("clean.orders")


def test_a_row_without_its_parent_goes_too(bad):
    bad.write(
        {
            "src/clean/customers.sql": """/* ---
columns: {name: {forbidden: {values: [Bob], on_violation: quarantine}}}
--- */
select * from raw.customers"""
        }
    )
    result = bad.run()
    assert split(result, "clean.customers") == (2, 1, 1)
    assert (2, (REFERENCE,)) in aside(bad)
    assert split(result) == (7, 2, 5)


def test_a_chain_within_one_table_falls_link_by_link(shop):
    shop.write(
        {
            "data_raw/staff.csv": "id,boss\n1,\n2,1\n3,2\n4,3\n5,9\n6,5\n7,6\n",
            "src/raw/staff.yaml": "source: {files: data_raw/staff.csv}\n",
            "src/clean/staff.sql": """/* ---
columns: {boss: {references: {to: clean.staff.id, on_violation: quarantine}}}
--- */
select * from raw.staff""",
        }
    )
    result = shop.run()
    assert split(result, "clean.staff") == (7, 4, 3)
    assert [row[0] for row in shop.rows("clean.staff")] == [1, 2, 3, 4]
    assert shop.plan()["clean.staff"] == ("keep", "unchanged")


def test_more_than_is_tolerated_blocks(bad):
    limited = ORDERS.replace("high: 100,", "high: 100, tolerate: 1,")
    bad.write({"src/clean/orders.sql": limited})
    result = bad.run()
    assert result.exit_code == 1
    assert bad.done["clean.orders"] == "failed"
    assert bad.done["warehouse.by_customer"] == "blocked"
    bad.write({"src/clean/orders.sql": limited.replace("tolerate: 1", "tolerate: 2")})
    assert bad.run().exit_code == 0


def test_other_checks_are_held_by_what_is_left(bad):
    counted = ORDERS.replace("--- */", "checks: [{rows: {equals: 3}}]\n--- */")
    bad.write({"src/clean/orders.sql": counted})
    assert bad.run().exit_code == 0
    bad.write({"src/clean/orders.sql": counted.replace("equals: 3", "equals: 7")})
    assert bad.run().exit_code == 1


def test_only_the_files_with_bad_rows_are_written_anew(shop):
    shop.write(
        {
            "data_raw/orders-2.csv": "id,customer,amount\n4,a,-4\n5,a,5\n",
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv}\n"
            "columns: {amount: {at_least: {bound: 0, on_violation: quarantine}}}\n",
        }
    )
    result = shop.run()
    (outcome,) = [each for each in result.outcomes if each.asset == "raw.orders"]
    built = shop.root / "warehouse"
    folders = {file.path.split("/")[3] for file in outcome.snapshot.files}
    assert len(folders) == 2
    assert sum(pq.read_metadata(built / f.path).num_rows for f in outcome.snapshot.files) == 4
    rows = shop.open().query("select __file, __row, id from quarantine.raw__orders").rows
    assert rows == (("data_raw/orders-2.csv", 1, 4),)


def test_files_that_come_later_are_read_alone(shop):
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv}\n"
            "columns: {amount: {at_least: {bound: 15, on_violation: quarantine}}}\n",
        }
    )
    shop.run()
    first = next(o for o in shop.run().outcomes if o.asset == "raw.orders").snapshot.part_of
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,a,4\n5,a,50\n"})
    result = shop.run()
    assert split(result, "raw.orders") == (5, 3, 2)
    (outcome,) = [each for each in result.outcomes if each.asset == "raw.orders"]
    whole = shop.root / "warehouse/lake/raw/orders" / outcome.snapshot.part_of
    assert [path.name for path in whole.glob("*.parquet")] == ["0001.parquet"]
    assert first != outcome.snapshot.part_of


def test_strict_says_so_in_the_exit_code(bad):
    assert bad.run(strict=True).exit_code == 3
    assert bad.run(strict=True).exit_code == 3


def test_an_asset_that_leaves_takes_its_quarantine_along(bad):
    bad.run()
    bad.write({"src/clean/orders.sql": None, "src/warehouse/by_customer.sql": None})
    assert bad.plan().keys() == {"raw.orders", "raw.customers", "clean.customers"}
    bad.run()
    tables = bad.open().query("select table_schema from information_schema.tables").rows
    assert ("quarantine",) not in tables


def test_quarantine_empties_when_the_rows_are_good(bad):
    bad.run()
    bad.write({"data_raw/orders-2.csv": "id,customer,amount\n4,a,40\n"})
    assert split(bad.run()) is None
    with pytest.raises(CommandError):
        bad.rows("quarantine.clean__orders")


def test_any_tool_reads_both_parts_and_they_add_up(bad):
    bad.run()
    with duckdb.connect(str(bad.root / "warehouse/dev.duckdb"), read_only=True) as connection:
        ((rows,),) = connection.execute(
            "select (select count(*) from clean.orders)"
            " + (select count(*) from quarantine.clean__orders)"
            " - (select count(*) from raw.orders)"
        ).fetchall()
    assert rows == 0


MUTUAL = """/* ---
columns: {{other: {{references: {{to: clean.{other}.id, on_violation: quarantine}}}}}}
--- */
select * from raw.{own}
"""


def test_tables_that_refer_to_each_other_lose_rows_until_nothing_moves(shop):
    shop.write(
        {
            "data_raw/left.csv": "id,other\n1,1\n2,2\n3,3\n4,4\n",
            "data_raw/right.csv": "id,other\n1,1\n2,3\n3,9\n4,2\n",
            "src/raw/left.yaml": "source: {files: data_raw/left.csv}\n",
            "src/raw/right.yaml": "source: {files: data_raw/right.csv}\n",
            "src/clean/left.sql": MUTUAL.format(own="left", other="right"),
            "src/clean/right.sql": MUTUAL.format(own="right", other="left"),
        }
    )
    result = shop.run()
    # 3 of the right has no partner; so 3 of the left has none, then 2 of the right, 2 of the left,
    # 4 of the right, and 4 of the left.
    assert shop.rows("clean.left") == [(1, 1)]
    assert shop.rows("clean.right") == [(1, 1)]
    assert split(result, "clean.left") == (4, 1, 3)
    assert shop.run().status == "unchanged"
    assert shop.run(env="prod").status == "published"
    assert shop.rows("clean.left", env="prod") == [(1, 1)]
    assert shop.run(env="prod").status == "unchanged"


def test_records_that_cannot_be_read_are_a_table_as_well(shop):
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv, tolerate_rows: 5}\n"
            "columns: {id: bigint}\n",
            "data_raw/orders-2.csv": "id,customer,amount\n4,a,4\n5,a\nsix,a,6\n",
        }
    )
    assert shop.run(strict=True).exit_code == 3
    sql = "select path, line, reason, text from quarantine.raw__orders__rejected order by line"
    rows = shop.open().query(sql).rows
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("data_raw/orders-2.csv", 3, "5,a"),
        ("data_raw/orders-2.csv", 4, "six,a,6"),
    ]
    assert shop.run().status == "unchanged"
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,a,4\n"})
    shop.run()
    with pytest.raises(CommandError):
        shop.open().query(sql)


def test_what_stands_on_it_has_all_rows_where_none_are_set_aside_any_more(bad):
    bad.run()
    bad.write(
        {
            "data_raw/customers.csv": "customer,name\na,Ada\nb,Bob\nc,Cid\n",
            "src/clean/orders.sql": "select * from raw.orders",
        }
    )
    assert bad.plan()["warehouse.by_customer"] == ("build", "input changed: clean.orders")
    assert bad.run().exit_code == 0
    assert bad.rows("warehouse.by_customer") == [("a", 3, 39), ("b", 2, 27), ("c", 2, 540)]
    assert bad.run().status == "unchanged"


def test_a_view_has_no_rows_to_set_aside(shop):
    shop.write({"src/clean/orders.sql": ORDERS.replace("/* ---", "/* ---\nmaterialized: view")})
    with pytest.raises(ProjectError, match=r"(?s)clean/orders.sql:4: a view has no rows.*a table"):
        shop.plan()


@pytest.mark.parametrize("column", ["__id", "__CHECKS", "__position", "__low"])
def test_a_column_of_a_reserved_name_is_refused(bad, column):
    query = f'select id, customer, amount, 7 as "{column}" from raw.orders'
    bad.write({"src/clean/orders.sql": ORDERS.replace("select * from raw.orders", query)})
    with pytest.raises(ProjectError, match=f"`{column}` is a column of quarantined rows"):
        bad.plan()


def test_a_file_with_a_column_of_a_reserved_name_is_refused(shop):
    shop.write(
        {
            "data_raw/staff.csv": "id,__row\n1,7\n",
            "src/raw/staff.yaml": "source: {files: data_raw/staff.csv}\n"
            "columns: {id: {at_most: {bound: 0, on_violation: quarantine}}}\n",
        }
    )
    outcome = next(o for o in shop.run().outcomes if o.asset == "raw.staff")
    assert outcome.faults[0].what.startswith("`__row` is a column of quarantined rows")


def test_a_new_name_takes_the_quarantine_along(bad):
    bad.write({"src/warehouse/by_customer.sql": None})
    bad.run()
    renamed = ORDERS.replace("/* ---", "/* ---\nrenamed_from: clean.orders")
    bad.write({"src/clean/orders.sql": None, "src/clean/sales.sql": renamed})
    assert split(bad.run(), "clean.sales") == (7, 3, 4)
    assert len(aside(bad, "clean.sales")) == 4
    bad.open().gc(keep=1, grace=dt.timedelta(0))
    assert bad.run().status == "unchanged"
    bad.write({"src/clean/sales.sql": renamed.replace("low: 0", "low: -1")})
    assert split(bad.run(), "clean.sales") == (7, 4, 3)
    assert bad.done["clean.sales"] == "audited"
