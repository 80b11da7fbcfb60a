"""The command line as a person meets it: real processes, their exit codes and what they print."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest

FILES = {
    "config.yaml": """\
pipeline: shop
environments: {dev: {}, prod: {protected: true}}
params:
  least: 1
  region: ${REGION}
  password: hunter2-in-config
run: {workers: 2, retries: 0}
""",
    ".env": "REGION=north-of-nowhere\n",
    ".env.example": "REGION=\n",
    "data_raw/orders.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n",
    "src/raw/orders.yaml": "source: {files: data_raw/*.csv}\n",
    "src/clean/orders.sql": "/* ---\ndescription: Orders.\ncolumns:\n"
    "  id: {type: bigint, unique: true}\n"
    "  amount: {at_most: 25, severity: warning}\n--- */\n"
    "select * from raw.orders where amount >= $least and $region <> 'here'",
    "queries/top.sql": "select customer, sum(amount) as total from clean.orders "
    "group by 1 order by 2 desc limit 2",
}


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def shop(tmp_path):
    return write(tmp_path / "shop", FILES)


def thresher(root, *arguments, **env):
    done = subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", **env},
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr or "--debug" in arguments, done.stderr
    return done


def test_the_whole_way_on_the_command_line(shop):
    assert thresher(shop, "validate").stdout == "valid: 2 assets in the environment `dev`\n"
    plan = thresher(shop, "plan")
    assert "never built" in plan.stdout
    run = thresher(shop, "run")
    assert run.returncode == 0
    assert "published 1 (dev): 2 tables, 3 rows in" in run.stdout
    assert "1 of 3 rows" in run.stdout
    assert "\x1b" not in run.stdout + run.stderr
    asked = thresher(shop, "query", "--file", "queries/top.sql")
    assert asked.stdout.split() == ["customer", "total", "a", "40", "b", "20"]
    assert "2 rows in" in asked.stderr
    bound = thresher(
        shop, "query", "select id from clean.orders where amount > $min", "--param", "min=15"
    )
    assert bound.stdout.split() == ["id", "2", "3"]
    shown = thresher(shop, "show", "clean.orders", "--limit", "1")
    assert len(shown.stdout.splitlines()) == 2
    (path,) = thresher(shop, "path", "clean.orders").stdout.split()
    assert path.endswith(".parquet")
    assert "published" in thresher(shop, "runs").stdout
    assert "clean.orders" in thresher(shop, "runs", "show").stdout
    assert thresher(shop, "publications").stdout.count("\n") == 2
    assert "raw.orders" in thresher(shop, "graph").stdout
    assert thresher(shop, "gc").returncode == 0
    assert thresher(shop, "rollback").returncode == 1


def test_json_is_json_and_nothing_else(shop):
    def read(*arguments):
        done = thresher(shop, *arguments, "--format", "json")
        return json.loads(done.stdout)

    assert read("validate") == {"format": 1, "valid": True, "faults": []}
    assert [step["action"] for step in read("plan")["steps"]] == ["build", "build"]
    assert read("run")["run"]["status"] == "published"
    assert read("query", "select 1 as x, date '2020-01-02' as d")["rows"] == [
        {"x": 1, "d": "2020-01-02"}
    ]
    assert read("show", "raw.orders", "-n", "1")["rows"] == [
        {"id": 1, "customer": "a", "amount": 10}
    ]
    assert read("graph") == {"raw.orders": [], "clean.orders": ["raw.orders"]}
    assert read("path", "raw.orders")["files"]
    assert read("publications")["publications"][0]["number"] == 1
    assert read("runs")["runs"][0]["status"] == "published"
    assert read("runs", "show")["steps"]
    assert read("gc", "--dry-run")["removed"] == []


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "arrow"])
def test_rows_are_exported(shop, ending):
    import pandas
    import polars

    thresher(shop, "run", "-q")
    sql = "select id, sum(amount) as total from clean.orders group by id order by id"
    done = thresher(shop, "query", sql, "--export", f"out.{ending}")
    assert (done.returncode, done.stdout) == (0, "")
    read = {
        "parquet": pandas.read_parquet,
        "csv": pandas.read_csv,
        "json": pandas.read_json,
        "arrow": lambda path: polars.read_ipc(path).to_pandas(),
    }[ending]
    frame = read(shop / f"out.{ending}")
    assert [int(value) for value in frame["total"]] == [10, 20, 30]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rum"], "did you mean `run`?"),
        (["run", "--env", "prd"], "did you mean `prod`?"),
        (["run", "--param", "leest=2"], "did you mean `least`?"),
        (["run", "--param", "least"], "--param name=value"),
        (["run", "--select", "clean.ordres"], "did you mean `clean.orders`?"),
        (["run", "--env", "prod", "--sample", "1%"], "is protected"),
        (["run", "--sample", "lots"], "should be a share"),
        (["query", "select 1"], "nothing is published"),
        (["query"], "give a query"),
        (["graph", "--format", "svgg"], "svgg"),
        (["show", "clean.x"], "there is no asset `clean.x`"),
        (["path", "clean.orders"], "nothing is published"),
        (["rollback", "77"], "has no publication `77`"),
        (["runs", "show", "abc"], "the history holds no runs"),
    ],
)
def test_a_wrong_command_says_what_to_do_and_exits_with_2(shop, arguments, told):
    done = thresher(shop, *arguments)
    assert told in done.stderr
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_wrong_project_exits_with_2_and_runs_nothing(shop):
    write(shop, {"src/clean/x.sql": "select * frm raw.orders x y", "config.yaml": "pipelin: x\n"})
    done = thresher(shop, "run")
    assert done.returncode == 2
    assert "src/clean/x.sql:1:" in done.stderr
    assert "did you mean `pipeline`?" in done.stderr
    assert not (shop / "warehouse").exists()
    assert not (shop / "logs").exists()


def test_outside_a_project(tmp_path):
    done = thresher(tmp_path, "run")
    assert (done.returncode, "thresher init" in done.stderr) == (2, True)


def test_a_failed_run_exits_with_1_and_says_that_nothing_was_published(shop):
    thresher(shop, "run")
    write(shop, {"src/clean/bad.sql": "select error('broken on purpose') as x from raw.orders"})
    done = thresher(shop, "run")
    assert done.returncode == 1
    assert "broken on purpose" in done.stdout
    assert "nothing was published" in done.stdout
    assert (shop / "logs" / "error.log").exists()


def test_no_secret_is_written_anywhere(shop):
    write(
        shop,
        {
            "src/clean/leak.sql": "select error($password || $region) as x from raw.orders",
            "src/clean/leak_py.py": "import logging\nfrom thresher import asset, Context\n"
            "import pyarrow as pa\n"
            "@asset\ndef leak_py(ctx: Context) -> pa.Table:\n"
            "    ctx.logger.warning('got %s', ctx.params['password'])\n"
            "    raise ValueError(ctx.params['region'])\n",
        },
    )
    outputs = [
        thresher(shop, "run"),
        thresher(shop, "run", "--debug"),
        thresher(shop, "runs", "show"),
    ]
    outputs.append(thresher(shop, "run", "--format", "json"))
    outputs.append(thresher(shop, "query", "select $password as p"))
    written = [p for p in shop.rglob("*") if p.is_file() and "src" not in p.parts]
    written = [p for p in written if p.name not in (".env", "config.yaml")]
    written = [p for p in written if p.suffix != ".parquet"]  # what a query puts into data is data
    assert any(p.name == "error.log" for p in written)
    for secret in ("hunter2-in-config", "north-of-nowhere"):
        for done in outputs:
            assert secret not in done.stdout + done.stderr
        for path in written:
            assert secret.encode() not in path.read_bytes(), path


def test_a_held_environment_exits_with_5_and_says_who_holds_it(shop):
    from thresher.warehouse.lock import hold

    with hold(shop / "warehouse", "dev", "20260101T000000-abcdef"):
        done = thresher(shop, "run")
        assert done.returncode == 5
        assert "20260101T000000-abcdef" in done.stderr
        assert thresher(shop, "run", "--env", "prod", "-q").returncode == 0


@pytest.fixture
def slow_run(shop):
    """Give a run that would take hours, once it computes."""
    thresher(shop, "run", "-q")
    write(
        shop,
        {
            "src/clean/slow.sql": "select sum(a.i * b.i) as x from range(10000000) a(i), "
            "range(100000) b(i) where exists (from raw.orders)"
        },
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "thresher", "run"],
        cwd=shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = shop / "logs" / "shop.log"
    for _ in range(600):
        if "started clean.slow" in log.read_text():
            break
        time.sleep(0.05)
    yield process
    process.kill()
    process.communicate()


def test_a_run_that_can_tell_nobody_ends_all_the_same(slow_run):
    for stream in (slow_run.stdout, slow_run.stderr):
        stream.close()
    slow_run.send_signal(signal.SIGTERM)
    assert slow_run.wait(timeout=60) != 0
    slow_run.stdout = slow_run.stderr = None


def test_a_termination_is_swallowed_by_no_handler_of_errors():
    from thresher.cli.main import _terminated

    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            _terminated(signal.SIGTERM, None)
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
    assert not isinstance(caught.value, Exception)  # which loggers swallow
    assert caught.value.signal_number == signal.SIGTERM


def test_strict_exits_with_3_where_a_file_was_set_aside(shop):
    write(
        shop,
        {
            "src/raw/orders.yaml": "source: {files: data_raw/*.csv, tolerate: 1}\n",
            "data_raw/z.csv": "id,customer,amount\n1,b\n",
        },
    )
    done = thresher(shop, "run", "--strict")
    assert done.returncode == 3
    assert "data_raw/z.csv" in done.stdout
    assert "set aside" in done.stdout
    assert thresher(shop, "run").returncode == 0


def test_reports_of_a_run(shop):
    thresher(shop, "run")
    latest = shop / "reports" / "latest"
    assert json.loads((latest / "report.json").read_text())["run"]["status"] == "published"
    page = (latest / "report.html").read_text()
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//|url\(|@import""", page)
    suites = ET.parse(latest / "junit.xml").getroot()
    assert {suite.get("name") for suite in suites} >= {"clean.orders"}
    assert (shop / "reports" / latest.readlink()).is_dir()


def test_every_command_has_help_with_an_example():
    from thresher.cli.main import COMMANDS

    listed = thresher(".", "--help").stdout
    for group in COMMANDS.values():
        for name in group:
            assert f"  {name}" in listed
            assert "Example: thresher" in thresher(".", name, "--help").stdout
