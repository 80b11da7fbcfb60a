"""`check`, `profile` and `contract infer`, each as a process with its exit code."""

import csv
import json
import os
import re
import subprocess
import sys

import pytest

FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}}\n",
    "data_raw/orders.csv": "id,amount\n1,10\n2,-5\n3,30\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders.csv}\n",
    "src/clean/orders.sql": "/* ---\ncolumns: {amount: {not_null: true}}\n--- */\n"
    "select * from raw.orders",
}


@pytest.fixture
def call(tmp_path):
    def run(*arguments, folder=tmp_path, **variables):
        return subprocess.run(
            [sys.executable, "-m", "thresher", *arguments],
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1", **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def shop(call, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert call("run", "--quiet").returncode == 0
    return tmp_path


@pytest.fixture
def events(tmp_path):
    """Write a file with columns of every kind, in a folder without a project."""
    file = tmp_path / "events.csv"
    with file.open("w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(lines)
        rows.writerow(["id", "kind", "who", "price", "day", "a b: #c", "empty"])
        for at in range(300):
            day = f"20{13 + at % 3}-02-{1 + at % 28:02}"
            odd = ["yes", "no", "null: #", '"', "ü"][at % 5]
            rows.writerow([at, "xyz"[at % 3], f"u{at}@x.org", f"{at / 7 - 9:.3f}", day, odd, ""])
    return file


def test_check_prints_a_table_and_fails_with_1(call, shop):
    done = call("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed (publication 1 of dev): 2 tables, 2 checks" in done.stdout
    sql = shop / "src/clean/orders.sql"
    sql.write_text(sql.read_text().replace("not_null: true", "at_least: 0"))
    done = call("check", "clean.orders")
    assert done.returncode == 1
    assert "failed  src/clean/orders.sql:2  1 of 3 rows" in done.stdout
    assert "failed (publication 1 of dev): 1 of 1 table" in done.stdout
    assert json.loads(call("check", "--format", "json").stdout)["ok"] is False
    assert 'failures="1"' in call("check", "--format", "junit").stdout
    assert call("check").returncode == 1, "a verdict is not kept"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "clean.order"), "did you mean `clean.orders`?"),
        (("check", "data_raw/orders.csv"), "no contract is named for it"),
        (("check", "none.csv", "--contract", "clean.orders"), "there is no file `none.csv`"),
        (("check", "data_raw/orders.csv", "-c", "clean.order"), "there is no asset `clean.order`"),
        (("check", "data_raw/orders.csv", "-c", "none.yaml"), "there is no file `none.yaml`"),
        (("check", "--contract", "clean.orders"), "give one FILE"),
        (("profile", "clean.order"), "did you mean `clean.orders`?"),
        (("profile", "none.csv"), "there is no file `none.csv`"),
        (("profile", "clean.orders", "-o", "a.pdf"), "formats: .html, .json"),
        (("profile", "clean.orders", "-o", "a/b.html"), "mkdir -p a"),
        (("profile", "clean.orders", "-o", "a.html", "--format", "json"), "as its ending says"),
        (("contract", "infer", "none.parquet"), "there is no file `none.parquet`"),
        (("contract", "infer", "clean.orders", "-w", "config.yaml"), "nothing is written over it"),
        (("contract", "infer", "clean.orders", "-w", "a/b.yaml"), "mkdir -p a"),
    ],
)
def test_what_is_wrong_ends_with_2_and_says_what_to_do(call, shop, arguments, said):
    before = (shop / "config.yaml").read_text()
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert (shop / "config.yaml").read_text() == before


def test_what_is_inferred_from_a_file_holds_for_it_and_not_for_another(call, events, tmp_path):
    done = call("contract", "infer", "events.csv", "--write", "events.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert "review every line" in done.stderr
    text = (tmp_path / "events.yaml").read_text(encoding="utf-8")
    assert text.startswith("# A first contract of events.csv (300 rows), inferred by Thresher: TO")
    assert call("contract", "infer", "events.csv").stdout == text
    done = call("check", "events.csv", "--contract", "events.yaml", "--format", "json")
    assert done.returncode == 0, done.stdout
    checks = {check["check"] for check in json.loads(done.stdout)["checks"]}
    assert {
        "unique(id)",
        "accepted(kind, [x, y, z])",
        "format(who, email)",
        "between(price, -9, 34)",
        "at_least(day, 2013-01-01)",
    } <= checks
    broken = events.read_text(encoding="utf-8").replace("u7@x.org", "nobody")
    (tmp_path / "other.csv").write_text(broken, encoding="utf-8")
    done = call("check", "other.csv", "--contract", "events.yaml")
    assert done.returncode == 1
    assert "1 of 300 rows (0.3%) has a `who` that is no `email`" in done.stdout


def test_a_file_that_has_not_the_types_of_the_contract_is_told_with_its_line(call, tmp_path):
    (tmp_path / "c.yaml").write_text("columns: {x: {type: bigint}}")
    (tmp_path / "d.csv").write_text("x\n1\ntwo\n")
    done = call("check", "d.csv", "--contract", "c.yaml")
    assert done.returncode == 1
    assert "d.csv:3" in done.stdout
    assert "two" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_an_inferred_contract_of_an_asset_says_where_it_goes(call, shop):
    done = call("contract", "infer", "clean.orders")
    assert done.returncode == 0
    assert "at the head of `src/clean/orders.sql`" in done.stdout
    assert call("contract", "infer", "raw.orders", "-w", "c.yaml").returncode == 0
    assert call("check", "data_raw/orders.csv", "-c", "c.yaml").returncode == 0


def test_a_profile_of_an_asset_and_of_a_file_is_the_same(call, shop):
    table = json.loads(call("profile", "clean.orders", "--format", "json").stdout)
    file = json.loads(call("profile", "data_raw/orders.csv", "--format", "json").stdout)
    assert table["columns"] == file["columns"]
    assert (table["name"], file["name"]) == ("clean.orders", "data_raw/orders.csv")
    amount = table["columns"][1]
    assert (amount["least"], amount["greatest"], amount["quantiles"]["0.5"]) == (-5, 30, 10)


def test_a_profile_is_printed_as_a_page_and_written_over_the_one_before(call, events, tmp_path):
    printed = call("profile", "events.csv", "--format", "html", PYTHONIOENCODING="latin-1")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("<!doctype html>")
    assert "<td>ü</td>" in printed.stdout, "it says that it is UTF-8, whatever the terminal takes"
    (tmp_path / "page.html").write_text("the one before")
    done = call("profile", "events.csv", "-o", "page.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "written to page.html\n")
    moment = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert moment.sub("", written) == moment.sub("", printed.stdout)
    assert call("profile", "events.csv", "--export", "page.json", "--format", "json").stdout == ""
    told = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    assert told == json.loads(call("profile", "events.csv", "--format", "json").stdout)


def test_a_secret_is_masked_in_the_page_however_it_would_be_escaped(call, shop):
    (shop / "data_raw/orders.csv").write_text("id,amount\n1,a<b>&c4711\n2,a<b>&c4711\n")
    text = call("profile", "data_raw/orders.csv", "--format", "html").stdout
    assert "a&lt;b&gt;&amp;c4711" in text
    (shop / "config.yaml").write_text(FILES["config.yaml"] + "params: {api_key: a<b>&c4711}\n")
    text = call("profile", "data_raw/orders.csv", "--format", "html").stdout
    assert "c4711" not in text
    assert "<td>***</td>" in text


@pytest.mark.parametrize(
    "arguments",
    [("profile",), ("profile", "--format", "html"), ("contract", "infer")],
    ids=" ".join,
)
def test_values_of_a_sensitive_column_are_in_no_profile_and_no_draft(call, shop, arguments):
    rows = "".join(f"{at},{('owing', 'paid')[at % 2]}\n" for at in range(200))
    (shop / "data_raw/orders.csv").write_text(f"id,amount\n{rows}")
    assert call("run", "--quiet").returncode == 0
    shown = call(*arguments, "clean.orders").stdout
    assert "owing" in shown, "else it is not the word that hides it"
    sql = shop / "src/clean/orders.sql"
    sql.write_text(sql.read_text().replace("not_null: true", "not_null: true, sensitive: true"))
    done = call(*arguments, "clean.orders")
    assert done.returncode == 0
    assert "amount" in done.stdout
    assert "owing" not in done.stdout


def test_a_file_can_be_looked_at_in_a_project_that_has_faults(call, shop):
    (shop / "src/clean/broken.sql").write_text("select * from raw.not_there")
    done = call("contract", "infer", "data_raw/orders.csv")
    assert done.returncode == 0
    assert "type: bigint" in done.stdout
    assert "has faults" in done.stderr
    assert call("profile", "clean.orders").returncode == 2


def test_bars_are_blocks_where_the_output_can_hold_them(call, events):
    assert "█" in call("profile", "events.csv").stdout
    plain = call("profile", "events.csv", "--top", "2", PYTHONIOENCODING="ascii:backslashreplace")
    assert plain.returncode == 0
    assert "█" not in plain.stdout
    assert "####" in plain.stdout
