"""Attempts under way: since when, in which thread, and for how long they may; the rest is stopped.

An attempt that is over its time is interrupted by its thread, so that nothing else is. It is
interrupted again and again until its thread comes back, since the code of an asset may begin
another statement. One that does not come back is given up, and whatever it comes to is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from thresher.errors import Place, TimedOutError
from thresher.project.asset import Asset, Kind
from thresher.project.config import RunConfig
from thresher.project.units import spell_duration

#: How long what was interrupted may take to come back, before it is given up.
STOP_SECONDS = 3.0
#: How often it is interrupted meanwhile, and how long a look for signals may be away.
WAKE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take."""

    seconds: float
    said: str
    """Where that is said, and what: `timeout: 30s`."""

    @classmethod
    def of(cls, asset: Asset, run: RunConfig) -> Limit | None:
        """Give the limit of an asset: what it says itself wins over what the project says."""
        key, given = "timeout", asset.patience.timeout
        if given is None:
            key, given = "run.asset_timeout", run.asset_timeout
        if given is None:
            return None
        return cls(given.total_seconds(), f"{key}: {spell_duration(given)}")

    @classmethod
    def of_run(cls, run: RunConfig) -> Limit | None:
        """Give the limit of a whole run."""
        if run.timeout is None:
            return None
        return cls(run.timeout.total_seconds(), f"run.timeout: {spell_duration(run.timeout)}")


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt at an asset: to build it, or to audit it."""

    asset: Asset
    limit: Limit | None
    thread: int = field(default_factory=threading.get_ident)
    began: float = field(default_factory=time.monotonic)
    took: float | None = None
    """Seconds after which it was interrupted, because it was over its time."""
    ended: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while it is interrupted, so that its thread cannot have gone on to another."""

    @property
    def due(self) -> float | None:
        """When it must have ended, by the clock that nobody sets."""
        return None if self.limit is None else self.began + self.limit.seconds

    def error(self, *, lost: bool = False) -> TimedOutError:
        """Say that it was over its time.

        Args:
            lost: whether its thread did not come back.
        """
        assert self.limit is not None  # noqa: S101  # nothing else is ever over
        what = f"timed out after {spell_seconds(self.took or 0.0)} ({self.limit.said})"
        key = self.limit.said.partition(":")[0]
        where = "in its file" if key == "timeout" else "in `config.yaml`, or `timeout` in its file"
        hint = f"give it more time by `{key}` {where}, or give it less to do"
        if lost:
            what += "; its thread cannot be stopped and goes on, and what it comes to is dropped"
        if lost and self.asset.kind is Kind.PYTHON:
            hint += "; with `isolate: true` its code has a process of its own, which can be ended"
        return TimedOutError(what, place=Place(self.asset.path, asset=self.asset.name), hint=hint)


@dataclass(frozen=True)
class Watch:
    """Watches attempts; safe to use from several threads.

    Args:
        interrupt: stops whatever was called from a thread.
    """

    interrupt: Callable[[int], None]
    _under_way: dict[str, Attempt] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def over(self, asset: Asset, limit: Limit | None) -> Iterator[None]:
        """Watch what is done inside.

        Raises:
            TimedOutError: it was over its time, however it ended.
        """
        attempt = Attempt(asset, limit)
        with self._lock:
            self._under_way[asset.name] = attempt
        try:
            try:
                yield
            finally:
                self._leave(attempt)
        except Exception as error:
            if attempt.took is not None:
                raise attempt.error() from error
            raise
        if attempt.took is not None:
            raise attempt.error()

    def stop_overdue(self) -> list[Attempt]:
        """Interrupt what is over its time, and give what did not come back from that."""
        lost = []
        now = time.monotonic()
        for attempt in self._attempts():
            if attempt.due is None or now < attempt.due:
                continue
            with attempt.lock:
                if attempt.ended:
                    continue
                if attempt.took is None:
                    attempt.took = now - attempt.began
                self.interrupt(attempt.thread)
            if time.monotonic() >= attempt.due + STOP_SECONDS:
                lost.append(attempt)
        for attempt in lost:
            self._forget(attempt)
        return lost

    def next_due(self) -> float | None:
        """Say when the next of them is over its time, of those that are not."""
        waited_for = [each.due for each in self._attempts() if each.took is None]
        return min((due for due in waited_for if due is not None), default=None)

    def _attempts(self) -> list[Attempt]:
        with self._lock:
            return list(self._under_way.values())

    def _leave(self, attempt: Attempt) -> None:
        with attempt.lock:
            attempt.ended = True
        self._forget(attempt)

    def _forget(self, attempt: Attempt) -> None:
        with self._lock:
            if self._under_way.get(attempt.asset.name) is attempt:
                del self._under_way[attempt.asset.name]


@contextmanager
def patrol(interrupt: Callable[[], None], until: float | None) -> Iterator[None]:
    """Interrupt whatever is done inside once its time is over, again and again.

    Args:
        interrupt: stops what is under way.
        until: when that is, by the clock that nobody sets; None for never.
    """
    if until is None:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        wait = max(until - time.monotonic(), 0)
        while not done.wait(wait):
            interrupt()
            wait = WAKE_SECONDS

    watching = threading.Thread(target=watch, name="thresher-patrol", daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()


def spell_seconds(seconds: float) -> str:
    """Write a time as a person would: `0.52 s`, `30 s`."""
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
