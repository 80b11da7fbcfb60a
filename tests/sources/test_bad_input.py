"""Files that are wrong in one way each: a reason, a line and what to do, and nothing else lost."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

import pytest
from source_landing import Landing, gzipped, zipped

from thresher.results import UnitOutcome

LONG = "name,city\n" + "Ada,London\n" * 200_000


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("name,city\nAda,London\nname,city\nBob,Paris\n", 3, "repeats the header"),
        ("id,city\n1,London\nid,city\n2,Paris\n", 3, "repeats the header"),
        ("name,city\r\nAda,London\r\nname,city\r\n", 3, "repeats the header"),
        ("name,city\nAda,London\nname,city", 3, "repeats the header"),
        ("name,city\nAda,London\n\ufeffBob,Paris\n", 3, "begins with a byte order mark"),
        (LONG + "name,city\n", 200_002, "repeats the header"),
    ],
)
def test_files_that_were_put_together_are_refused(
    landing: Landing, text: str, line: int, told: str
) -> None:
    landing.put("a.csv", text)
    record = landing.refusal()
    assert told in (record.reason or "")
    assert record.line == line
    assert landing.read(tolerate_rows=1).record("a.csv").rejected == 1


@pytest.mark.parametrize("length", [2_500_000, 40_000_000])
@pytest.mark.parametrize("end", ["\n3,z\n", "\n", ""])
def test_a_line_that_is_too_long_is_never_lost(landing: Landing, length: int, end: str) -> None:
    landing.put("a.csv", f"a,b\n1,x\n2,{'y' * length}{end}")
    record = landing.refusal()
    assert record.reason == "the row is longer than 2 MB"
    assert record.line == 3
    reading = landing.read(tolerate_rows=1)
    assert reading.written.rows == 1 + end.count("z")
    assert reading.record("a.csv").rejected == 1


def test_a_file_of_another_kind_is_given_up(landing: Landing) -> None:
    landing.put("a.csv", "a,b\n" + "x\n" * 150_000)
    record = landing.refusal(tolerate_rows=5)
    assert (record.reason or "").startswith("more than 100,005 rows are bad; the first: 1 field")
    assert record.line == 2


@pytest.mark.parametrize(
    "text", ["x\nx\n", "name,city\nname,cityhall\nrename,city\n", "1,2\n1,2\n"]
)
def test_what_looks_like_a_header_may_be_a_row(landing: Landing, text: str) -> None:
    landing.put("a.csv", text)
    reading = landing.read(header=not text.startswith("1"))
    assert reading.written.rows == text.count("\n") - (not text.startswith("1"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(b"a\n" + b"1\n" * 100_000)),
        ("a.zip", zipped({"1.csv": "a\n" + "1\n" * 50_000, "2.csv": "a\n" + "1\n" * 50_000})),
    ],
)
def test_what_unpacks_beyond_its_limit_is_refused(
    landing: Landing, name: str, content: bytes
) -> None:
    landing.put(name, content)
    record = landing.refusal(unpack_limit="150KB")
    assert record.reason == "it unpacks to more than 150,000 bytes"
    assert "unpack_limit" in (record.hint or "")
    assert landing.read(unpack_limit="300KB").written.rows == 100_000


def test_an_archive_cut_short_is_refused_and_others_go_on(landing: Landing) -> None:
    landing.put("1.csv.gz", gzipped("a,b\n" + "1,x\n" * 5_000)[:-20])
    landing.put("2.zip", zipped({"1.csv": "a,b\n" + "1,x\n" * 5_000})[:-30])
    landing.put("3.csv", "a,b\n2,y\n")
    reading = landing.read(tolerate=2, tolerate_rows="100%")
    outcomes = {r.unit.path: r.outcome for r in reading.written.records}
    assert outcomes["1.csv.gz"] is outcomes["2.zip"] is UnitOutcome.SET_ASIDE
    assert "cut short" in (reading.record("1.csv.gz").reason or "")
    assert reading.rows == [(2, "y")]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_an_encoding_is_seen_in_the_file(landing: Landing, encoding: str) -> None:
    landing.put("a.csv", "name,city\nÉva,Köln\n".encode(encoding))
    reading = landing.read(encoding="detect")
    assert reading.rows == [("Éva", "Köln")]
    assert reading.record("a.csv").lines == 2


def test_what_is_in_no_sure_encoding_is_not_guessed(landing: Landing) -> None:
    landing.put("a.csv", "name,city\nÉva,Köln\n".encode("windows-1252"))
    record = landing.refusal(encoding="detect")
    assert "it is not `utf-8`: byte 11" in (record.reason or "")
    assert "encoding:" in (record.hint or "")


@pytest.mark.parametrize(
    ("text", "types", "options", "rows", "bad"),
    [
        ("a;b\n1,5;x\n1.5;y\n", {"a": "double"}, {"decimal": ","}, [(1.5, "x")], 1),
        (
            "a,b\n31/12/2013,x\n2013-12-31,y\n",
            {"a": "date"},
            {"date_format": "%d/%m/%Y"},
            [(dt.date(2013, 12, 31), "x")],
            1,
        ),
        ("a,b\n1;x\n2;y\n3,z\n", {}, {}, [(3, "z")], 2),
        ("a,b\n1,x\n\n\n2", {}, {}, [(1, "x")], 1),
    ],
)
def test_rows_written_otherwise_than_declared_are_rejected(
    landing: Landing,
    text: str,
    types: dict[str, str],
    options: dict[str, Any],
    rows: list[Any],
    bad: int,
) -> None:
    landing.put("a.csv", text)
    reading = landing.read(types=types, tolerate_rows=2, **options)
    assert reading.rows == rows
    assert reading.record("a.csv").rejected == bad
