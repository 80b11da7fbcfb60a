"""Why a run goes no further by itself: a failure that stops it, or its time is over."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from thresher.errors import Fault, Place
from thresher.project.asset import Asset, Kind
from thresher.results import OutcomeStatus, Status
from thresher.run.progress import Progress
from thresher.run.waiting import Node
from thresher.run.watch import Limit, spell_seconds

_LOST = "; its thread cannot be stopped and goes on, and what it comes to is dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """That a run goes no further: nothing more is begun, and what is under way is interrupted."""

    why: str
    """In words, behind `since`."""
    under_way: frozenset[Node]
    """What was interrupted."""
    ends: OutcomeStatus
    """How an asset ends that was interrupted; one that was not begun is stopped."""
    error: str | None = None
    """What is wrong with the run as a whole, where that is no asset's failure."""
    hint: str | None = None
    at: float = field(default_factory=time.monotonic)

    @classmethod
    def by_failure(cls, asset: str, under_way: frozenset[Node]) -> Halt:
        """Stop because an asset failed."""
        why = f"`{asset}` failed before (--fail-fast)"
        return cls(why=why, under_way=under_way, ends=OutcomeStatus.STOPPED)

    @classmethod
    def by_time(cls, limit: Limit, began: float, under_way: frozenset[Node]) -> Halt:
        """Stop because the run is over its time."""
        took = spell_seconds(time.monotonic() - began)
        why = f"the run timed out after {took} ({limit.said})"
        return cls(
            why=why,
            under_way=under_way,
            ends=OutcomeStatus.FAILED,
            error=f"{why}; nothing was published",
            hint="`thresher run --resume` goes on from what was finished; "
            "`run.timeout` in `config.yaml` gives it more time",
        )

    def cuts(self, node: Node, error: BaseException | None, progress: Progress) -> bool:
        """Say whether a task came to nothing because it was interrupted.

        Args:
            node: the task.
            error: what it raised.
            progress: its asset; an audit that is interrupted tells checks that were not computed.
        """
        spoilt = progress.verdict is not None and progress.verdict.count(Status.ERROR) > 0
        return node in self.under_way and (error is not None or spoilt)

    def fault(self, asset: Asset, *, begun: bool, lost: bool = False) -> Fault:
        """Say of an asset that it was stopped.

        Args:
            asset: the asset.
            begun: whether it was under way.
            lost: whether its thread did not come back.
        """
        what = f"{'stopped' if begun else 'not begun'}, since {self.why}"
        hint = self.hint
        if lost:
            what += _LOST
        if lost and asset.kind is Kind.PYTHON:
            hint = "with `isolate: true` its code has a process of its own, which can be ended"
        return Fault(what, Place(asset.path, asset=asset.name), hint)
