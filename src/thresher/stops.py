"""Calls of the main thread that a signal has to stop, since they do not end by themselves.

DuckDB looks for signals while it computes in the main thread, and then waits for its own threads;
these go on to the end of their query, unless its connection is interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_UNDER_WAY: list[Callable[[], None]] = []


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Have what is done inside stopped by a signal; other threads are stopped by the main one.

    Args:
        stop: stops it; called in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _UNDER_WAY.append(stop)
    try:
        yield
    finally:
        _UNDER_WAY.remove(stop)


def stop_all() -> None:
    """Stop what is under way in the main thread; called by its handler of signals."""
    for stop in _UNDER_WAY:
        with suppress(Exception):  # it may have ended in the meantime
            stop()
