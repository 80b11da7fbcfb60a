"""The attempts at one asset: each is watched and told, and so is each failure that can pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from thresher.errors import AssetError
from thresher.events import AssetStarted, AttemptFailed, Event
from thresher.project.asset import Asset
from thresher.results import Snapshot
from thresher.run.concealing import concealing, words
from thresher.run.progress import Progress
from thresher.run.telling import now
from thresher.run.watch import Limit, Watch

Made = tuple[Snapshot, bool]
"""A version, and whether it was there already."""


@dataclass(slots=True)
class Attempts:
    """Called for each attempt, and told of each that another follows; all in one thread.

    Args:
        run: id of the run.
        asset: what is made.
        progress: how far it is.
        make: makes it.
        watch: sees to it that no attempt is over its time.
        limit: what that is.
        tell: hears every event.
        stopping: set when nothing more must be begun.
    """

    run: str
    asset: Asset
    progress: Progress
    make: Callable[[], Made]
    watch: Watch
    limit: Limit | None
    tell: Callable[[Event], None]
    stopping: threading.Event
    _began: datetime = field(default_factory=now)

    def __call__(self) -> Made:
        """Try it once."""
        if self.stopping.is_set():
            raise AssetError("interrupted")
        self._began = now()
        self.tell(
            AssetStarted(
                run=self.run,
                asset=self.asset.name,
                action=self.progress.step.action,
                attempt=self.progress.attempts,
                at=self._began,
            )
        )
        discreet = self.asset.contract.discreet
        with self.watch.over(self.asset, self.limit), concealing(discreet=discreet):
            return self.make()

    def failed(self, number: int, error: BaseException, pause: float) -> None:
        """Take note of an attempt that failed in a way that can pass, and tell it."""
        said = words(error, discreet=self.asset.contract.discreet)
        at = now()
        seconds = (at - self._began).total_seconds()
        failed = AttemptFailed(
            run=self.run,
            asset=self.asset.name,
            attempt=number,
            at=at,
            seconds=seconds,
            error=said,
            wait=pause,
        )
        self.tell(failed)
        self.progress.retried = (*self.progress.retried, failed)
        self.progress.attempts = number + 1
