"""The fixtures of the plugin in a pytest of its own: what they give, how a failure reads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ALL = """
import sqlite3

import pytest

import thresher
from thresher.testing import (
    FakeSource, PipelineWarehouse, RunPipeline, assert_contract, assert_no_nulls, assert_table,
    assert_unique,
)


def test_a_copy(thresher_project: thresher.OpenProject, tmp_path) -> None:
    assert thresher_project.environment == "dev"
    assert not thresher_project.publications()
    assert thresher_project.run().ok
    assert thresher_project.warehouse.is_relative_to(thresher_project.root)
    with (thresher_project.root / "data_raw" / "orders.csv").open("a") as file:
        file.write("5,e,50\\n")
    assert thresher_project.run().ok
    assert thresher_project.query("select count(*) from clean.orders").rows == ((5,),)


def test_another_environment_stays_in_the_copy(run_pipeline: RunPipeline, thresher_project) -> None:
    assert run_pipeline(env="prod", params={"least": 20}).environment == "prod"
    assert thresher.open(thresher_project.root, env="prod").run().status == "published"
    prod = thresher.open(thresher_project.root, env="prod")
    assert sorted(prod.query("select id from clean.orders").rows) == [(2,), (3,), (4,)]


def test_a_run(run_pipeline: RunPipeline) -> None:
    assert run_pipeline(select="+clean.orders").status == "published"
    assert run_pipeline(select="+clean.orders").status == "unchanged"
    with pytest.raises(thresher.ThresherError, match="no parameter"):
        run_pipeline(params={"leest": 1}, check=False)


def test_tables(warehouse: PipelineWarehouse) -> None:
    assert warehouse.result.ok
    totals = {"a": 40, "b": 20, None: 40}
    expected = [{"customer": name, "total": total} for name, total in totals.items()]
    assert_table(warehouse.table("warehouse.totals"), expected)
    answer = warehouse.query("select id from clean.orders where id > $n", {"n": 3})
    assert_table(answer, [{"id": 4}])
    assert_no_nulls(warehouse.table("clean.orders"), "id")
    assert_unique(warehouse.table("clean.orders"), "id")
    assert_contract(warehouse.project, "clean.orders")
    assert_contract(warehouse.result, "clean.orders")


def test_a_stand_in(fake_source: FakeSource, warehouse: PipelineWarehouse) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table orders as select 7 as id, 'c' as customer, 70 as amount")
    fake_source("raw.orders", connection)
    assert_table(warehouse.table("clean.orders"), [{"id": 7, "customer": "c", "amount": 70}])


def test_rows_stand_in(fake_source: FakeSource, run_pipeline: RunPipeline) -> None:
    fake_source("raw.orders", [{"id": 1, "customer": "a", "amount": 5}] * 2)
    assert not run_pipeline(check=False).ok


def test_what_stood_in_is_gone(warehouse: PipelineWarehouse) -> None:
    assert warehouse.query("select count(*) from raw.orders").rows == ((4,),)
"""


def test_all_fixtures_work_and_leave_the_project_alone(shop, tmp_path):
    shop.write({"tests/test_all.py": ALL})
    before = shop.files()
    prod = tmp_path / "prod"
    out = shop.pytest(PROD=str(prod), THRESHER_ENV="prod")
    assert "7 passed" in out
    assert shop.files() == before
    assert not prod.exists()


def test_they_need_no_variable_of_another_environment(shop):
    shop.write({"tests/test_run.py": "def test_run(warehouse): assert warehouse.result.ok\n"})
    assert "PROD" not in os.environ
    assert "1 passed" in shop.pytest()


FAILING = """
from thresher.testing import assert_contract, assert_table


def test_contract_of_a_run(run_pipeline, thresher_project):
    with (thresher_project.root / "data_raw" / "orders.csv").open("a") as file:
        file.write("1,z,10\\n")
    run_pipeline()


def test_broken_query(run_pipeline, thresher_project):
    query = "select id,\\n nope(id) as customer, 1 as amount from raw.orders"
    (thresher_project.root / "src/clean/orders.sql").write_text(query)
    run_pipeline()


def test_broken_project(run_pipeline, thresher_project):
    (thresher_project.root / "src/clean/orders.sql").write_text("select 1 as id from raw.order")
    run_pipeline()


def test_contract(run_pipeline):
    result = run_pipeline()
    assert_contract(result, "clean.orders")
    assert_contract(result, "clean.orders", strict=True)


def test_table(warehouse):
    totals = {"a": 41, "b": 20, "c": 1}
    expected = [{"customer": name, "total": total} for name, total in totals.items()]
    assert_table(warehouse.table("warehouse.totals"), expected)
"""


def test_failures_read_well(shop):
    shop.write({"tests/test_failing.py": FAILING})
    out = shop.pytest(code=1)
    for told in (
        """\
the pipeline failed: 1 of 3 assets failed, 1 blocked

clean.orders failed
  src/clean/orders.sql:3: unique(id): 1 of 5 rows (20%) repeats the `id` of another row
    id  count(*)
     1         2

blocked, since what they read failed: warehouse.totals
""",
        "clean.orders failed\n  src/clean/orders.sql:2 (clean.orders): ",
        "the pipeline could not be run\nsrc/clean/orders.sql:1: `clean.orders` reads `raw.order`",
        """\
E       AssertionError: `clean.orders` does not keep its contract: 1 of 4 checks did not pass
E         src/clean/orders.sql:4: not_null(customer): 1 of 4 rows (25%) has no `customer`
E           id  customer  amount
E            4  null          40
""",
        "1 row with other values, 1 row missing, 1 row not expected (3 for 3 expected rows)",
        """\
E         cells that differ:
E           row         column  expected  found
E           customer=a  total   41        40
E         expected, and not there:
E           customer  total
E           c             1
E         there, and not expected:
E           customer  total
E           null         40
""",
    ):
        assert told in out
    shown = out[: out.index("short test summary")]
    assert "src/thresher" not in shown  # no frames of ours
    assert "During handling" not in out
    assert "5 failed" in out


UNIT_TESTS = """
- name: half of it
  given: {raw.orders: [{id: 1, amount: 1}, {id: 2, amount: 0}]}
  expect: [{id: 1}]
- name: wrong
  given: {raw.orders: [{id: 1, amount: 1}]}
  expect: [{id: 1, amount: 2}]
"""


def test_unit_tests_in_yaml_are_items(shop):
    shop.write(
        {
            "tests/clean/orders.yaml": UNIT_TESTS,
            "tests/resources/more.yaml": "a: 1",
            "tests/compose.yaml": "a: 1",
            "other/clean/orders.yaml": "a: 1",
            "src/shared/names.py": "",
            "tests/shared/names.yaml": "a: 1",
        }
    )
    out = shop.pytest("-v", "tests", "other", code=1)
    assert "tests/clean/orders.yaml::half of it PASSED" in out
    assert "tests/clean/orders.yaml::wrong FAILED" in out
    assert (
        """\
1 row with other values (1 for 1 expected row)
  cells that differ:
    row   column  expected  found
    id=1  amount  2         1
tests/clean/orders.yaml:5
"""
        in out
    )
    assert "Traceback" not in out
    assert "1 failed, 1 passed" in out
    assert "1 passed" in shop.pytest("tests/clean/orders.yaml::half of it")
    assert "1 passed, 1 deselected" in shop.pytest("-k", "half")
    assert not (shop.root / "warehouse").exists()


def test_faults_of_unit_tests_stop_the_collection(shop):
    shop.write({"tests/clean/orders.yaml": UNIT_TESTS.replace("expect", "expects")})
    out = shop.pytest(code=2)
    assert "tests/clean/orders.yaml:4: unknown key `expects`" in out
    assert "hint: did you mean `expect`?" in out
    assert "Traceback" not in out


INI = "[pytest]\nthresher_project = .\nthresher_resources = small\nthresher_scope = {scope}\n"
SHARED = """
def test_first(warehouse, thresher_project):
    assert warehouse.query("select min(id) from clean.orders").rows == ((8,),)

def test_second(run_pipeline, thresher_project):
    assert run_pipeline().status == "{status}"
    assert len(thresher_project.publications()) == 1
"""


@pytest.mark.parametrize(
    ("scope", "status"),
    [("session", "unchanged"), ("module", "unchanged"), ("function", "published")],
)
def test_settings_say_where_the_project_is_and_how_long_its_copy_lives(
    shop, tmp_path, scope, status
):
    shop.write(
        {
            "pytest.ini": INI.format(scope=scope),
            "small/orders.csv": "id,customer,amount\n8,x,10\n",
            "../elsewhere/test_shared.py": SHARED.format(status=status),
        }
    )
    assert "2 passed" in shop.pytest("-c", "pytest.ini", str(tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    ("ini", "code", "told"),
    [
        ("thresher_project = nowhere", 1, "`thresher_project`: there is no `config.yaml` in"),
        ("thresher_scope = forever", 4, "`thresher_scope` should be one of function, class"),
    ],
)
def test_wrong_settings_are_told(shop, ini, code, told):
    shop.write(
        {"pytest.ini": f"[pytest]\n{ini}\n", "tests/test_x.py": "def test_x(warehouse): ...\n"}
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests"],
        cwd=shop.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert told in done.stdout + done.stderr


def test_where_there_is_no_project_it_is_said(shop, tmp_path):
    (shop.root / "config.yaml").unlink()
    shop.write({"tests/test_x.py": "def test_x(thresher_project): ...\n"})
    out = shop.pytest(code=1)
    assert "there is no `config.yaml` above" in out
    assert "thresher_project = FOLDER" in out


LIGHT = """
import sys


def test_x():
    ours = {name for name in sys.modules if name.partition(".")[0] == "thresher"}
    assert ours - {"thresher", "thresher._version"} == {
        "thresher.testing", "thresher.testing.plugin", "thresher.testing.prefixes",
    }
    heavy = {"click", "duckdb", "pyarrow", "pydantic", "sqlglot", "yaml"}
    assert not heavy & set(sys.modules)
"""


def test_a_pytest_without_a_project_loads_nothing_of_weight(shop):
    (shop.root / "config.yaml").unlink()
    shop.write({"tests/test_x.py": LIGHT, "tests/clean/x.yaml": "a: 1"})
    assert "1 passed" in shop.pytest("-p", "no:hypothesispytest", "-p", "no:platformdirs")
