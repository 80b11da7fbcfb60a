"""What `thresher init` writes works at once, and it never leaves anything half written."""

import json
import os
import re
import resource
import shutil
import site
import sqlite3
import subprocess
import sys
import venv
from contextlib import closing
from pathlib import Path

import pytest

import thresher

BIN = Path(sys.executable).parent
PACKAGES = list(filter(os.path.isdir, site.getsitepackages()))  # Debian names some that are not


def call(folder, *command, path=BIN):
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}"},
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new")
    done = call(folder, "thresher", "init", "shop")
    assert (done.returncode, done.stderr) == (0, "")
    assert "cd shop && thresher run" in done.stdout
    return folder / "shop"


def copy(shop, tmp_path):
    return Path(shutil.copytree(shop, tmp_path / "shop", symlinks=True))


def test_the_folders_of_the_design_are_there(shop):
    for name in (
        "config.yaml",
        ".env.example",
        "Makefile",
        "pytest.ini",
        "README.md",
        ".gitignore",
    ):
        assert (shop / name).is_file(), name
    for name in ("src/raw", "src/clean", "src/warehouse", "queries", "data_raw", "data_clean"):
        assert (shop / name).is_dir(), name
    assert (shop / ".github" / "workflows" / "test.yml").is_file()
    texts = [path.read_bytes() for path in shop.rglob("*") if path.is_file()]
    assert not [text for text in texts if b"{{ name }}" in text]


def test_the_readme_is_twenty_lines_beside_what_thresher_keeps_current(shop):
    text = (shop / "README.md").read_text(encoding="utf-8")
    own = re.sub(r"<!-- thresher:(\w+) -->\n.*?<!-- /thresher:\1 -->\n", "", text, flags=re.DOTALL)
    lines = own.splitlines()
    assert len(lines) == 20
    assert text.startswith(own)
    assert lines[0] == "# shop"
    badge = "https://github.com/OWNER/shop/actions/workflows/test.yml/badge.svg"
    assert lines[1] == f"![tests]({badge})"
    assert "line 2" in own
    for path in re.findall(r"`((?:\.github|src|data_raw|config|\.env)[^` ]*)`", own):
        assert path == ".env" or (shop / path).exists(), path


def test_a_new_project_runs_at_once_and_has_nothing_to_do_then(shop, tmp_path):
    root = copy(shop, tmp_path)
    assert call(root, "thresher", "validate").returncode == 0
    first = call(root, "thresher", "run")
    assert (first.returncode, "published 1 (dev)" in first.stdout) == (0, True)
    assert "unchanged" in call(root, "thresher", "run").stdout
    asked = call(root, "thresher", "query", "--file", "queries/top_customers.sql", "--param", "n=2")
    assert len(asked.stdout.splitlines()) == 3


def test_a_run_that_finds_nothing_to_do_loads_nothing_that_reads_or_parses(shop, tmp_path):
    """Loading takes longer than all else such a run does: files and a database are looked at."""
    root = copy(shop, tmp_path)
    assert call(root, "thresher", "run").returncode == 0
    heavy = {"numpy", "pyarrow", "sqlglot", "rich"}
    code = (
        "import sys, thresher\n"
        "assert thresher.open().run().status == 'unchanged'\n"
        f"print({heavy} & set(sys.modules))"
    )
    done = call(root, sys.executable, "-c", code)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_its_database_is_one(shop):
    with closing(sqlite3.connect(shop / "data_raw" / "catalog.sqlite")) as connection:
        rows = connection.execute("select count(*), count(supplier) from products").fetchall()
    assert rows == [(9, 8)]
    assert not list(shop.rglob("*.sql.sql")) + list(shop.rglob("*.sqlite.sql"))


def test_its_unit_tests_pass_and_can_fail(shop, tmp_path):
    root = copy(shop, tmp_path)
    passed = call(root, "thresher", "test")
    assert (passed.returncode, "2 tests: 2 passed, 0 failed" in passed.stdout) == (0, True)
    query = root / "src" / "clean" / "orders.sql"
    query.write_text(query.read_text().replace("status <> 'open' desc", "status = 'open' desc"))
    failed = call(root, "thresher", "test")
    assert (failed.returncode, "1 passed, 1 failed" in failed.stdout) == (1, True)


def test_its_own_make_and_pytest_pass(shop, tmp_path):
    root = copy(shop, tmp_path)
    assert "run_etl" in call(root, "make").stdout
    made = call(root, "make", "run_etl")
    assert (made.returncode, "published 1 (dev)" in made.stdout) == (0, True)
    tested = call(root, "make", "test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    assert "`README.md` is current" in tested.stdout
    assert call(root, "pytest", "-q").returncode == 0


def test_its_own_make_test_fails_where_the_readme_is_not_current(shop, tmp_path):
    root = copy(shop, tmp_path)
    (root / "queries" / "new.sql").write_text("select 1")
    tested = call(root, "make", "test")
    assert tested.returncode != 0
    assert "+- `queries/` (4): `new.sql`, " in tested.stdout
    assert call(root, "make", "docs").returncode == 0
    assert call(root, "thresher", "docs", "check").returncode == 0


def test_its_own_make_runs_from_another_folder(shop, tmp_path):
    root = copy(shop, tmp_path).rename(tmp_path / "my shop")
    made = call(tmp_path, "make", "-C", "my shop", "run_etl")
    assert (made.returncode, "published 1 (dev)" in made.stdout) == (0, True), made.stderr
    assert (root / "warehouse" / "dev.duckdb").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["my shop"]
    again = call(Path("/"), "make", "-C", str(root), "plan")
    assert "a run would change nothing" in again.stdout


def test_its_own_make_runs_where_thresher_is_and_pytest_is_not(shop, tmp_path):
    root = copy(shop, tmp_path)
    bare = tmp_path / "bare" / "bin"
    venv.create(bare.parent, with_pip=False)
    into = next((bare.parent / "lib").glob("python*/site-packages"))
    # All that Thresher stands on, without pytest, as `pip install thresher` leaves it.
    for item in Path(thresher.__file__).parent.parent, *map(Path, PACKAGES):
        for one in item.iterdir():
            if "pytest" not in one.name and not (into / one.name).exists():
                (into / one.name).symlink_to(one)
    (bare / "thresher").write_text("")
    (bare / "thresher").chmod(0o755)

    made = call(root, "make", "run_etl", "PYTHON=false", path=bare)

    assert not (into / "pytest").exists()
    assert (made.returncode, "published 1 (dev)" in made.stdout) == (0, True), made.stderr
    assert not (root / ".venv").exists()


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mine.txt").write_text("keep")
    done = call(tmp_path, "thresher", "init", "shop")
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["shop", "mine.txt"]


def test_an_empty_folder_and_a_path_are_fine(tmp_path):
    (tmp_path / "empty").mkdir()
    assert call(tmp_path, "thresher", "init", "empty").returncode == 0
    assert call(tmp_path, "thresher", "init", "deep/er/shop").returncode == 0
    assert (tmp_path / "deep" / "er" / "shop" / "config.yaml").is_file()


@pytest.mark.parametrize("name", ["-x", "a b", "sh?op", ".hidden"])
def test_a_name_that_cannot_name_a_project_is_refused(tmp_path, name):
    done = call(tmp_path, "thresher", "init", "--", name)
    assert done.returncode == 2
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    done = subprocess.run(
        [BIN / "thresher", "init", "shop"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)),
    )
    assert done.returncode == 1
    assert "`shop` cannot be written: File too large" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_schedule_of_a_new_project_is_right_once_it_is_no_comment(shop, tmp_path):
    root = copy(shop, tmp_path)
    config = root / "config.yaml"
    text = config.read_text()
    config.write_text(
        text.replace("# schedules:", "schedules:").replace("#   nightly", "  nightly")
    )
    listed = json.loads(call(root, "thresher", "schedule", "list", "--format", "json").stdout)
    (nightly,) = listed["schedules"]
    assert (nightly["name"], nightly["environment"], len(nightly["next"])) == ("nightly", "prod", 3)
    assert nightly["installed"] != "yes"
