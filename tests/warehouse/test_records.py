"""What is written as JSON comes back as it was; what cannot be read is told with its place."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_versions import AT, snapshot_of, verdict_of

from thresher.errors import WarehouseError
from thresher.results import (
    CheckResult,
    DataFile,
    Field,
    Publication,
    Snapshot,
    Status,
    Unit,
    UnitOutcome,
    UnitRecord,
    Verdict,
)
from thresher.warehouse.records import (
    dump_publication,
    dump_snapshot,
    dump_verdict,
    load_publication,
    load_row,
    load_snapshot,
    load_verdict,
)

FILE = DataFile("lake/clean/a/f0-1/part-0.parquet", 3, 120, "ab" * 32)
OTHER = DataFile("lake/clean/a/f0-1/part-1.parquet", 4, 80, "cd" * 32)


def full_snapshot() -> Snapshot:
    unit = Unit("data_raw/a.csv", 42, AT + timedelta(microseconds=7), "ef" * 32)
    return snapshot_of(
        "clean.a",
        fingerprint="f0",
        build="1",
        schema=(Field("Straße", "HUGEINT", "DECIMAL(38,0)"), Field("b", "INTEGER", "INTEGER")),
        files=(FILE, OTHER),
        inputs={"raw.a": "f1-2"},
        rows=7,
        rows_in=9,
        units=(
            UnitRecord(unit, UnitOutcome.LOADED, 7, FILE.path),
            UnitRecord(unit, UnitOutcome.SET_ASIDE, reason="no header", hint="add one", line=1),
        ),
    )


def full_verdict() -> Verdict:
    warned = CheckResult(
        check="between(a, 0, 9)",
        kind="between",
        columns=("a",),
        status=Status.WARNED,
        severity="warning",
        violations=2,
        rows=7,
        message="2 of 7 rows",
        examples=({"a": 12, "b": None}, {"a": -1.5, "b": True}),
        figure="2026-03-01",
        path="src/clean/a.sql",
        line=4,
        seconds=0.25,
    )
    passed = CheckResult(check="rows()", kind="rows", status=Status.PASSED)
    return Verdict(
        asset="clean.a", version="f0-1", key="k", rows=7, results=(warned, passed), at=AT
    )


def full_publication() -> Publication:
    view = snapshot_of("clean.v", fingerprint="f3", build="4", sql="select 1 as v")
    return Publication(
        number=12,
        environment="dev",
        run="20260301T123000-abcdef",
        parent=11,
        at=AT,
        snapshots={"clean.a": full_snapshot(), "clean.v": view},
        verdicts={"clean.a": full_verdict()},
        sample="10%",
    )


def test_a_snapshot_comes_back_as_it_was() -> None:
    assert load_snapshot(dump_snapshot(full_snapshot()), "x") == full_snapshot()


def test_a_verdict_comes_back_as_it_was() -> None:
    assert load_verdict(dump_verdict(full_verdict()), "x") == full_verdict()


def test_a_publication_comes_back_as_it_was() -> None:
    assert load_publication(dump_publication(full_publication()), "x") == full_publication()


@given(st.text(), st.integers(min_value=0), st.datetimes(timezones=st.just(UTC)))
def test_any_name_any_size_and_any_time_comes_back(text: str, rows: int, at: datetime) -> None:
    snapshot = snapshot_of("clean.a", run=text, ingredients={text: text}, rows=rows, built_at=at)
    assert load_snapshot(dump_snapshot(snapshot), "x") == snapshot


def test_a_file_name_that_is_no_text_comes_back() -> None:
    name = b"data_raw/\xff.csv".decode("utf-8", "surrogateescape")
    snapshot = snapshot_of("clean.a", sql=name)
    assert load_snapshot(dump_snapshot(snapshot), "x").sql == name


def test_times_are_the_same_instant_in_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5)))
    back = load_snapshot(dump_snapshot(snapshot_of("clean.a", built_at=there)), "x")
    assert back.built_at == AT
    assert back.built_at.tzinfo is UTC


def test_values_of_rows_that_json_lacks_become_text() -> None:
    row = {"n": math.nan, "d": Decimal("1.10"), "day": date(2026, 3, 1), "list": [1, (2.5, None)]}
    result = CheckResult(check="c", kind="unique", status=Status.FAILED, examples=(row,))
    verdict = Verdict(asset="clean.a", version="f0-1", key="k", rows=1, results=(result,), at=AT)
    (back,) = load_verdict(dump_verdict(verdict), "x").results[0].examples
    assert back == {"n": "nan", "d": "1.10", "day": "2026-03-01", "list": [1, [2.5, None]]}


def test_a_row_of_the_list_counts_each_file_once() -> None:
    publication = full_publication()
    again = snapshot_of("clean.b", files=(FILE,), rows=3)
    publication = Publication(
        number=12,
        environment="dev",
        run="r",
        parent=11,
        at=AT,
        snapshots={**publication.snapshots, "clean.b": again},
        verdicts={"clean.b": verdict_of(again)},
    )
    row = load_row(dump_publication(publication), "x")
    assert (row.tables, row.rows, row.bytes) == (3, 10, 200)
    assert (row.number, row.parent, row.run, row.at, row.sample) == (12, 11, "r", AT, None)


def test_an_unknown_format_is_refused() -> None:
    document = json.dumps({**json.loads(dump_publication(full_publication())), "format": 7})
    with pytest.raises(WarehouseError, match=r"p/12\.json: has the format 7") as raised:
        load_publication(document.encode(), "p/12.json")
    assert raised.value.fault.hint == "use the version of Thresher that wrote it, or a newer one"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"format":1}',
        b'{"format":1,"asset":3}',
        dump_snapshot(full_snapshot())[:-20],
        dump_snapshot(full_snapshot()).replace(b"set aside", b"lost"),
        dump_snapshot(full_snapshot()).replace(b'"2026-', b'"26-'),
    ],
)
def test_a_damaged_document_is_told_with_its_place(document: bytes) -> None:
    with pytest.raises(WarehouseError, match=r"lake/a/_version\.json: damaged"):
        load_snapshot(document, "lake/a/_version.json")


def test_reading_a_manifest_loads_neither_duckdb_nor_pyarrow(tmp_path: Path) -> None:
    path = tmp_path / "12.json"
    path.write_bytes(dump_publication(full_publication()))
    script = (
        "import sys; from pathlib import Path; from thresher.warehouse.records import *;"
        "from thresher.warehouse import records, catalog, lake, links, cleanup;"
        "print(records.load_publication(Path(sys.argv[1]).read_bytes(), 'x').number,"
        "sorted({'duckdb', 'pyarrow'} & set(sys.modules)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert process.stdout == "12 []\n"
