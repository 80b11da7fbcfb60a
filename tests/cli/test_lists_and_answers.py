"""What people read and pipe: lists, answers in other forms, and options before a subcommand."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest

FILES = {
    "config.yaml": "pipeline: shop\nenvironments: {dev: {}, prod: {}}\n",
    "data_raw/orders.csv": "id,amount\n" + "".join(f"{n},{n}.5\n" for n in range(1, 151)),
    "src/raw/orders.yaml": "source: {files: data_raw/*.csv}\n",
    "src/clean/orders.sql": """\
/* ---
columns:
  id: {type: bigint, at_most: 100, severity: warning}
--- */
select id, amount from raw.orders
""",
}
UTC_MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def thresher(root, *arguments, given=None):
    return subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=root,
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("lists") / "shop"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    assert thresher(root, "run", "-q").returncode == 0
    return root


def test_times_are_told_to_the_second_and_durations_with_their_unit(shop):
    runs = thresher(shop, "runs").stdout
    published = thresher(shop, "publications").stdout

    assert re.search(rf" dev  {UTC_MOMENT}  +[\d.]+ s  published +1 +150 +300 ", runs)
    assert re.search(rf"^\* +1 +{UTC_MOMENT}  \d", published, re.MULTILINE)
    assert "started (UTC)" in runs
    assert "published (UTC)" in published


def test_a_trial_can_be_told_from_the_real_thing(shop, tmp_path):
    project = tmp_path / "shop"
    for name, text in FILES.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    thresher(project, "run", "--sample", "10%", "-q")

    assert "published, 10%" in thresher(project, "runs").stdout
    assert thresher(project, "publications").stdout.splitlines()[1].endswith(" 10%")


def test_empty_lists_say_so(shop, tmp_path):
    (tmp_path / "config.yaml").write_text(FILES["config.yaml"])

    nothing = thresher(shop, "publications", "--env", "prod")
    never = thresher(tmp_path, "runs")

    assert (nothing.stdout, never.stdout) == ("", "")
    assert "nothing is published in the environment `prod`" in nothing.stderr
    assert "no runs yet" in never.stderr
    assert thresher(shop, "gc").stdout == "nothing to remove\n"


def test_an_unchanged_run_counts_its_warnings_and_does_not_list_them(shop):
    again = thresher(shop, "run", "-q").stdout

    assert "1 check of unchanged assets warned, as before; the report lists them" in again
    assert "1 warning, 0 errors" in again
    assert "50 of 150 rows" not in again


def test_options_before_a_subcommand_count_for_it(shop, tmp_path):
    done = thresher(tmp_path, "runs", "-C", str(shop), "--format", "json", "show")

    assert json.loads(done.stdout)["run"]["pipeline"] == "shop"


def test_csv_is_all_rows_and_nothing_else(shop):
    done = thresher(shop, "query", "select id, amount from clean.orders", "--format", "csv")

    header, *rows = csv.reader(io.StringIO(done.stdout))
    assert header == ["id", "amount"]
    assert [row[0] for row in rows] == [str(n) for n in range(1, 151)]
    assert "150 rows in" in done.stderr


def test_a_query_can_come_from_a_pipe(shop):
    done = thresher(shop, "query", "--file", "-", given="select count(*) as n from clean.orders")

    assert done.stdout.split() == ["n", "150"]


def test_json_holds_no_number_that_json_has_not(shop):
    sql = "select 'nan'::double as n, 'inf'::double as i, 1.50::decimal(4, 2) as d"
    done = thresher(shop, "query", sql, "--format", "json")

    def refuse(constant):
        raise AssertionError(constant)

    answer = json.loads(done.stdout, parse_constant=refuse)
    assert answer["rows"] == [{"n": "nan", "i": "inf", "d": "1.50"}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", "select 1", "--export", "no/such/out.csv"], "hint: make it: `mkdir -p no/such`"),
        (["query", "select $n"], "hint: give it: `--param n=VALUE`"),
        (["query", "select 1", "--param", "n=1"], "hint: it has none"),
        (["query", "select 1", "--file", "config.yaml"], "not both"),
        (["query", "drop view clean.orders"], "what is published can only be read"),
        (["query", "select 1", "--limit", "-1"], "-1"),
        (["-C", "shop", "plan"], "hint: options stand after the command"),
    ],
)
def test_a_wrong_command_says_what_would_be_right(shop, arguments, told):
    done = thresher(shop, *arguments)

    assert told in done.stderr
    assert done.returncode == 2


def test_what_an_asset_prints_does_not_stand_in_the_document(tmp_path):
    (tmp_path / "config.yaml").write_text("pipeline: shop\n")
    asset = tmp_path / "src" / "clean" / "loud.py"
    asset.parent.mkdir(parents=True)
    asset.write_text(
        "import pyarrow as pa\nfrom thresher import asset\n"
        "@asset\ndef loud() -> pa.Table:\n    print('hello')\n    return pa.table({'x': [1]})\n"
    )
    done = thresher(tmp_path, "run", "--format", "json")

    assert json.loads(done.stdout)["run"]["status"] == "published"
    assert "hello" in done.stderr
