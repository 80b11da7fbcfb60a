"""A stream of Arrow batches, written while it is read.

A result larger than memory stays out of memory, and the author's code always runs in the thread
that called it: a connection of `sqlite3`, for one, refuses any other.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from thresher import threads

if TYPE_CHECKING:
    import pyarrow as pa

    _Pipe = queue.Queue[pa.RecordBatch | "_StoppedError" | None]

BATCH_ROWS = 122_880
"""Rows of a batch where they can be chosen: those of a row group."""
_WAITING_BATCHES = 2
_LOOK_AGAIN = 0.1
"""Seconds after which a pipe is looked at again, to see whether its other end still lives."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Stream:
    """Batches of one schema, in order; they can be read once."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    types: Sequence[str] | None = None
    """Logical types in DuckDB's spelling, where they are more than Arrow's can tell."""


class _StoppedError(Exception):
    """Reading failed, so what was written must not be taken for the whole."""


def pump(
    stream: Stream,
    write: Callable[[pa.RecordBatchReader], Result],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Result:
    """Read a stream in this thread while `write` takes its batches in another.

    Args:
        stream: what to read.
        write: takes all batches, and gives what came of it.
        stopped: says whether to wait for no more batches; reading may never come back.

    Raises:
        Exception: whatever reading or writing raised; where both did, what reading raised.
    """
    import pyarrow as pa

    pipe: _Pipe = queue.Queue(_WAITING_BATCHES)
    reader = pa.RecordBatchReader.from_batches(stream.schema, _arriving(pipe, stopped))
    writing = threads.start(lambda: write(reader), name="thresher-write")
    try:
        for batch in stream.batches:
            if not _put(pipe, batch, writing):
                break
    except BaseException:
        _put(pipe, _StoppedError(), writing)
        wait([writing])
        raise
    _put(pipe, None, writing)
    return writing.result()


def _arriving(pipe: _Pipe, stopped: Callable[[], bool]) -> Iterator[pa.RecordBatch]:
    while not stopped():
        try:
            batch = pipe.get(timeout=_LOOK_AGAIN)
        except queue.Empty:
            continue
        if batch is None:
            return
        if isinstance(batch, _StoppedError):
            raise batch
        yield batch
    raise _StoppedError


def _put(
    pipe: _Pipe, batch: pa.RecordBatch | _StoppedError | None, writing: Future[Result]
) -> bool:
    """Put a batch into the pipe, or give False when nobody reads it any more."""
    while not writing.done():
        with suppress(queue.Full):
            pipe.put(batch, timeout=_LOOK_AGAIN)
            return True
    return False
