"""`thresher test` as a person and a CI meet it: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

FILES = {
    "config.yaml": "pipeline: shop\nparams: {least: 1}\n",
    "src/raw/orders.yaml": "source: {files: data_raw/*.csv}\n"
    "columns: {id: bigint, amount: bigint}\n",
    "src/clean/orders.sql": "select id, amount * 2 as twice from raw.orders\n"
    "where amount >= $least",
    "src/clean/others.sql": "select id from raw.orders",
    "tests/clean/orders.yaml": """\
- name: twice
  given: {raw.orders: [{id: 1, amount: 5}]}
  expect: [{id: 1, twice: 10}]
- name: wrong
  given: {raw.orders: [{id: 1, amount: 5}]}
  expect: [{id: 1, twice: 11}]
""",
    "tests/clean/others.yaml": """\
- name: all
  given: {raw.orders: [{id: 1}, {id: 2}]}
  expect: {rows: 2}
""",
}


@pytest.fixture
def shop(tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def call(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


LISTING = """\
clean.orders
  passed  twice
  failed  wrong
          1 row with other values (1 for 1 expected row)
            cells that differ:
              row   column  expected  found
              id=1  twice   11        10
          tests/clean/orders.yaml:4
clean.others
  passed  all
3 tests: 2 passed, 1 failed, """


def test_it_tells_what_failed_and_why(shop):
    done = call(shop, "test")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(LISTING)
    assert not (shop / "warehouse").exists()
    assert not (shop / "logs").exists()


@pytest.mark.parametrize(
    "chosen", [["clean.others"], ["--select", "others"], ["--exclude", "orders"]]
)
def test_assets_can_be_chosen(shop, chosen):
    done = call(shop, "test", *chosen)
    assert done.returncode == 0
    assert "1 test: 1 passed, 0 failed" in done.stdout


def test_scripts_get_json(shop):
    done = call(shop, "test", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["tests"], told["passed"], told["failed"]) == (1, 3, 2, 1)
    wrong = told["results"][1]
    assert (wrong["asset"], wrong["name"], wrong["line"]) == ("clean.orders", "wrong", 4)
    assert wrong["difference"]["cells"] == [
        {"row": {"id": "1"}, "column": "twice", "expected": "11", "found": 10}
    ]


def test_continuous_integration_gets_junit(shop):
    done = call(shop, "test", "--format", "junit")
    suites = ET.fromstring(done.stdout)
    assert done.returncode == 1
    assert {s.get("name"): (s.get("tests"), s.get("failures")) for s in suites} == {
        "clean.orders": ("2", "1"),
        "clean.others": ("1", "0"),
    }
    (failure,) = suites.iter("failure")
    assert failure.get("message") == "1 row with other values (1 for 1 expected row)"
    assert "tests/clean/orders.yaml:4" in failure.text


def test_wrong_files_and_no_files_end_with_2(shop):
    file = shop / "tests/clean/others.yaml"
    file.write_text(file.read_text().replace("raw.orders", "raw.order"))
    for command in (["test"], ["validate"]):
        done = call(shop, *command)
        assert done.returncode == 2
        assert "tests/clean/others.yaml:2: `clean.others` does not read `raw.order`" in done.stderr
        assert "hint: did you mean `raw.orders`?" in done.stderr
    faults = json.loads(call(shop, "validate", "--format", "json").stdout)["faults"]
    assert [fault["line"] for fault in faults] == [2, 2]
    for path in (shop / "tests/clean").iterdir():
        path.unlink()
    done = call(shop, "test")
    assert (done.returncode, "there are no unit tests" in done.stderr) == (2, True)


def test_faults_of_tests_are_told_beside_those_of_the_project(shop):
    (shop / "src/clean/others.sql").write_text("select id from raw.order")
    (shop / "tests/clean/others.yaml").write_text("- nam: x\n")
    done = call(shop, "validate")
    assert done.returncode == 2
    assert "src/clean/others.sql:1: `clean.others` reads `raw.order`" in done.stderr
    assert "tests/clean/others.yaml:1: unknown key `nam`" in done.stderr


def test_a_run_does_not_look_at_tests(shop):
    (shop / "data_raw").mkdir()
    (shop / "data_raw/orders.csv").write_text("id,amount\n1,5\n")
    (shop / "tests/clean/others.yaml").write_text("- nam: x\n")
    assert call(shop, "run", "--quiet").returncode == 0
