"""Mutated CSV and JSON lines: what is left is what Python's own modules read, and all is counted.

`make fuzz` runs the same with many more examples.
"""

from __future__ import annotations

import csv
import io
import json
import os

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_landing import Landing

from thresher.results import UnitOutcome, UnitRecord
from thresher.sources.refusals import RefusedFilesError

FUZZ = settings(
    max_examples=int(os.environ.get("THRESHER_FUZZ", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FIELDS = st.text(st.sampled_from(list('ab1,;"\n\ré\\')), max_size=5)
#: What a mutation puts somewhere into a file, in the place of so many bytes.
PIECES = st.sampled_from(
    [b"", b'"', b",", b";", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b'""',
     b"\nleft,right\n", b"x", b"\n\n"]
)  # fmt: skip
MUTATIONS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), PIECES), max_size=4)
BRACKETS = st.sampled_from([b"", b'"', b",", b"}", b"{", b"]", b"x", b"\\", b"\0"])


def mutated(content: bytes, mutations: list[tuple[float, int, bytes]], keep: int) -> bytes:
    for where, length, piece in mutations:
        at = keep + int(where * (len(content) - keep))
        content = content[:at] + piece + content[at + length :]
    return content


def rejected_lines(landing: Landing, folder: object, record: UnitRecord) -> set[int]:
    if record.rejects is None:
        return set()
    rows = pq.read_table(f"{folder}/{record.rejects}").to_pylist()
    assert len(rows) == record.rejected
    return {n for row in rows for n in range(row["line"], row["last_line"] + 1)}


def told(error: RefusedFilesError) -> None:
    """Every file that was refused has a reason."""
    refused = [record for record in error.records if record.outcome is UnitOutcome.FAILED]
    assert refused
    assert all(record.reason for record in refused)


def adds_up(record: UnitRecord) -> bool:
    beside = record.rejected + record.header + record.blank + record.continuation
    return record.lines == record.rows + beside


@FUZZ
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=8),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    mutations=MUTATIONS,
)
def test_csv(
    landing: Landing,
    rows: list[tuple[str, str]],
    ending: str,
    quoting: int,
    mutations: list[tuple[float, int, bytes]],
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([("left", "right"), *rows])
    head = len(f"left,right{ending}") + (4 if quoting == csv.QUOTE_ALL else 0)
    content = mutated(buffer.getvalue().encode(), mutations, head)
    landing.put("a.csv", content)
    types = {"left": "varchar", "right": "varchar"}
    try:
        reading = landing.read(types=types, tolerate_rows="100%", delimiter=",")
    except RefusedFilesError as error:
        told(error)
        return
    record = reading.record("a.csv")
    assert adds_up(record)
    bad = rejected_lines(landing, reading.folder, record)
    lines = list(io.StringIO(content.decode("utf-8", "surrogateescape"), newline=""))
    assert record.lines == len(lines)
    left = [line for number, line in enumerate(lines, 1) if number not in bad]
    found = [row for row in csv.reader(left, strict=True) if row][1:]
    # A delimiter at the end of a row is let pass.
    assert [tuple(field or None for field in row[:2]) for row in found] == reading.rows


@FUZZ
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=4), min_size=1),
        min_size=1,
        max_size=8,
    ),
    ending=st.sampled_from(["\n", "\r\n", "\n\n"]),
    mutations=st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 3),
            PIECES | st.sampled_from([b"{", b"}", b"[1]\n", b'{"a":1}', b"\\", b'\n{"A":"x"}\n']),
        ),
        max_size=4,
    ),
)
def test_json_lines(
    landing: Landing,
    rows: list[dict[str, str]],
    ending: str,
    mutations: list[tuple[float, int, bytes]],
) -> None:
    text = ending.join(json.dumps(row, ensure_ascii=False) for row in rows)
    content = mutated(text.encode(), mutations, 0)
    landing.put("a.ndjson", content)
    types = {"a": "varchar", "b": "varchar"}
    try:
        reading = landing.read(types=types, tolerate_rows="100%")
    except RefusedFilesError as error:
        told(error)
        return
    record = reading.record("a.ndjson")
    assert adds_up(record)
    bad = rejected_lines(landing, reading.folder, record)
    lines = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n")
    left = [each for number, each in enumerate(lines, 1) if number not in bad and each.strip()]
    expected = [json.loads(line) for line in left]
    names = reading.table.column_names
    found = [dict(zip(names, row, strict=True)) for row in reading.rows]
    assert [{k: v for k, v in row.items() if v is not None} for row in found] == [
        {k: v if isinstance(v, str) or v is None else json.dumps(v) for k, v in row.items()}
        for row in expected
    ]


@FUZZ
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=4)), max_size=6),
    array=st.booleans(),
    indent=st.sampled_from([None, 1]),
    mutations=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 2), BRACKETS),
        max_size=2,
    ),
)  # fmt: skip
def test_json_records(
    landing: Landing,
    rows: list[dict[str, str]],
    array: bool,
    indent: int | None,
    mutations: list[tuple[float, int, bytes]],
) -> None:
    one = json.dumps(rows, indent=indent)
    text = one if array else "\n".join(json.dumps(row, indent=indent) for row in rows)
    landing.put("a.json", mutated(text.encode(), mutations, 0))
    try:
        reading = landing.read(types={"a": "varchar", "b": "varchar"}, tolerate_rows="100%")
    except RefusedFilesError as error:
        told(error)
        return
    record = reading.record("a.json")
    assert adds_up(record)
    if not mutations:
        assert (record.rows, record.rejected) == (len(rows), 0)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_bytes_there_are(landing: Landing, seed: int) -> None:
    import random

    source = random.Random(seed)
    for name in ("a.csv", "b.ndjson", "c.json", "d.csv.gz", "e.zip", "f.parquet"):
        landing.put(name, bytes(source.choices(b'a1,;"\n\r{}[]:\0\xff\xc3', k=400)))
    try:
        reading = landing.read(tolerate_rows="100%", tolerate="100%")
    except RefusedFilesError as error:
        told(error)
        return
    assert all(r.reason or adds_up(r) for r in reading.written.records)
