"""`thresher failures`: what is set aside now, what the latest run refused, and what ever was."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

GOOD = "id,amount\n1,2\n"
FILES = {
    "config.yaml": "pipeline: shop\nparams: {api_token: hunter2-in-config}\nrun: {retries: 0}\n",
    "data_raw/a.csv": GOOD,
    "src/raw/orders.yaml": "source: {files: 'data_raw/*.csv', tolerate: 2}\n"
    "columns: {id: bigint, amount: bigint}\n",
    "src/clean/orders.sql": "select id, amount from raw.orders",
}


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def thresher(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "250"},
        timeout=120,
        check=False,
    )


def failures(root, *arguments):
    done = thresher(root, "failures", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(root, *arguments):
    return [
        (each["path"], each["line"], each["outcome"])
        for each in failures(root, *arguments)["failures"]
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a project in which two files were set aside."""
    root = write(tmp_path_factory.mktemp("made") / "shop", FILES)
    write(root, {"data_raw/empty.csv": "", "data_raw/long.csv": "id,amount\n1,2\n1,2,3\n"})
    assert thresher(root, "run", "-q").returncode == 0
    return root


@pytest.fixture
def shop(made, tmp_path):
    return shutil.copytree(made, tmp_path / "shop", symlinks=True)


ASIDE = [("data_raw/empty.csv", None, "set aside"), ("data_raw/long.csv", 3, "set aside")]


def test_what_is_set_aside_is_listed_with_reason_line_and_what_to_do(shop):
    done = thresher(shop, "failures")
    assert (done.returncode, done.stderr) == (0, "")
    header, empty, long = done.stdout.splitlines()
    assert header.split("  ")[0] == "file"
    assert "data_raw/long.csv:3  raw.orders  set aside  the row has 3 fields instead of 2" in long
    assert "the file is empty" in empty
    assert "mend the row" in long


def test_it_stands_though_the_latest_run_found_nothing_to_do(shop):
    before = failures(shop)
    assert "unchanged" in thresher(shop, "run", "-q").stdout
    after = failures(shop)
    assert after["failures"] == before["failures"]
    assert (after["run"] == before["run"], after["total"]) == (False, 2)


def test_a_mended_file_leaves_with_the_next_run(shop):
    write(shop, {"data_raw/empty.csv": GOOD})
    assert told(shop) == ASIDE
    thresher(shop, "run", "-q")
    assert told(shop) == ASIDE[1:]
    (shop / "data_raw" / "long.csv").unlink()
    thresher(shop, "run", "-q")
    done = thresher(shop, "failures")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no input is set aside or failed in the environment `dev`" in done.stderr
    assert len(told(shop, "--all")) == 3


def test_what_a_failed_run_refused_takes_the_place_of_what_is_published(shop):
    write(shop, {"data_raw/b.csv": "x\n", "data_raw/c.csv": "\0\0", "data_raw/d.csv": ""})
    assert thresher(shop, "run", "-q").returncode == 1
    found = told(shop)
    assert {path for path, _, outcome in found if outcome == "failed"} == {
        f"data_raw/{name}.csv" for name in ("b", "c", "d", "empty", "long")
    }
    assert len(found) == 5
    assert told(shop, "--run", "latest") == found
    first = failures(shop, "--all")["failures"][-1]["run"]
    assert told(shop, "--run", first) == ASIDE
    assert len(told(shop, "--all")) == 7


def test_another_table_that_fails_does_not_hide_what_was_set_aside_beside_it(shop):
    write(
        shop,
        {
            "data_raw/more.csv": GOOD,
            "src/clean/bad.sql": "select error('no') as x from raw.orders",
        },
    )
    for _ in range(2):  # the second run takes the version that the first one built
        assert thresher(shop, "run", "-q").returncode == 1
        assert told(shop) == ASIDE
        assert all(each["hint"] for each in failures(shop)["failures"])


def test_it_works_without_a_history_and_with_a_broken_one(shop):
    for file in (shop / ".thresher").glob("history*"):
        file.unlink()
    assert told(shop) == ASIDE
    assert told(shop, "--all") == []
    (shop / ".thresher" / "history.sqlite").write_text("no database" * 100)
    done = thresher(shop, "failures")
    assert done.returncode == 0
    assert "data_raw/long.csv:3" in done.stdout
    assert "warning: the run history cannot be read" in done.stderr


def test_a_history_of_an_older_format_is_brought_up_to_date(shop):
    path = shop / ".thresher" / "history.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("alter table files drop column line")
        connection.execute("alter table files drop column hint")
        connection.execute("alter table steps drop column checks")
        connection.execute("alter table steps drop column passed")
        connection.execute("alter table steps drop column wait")
        connection.execute("alter table runs drop column asked")
        connection.execute("alter table runs drop column planned")
        connection.execute("pragma user_version = 1")
    connection.close()
    assert len(told(shop)) == 2
    write(shop, {"data_raw/d.csv": ""})
    thresher(shop, "run", "-q")
    assert [line for _, line, _ in told(shop, "--all")] == [None, None, 3, None, None]


def test_no_secret_is_listed(shop):
    write(shop, {"data_raw/hunter2-in-config.csv": "", "data_raw/empty.csv": GOOD})
    thresher(shop, "run", "-q")
    for arguments in ([], ["--all"], ["--run", "latest"]):
        assert "hunter2" not in thresher(shop, "failures", *arguments).stdout
    assert any("***" in path for path, _, _ in told(shop))


def test_a_list_is_bounded_and_says_so(shop):
    done = thresher(shop, "failures", "--limit", "1")
    assert "... and 1 more" in done.stdout
    found = failures(shop, "--limit", "1")
    assert (found["total"], len(found["failures"])) == (2, 1)


def test_nothing_was_ever_run(tmp_path):
    write(tmp_path, FILES)
    done = thresher(tmp_path, "failures")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no input is set aside or failed" in done.stderr
    assert "the history holds no runs" in thresher(tmp_path, "failures", "--run", "x").stderr


def test_an_unchanged_run_refused_nothing_itself(shop):
    thresher(shop, "run", "-q")
    done = thresher(shop, "failures", "--run", "latest")
    assert "refused no input" in done.stderr
    assert "`thresher failures` lists what is still set aside" in done.stderr


def test_one_run_or_all_of_them(shop):
    done = thresher(shop, "failures", "--run", "latest", "--all")
    assert (done.returncode, "not both" in done.stderr) == (2, True)
