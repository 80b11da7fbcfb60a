"""Time limits of assets and of runs: what is over its time ends, and nothing else does."""

from __future__ import annotations

import pytest
from stopped_shop import ENDLESS, LONG, function

from thresher.events import AssetStarted

LIMITED = "/* ---\ntimeout: 300ms\n--- */\n"
HANGS = """
while True:
    try:
        time.sleep(600)
    except BaseException:
        pass
"""


def test_a_query_over_its_time_ends_and_others_under_way_do_not(shop):
    shop.write(
        {
            "src/clean/endless.sql": LIMITED + ENDLESS,
            "src/clean/long.sql": LONG,
            "src/warehouse/after.sql": "select * from clean.endless",
        }
    )
    result = shop.run()
    assert shop.done["clean.endless"] == "failed"
    assert shop.done["clean.long"] == "built"
    assert shop.done["warehouse.after"] == "blocked"
    fault = shop.fault(result, "clean.endless")
    assert fault.what.startswith("timed out after 0.3")
    assert fault.what.endswith("(timeout: 300ms)")
    assert fault.place.path == "src/clean/endless.sql"
    assert "`timeout` in its file" in fault.hint
    assert shop.waits == []  # not tried again
    assert result.exit_code == 1
    assert shop.published() is None


def test_the_limit_of_the_project_holds_where_an_asset_says_none(shop):
    text = "pipeline: p\nparams: {least: 1}\nrun: {asset_timeout: 300ms}\n"
    own = "/* ---\ntimeout: 10m\n--- */\n"
    shop.write({"config.yaml": text, "src/clean/a.sql": ENDLESS, "src/clean/b.sql": own + LONG})
    result = shop.run()
    assert shop.fault(result, "clean.a").what.endswith("(run.asset_timeout: 300ms)")
    assert shop.done["clean.b"] == "built"


def test_a_source_over_its_time_ends_and_another_does_not(shop):
    row = '{0},"a text, with a comma","2026-01-01 10:00:00",{0}.25\n'
    rows = "".join(row.format(n) for n in range(200_000))
    with (shop.root / "data_raw" / "big.csv").open("w") as file:
        file.write("id,name,at,amount\n")
        for _ in range(6):
            file.write(rows)
    shop.write(
        {
            "src/raw/big.yaml": "source: {files: data_raw/big.csv}\ntimeout: 1ms\n",
            "src/raw/same.yaml": "source: {files: data_raw/big.csv}\n",
        }
    )
    result = shop.run()
    assert shop.done["raw.big"] == "failed"
    assert shop.done["raw.same"] == "built"
    fault = shop.fault(result, "raw.big")
    assert "(timeout: 1ms)" in fault.what
    assert fault.place.path == "src/raw/big.yaml"
    assert not list((shop.root / "warehouse" / "tmp").glob("files-*"))


def test_a_check_over_its_time_fails_its_asset(shop):
    head = "/* ---\ntimeout: 500ms\nchecks:\n  - query: {text}\n--- */\nselect * from raw.orders"
    endless = (
        "select id from clean.checked, range(10000000) a(i), range(100000) b(j) where a.i + b.j < 0"
    )
    shop.write({"src/clean/checked.sql": head.replace("{text}", endless)})
    result = shop.run()
    assert shop.done["clean.checked"] == "failed"
    assert shop.fault(result, "clean.checked").what.startswith("timed out after")
    (outcome,) = [o for o in result.outcomes if o.asset == "clean.checked"]
    assert outcome.verdict is None


def test_python_code_that_comes_back_late_is_not_published(shop):
    """It is interrupted where it writes, so that what it computed comes to nothing."""
    shop.write({"src/warehouse/made.py": function("time.sleep(1)", timeout="200ms")})
    result = shop.run()
    assert shop.done["warehouse.made"] == "failed"
    assert shop.fault(result, "warehouse.made").what.endswith("(timeout: 200ms)")
    assert not list((shop.root / "warehouse" / "lake" / "warehouse").glob("made/*/*.parquet"))


def test_python_code_that_never_comes_back_is_given_up_and_the_rest_goes_on(shop, starts, wait_for):
    """Two of them hold both workers; what comes after them is built all the same."""
    hanging = function(HANGS, timeout="200ms")
    shop.write(
        {
            "src/warehouse/made.py": hanging,
            "src/warehouse/other.py": hanging.replace("def made", "def other"),
            "src/warehouse/zlast.sql": "select * from clean.orders",
        }
    )
    process = starts("run", "--publish-what-passed")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "its thread cannot be stopped and goes on" in out
    assert "isolate: true" in out
    assert shop.history("select asset, status from steps where status <> 'built'") == [
        ("warehouse.made", "failed"),
        ("warehouse.other", "failed"),
    ]
    assert shop.open().query("select count(*) from warehouse.zlast").rows == ((2,),)
    with pytest.raises(Exception, match="made"):
        shop.open().query("from warehouse.made")


def test_a_script_that_ran_what_hangs_can_end(shop, starts):
    """In a library's user's own process, too, no thread of ours keeps it alive."""
    body = "def rows():\n    yield orders.to_batches()[0]\n    while True: time.sleep(600)\n"
    hanging = function(body, timeout="200ms").replace("return orders", "return rows()")
    shop.write({"src/warehouse/made.py": hanging})
    code = "import thresher; print(thresher.open('.').run().status)"
    process = starts(code=code)
    out, told = process.communicate(timeout=60)
    assert (process.returncode, out.strip(), told) == (0, "failed", "")


RUN = "pipeline: p\nparams: {least: 1}\nrun: {timeout: 2s, workers: 1}\n"


def test_a_run_over_its_time_publishes_nothing(shop):
    shop.run()
    before = shop.published()
    shop.write(
        {
            "config.yaml": RUN,
            "data_raw/orders.csv": "id,customer\n1,a\n2,b\n3,c\n",
            "src/clean/slow.sql": ENDLESS,
            "src/warehouse/after.sql": "select * from clean.orders, clean.slow",
            "src/warehouse/zlast.sql": "select * from clean.orders where exists (from clean.slow)",
        }
    )
    done = shop.command("run", "--publish-what-passed")
    assert done.returncode == 1
    assert "the run timed out after 2 s (run.timeout: 2s); nothing was published" in done.stdout
    assert shop.published() == before
    query = "select status, exit_code, error from runs order by started desc"
    status, code, error = shop.history(query)[0]
    assert (status, code) == ("failed", 1)
    assert "the run timed out" in error
    assets = {asset["asset"]: asset for asset in shop.report()["assets"]}
    assert assets["clean.slow"]["status"] == "failed"
    assert "stopped, since the run timed out" in assets["clean.slow"]["faults"][0]["what"]
    assert assets["raw.orders"]["status"] == "built"
    assert "the run timed out" in shop.report()["run"]["error"]
    page = (shop.root / "reports" / "latest" / "report.html").read_text()
    assert page.count('<p class="note">the run timed out') == 1
    shop.write({"config.yaml": RUN.replace("2s", "10m"), "src/clean/slow.sql": "select 1 as x"})
    assert shop.run().ok
    assert shop.done["raw.orders"] == "reused"


def test_a_run_over_its_time_in_code_that_hangs_ends_all_the_same(shop, starts):
    shop.write({"config.yaml": RUN, "src/warehouse/made.py": function(HANGS)})
    process = starts()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the run timed out" in out
    assert "its thread cannot be stopped" in out
    assert shop.published() is None


def test_a_run_that_is_over_its_time_when_all_is_built_publishes_nothing(shop):
    """What is not begun by then is not begun; nothing slips through at the end."""
    shop.write({"config.yaml": RUN.replace("2s", "1ms")})
    result = shop.run()
    assert (result.status, result.exit_code, result.publication) == ("failed", 1, None)
    assert "the run timed out" in result.error
    assert shop.published() is None


def test_a_run_that_is_over_its_time_before_its_first_asset_begins_none(shop):
    shop.write({"config.yaml": RUN.replace("2s", "1ms")})
    result = shop.run()
    assert shop.done == {"raw.orders": "stopped", "clean.orders": "blocked"}
    assert not any(isinstance(event, AssetStarted) for event in shop.events)
    assert (result.status, result.exit_code) == ("failed", 1)
    assert "the run timed out" in result.error
