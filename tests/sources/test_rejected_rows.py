"""Files with bad rows: what is loaded, what is rejected and why, and that all is counted."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from source_landing import Landing, Reading, gzipped, zipped

from thresher.errors import SourceError
from thresher.results import Field, UnitRecord
from thresher.sources import sieve
from thresher.sources.sieve import Sieve

SCHEMA = (Field("a", "BIGINT", "BIGINT"), Field("b", "VARCHAR", "VARCHAR"))


def rejects(reading: Reading, record: UnitRecord) -> list[dict[str, Any]]:
    if record.rejects is None:
        return []
    return pq.read_table(reading.folder / record.rejects).to_pylist()


def adds_up(record: UnitRecord) -> bool:
    beside = record.rejected + record.header + record.blank + record.continuation
    return record.lines == record.rows + beside


@pytest.mark.parametrize(
    ("text", "rows", "bad"),
    [
        ("a,b\n1,x\n2\n3,y\n", [(1, "x"), (3, "y")], [(3, 3, "1 field instead of 2", "2")]),
        ("a,b\n1,x,y\n3,y\n", [(3, "y")], [(2, 2, "3 fields instead of 2", "1,x,y")]),
        (
            "a,b\n1,x\n2;y\n3,z\n",
            [(1, "x"), (3, "z")],
            [(3, 3, "1 field instead of 2: it may be delimited by `;`", "2;y")],
        ),
        (
            'a,b\n1,x\n2,"y\n3,z\n4,w\n',
            [(1, "x"), (3, "z"), (4, "w")],
            [(3, 3, "a quote is not closed", '2,"y')],
        ),
        (
            'a,b\n1,"x"y\n2,"z ""q"""\n',
            [(2, 'z "q"')],
            [(2, 2, "a quote is followed by more, or is not closed", '1,"x"y')],
        ),
        (
            'a,b\n1,"p\nq",r\n2,"s\nt"\n',
            [(2, "s\nt")],
            [(2, 3, "3 fields instead of 2", '1,"p\nq",r')],
        ),
        (
            b"a,b\n1,caf\xe9\n2,\xc3\xa9\n",
            [(2, "é")],
            [(2, 2, "it is not `utf-8`: it holds the byte 0xe9", "1,caf\\xe9")],
        ),
        (b"a,b\n1,\0\n2,x\n", [(2, "x")], [(2, 2, "it holds a NUL byte", "1,\\x00")]),
        (
            "a,b\n1,x\na,b\n2,y\n",
            [(1, "x"), (2, "y")],
            [(3, 3, "it repeats the header", "a,b")],
        ),
        (
            '\ufeffa,b\r\n1,x\r\n\ufeff"a","b"\r\n2,y\n3,z\r\n',
            [(1, "x"), (2, "y"), (3, "z")],
            [(3, 3, "it repeats the header", '\ufeff"a","b"')],
        ),
        (
            "a,b\n1,x\n\ufeff2,y\n3,z\n4\n",
            [(1, "x"), (3, "z")],
            [
                (3, 3, "it begins with a byte order mark: files were put together", "\ufeff2,y"),
                (5, 5, "1 field instead of 2", "4"),
            ],
        ),
        (
            "a,b\n\n1,x\r\n2\r3,y\n\n",
            [(1, "x"), (3, "y")],
            [(4, 4, "1 field instead of 2", "2")],
        ),
    ],
)  # fmt: skip
def test_bad_rows_are_rejected_and_the_others_loaded(
    landing: Landing, text: str | bytes, rows: list[Any], bad: list[tuple[Any, ...]]
) -> None:
    landing.put("a.csv", text)
    reading = landing.read(tolerate_rows=2, types={"a": "bigint"})
    record = reading.record("a.csv")
    found = rejects(reading, record)
    assert reading.rows == rows
    assert [(r["line"], r["last_line"], r["reason"], r["text"]) for r in found] == bad
    assert {r["path"] for r in found} == {"a.csv"}
    assert (record.rejected, record.rows) == (len(bad), len(rows))
    assert reading.written.rejects == ((record.rejects, len(bad)),)
    assert adds_up(record)


def test_every_value_that_does_not_fit_rejects_its_row(landing: Landing) -> None:
    landing.put("a.csv", 'a,b\n1,2013-01-01\nx,2013-01-02\n\n3,"no\ndate"\n4,2013-01-04\n5\ny,z\n')
    reading = landing.read(tolerate_rows="80%", types={"a": "bigint", "b": "date"})
    record = reading.record("a.csv")
    assert [row[0] for row in reading.rows] == [1, 4]
    assert [
        (r["line"], r["last_line"], r["column"], r["reason"]) for r in rejects(reading, record)
    ] == [
        (3, 3, "a", "`a` should be BIGINT, not `x`"),
        (5, 6, "b", "`b` should be DATE, not `no\\ndate`"),
        (8, 8, None, "1 field instead of 2"),
        (9, 9, "a", "`a` should be BIGINT, not `y`"),
    ]
    assert (record.lines, record.blank, record.continuation) == (9, 1, 1)
    assert adds_up(record)


def test_values_that_do_not_fit_what_earlier_files_decided_are_rejected(landing: Landing) -> None:
    landing.put("a.csv", "a,b\n1,x\n1.5,y\n2,z\n")
    reading = landing.read(tolerate_rows=1, schema=SCHEMA)
    assert reading.rows == [(1, "x"), (2, "z")]
    (found,) = rejects(reading, reading.record("a.csv"))
    assert (found["line"], found["column"]) == (3, "a")
    assert "decided by earlier files" in found["reason"]


def test_a_bad_row_has_no_say_in_the_types(landing: Landing) -> None:
    landing.put("a.csv", "a,b\n" + "1,2\n" * 30_000 + "x\n3,4\n")
    reading = landing.read(tolerate_rows=1)
    assert reading.types == {"a": "BIGINT", "b": "BIGINT"}
    assert reading.written.rows == 30_001


@pytest.mark.parametrize(("tolerate", "loaded"), [("1", False), ("2", True), ("49%", False)])
def test_beyond_its_tolerance_a_file_is_set_aside_whole(
    landing: Landing, tolerate: str, loaded: bool
) -> None:
    landing.put("1.csv", "a,b\n1,x\n2\n3,y\n4\n")
    landing.put("2.csv", "a,b\n5,z\n")
    reading = landing.read(tolerate_rows=tolerate, tolerate=1)
    record = reading.record("1.csv")
    if loaded:
        assert reading.rows == [(1, "x"), (3, "y"), (5, "z")]
        return
    assert reading.rows == [(5, "z")]
    assert record.reason == (
        f"2 of 4 rows are bad, and `tolerate_rows` is {tolerate}; the first: 1 field instead of 2"
    )
    assert record.line == 3
    assert sorted(path.name for path in reading.folder.iterdir()) == ["0002.parquet"]


def test_misfits_count_towards_the_tolerance(landing: Landing) -> None:
    landing.put("a.csv", "a,b\n1,x\n2\n3,y\nz,w\n")
    record = landing.refusal(tolerate_rows=1, types={"a": "int"})
    assert record.reason == (
        "2 of 4 rows are bad, and `tolerate_rows` is 1; the first: 1 field instead of 2"
    )
    landing.put("a.csv", "a,b\n1,x\nz,w\n3,y\n4\n")
    record = landing.refusal(tolerate_rows=1, types={"a": "int"})
    assert (record.reason or "").endswith("the first: `a` should be INTEGER, not `z`")
    assert record.line == 3


def test_without_tolerance_files_are_refused_as_ever(landing: Landing) -> None:
    landing.put("a.csv", "a,b\n1,2\n3\n")
    assert landing.refusal().reason == "the row has 1 field instead of 2"


def test_long_texts_are_kept_in_part(landing: Landing) -> None:
    landing.put("a.csv", f"a,b\n{'x' * 5_000}\n1,y\n{'z' * 3_000_000}\n2,w\n")
    reading = landing.read(tolerate_rows=2)
    short, long = rejects(reading, reading.record("a.csv"))
    assert reading.rows == [(1, "y"), (2, "w")]
    assert short["text"] == f"{'x' * 2_000}... (5,000 characters in all)"
    assert long["text"] == f"{'z' * 2_000}... (3,000,000 characters in all)"
    assert long["reason"] == "it is longer than 2 MB"


@pytest.mark.parametrize(
    ("encoding", "content", "rows"),
    [
        ("windows-1252", "a,b\n1,é\n".encode("cp1252") + b"2,\x81\n3,x\n", [(1, "é"), (3, "x")]),
        ("shift_jis", "a,b\n1,日\n".encode("shift_jis") + b"2,\x81\n3,x\n", [(1, "日"), (3, "x")]),
        (
            "utf-16",
            "a,b\n1,é\n".encode("utf-16") + b"\x00\xd8" + "\n3,x\n".encode("utf-16-le"),
            [(1, "é"), (3, "x")],
        ),
    ],
)
def test_what_is_no_text_in_a_declared_encoding_is_rejected(
    landing: Landing, encoding: str, content: bytes, rows: list[Any]
) -> None:
    landing.put("a.csv", content)
    reading = landing.read(tolerate_rows=1, encoding=encoding)
    assert reading.rows == rows
    (found,) = rejects(reading, reading.record("a.csv"))
    assert found["line"] == 3
    assert adds_up(reading.record("a.csv"))


@pytest.mark.parametrize(
    ("name", "text", "rows", "bad"),
    [
        ("a.ndjson", '{"a":1}\n{"a":}\n\n{"a":3}\n', [1, 3], [(2, 2, "not valid JSON")]),
        ("a.ndjson", '{"a":1}\n5\n{"a":3}', [1, 3], [(2, 2, "`5` is no object")]),
        ("a.ndjson", '{"a":1}\r\n{"a":2,"a":3}\r\n', [1], [(2, 2, "the key `a` twice")]),
        ("a.ndjson", '{"a":1}\n{"A":2}\n{"a":1\n', [1], [(2, 2, "`A` is called `a`"), (3, 3, "")]),
        ("a.json", '[{"a":1},\n{"a":},\n{"a":3}]', [1, 3], [(2, 2, "not valid JSON")]),
        ("a.json", '[{"a":1},\n{"a":2,\n"":1},\n7]', [1], [(2, 3, "empty"), (4, 4, "no object")]),
        ("a.json", '{"a":1}\n{"a":]}\n', None, []),
        ("a.json", '{"a":1}\n{"b":\n[1,}]}', None, []),
        ("a.json", '[{"a":1}, {"a":2', None, []),
    ],
)  # fmt: skip
def test_bad_records_of_json(
    landing: Landing, name: str, text: str, rows: list[int] | None, bad: list[tuple[int, int, str]]
) -> None:
    landing.put(name, text)
    if rows is None:
        assert landing.refusal(tolerate_rows=2).reason
        return
    reading = landing.read(tolerate_rows=2)
    record = reading.record(name)
    assert [row[0] for row in reading.rows] == rows
    found = rejects(reading, record)
    assert [(r["line"], r["last_line"]) for r in found] == [place[:2] for place in bad]
    assert all(told in r["reason"] for r, (*_, told) in zip(found, bad, strict=True))
    assert adds_up(record)
    assert record.counted == ("lines" if name == "a.ndjson" else "records")


def test_values_of_json_that_do_not_fit_are_rejected(landing: Landing) -> None:
    lines = [{"a": 1}, {"a": "x"}, {"a": 2.5}, {"a": 3}]
    landing.put("1.ndjson", "\n".join(map(json.dumps, lines)))
    landing.put("2.json", json.dumps(lines, indent=1))
    reading = landing.read(tolerate_rows=2, types={"a": "int"})
    assert reading.rows == [(1,), (3,)] * 2
    one, other = (rejects(reading, record) for record in reading.written.records)
    assert [(r["line"], r["last_line"], r["column"]) for r in one] == [(2, 2, "a"), (3, 3, "a")]
    assert [(r["line"], r["last_line"]) for r in other] == [(5, 7), (8, 10)]
    assert json.loads(other[0]["text"]) == {"a": "x"}


def test_members_of_an_archive_are_sifted_one_by_one(landing: Landing) -> None:
    landing.put("a.zip", zipped({"1.csv": "a,b\n1,x\n2\n", "2.csv": "a,b\n3,y\n4\n"}))
    landing.put("b.csv.gz", gzipped("a,b\n5,z\n6\n"))
    reading = landing.read(tolerate_rows=2)
    assert sorted(reading.rows) == [(1, "x"), (3, "y"), (5, "z")]
    assert [record.rejected for record in reading.written.records] == [2, 1]
    assert all(adds_up(record) for record in reading.written.records)
    texts = [r["reason"] for r in rejects(reading, reading.record("a.zip"))]
    assert texts == [f"`{n}.csv` in the zip file: 1 field instead of 2" for n in (1, 2)]


def test_a_file_without_faults_never_comes_to_the_sieve(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sieve, "__enter__", lambda _: pytest.fail("it was sifted"))
    landing.put("a.csv", 'a,b\n1,"x\ny"\n')
    landing.put("b.ndjson", '{"a": 2, "b": "z"}\n')
    assert landing.read(tolerate_rows="100%").rows == [(1, "x\ny"), (2, "z")]


def test_what_is_lost_in_the_sieve_is_noticed(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Sieve.keep

    def lose(self: Sieve, text: str, line: int) -> None:
        if line != 4:
            keep(self, text, line)

    monkeypatch.setattr(sieve.Sieve, "keep", lose)
    landing.put("a.csv", "a,b\n1,x\n2\n3,y\n")
    with pytest.raises(SourceError, match="it does not add up: 4 lines"):
        landing.read(tolerate_rows=1)


def test_what_is_read_twice_is_noticed(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Sieve.keep

    def twice(self: Sieve, text: str, line: int) -> None:
        keep(self, text, line)
        keep(self, text, line)

    monkeypatch.setattr(sieve.Sieve, "keep", twice)
    landing.put("a.ndjson", '{"a":1}\n{"a":\n')
    with pytest.raises(SourceError, match="it does not add up: 2 lines"):
        landing.read(tolerate_rows=1)


@pytest.mark.parametrize(
    ("text", "options", "counts"),
    [
        ("a,b\n1,x\n", {}, (2, 1, 0, 0)),
        ("a,b\n1,x", {}, (2, 1, 0, 0)),
        ("1,x\n2,y\n\n\n", {"header": False}, (4, 0, 2, 0)),
        ('a,b\r\n1,"x\r\ny\r\n\r\nz"\r\n', {}, (5, 1, 0, 3)),
        ('"a\na",b\n1,x\n', {}, (3, 1, 0, 1)),
        ("top\n\na,b\n1,x\n", {"skip": 2}, (4, 3, 0, 0)),
        ("# top\na,b\n #mid\n1,x # end\n", {"comment": "#"}, (4, 1, 2, 0)),
        ('a,b\n1,5" x\n2,6" y\n', {}, (3, 1, 0, 0)),
        ('a,b\n1,"x\\"\ny"\n', {"escape": "\\"}, (3, 1, 0, 1)),
        ('a,b\n1,"x\n2,y\n', {"quote": ""}, (3, 1, 0, 0)),
        ("a\n\n1\n\n", {}, (4, 1, 0, 0)),
        ("a,b\r1,x\r2,y\r", {}, (3, 1, 0, 0)),
    ],
)
def test_lines_of_a_file_without_faults_are_counted(
    landing: Landing, text: str, options: dict[str, Any], counts: tuple[int, int, int, int]
) -> None:
    landing.put("a.csv", text)
    record = landing.read(**options).record("a.csv")
    assert (record.lines, record.header, record.blank, record.continuation) == counts
    assert adds_up(record)


def test_lines_are_counted_as_pythons_module_counts_them(landing: Landing) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b"], *([n, f"{n}\n" * (n % 4)] for n in range(20_000))])
    landing.put("a.csv", buffer.getvalue())
    reader = csv.reader(io.StringIO(buffer.getvalue(), newline=""))
    rows = sum(1 for _ in reader) - 1
    record = landing.read().record("a.csv")
    assert (record.rows, record.lines) == (rows, reader.line_num)
    assert adds_up(record)
