"""`--fail-fast`: the first failure stops a run; what it stops did not fail."""

from __future__ import annotations

from stopped_shop import ENDLESS, function

BROKEN = "select error('broken') as x from raw.orders"


def test_the_first_failure_stops_what_is_under_way_and_begins_no_more(shop):
    shop.write(
        {
            "src/clean/broken.sql": BROKEN,
            "src/clean/endless.sql": ENDLESS,
            "src/warehouse/after.sql": "select * from clean.broken",
            "src/warehouse/zlast.sql": "select * from clean.endless",
        }
    )
    result = shop.run(fail_fast=True)
    assert shop.done["clean.broken"] == "failed"
    assert shop.done["clean.endless"] == "stopped"
    assert shop.done["warehouse.after"] == "blocked"
    assert shop.done["warehouse.zlast"] in ("blocked", "stopped")
    assert (result.status, result.exit_code, shop.published()) == ("failed", 1, None)
    fault = shop.fault(result, "clean.endless")
    assert fault.what == "stopped, since `clean.broken` failed before (--fail-fast)"
    assert shop.report()["totals"]["errors"] == 1
    assert shop.report()["totals"]["statuses"]["stopped"] >= 1
    page = (shop.root / "reports" / "latest" / "report.html").read_text()
    assert page.count("Stopped before they were done: clean.endless") == 1


def test_what_was_not_begun_is_told_so(shop):
    config = "pipeline: p\nparams: {least: 1}\nrun: {workers: 1}\n"
    shop.write(
        {
            "config.yaml": config,
            "src/raw/bad.yaml": "source: {files: data_raw/none*.csv}\n",
            "src/warehouse/zlast.sql": "select * from clean.orders",
        }
    )
    done = shop.command("run", "--fail-fast")
    assert done.returncode == 1
    assert "stopped, since `raw.bad` failed before (--fail-fast)" in done.stdout
    told = {asset["asset"]: asset["status"] for asset in shop.report()["assets"]}
    assert told["raw.bad"] == "failed"
    assert set(told.values()) == {"failed", "stopped", "blocked"}


def test_a_wait_for_another_attempt_is_cut_short(shop):
    """Whatever waits ends by itself then, and is not given up as code that never comes back."""
    waits = function("raise ConnectionError('gone')", backoff="10m", max_backoff="1h")
    fails = "while not (ROOT / 'calls').exists():\n    time.sleep(0.01)\ntime.sleep(0.3)\n1 / 0"
    fails = function(fails).replace('calls("calls")', "0")
    shop.write({"src/warehouse/made.py": waits})
    shop.write({"src/warehouse/broken.py": fails.replace("def made", "def broken")})
    result = shop.run(fail_fast=True)
    assert (shop.done["warehouse.broken"], len(shop.waits)) == ("failed", 1)
    fault = shop.fault(result, "warehouse.made")
    assert fault.what == "stopped, since `warehouse.broken` failed before (--fail-fast)"


def test_without_it_the_rest_goes_on(shop):
    shop.write({"src/clean/broken.sql": BROKEN, "src/warehouse/zlast.sql": "from clean.orders"})
    shop.run()
    assert shop.done["warehouse.zlast"] == "built"
    assert "stopped" not in shop.done.values()


def test_a_check_that_fails_stops_it_too(shop):
    checked = "/* ---\nchecks: [{rows: {at_least: 9}}]\n--- */\nselect * from raw.orders"
    shop.write({"src/clean/checked.sql": checked, "src/clean/endless.sql": ENDLESS})
    shop.run(fail_fast=True)
    assert shop.done["clean.checked"] == "failed"
    assert shop.done["clean.endless"] == "stopped"


def test_a_run_without_a_failure_is_as_ever(shop):
    assert shop.run(fail_fast=True).status == "published"
