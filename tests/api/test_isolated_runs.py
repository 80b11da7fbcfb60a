"""`isolate` in a whole run: who says so, what it changes, and that the run outlives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from thresher.api.unit_tests import run_tests
from thresher.errors import ProjectError

MADE = """
from thresher import asset

@asset({arguments})
def made():
    import os
    return [{{"pid": os.getpid()}}]
"""
CRASHES = """
import ctypes
from thresher import Context, asset

@asset({arguments})
def crashes(ctx: Context):
    ctx.logger.info("with %s", ctx.params["password"])
    print("with", ctx.params["password"], flush=True)
    import sys
    sys.stderr.write("the password is " + ctx.params["password"] + "\\n")
    ctypes.string_at(0)
"""
PASSES_LATER = """
from pathlib import Path
from thresher import asset
from thresher.errors import TransientError

@asset(isolate=True)
def later():
    sign = Path(__file__).with_suffix(".tried")
    if not sign.exists():
        sign.touch()
        raise TransientError("not yet")
    return [{"n": 1}]
"""


def made(arguments: str) -> dict[str, str]:
    return {"src/warehouse/made.py": MADE.format(arguments=arguments)}


def ran_here(shop) -> bool:
    return shop.rows("warehouse.made") == [(os.getpid(),)]


@pytest.mark.parametrize(
    ("config", "arguments", "here"),
    [
        ("", "", True),
        ("", "isolate=True", False),
        ("run: {isolate: true}", "", False),
        ("run: {isolate: true}", "isolate=False", True),
        ("environments: {dev: {run: {isolate: true}}}", "", False),
    ],
)
def test_the_asset_says_it_or_the_project(shop, config, arguments, here):
    shop.write({"config.yaml": f"pipeline: p\nparams: {{least: 2}}\n{config}\n", **made(arguments)})
    assert shop.run().ok
    assert ran_here(shop) is here


def test_saying_it_builds_nothing_anew(shop):
    shop.write(made(""))
    shop.run()
    for arguments in ("isolate=True", "isolate=False", "isolate=None", "description='x'"):
        shop.write(made(arguments))
        assert shop.plan()["warehouse.made"][0] in ("keep", "audit"), arguments
    shop.write({"config.yaml": "pipeline: p\nparams: {least: 2}\nrun: {isolate: true}\n"})
    assert shop.plan()["warehouse.made"][0] == "keep"
    shop.write(made("columns={'pid': 'bigint'}"))
    assert shop.plan()["warehouse.made"][0] == "audit"


@pytest.mark.parametrize("said", ["1", "'yes'"])
def test_it_is_true_or_false(shop, said):
    shop.write(made(f"isolate={said}"))
    with pytest.raises(ProjectError, match="`isolate` should be `True` or `False`"):
        shop.open()
    shop.write({**made(""), "config.yaml": f"pipeline: p\nrun: {{isolate: {said}}}\n"})
    with pytest.raises(ProjectError, match=r"isolate"):
        shop.open()


def test_only_a_function_can_have_a_process_of_its_own(shop):
    shop.write({"src/clean/customers.sql": "/* ---\nisolate: true\n--- */\nfrom raw.customers"})
    with pytest.raises(ProjectError, match="isolate"):
        shop.open()


def test_a_crash_fails_its_asset_and_the_rest_is_published(shop):
    shop.write({
        "config.yaml": "pipeline: p\nparams: {least: 2, password: hunter2-secret}\n",
        "src/warehouse/crashes.py": CRASHES.format(arguments="isolate=True"),
    })  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "thresher", "run", "--format", "json", "--publish-what-passed"],
        cwd=shop.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["run"]["publication"] == 1
    (fault,) = [fault for each in result["assets"] for fault in each["faults"]]
    assert fault["what"] == (
        "its process ended by signal SIGSEGV; it last wrote: the password is ***"
    )
    assert (fault["path"], fault["line"]) == ("src/warehouse/crashes.py", 11)
    log = (shop.root / "logs" / "p.log").read_text()
    assert '"message": "with ***"' in log
    assert '"stream": "stdout"' in log
    assert "hunter2" not in log + done.stdout + done.stderr
    assert shop.rows("warehouse.by_customer") == [("a", 2, 40)]


def test_nothing_of_a_crash_is_told_beside_sensitive_columns(shop):
    sensitive = "isolate=True, columns={'name': {'sensitive': True}}"
    shop.write({
        "config.yaml": "pipeline: p\nparams: {least: 2, password: hunter2}\n",
        "src/warehouse/crashes.py": CRASHES.format(arguments=sensitive),
    })  # fmt: skip
    (outcome,) = [each for each in shop.run().outcomes if each.asset == "warehouse.crashes"]
    assert outcome.faults[0].what == "its process ended by signal SIGSEGV"


def test_an_error_that_may_pass_is_tried_again(shop):
    shop.write({"src/warehouse/later.py": PASSES_LATER})
    (outcome,) = [each for each in shop.run().outcomes if each.asset == "warehouse.later"]
    assert (outcome.attempts, outcome.faults) == (2, ())


def test_a_unit_test_of_it_runs_as_ever(shop):
    source = (
        "import polars as pl\nfrom thresher import asset\n\n"
        "@asset(inputs={'o': 'clean.orders'}, isolate=True)\n"
        "def total(o: pl.LazyFrame):\n    return o.select(pl.col('amount').sum())\n"
    )
    shop.write({
        "src/warehouse/total.py": source,
        "tests/warehouse/total.yaml": "- name: sums\n  given: {clean.orders: [{amount: 1}, "
        "{amount: 2}]}\n  expect: [{amount: 3}]\n",
    })  # fmt: skip
    (result,) = run_tests(shop.open())
    assert result.passed, result
