"""A frame that would not fit is refused before it is loaded; what is read in parts is not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from thresher.engines.duckdb_inputs import Input
from thresher.engines.frame_sizes import frame_size, is_whole
from thresher.errors import AssetError

HEAD = """
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from thresher import asset

"""
WHOLE = ("pandas.DataFrame", "polars.DataFrame", "pyarrow.Table")
ROWS = "select range as n, 'text ' || range % 10 as t from range(200000)"


def asset(kind: str, name: str = "raw.n", body: str = "return [{'n': 1}]") -> str:
    short = kind.replace("pandas", "pd").replace("polars", "pl").replace("pyarrow", "pa")
    return f"{HEAD}@asset(inputs={{'n': '{name}'}})\ndef made(n: {short}):\n    {body}\n"


@pytest.fixture
def small(make_shop: Callable[..., Any]) -> Any:
    """Give a project whose runs may use four megabytes."""
    return make_shop(limit=4_000_000)


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_frame_that_does_not_fit_is_refused(small: Any, kind: str) -> None:
    raw = small.sql("raw.n", ROWS)
    with pytest.raises(AssetError) as caught:
        small.python("clean.made", asset(kind, body="raise AssertionError"), raw)
    fault = caught.value.fault
    assert fault.what.startswith(f"it asks for the whole of `raw.n` as `{kind}`, about ")
    assert fault.what.endswith(" MB, and `run.memory` is 4 MB")
    assert fault.place.path == "src/clean/made.py"
    assert "polars.LazyFrame" in fault.hint
    assert "run.memory" in fault.hint
    assert "isolate=True" in fault.hint


def test_frames_that_fit_alone_are_refused_together(small: Any) -> None:
    raw = small.sql("raw.n", "select range as n from range(300000)")
    view = small.sql("raw.v", "from raw.n where n >= 0", raw, view=True)
    head = f"{HEAD}@asset(inputs={{'n': 'raw.n', 'v': 'raw.v'}})\ndef made"
    body = "    return [{'n': 1}]\n"
    for kinds in (("pa.Table", "pl.LazyFrame"), ("pa.RecordBatchReader", "pa.Table")):
        source = f"{head}(n: {kinds[0]}, v: {kinds[1]}):\n{body}"
        if kinds[1] == "pa.Table":
            assert small.python("clean.made", source, raw, view).rows == 1
            continue
        # A view has no files that Polars could read in parts.
        both = "`raw.n` as `pyarrow.Table` and `raw.v` as `polars.LazyFrame`"
        with pytest.raises(AssetError, match=f"whole of {both}, about 5.6 MB"):
            small.python("clean.made", source, raw, view)


@pytest.mark.parametrize(
    "kind", ["polars.LazyFrame", "pyarrow.RecordBatchReader", "duckdb.DuckDBPyRelation"]
)
def test_what_is_read_in_parts_is_not_refused(small: Any, kind: str) -> None:
    raw = small.sql("raw.n", ROWS)
    assert small.python("clean.made", asset(kind, body="return n"), raw).rows == 200_000


def test_a_lazy_frame_that_cannot_be_read_in_parts_is_a_whole_one(small: Any) -> None:
    raw = small.sql("raw.n", f"select *, uuid() as u from ({ROWS})")
    with pytest.raises(AssetError, match=r"as `polars\.LazyFrame`, about"):
        small.python("clean.made", asset("polars.LazyFrame"), raw)


def test_without_a_limit_or_in_a_process_of_its_own_it_is_tried(
    make_shop: Callable[..., Any], small: Any
) -> None:
    free = make_shop("free")
    assert free.python("clean.made", asset("pyarrow.Table"), free.sql("raw.n", ROWS)).rows == 1
    tried = make_shop("tried", limit=400_000_000)
    tried.isolate = True
    assert tried.python("clean.made", asset("pyarrow.Table"), tried.sql("raw.n", ROWS)).rows == 1


@pytest.mark.parametrize("name", ["raw.n", "raw.v"])
def test_the_estimate_is_near_what_arrow_takes(shop: Any, name: str) -> None:
    raw = shop.sql("raw.n", ROWS)
    view = shop.sql("raw.v", "from raw.n", raw, view=True)
    given = {"raw.n": raw, "raw.v": view}
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        for table in ("raw.n", "raw.v"):
            path = shop.warehouse / raw.files[0].path
            connection.execute(f"create view {table} as from '{path}'")
        table = Input(connection, name, given[name], shop.warehouse, "UTC")
        assert is_whole("polars.LazyFrame", table) is (name == "raw.v")
        real = table.reader().read_all().nbytes
        assert real < frame_size("pyarrow.Table", table) < 1.4 * real


MEASURED = """
import json, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from conftest import Workshop
import pandas, polars, pyarrow
shop = Workshop(Path({root!r}), memory="40MB")
raw = shop.sql("raw.n", "select range as n, md5(range::varchar) as t from range(4000000)")
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
begun = peak()
shop.sql("clean.grouped", "select n % 3000017 as k, max(t) as t from raw.n group by k", raw)
shop.python("clean.read", '''{reader}''', raw)
print(json.dumps([begun, peak()]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process uses")
def test_inputs_several_times_the_memory_stay_within_it(tmp_path: Path) -> None:
    code = MEASURED.format(
        here=str(Path(__file__).parent),
        root=str(tmp_path / "p"),
        reader=asset("pa.RecordBatchReader", body="return n"),
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.stderr
    begun, peak = json.loads(done.stdout)
    assert peak - begun < 120_000_000 < 4_000_000 * (8 + 4 + 32)
