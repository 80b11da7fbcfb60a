"""`thresher ddl` as a person meets it."""

import json
import os
import subprocess
import sys

import duckdb
import pytest

from thresher.cli.ddl import DIALECTS as CHOICES
from thresher.docs.ddl.dialects import DIALECTS

FILES = {
    "config.yaml": "pipeline: shop\n",
    "src/raw/orders.yaml": "source: {files: x.csv}\ncolumns: {id: bigint, sum: double}\n",
    "src/clean/orders.sql": "/* ---\ndescription: Orders.\ncolumns:\n"
    "  id: {type: bigint, primary_key: true}\n"
    "  sum: {type: double, at_least: 0, freshness: 1d}\n--- */\nselect id, sum from raw.orders",
}


def thresher(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        timeout=120,
        check=False,
    )


@pytest.fixture
def shop(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_is_printed_can_be_run_and_needs_no_run(shop):
    done = thresher(shop, "ddl")
    assert (done.returncode, done.stderr) == (0, "")
    connection = duckdb.connect()
    connection.execute(done.stdout)
    connection.execute("insert into clean.orders values (1, 2)")
    with pytest.raises(duckdb.ConstraintException):
        connection.execute("insert into clean.orders values (2, -1)")
    assert not (shop / "warehouse" / "dev.duckdb").exists()


def test_a_name_and_a_selection_choose_the_tables(shop):
    one = thresher(shop, "ddl", "orders", "--exclude", "raw.*", "-d", "postgres").stdout
    both = thresher(shop, "ddl", "--select", "+clean.orders", "-d", "postgres").stdout
    assert (one.count("create table"), both.count("create table")) == (1, 2)
    assert "not enforced: freshness(sum, 86400.0) (src/clean/orders.sql:5)" in one


def test_json_gives_each_statement_and_what_is_not_enforced(shop):
    made = json.loads(thresher(shop, "ddl", "clean.orders", "--format", "json").stdout)
    assert [each["kind"] for each in made["statements"]] == ["schema", "table", "comment"]
    assert made["dialect"] == "duckdb"
    assert made["not_enforced"] == [
        {
            "asset": "clean.orders",
            "check": "freshness(sum, 86400.0)",
            "reason": "it depends on the time of the run",
            "path": "src/clean/orders.sql",
            "line": 5,
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["clean.ordres"], "did you mean `clean.orders`?"),
        (["--dialect", "oracle"], "oracle"),
        (["--param", "x=1"], "x"),
    ],
)
def test_a_wrong_command_says_what_would_be_right(shop, arguments, told):
    done = thresher(shop, "ddl", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_the_choices_are_the_dialects():
    assert tuple(DIALECTS) == CHOICES
