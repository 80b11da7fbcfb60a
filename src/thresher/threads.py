"""Threads that nobody has to wait for: each does one task, and a future tells what came of it.

The threads of `concurrent.futures` keep a process from ending. These do not, since one that is in
somebody's own code, or in a call that cannot be interrupted, may never come back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Literal, TypeVar

T = TypeVar("T")


def start(task: Callable[[], T], *, name: str) -> Future[T]:
    """Begin a task in a thread of its own.

    Args:
        task: what to do.
        name: of the thread; those that begin with `thresher` are not waited for at the end.
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        with _Into(future):
            future.set_result(task())

    threading.Thread(target=work, name=name, daemon=True).start()
    return future


class _Into:
    """Puts whatever is raised into a future."""

    def __init__(self, future: Future[T]) -> None:
        self._fail = future.set_exception

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[True]:
        if error is not None:
            self._fail(error)
        return True
