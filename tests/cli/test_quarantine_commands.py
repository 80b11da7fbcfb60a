"""`thresher quarantine`, each command as a process with its exit code."""

import json
import os
import subprocess
import sys

import pytest

FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}}\n",
    "data_raw/orders.csv": "id,amount\n1,10\n2,-5\n3,30\n",
    "src/raw/orders.yaml": "source: {files: data_raw/orders.csv}\n",
    "src/clean/orders.sql": """/* ---
columns: {amount: {at_least: {bound: 0, on_violation: quarantine}}}
--- */
select * from raw.orders""",
}


@pytest.fixture
def call(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "thresher", *arguments],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_rows_go_aside_and_come_back(call, tmp_path):
    ran = call("run", "--strict", "--quiet")
    assert ran.returncode == 3, ran.stderr
    assert "clean.orders      3          2                              1  quarantine" in ran.stdout
    assert "1 row set aside" in ran.stdout
    listed = call("quarantine", "list")
    assert "at_least(amount, 0)" in listed.stdout
    shown = json.loads(call("quarantine", "show", "clean.orders", "--format", "json").stdout)
    assert [(row["id"], row["__checks"]) for row in shown["rows"]] == [(2, ["at_least(amount, 0)"])]
    exported = call("quarantine", "export", "clean.orders", "bad.csv")
    assert (exported.returncode, exported.stdout) == (0, "")
    assert "thresher quarantine retry clean.orders bad.csv" in exported.stderr
    bad = tmp_path / "bad.csv"
    bad.write_text(bad.read_text().replace(",-5,", ",5,"))
    back = call("quarantine", "retry", "clean.orders", "bad.csv", "--quiet")
    assert back.returncode == 0, back.stderr
    assert "published 2" in back.stdout
    rows = json.loads(call("query", "select * from clean.orders", "--format", "json").stdout)
    assert sorted(row["amount"] for row in rows["rows"]) == [5, 10, 30]
    (row,) = json.loads(call("quarantine", "list", "--format", "json").stdout)["quarantine"]
    assert (row["rows"], row["published"], row["released"]) == (0, 3, 1)


def test_corrections_that_do_nothing_any_more_are_told(call, tmp_path):
    orders = tmp_path / "data_raw/orders.csv"
    orders.write_text("id,amount\n1,10\n2,-5\n3,-30\n")
    call("run", "--quiet")
    call("quarantine", "export", "clean.orders", "bad.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text(bad.read_text().replace(",-5,", ",5,").replace(",-30,", ",30,"))
    assert call("quarantine", "retry", "clean.orders", "bad.csv", "--quiet").returncode == 0
    assert call("quarantine", "list").stderr == ""
    orders.write_text("id,amount\n1,10\n2,6\n3,-30\n")
    assert call("run", "--quiet").returncode == 0
    assert call("quarantine", "list").stderr == (
        "1 correction of `clean.orders` does nothing any more: "
        "a file in `corrections/clean.orders/` that holds no others can go\n"
    )


def test_nothing_in_quarantine_is_said_plainly(call, tmp_path):
    assert "nothing is published" in call("quarantine", "list").stderr
    (tmp_path / "data_raw/orders.csv").write_text("id,amount\n1,1\n")
    call("run", "--quiet")
    listed = call("quarantine", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert listed.stderr == "nothing is in quarantine\n"
    shown = call("quarantine", "show", "clean.orders")
    assert shown.returncode == 2
    assert "no rows of `clean.orders` are in quarantine" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "clean.oders"), "did you mean `clean.orders`?"),
        (("export", "clean.orders", "bad.txt"), "does not end with a format"),
        (("retry", "clean.orders", "gone.csv"), "there is no file `gone.csv`"),
        (("retry", "clean.orders", "config.yaml"), "does not end with a format"),
    ],
)
def test_what_cannot_be_done_is_refused(call, arguments, told):
    call("run", "--quiet")
    ended = call("quarantine", *arguments)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
