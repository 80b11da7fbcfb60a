from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from thresher.errors import (
    AssetError,
    CredentialsError,
    DiskFullError,
    ThresherError,
    TransientError,
)

INPUTS = """
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from thresher import Context, asset

@asset(inputs={"lazy": "raw.n", "eager": "raw.n", "frame": "raw.n", "table": "raw.n",
               "reader": "raw.n", "relation": "raw.n", "other": "raw.m"})
def made(lazy: pl.LazyFrame, eager: pl.DataFrame, frame: pd.DataFrame, table: pa.Table,
         reader: pa.RecordBatchReader, relation: duckdb.DuckDBPyRelation, other: pl.LazyFrame,
         ctx: Context):
    yield [{"how": "lazy", "n": lazy.collect().height}]
    yield [{"how": "eager", "n": eager.height}]
    yield [{"how": "frame", "n": len(frame)}]
    yield [{"how": "table", "n": table.num_rows}]
    yield [{"how": "reader", "n": sum(batch.num_rows for batch in reader)}]
    yield [{"how": "relation", "n": relation.aggregate("count(*)").fetchall()[0][0]}]
    yield [{"how": "other", "n": other.collect()["m"][0] * ctx.params["factor"]}]
    yield [{"how": f"{ctx.run} {ctx.run_time:%H:%M}", "n": 0}]
"""


def make(shop: Any, body: str, head: str = "") -> Any:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return shop.python(
        "clean.made", f"from thresher import asset\n{head}\n@asset()\ndef made():\n{lines}\n"
    )


def raised(shop: Any, body: str, head: str = "") -> ThresherError:
    with pytest.raises(ThresherError) as caught:
        make(shop, body, head)
    return caught.value


def test_inputs_and_context_are_given_as_they_are_asked_for(shop: Any) -> None:
    raw = shop.sql("raw.n", "select range as n from range(300000)")
    other = shop.sql("raw.m", "select 7 as m")
    built = shop.python("clean.made", INPUTS, raw, other, params={"factor": 3})
    kinds = ["eager", "frame", "lazy", "reader", "relation", "table"]
    assert dict(shop.rows("select how, n from clean.made", built)) == {
        **dict.fromkeys(kinds, 300_000),
        "other": 21,
        "r1 12:00": 0,
    }


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("pl.LazyFrame", "return n.with_columns(m=n.collect_schema().len() + pl.col('n'))"),
        ("pa.RecordBatchReader", "return n"),
        ("duckdb.DuckDBPyRelation", "return n.project('n, n + 1 as m')"),
    ],
)
def test_a_large_table_goes_through(shop: Any, kind: str, body: str) -> None:
    raw = shop.sql("raw.n", "select range as n from range(1000000)")
    head = "import duckdb\nimport polars as pl\nimport pyarrow as pa\nfrom thresher import asset\n"
    source = f"{head}@asset(inputs={{'n': 'raw.n'}})\ndef made(n: {kind}):\n    {body}\n"
    built = shop.python("clean.made", source, raw)
    query = (
        "select count(*), sum(n)::bigint, count(*) filter (before > n) from ("
        "select n, lag(n) over () as before from clean.made)"
    )
    assert shop.rows(query, built) == [(1_000_000, 499999500000, 0)]


def test_the_context_cannot_be_changed_and_logs_to_what_the_job_gives(
    shop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
from thresher import Context, asset
@asset()
def made(ctx: Context):
    try:
        ctx.params["a"] = 2
    except TypeError:
        ctx.logger.info("refused")
    return [{"a": ctx.params["a"]}]
"""
    logger = logging.getLogger("of the job")
    with caplog.at_level(logging.INFO):
        built = shop.python("clean.made", source, params={"a": 1}, logger=logger)
        assert shop.rows("from clean.made", built) == [(1,)]
    assert caplog.record_tuples == [("of the job", logging.INFO, "refused")]


def test_the_author_s_code_runs_in_one_thread(shop: Any) -> None:
    body = """
connection = sqlite3.connect(":memory:")
for number in range(20):
    yield [{"n": n, "thread": threading.get_ident()} for n, in connection.execute("select 1")]
"""
    built = make(shop, body, "import sqlite3\nimport threading")
    assert shop.rows("select distinct thread from clean.made", built) == [(threading.get_ident(),)]
    assert built.rows == 20
    assert sqlite3.threadsafety in (1, 3)


@pytest.mark.parametrize(
    ("body", "what", "line"),
    [
        ("x = 1\nraise ValueError('not this')", "ValueError: not this", 6),
        ("return {}['nope']", "KeyError: 'nope'", 5),
        ("import json\nreturn json.loads('{')", "JSONDecodeError: Expecting property name", 6),
        ("yield [{'n': 1}]\nraise ValueError('midway')", "ValueError: midway", 6),
        (
            "for n in range(500):\n    yield [{'n': n}]\nraise ValueError('late')",
            "ValueError: late",
            7,
        ),
        ("raise AssertionError", "AssertionError", 5),
        ("import sys\nsys.exit(3)", "it called `sys.exit(3)`", 6),
        ("raise ValueError('x' * 10000)", "ValueError: " + "x" * 500 + "...", 5),
        (
            "__import__('nothing_like_it')",
            "ModuleNotFoundError: No module named",
            5,
        ),
    ],
)
def test_an_error_names_the_author_s_line(shop: Any, body: str, what: str, line: int) -> None:
    error = raised(shop, body)
    assert isinstance(error, AssetError)
    assert error.fault.what.startswith(what)
    place = error.fault.place
    assert (place.path, place.line, place.asset) == ("src/clean/made.py", line, "clean.made")
    assert error.__cause__ is not None


def test_the_deepest_line_of_the_project_is_named(shop: Any) -> None:
    shop.write("src/parsing.py", "import json\n\ndef parse(text):\n    return json.loads(text)\n")
    error = raised(shop, "return parse('{')", "from parsing import parse")
    assert str(error.fault.place) == "src/parsing.py:4 (clean.made)"


def test_what_is_installed_inside_the_project_is_not_the_author_s(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ".venv/lib/python3/site-packages"
    shop.write(f"{folder}/installed.py", "def fail():\n    raise ValueError('inside')\n")
    monkeypatch.syspath_prepend(str(shop.root / folder))
    error = raised(shop, "importlib.import_module('installed').fail()", "import importlib")
    assert str(error.fault.place) == "src/clean/made.py:5 (clean.made)"


@pytest.mark.parametrize(
    ("body", "type_", "what"),
    [
        ("raise ConnectionResetError('gone')", TransientError, "ConnectionResetError: gone"),
        ("yield [{'n': 1}]\nraise TimeoutError('slow')", TransientError, "TimeoutError: slow"),
        ("raise thresher.TransientError('busy', hint='wait')", TransientError, "busy"),
        (
            "raise OSError(28, 'No space left on device')",
            DiskFullError,
            "no space left on the disk",
        ),
        ("raise CredentialsError('no token')", CredentialsError, "no token"),
        ("raise FileNotFoundError(2, 'No such file')", AssetError, "FileNotFoundError: [Errno 2]"),
    ],
)
def test_the_type_tells_whether_to_try_again(
    shop: Any, body: str, type_: type[ThresherError], what: str
) -> None:
    error = raised(shop, body, "import thresher; from thresher.errors import CredentialsError")
    assert type(error) is type_
    assert error.fault.what.startswith(what)
    assert error.fault.place.path == "src/clean/made.py"
    assert error.fault.place.line is not None


def test_a_keyboard_interrupt_passes(shop: Any) -> None:
    for body in ("raise KeyboardInterrupt", "yield [{'n': 1}]\nraise KeyboardInterrupt"):
        with pytest.raises(KeyboardInterrupt):
            make(shop, body)


def test_a_missing_package_says_how_to_get_it(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write(
        "src/clean/made.py",
        "from thresher import asset\nimport polars\n@asset()\ndef made(): ...\n",
    )
    asset = shop.function("clean.made")
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(AssetError) as caught:
        shop.build(asset, (), params={})
    assert caught.value.fault.hint == "pip install 'thresher[polars]'"
    assert caught.value.fault.place.line == 2


def test_a_full_disk_ends_a_stream(shop: Any, tmp_path: Path) -> None:
    body = "while True: yield [{'n': n} for n in range(100000)]"
    shop.write(
        "src/clean/made.py", f"from thresher import asset\n@asset()\ndef made():\n    {body}\n"
    )
    (tmp_path / "data.parquet").symlink_to("/dev/full")
    job = shop.job(shop.function("clean.made"), (), folder=tmp_path)
    with pytest.raises(DiskFullError):
        shop.engine.build(job)


def test_an_interrupt_ends_a_stream(shop: Any) -> None:
    body = "while True: yield [{'n': n} for n in range(1000)]"
    timer = threading.Timer(0.3, shop.engine.interrupt)
    timer.start()
    error = raised(shop, body)
    timer.join()
    assert error.fault.what == "interrupted"
