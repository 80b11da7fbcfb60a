from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from thresher.engines.streams import Stream, pump

SCHEMA = pa.schema({"n": pa.int64()})


def batches(count: int, taken: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield pa.record_batch({"n": [number]})


def read(reader: pa.RecordBatchReader) -> list[int]:
    return [value.as_py() for batch in reader for value in batch.column(0)]


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_every_batch_arrives_in_order(count: int) -> None:
    assert pump(Stream(SCHEMA, batches(count)), read) == list(range(count))


def test_batches_are_read_in_the_calling_thread() -> None:
    threads = set()

    def watched() -> Iterator[pa.RecordBatch]:
        for batch in batches(10):
            threads.add(threading.get_ident())
            yield batch

    pump(Stream(SCHEMA, watched()), read)
    assert threads == {threading.get_ident()}


def test_reading_waits_for_writing() -> None:
    taken: list[int] = []
    ahead = []

    def slow(reader: pa.RecordBatchReader) -> None:
        for number, _ in enumerate(reader):
            ahead.append(len(taken) - number)

    pump(Stream(SCHEMA, batches(200, taken)), slow)
    assert len(taken) == 200
    assert max(ahead) <= 5


def test_what_reading_raises_comes_out_and_writing_fails() -> None:
    wrote = []

    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches(3)
        raise ZeroDivisionError("mine")

    def write(reader: pa.RecordBatchReader) -> None:
        wrote.append(read(reader))

    with pytest.raises(ZeroDivisionError, match="mine"):
        pump(Stream(SCHEMA, broken()), write)
    assert wrote == []


@pytest.mark.parametrize("after", [0, 1, 7])
def test_what_writing_raises_comes_out_and_ends_reading(after: int) -> None:
    taken: list[int] = []

    def write(reader: pa.RecordBatchReader) -> None:
        for _ in range(after):
            reader.read_next_batch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        pump(Stream(SCHEMA, batches(10_000, taken)), write)
    assert len(taken) < 1000
