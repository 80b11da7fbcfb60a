"""The calls to an engine that are under way, so that others can stop them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from thresher.errors import Place

_KNOCKS = 10
_BETWEEN_KNOCKS = 0.01


class Stoppable(Protocol):
    """A call that can be stopped from any thread."""

    @property
    def place(self) -> Place:
        """What is worked at."""
        ...

    @property
    def thread(self) -> int:
        """The thread that waits for it."""
        ...

    def stop(self) -> None:
        """Stop what is running, and let nothing more begin."""
        ...


class Calls:
    """Knows the calls that are under way; safe to use from several threads."""

    def __init__(self) -> None:
        self._calls: set[Stoppable] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._calls)

    @contextmanager
    def reaching(self, call: Stoppable) -> Iterator[None]:
        """Let [`stop`][] reach a call while it is under way."""
        with self._lock:
            self._calls.add(call)
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(call)

    def under_way(self) -> set[Stoppable]:
        """Give the calls that are under way."""
        with self._lock:
            return set(self._calls)

    def stop(self, which: Callable[[Stoppable], bool]) -> None:
        """Stop some of the calls, and wait a moment for them to end."""
        stopped = set(filter(which, self.under_way()))
        # DuckDB forgets an interruption that comes in the instant before a statement begins.
        for _ in range(_KNOCKS):
            for call in stopped:
                call.stop()
            time.sleep(_BETWEEN_KNOCKS)
            stopped &= self.under_way()
            if not stopped:
                return
