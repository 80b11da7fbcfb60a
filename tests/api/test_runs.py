"""What a run builds, keeps, blocks and publishes; counted, never timed."""

import shutil

import pytest

from thresher.errors import CommandError
from thresher.events import AttemptFailed, Published, RunFinished, RunStarted

ALL = {
    "raw.customers",
    "raw.orders",
    "clean.customers",
    "clean.orders",
    "warehouse.by_customer",
}


def test_a_first_run_builds_everything_and_publishes_it(shop):
    result = shop.run()
    assert (result.status, result.exit_code, result.publication) == ("published", 0, 1)
    assert shop.done == dict.fromkeys(ALL, "built")
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40)]
    assert isinstance(shop.events[0], RunStarted)
    assert isinstance(shop.events[-1], RunFinished)
    assert (shop.events[-1].rows_in, shop.events[-1].exit_code) == (5, 0)


def test_nothing_that_did_not_change_is_built_again(shop):
    shop.run()
    result = shop.run()
    assert (result.status, result.publication) == ("unchanged", None)
    assert shop.done == dict.fromkeys(ALL, "kept")
    assert len(shop.open().publications()) == 1


@pytest.mark.parametrize(
    ("change", "params", "asset", "reason", "built"),
    [
        (
            {"src/clean/customers.sql": "select customer, upper(name) as name from raw.customers"},
            {},
            "clean.customers",
            "SQL changed",
            {"clean.customers"},
        ),
        (
            {"src/clean/customers.sql": "-- why\nSELECT  *\nfrom raw.customers"},
            {},
            "clean.customers",
            "unchanged",
            set(),
        ),
        (
            {},
            {"least": 1},
            "warehouse.by_customer",
            "parameter changed: least",
            {"warehouse.by_customer"},
        ),
        (
            {"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n"},
            {},
            "raw.orders",
            "file added: data_raw/orders-2.csv",
            {"raw.orders", "clean.orders", "warehouse.by_customer"},
        ),
        (
            {"data_raw/customers.csv": "customer,name\na,Ada\nb,Bert\n"},
            {},
            "raw.customers",
            "file changed: data_raw/customers.csv",
            {"raw.customers", "clean.customers"},
        ),
        (
            {"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n"},
            {},
            "clean.orders",
            "input changed: raw.orders",
            {"raw.orders", "clean.orders", "warehouse.by_customer"},
        ),
    ],
)
def test_a_change_builds_what_stands_on_it_and_the_plan_says_why(
    shop, change, params, asset, reason, built
):
    shop.run()
    shop.write(change)
    assert shop.plan(params=params)[asset][1] == reason
    shop.run(params=params)
    assert {name for name, status in shop.done.items() if status == "built"} == built


def test_the_plan_of_an_empty_warehouse_says_never_built(shop):
    assert shop.plan() == dict.fromkeys(ALL, ("build", "never built"))


def test_a_new_file_is_read_alone(shop):
    shop.run()
    before = shop.open().table("raw.orders").files
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n"})
    shop.run()
    after = shop.open().table("raw.orders").files
    assert len(before) == 1
    assert set(before) < set(after)
    assert shop.rows("raw.orders")[-1] == (4, "b", 40)


def test_a_file_that_is_gone_leaves_the_table(shop):
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n"}).run()
    shop.write({"data_raw/orders-2.csv": None})
    assert shop.plan()["raw.orders"] == ("build", "file removed: data_raw/orders-2.csv") or (
        shop.plan()["raw.orders"][1].startswith("file removed")
    )
    shop.run()
    assert len(shop.rows("raw.orders")) == 3


def test_going_back_to_an_earlier_state_builds_nothing(shop):
    old = (shop.root / "src/clean/customers.sql").read_text()
    shop.run()
    shop.write({"src/clean/customers.sql": "select customer from raw.customers"}).run()
    shop.write({"src/clean/customers.sql": old})
    assert shop.plan()["clean.customers"][0] == "reuse"
    result = shop.run()
    assert result.status == "published"
    assert "built" not in shop.done.values()
    assert shop.rows("clean.customers") == [("a", "Ada"), ("b", "Bob")]


def test_a_failed_asset_blocks_what_stands_on_it_and_nothing_is_published(shop):
    shop.run()
    broken = "select error('no') as customer from raw.customers"
    shop.write(
        {
            "src/clean/customers.sql": broken,
            "data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n",
            "src/warehouse/names.sql": "select * from clean.customers",
        }
    )
    result = shop.run()
    assert (result.status, result.exit_code, result.publication) == ("failed", 1, None)
    assert shop.done["clean.customers"] == "failed"
    assert shop.done["warehouse.names"] == "blocked"
    assert shop.done["raw.orders"] == "built"
    assert shop.rows("raw.orders") == [(1, "a", 10), (2, "b", 20), (3, "a", 30)]
    (fault,) = [o.faults[0] for o in result.outcomes if o.asset == "clean.customers"]
    assert fault.place.path == "src/clean/customers.sql"


def test_what_was_finished_before_a_failure_is_not_built_again(shop):
    good = (shop.root / "src/warehouse/by_customer.sql").read_text()
    shop.write({"src/warehouse/by_customer.sql": "select error('no') as x from clean.orders"}).run()
    assert shop.done["warehouse.by_customer"] == "failed"
    shop.write({"src/warehouse/by_customer.sql": good}).run()
    assert {n for n, s in shop.done.items() if s == "built"} == {"warehouse.by_customer"}
    assert shop.done["raw.orders"] == "reused"


def test_publish_what_passed_keeps_the_old_version_of_what_failed(shop):
    shop.run()
    shop.write(
        {
            "src/clean/customers.sql": "select error('no') as customer from raw.customers",
            "src/warehouse/extra.sql": "select 1 as x",
        }
    )
    result = shop.run(publish_what_passed=True)
    assert (result.status, result.exit_code, result.publication) == ("partly published", 1, 2)
    assert shop.rows("warehouse.extra") == [(1,)]
    assert shop.rows("clean.customers") == [("a", "Ada"), ("b", "Bob")]


VIEW = "/* ---\nmaterialized: view\ncolumns: {amount: {at_most: 100}}\n--- */\n"


def test_a_view_that_failed_holds_back_what_it_would_show(shop):
    shop.write({"src/warehouse/v.sql": VIEW + "select * from clean.orders"}).run()
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,b,999\n"})
    shop.run(publish_what_passed=True)
    assert shop.done["warehouse.v"] == "failed"
    assert max(amount for _, _, amount in shop.rows("warehouse.v")) == 30
    shop.run(select="raw.orders clean.orders")
    assert shop.done["warehouse.v"] == "failed"
    assert max(amount for _, _, amount in shop.rows("warehouse.v")) == 30


def test_what_was_checked_against_what_failed_is_held_back_with_it(shop):
    customers = "/* ---\nchecks: [{rows: {at_most: 2}}]\n--- */\nselect * from raw.customers"
    shop.write({"src/clean/customers.sql": customers}).run()
    shop.write(
        {
            "data_raw/customers.csv": "customer,name\na,Ada\nb,Bob\nc,Cy\n",
            "data_raw/orders-2.csv": "id,customer,amount\n4,c,40\n",
        }
    )
    shop.run(publish_what_passed=True)
    assert len(shop.rows("clean.customers")) == 2
    assert {customer for _, customer, _ in shop.rows("clean.orders")} == {"a", "b"}


def test_what_is_built_on_a_view_is_named_by_what_the_view_showed(shop):
    view = "/* ---\nmaterialized: view\n--- */\nselect id, amount from raw.orders"
    shop.write(
        {"src/clean/w.sql": view, "src/warehouse/t.sql": "select max(amount) as m from clean.w"}
    )
    shop.run()
    orders = (shop.root / "data_raw/orders-1.csv").read_text()
    shop.write({"data_raw/orders-1.csv": orders.replace(",30", ",90")})
    shop.run(select="raw.orders")
    shop.write({"src/warehouse/t.sql": "select max(amount) as m, 1 as one from clean.w"})
    shop.run(select="warehouse.t")
    assert shop.rows("warehouse.t") == [(90, 1)]
    shop.write({"data_raw/orders-1.csv": orders})
    shop.run()
    assert shop.rows("warehouse.t") == [(30, 1)]


def test_a_renamed_asset_that_failed_keeps_its_old_table(shop):
    shop.run()
    text = (shop.root / "src/warehouse/by_customer.sql").read_text()
    failing = text.replace("at_least: 1", "at_least: 99")
    renamed = failing.replace("/* ---\n", "/* ---\nrenamed_from: warehouse.by_customer\n")
    shop.write({"src/warehouse/by_customer.sql": None, "src/warehouse/customers.sql": renamed})
    assert shop.run(publish_what_passed=True).removed == ()
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40)]


def test_what_is_gone_from_the_lake_is_built_again(shop):
    shop.run()
    expected = {name: shop.rows(name) for name in ALL}
    shutil.rmtree(shop.root / "warehouse" / "lake")
    assert shop.plan()["raw.orders"] == ("build", "its files are gone or damaged")
    assert shop.run().status == "published"
    assert {name: shop.rows(name) for name in ALL} == expected


def test_a_violation_blocks_and_a_warning_does_not(shop):
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,zz,40\n"})
    result = shop.run()
    assert result.exit_code == 1
    assert shop.done["clean.orders"] == "failed"
    assert shop.done["warehouse.by_customer"] == "blocked"
    text = (shop.root / "src/clean/orders.sql").read_text()
    shop.write(
        {
            "src/clean/orders.sql": text.replace(
                "clean.customers.customer}", "{to: clean.customers.customer, severity: warning}}"
            )
        }
    )
    result = shop.run()
    assert result.exit_code == 0
    (check,) = [
        c for o in result.outcomes if o.verdict for c in o.verdict.results if c.kind == "references"
    ]
    assert (check.status, check.violations, check.rows) == ("warned", 1, 4)
    assert (check.path, check.line) == ("src/clean/orders.sql", 4)


def test_a_changed_contract_is_audited_and_nothing_is_built(shop):
    shop.run()
    text = (shop.root / "src/clean/orders.sql").read_text()
    shop.write({"src/clean/orders.sql": text.replace("unique: true", "unique: true, at_most: 100")})
    assert shop.plan()["clean.orders"] == ("audit", "contract changed")
    result = shop.run()
    assert "built" not in shop.done.values()
    assert shop.done["clean.orders"] == "audited"
    assert result.status == "published"
    assert shop.plan()["clean.orders"] == ("keep", "unchanged")


def test_who_refers_to_a_changed_table_is_audited_again(shop):
    shop.run()
    shop.write({"data_raw/customers.csv": "customer,name\na,Ada\n"})
    assert shop.plan()["clean.orders"] == (
        "audit",
        "checked against what changes: clean.customers",
    )
    result = shop.run()
    assert result.exit_code == 1
    assert shop.done["clean.orders"] == "failed"
    assert shop.rows("clean.customers") == [("a", "Ada"), ("b", "Bob")]


def test_a_critical_violation_keeps_everything_back(shop):
    critical = "/* ---\nchecks: [{rows: {at_least: 9, severity: critical}}]\n--- */\nselect 1 as x"
    shop.write({"src/warehouse/x.sql": critical})
    result = shop.run(publish_what_passed=True)
    assert (result.status, result.publication) == ("failed", None)


def test_selection_leaves_the_rest_and_says_what_is_stale(shop):
    shop.run()
    shop.write(
        {
            "data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n",
            "src/clean/customers.sql": "select customer from raw.customers",
        }
    )
    plan = shop.open().plan(select="clean.customers")
    stale = {step.asset for step in plan.steps if step.stale}
    assert stale == {"raw.orders"}
    shop.run(select="clean.customers")
    assert shop.done["raw.orders"] == "kept"
    assert len(shop.rows("raw.orders")) == 3


def test_a_selection_that_needs_what_was_never_built_is_refused(shop):
    with pytest.raises(CommandError, match="never built") as caught:
        shop.run(select="clean.orders")
    assert "+clean.orders" in caught.value.fault.hint


def test_an_asset_that_is_gone_leaves_with_the_next_full_run(shop):
    shop.run()
    shop.write({"src/warehouse/by_customer.sql": None})
    assert shop.open().plan().removed == ("warehouse.by_customer",)
    assert shop.open().plan(select="raw.*").removed == ()
    result = shop.run()
    assert result.removed == ("warehouse.by_customer",)
    with pytest.raises(CommandError, match="is not published"):
        shop.open().table("warehouse.by_customer")


def test_a_renamed_asset_keeps_what_was_built(shop):
    shop.run()
    text = (shop.root / "src/warehouse/by_customer.sql").read_text()
    renamed = text.replace("/* ---\n", "/* ---\nrenamed_from: warehouse.by_customer\n")
    shop.write({"src/warehouse/by_customer.sql": None, "src/warehouse/customers.sql": renamed})
    assert shop.plan()["warehouse.customers"] == ("reuse", "renamed from warehouse.by_customer")
    shop.run()
    assert "built" not in shop.done.values()
    assert shop.rows("warehouse.customers") == [("a", 2, 40)]
    assert shop.plan()["warehouse.customers"] == ("keep", "unchanged")


def test_environments_share_versions_and_not_publications(shop):
    shop.run()
    shop.run(env="prod")
    assert set(shop.done.values()) == {"reused"}
    shop.write({"src/clean/customers.sql": "select customer from raw.customers"})
    shop.run()
    assert shop.rows("clean.customers", env="prod") == [("a", "Ada"), ("b", "Bob")]
    assert shop.rows("clean.customers") == [("a",), ("b",)]


def test_a_trial_on_a_sample_is_never_published_to_a_protected_environment(shop):
    shop.write(
        {
            "data_raw/orders-9.csv": "id,customer,amount\n"
            + "".join(f"{n},a,1\n" for n in range(100, 1100))
        }
    )
    shop.run()
    result = shop.run(sample="10%")
    assert result.sample == "10%"
    taken = len(shop.rows("raw.orders"))
    assert 50 < taken < 200
    with pytest.raises(CommandError, match="is protected"):
        shop.run(env="prod", sample="10%")
    with pytest.raises(CommandError, match="is protected"):
        shop.run(env="prod", publish_what_passed=True)
    shop.run()
    assert len(shop.rows("raw.orders")) == 1003
    assert "built" not in shop.done.values()


def test_what_stands_on_a_trial_stays_marked_until_a_full_run(shop):
    shop.run(sample="50%")
    shop.write({"src/warehouse/late.sql": "select * from clean.orders"})
    shop.run(select="late")
    assert [row.sample for row in shop.open().publications()] == ["50%", "50%"]
    config = (shop.root / "config.yaml").read_text()
    shop.write({"config.yaml": config.replace("dev: {}", "dev: {protected: true}")})
    shop.write({"src/warehouse/late.sql": "select id from clean.orders"})
    with pytest.raises(CommandError, match="come from a trial on 50%"):
        shop.run(select="late")
    shop.run()
    assert shop.open().publications()[0].sample is None


def test_full_refresh_builds_what_did_not_change(shop):
    shop.run()
    shop.run(select="clean.customers", full_refresh=True)
    assert shop.done["clean.customers"] == "built"


def test_a_macro_may_read_a_table(shop):
    shop.write(
        {
            "src/macros/big.sql": "create macro big(n) as table "
            "select id from clean.orders where amount > n;",
            "src/warehouse/big.sql": "select * from big(15)",
        }
    ).run()
    assert shop.rows("warehouse.big") == [(2,), (3,)]


def test_what_is_tolerated_is_a_share_of_all_files_not_of_those_read_anew(shop):
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv, tolerate: 1}\n",
            "data_raw/orders-0.csv": "",
            "data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n",
        }
    )
    assert shop.run().status == "published"
    shop.write({"data_raw/orders-2.csv": None})
    assert shop.run().status == "published"
    assert len(shop.rows("raw.orders")) == 3


def test_macros_are_part_of_what_uses_them(shop):
    macro = "create macro double(x) as x * 2;"
    shop.write(
        {
            "src/macros/double.sql": macro,
            "src/warehouse/twice.sql": "select double(amount) as twice from clean.orders",
        }
    ).run()
    assert shop.rows("warehouse.twice") == [(20,), (40,), (60,)]
    shop.write({"src/macros/double.sql": macro.replace("* 2", "* 3")})
    assert shop.plan()["warehouse.twice"] == ("build", "macro changed: double")
    shop.run()
    assert shop.rows("warehouse.twice") == [(30,), (60,), (90,)]


def test_a_view_has_no_files_and_follows_its_inputs(shop):
    view = "/* ---\nmaterialized: view\nchecks: [{rows: {at_least: 1}}]\n--- */\n"
    shop.write(
        {
            "src/warehouse/big.sql": view + "select * from clean.orders where amount > $least * 5",
            "src/warehouse/on_view.sql": "select count(*) as n from warehouse.big",
        }
    ).run()
    assert shop.open().table("warehouse.big").files == ()
    assert shop.rows("warehouse.big") == [(2, "b", 20), (3, "a", 30)]
    assert shop.rows("warehouse.on_view") == [(2,)]


def test_volatile_assets_are_built_for_each_run_or_day(shop):
    head = "/* ---\nvolatile: {}\n--- */\n"
    shop.write(
        {
            "src/warehouse/each.sql": head.format("run") + "select $run_time as t, random() as r",
            "src/warehouse/daily.sql": head.format("day") + "select $run_time as t",
        }
    )
    shop.run()
    shop.run()
    assert shop.done["warehouse.each"] == "built"
    (moment,) = shop.rows("warehouse.daily")[0]
    assert (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    assert shop.done["warehouse.daily"] == "kept"


def test_freshness_is_judged_anew_without_building_and_leaves_the_publication(shop):
    fresh = "/* ---\ncolumns: {t: {freshness: %s}}\n--- */\nselect timestamp '2020-01-01' as t"
    shop.write({"src/warehouse/f.sql": fresh % "10000d"}).run()
    assert shop.done["warehouse.f"] == "built"
    shop.write({"src/warehouse/f.sql": fresh % "1d"})
    result = shop.run()
    assert (result.exit_code, result.publication) == (1, None)
    assert shop.rows("warehouse.f")


PYTHON = """
import pyarrow as pa
from thresher import TransientError, asset, Context
from pathlib import Path

@asset(inputs={"orders": "clean.orders"})
def t(orders: pa.Table, ctx: Context) -> pa.Table:
    seen = Path(__file__).parents[2] / "seen"
    if not seen.exists():
        seen.touch()
        raise TransientError("not yet")
    return orders.append_column("least", pa.array([ctx.params["least"]] * len(orders)))
"""


def test_what_can_pass_is_tried_again_and_told(shop):
    result = shop.write({"src/warehouse/t.py": PYTHON}).run()
    (failed,) = [e for e in shop.events if isinstance(e, AttemptFailed)]
    assert (failed.asset, failed.attempt) == ("warehouse.t", 1)
    assert "not yet" in failed.error
    (outcome,) = [o for o in result.outcomes if o.asset == "warehouse.t"]
    assert outcome.attempts == 2
    assert shop.rows("warehouse.t")[0] == (1, "a", 10, 2)
    assert shop.plan(params={"least": 3})["warehouse.t"] == ("build", "parameter changed: least")


def test_the_published_event_says_what_changed(shop):
    shop.run()
    shop.write({"src/clean/customers.sql": "select customer from raw.customers"}).run()
    (published,) = [e for e in shop.events if isinstance(e, Published)]
    assert (published.publication, published.parent, published.tables) == (2, 1, 5)
    assert "clean.customers" in published.changed
    assert "raw.orders" not in published.changed


def test_rollback_and_clean_up(shop):
    shop.run()
    shop.write({"src/clean/customers.sql": "select customer from raw.customers"}).run()
    assert shop.open().rollback().number == 1
    assert shop.rows("clean.customers") == [("a", "Ada"), ("b", "Bob")]
    assert shop.plan()["clean.customers"][0] == "reuse"
    result = shop.run()
    assert result.publication == 3
    assert [row.number for row in shop.open().publications()] == [3, 2, 1]


def test_clean_files_stand_in_data_clean(shop):
    import polars

    shop.run()
    frame = polars.read_parquet(shop.root / "data_clean" / "customers.parquet")
    assert sorted(frame["name"]) == ["Ada", "Bob"]
    shop.run(env="prod")
    shop.write({"src/clean/customers.sql": "select customer from raw.customers"}).run(env="prod")
    frame = polars.read_parquet(shop.root / "data_clean" / "customers.parquet")
    assert frame.columns == ["customer", "name"]
