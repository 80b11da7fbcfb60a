"""Where readings go on: the limits they keep to, their own folders, and how all are stopped."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from thresher.errors import Place
from thresher.sources.session import Session, Stop
from thresher.storage.local import writing

#: DuckDB forgets an interruption that comes in the instant before a statement begins.
_KNOCKS = 50
_BETWEEN_KNOCKS = 0.01

Interrupt = Callable[[], None]
"""Stops what a call waits for at the moment; may come from any thread, and more than once."""


@dataclass(frozen=True, eq=False)
class Workplace:
    """What the calls of a source share; safe to use from several threads.

    Args:
        threads: how many DuckDB may use.
        memory: limit of its memory, such as `4GB`; None leaves it to DuckDB.
        temp: folder for what is unpacked, staged or spilled while a call goes on.
        timezone: of timestamps without an offset.
    """

    threads: int
    memory: str | None
    temp: Path
    timezone: str = "UTC"
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _under_way: dict[Stop, Interrupt | None] = field(default_factory=dict)

    @contextlib.contextmanager
    def call(self, place: Place) -> Iterator[Stop]:
        """Let [`interrupt`][] stop what is done inside.

        Args:
            place: what is worked at, for errors.
        """
        stop = Stop(place)
        self.reach(stop, None)
        try:
            yield stop
        finally:
            with self._lock:
                del self._under_way[stop]

    @contextlib.contextmanager
    def reaching(self, stop: Stop, interrupt: Interrupt) -> Iterator[None]:
        """Let [`interrupt`][] stop what a call waits for inside."""
        self.reach(stop, interrupt)
        try:
            stop.check()
            yield
        finally:
            # What is closed afterwards must not be reached any more.
            self.reach(stop, None)

    def reach(self, stop: Stop, interrupt: Interrupt | None) -> None:
        """Say how to stop what a call waits for."""
        with self._lock:
            self._under_way[stop] = interrupt

    @contextlib.contextmanager
    def session(self, stop: Stop, folder: Path) -> Iterator[Session]:
        """Open a session with DuckDB that [`interrupt`][] reaches."""
        session = Session(
            threads=self.threads,
            memory=self.memory,
            temp=folder / "spill",
            timezone=self.timezone,
            stop=stop,
        )
        try:
            with self.reaching(stop, session.interrupt):
                yield session
        finally:
            session.close()

    @contextlib.contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        """Make a folder that is gone afterwards.

        Raises:
            DiskFullError: no space is left.
            WarehouseError: it cannot be made.
        """
        with writing(self.temp):
            self.temp.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=self.temp.absolute()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def interrupt(self) -> None:
        """Stop all calls that are under way; each raises a `SourceError`."""
        with self._lock:
            under_way = list(self._under_way)
        self._stop(under_way)

    def interrupt_thread(self, thread: int) -> None:
        """Stop the calls of one thread; each raises a `SourceError`."""
        with self._lock:
            under_way = [stop for stop in self._under_way if stop.thread == thread]
        self._stop(under_way)

    def _stop(self, under_way: list[Stop]) -> None:
        for stop in under_way:
            stop.set()
        for _ in range(_KNOCKS):
            with self._lock:
                waited_for = [self._under_way.get(stop) for stop in under_way]
                for interrupt in waited_for:
                    if interrupt is not None:
                        interrupt()
            if not any(waited_for):
                return
            time.sleep(_BETWEEN_KNOCKS)
