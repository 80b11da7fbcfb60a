"""Threads that carry requests: results in order, and an end in short time whatever happens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that an interrupted transfer waits for what is under way.
GRACE_SECONDS = 2
#: Items that are handed out before the first result is asked for, for each thread.
AHEAD = 4


class Stopped(Exception):  # noqa: N818  # no error: it ends a thread whose work nobody needs any more
    """The transfer has ended, so this part of it ends as well."""


class Workers:
    """A pool of threads, made when it is first used."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ThreadPoolExecutor | None = None

    def each(
        self, work: Callable[[Item, threading.Event], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Do the work for each item in the threads; give the results in the order of the items.

        The first error ends all of it: what has not begun does not begin, and `work` is told by the
        event that it is given.
        """
        pool = self._pool = self._pool or ThreadPoolExecutor(
            self.count, thread_name_prefix="thresher-s3"
        )
        stop = threading.Event()
        left = iter(items)
        under_way: deque[Future[Result]] = deque()
        try:
            for item in islice(left, self.count * AHEAD):
                under_way.append(pool.submit(work, item, stop))
            while under_way:
                result = under_way[0].result()
                under_way.popleft()
                for item in islice(left, 1):
                    under_way.append(pool.submit(work, item, stop))
                yield result
        finally:
            stop.set()
            for future in under_way:
                future.cancel()
            if under_way:
                wait(under_way, GRACE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
