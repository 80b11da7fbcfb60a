"""The run: walks a plan, builds and audits side by side, and gives back how each asset ended.

Nothing here can be seen by a reader of the warehouse; that is the business of `publish.py`, once
every verdict is in. All events are told from the thread that called `walk`.
"""

from __future__ import annotations

import graphlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from thresher.errors import AssetError, Fault, Place, ThresherError
from thresher.events import (
    AssetStarted,
    AttemptFailed,
    Event,
)
from thresher.plan.plan import Action, Plan, Step
from thresher.project.asset import quarantine_of
from thresher.project.project import Project, audit_groups, audit_needs
from thresher.results import (
    Outcome,
    OutcomeStatus,
    Publication,
    Snapshot,
    Status,
    UnitRecord,
    Verdict,
)
from thresher.run.build import Builder
from thresher.run.concealing import concealing, words
from thresher.run.judge import Judge
from thresher.run.retry import Retry, call
from thresher.run.telling import checked, finished, now, refused

Node = tuple[str, str]
"""`build` or `audit`, and the asset."""
BUILD, AUDIT = "build", "audit"
#: How long an interrupted run waits for what does not stop at once.
STOP_SECONDS = 4.0
#: How long a thread that deals with signals may wait before it looks for one.
WAKE_SECONDS = 0.2
_LOGGER = logging.getLogger(__name__)
_SETTLED = {
    Action.BUILD: OutcomeStatus.BUILT,
    Action.REUSE: OutcomeStatus.REUSED,
    Action.AUDIT: OutcomeStatus.AUDITED,
    Action.KEEP: OutcomeStatus.KEPT,
}


@dataclass(slots=True)
class _Progress:
    """What is known of an asset while the run goes on."""

    step: Step
    started: datetime
    seconds: float = 0.0
    """Time spent on it by workers; waiting for one does not count."""
    attempts: int = 1
    snapshot: Snapshot | None = None
    reused: bool = False
    verdict: Verdict | None = None
    quarantine: Snapshot | None = None
    faults: tuple[Fault, ...] = ()
    refused: tuple[UnitRecord, ...] = ()
    blocked: bool = False
    error_code: int = 1

    @contextmanager
    def clocked(self) -> Iterator[None]:
        """Add the time of a block to that of the asset."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds += time.monotonic() - began

    def end(self) -> Outcome:
        """Give how it ended."""
        status = _SETTLED[self.step.action]
        if status is OutcomeStatus.BUILT and self.reused:
            status = OutcomeStatus.REUSED
        if self.faults:
            status = OutcomeStatus.BLOCKED if self.blocked else OutcomeStatus.FAILED
        return Outcome(
            asset=self.step.asset,
            action=self.step.action,
            status=status,
            snapshot=self.snapshot,
            verdict=self.verdict,
            quarantine=self.quarantine,
            started=self.started,
            seconds=self.seconds,
            attempts=self.attempts,
            faults=self.faults,
            error_code=self.error_code,
            refused=self.refused,
        )


@dataclass(frozen=True)
class Walk:
    """Walks one plan.

    Args:
        project: what the plan was made of.
        plan: what to do.
        run: id of the run.
        builder: makes versions.
        judge: audits them.
        current: the publication that the plan starts from.
        retry: how failures that can pass are tried again.
        workers: how many assets are worked on side by side.
        tell: hears every event.
        interrupt: stops whatever is being computed or read.
    """

    project: Project
    plan: Plan
    run: str
    builder: Builder
    judge: Judge
    current: Publication | None
    retry: Retry
    workers: int
    tell: Callable[[Event], None]
    interrupt: Callable[[], None]
    _inbox: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    _progress: dict[str, _Progress] = field(default_factory=dict)
    _tables: dict[str, Snapshot] = field(default_factory=dict)
    _groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _futures: set[Future[None]] = field(default_factory=set)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Do everything the plan says, and give how each asset ended, in the plan's order.

        Raises:
            KeyboardInterrupt: the user stopped the run; what was under way was interrupted.
        """
        if self.current is not None:
            self._tables.update(self.current.snapshots)
        for step in self.plan.steps:
            self._progress[step.asset] = _Progress(step, now())
            if step.action is Action.KEEP:
                self._keep(step)
            elif step.version is not None:
                self._tables[step.asset] = self._settled(step)
        self._walk()
        return tuple(self._progress[step.asset].end() for step in self.plan.steps)

    def _walk(self) -> None:
        sorter = graphlib.TopologicalSorter(self._graph())
        sorter.prepare()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="thresher")
        try:
            while sorter.is_active():
                for node in sorter.get_ready():
                    self._submit(pool, node)
                message = self._next()
                if isinstance(message, tuple):
                    node, future = message
                    self._finish(node, future)
                    sorter.done(node)
                else:
                    self.tell(message)
        except BaseException:
            self._stop(pool)
            raise
        pool.shutdown()

    def _next(self) -> Any:
        """Give the next message of a worker."""
        while True:
            # A signal that comes in the instant before a thread begins to wait does not wake it.
            with suppress(queue.Empty):
                return self._inbox.get(timeout=WAKE_SECONDS)

    def _stop(self, pool: ThreadPoolExecutor) -> None:
        """Start nothing more, interrupt what is under way, and wait for it only so long."""
        self._stopping.set()
        pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + STOP_SECONDS
        while any(not future.done() for future in self._futures) and time.monotonic() < deadline:
            self.interrupt()
            wait(self._futures, timeout=0.1)

    def _graph(self) -> dict[Node, set[Node]]:
        """Give what each build and each audit waits for."""
        active = {s.asset for s in self.plan.steps if s.action is not Action.KEEP}
        self._groups.update(audit_groups(self.project.assets))
        graph: dict[Node, set[Node]] = {}
        for step in self.plan.steps:
            if step.asset in active:
                graph[BUILD, step.asset] = {(AUDIT, n) for n in step.inputs if n in active}
                needed = audit_needs(step.asset, self.project.assets, self._groups)
                graph[AUDIT, step.asset] = {node for node in needed if node[1] in active}
        return graph

    def _submit(self, pool: ThreadPoolExecutor, node: Node) -> None:
        phase, asset = node
        progress = self._progress[asset]
        if phase == BUILD and not progress.faults:
            self._block(progress, progress.step.inputs, "was not published")
        if phase == AUDIT and not progress.faults:
            self._block(progress, progress.step.waits_for, "did not pass")
        if progress.faults:
            self._inbox.put((node, None))
            return
        task = self._build if phase == BUILD else self._audit
        future = pool.submit(task, progress)
        self._futures.add(future)
        future.add_done_callback(lambda done: self._inbox.put((node, done)))

    def _block(self, progress: _Progress, needed: tuple[str, ...], why: str) -> None:
        """Keep an asset from what needs another asset that failed."""
        bad = [name for name in needed if name in self._progress and self._progress[name].faults]
        if bad:
            progress.blocked = True
            named = ", ".join(f"`{name}`" for name in bad)
            asset = self.project.assets[progress.step.asset]
            place = Place(asset.path, asset=asset.name)
            progress.faults = (Fault(f"blocked: it needs {named}, which {why}", place),)

    def _build(self, progress: _Progress) -> None:
        """Build an asset, trying again where that can help; runs in a worker."""
        step = progress.step
        discreet = self.project.assets[step.asset].contract.discreet
        progress.started = now()

        def attempt() -> tuple[Snapshot, bool]:
            if self._stopping.is_set():
                raise AssetError("interrupted")
            self._inbox.put(
                AssetStarted(
                    run=self.run,
                    asset=step.asset,
                    action=step.action,
                    attempt=progress.attempts,
                    at=now(),
                )
            )
            if step.action in (Action.AUDIT, Action.REUSE):
                return self._tables[step.asset], True
            with concealing(discreet=discreet):
                return self.builder.build(step, self._tables)

        def failed(number: int, error: BaseException, pause: float) -> None:
            self._inbox.put(
                AttemptFailed(
                    run=self.run,
                    asset=step.asset,
                    attempt=number,
                    at=now(),
                    seconds=(now() - progress.started).total_seconds(),
                    error=words(error, discreet=discreet),
                    wait=pause,
                )
            )
            progress.attempts = number + 1

        with progress.clocked():
            (progress.snapshot, progress.reused), _ = call(
                self.retry, attempt, on_failure=failed, sleep=self._stopping.wait
            )

    def _audit(self, progress: _Progress) -> None:
        """Hold a version against its contract; runs in a worker."""
        if progress.verdict is not None:
            return  # with what it is checked against, and that against it
        assert progress.snapshot is not None  # noqa: S101  # built before it is audited
        assets, name = self.project.assets, progress.step.asset
        together = [
            (assets[each], snapshot)
            for each in self._groups[name]
            if (other := self._progress.get(each))
            and other.step.action is not Action.KEEP
            and (snapshot := other.snapshot)
        ]
        discreet = any(asset.contract.discreet for asset, _ in together)
        with progress.clocked(), concealing(discreet=discreet):
            if len(together) > 1:
                found = self.judge.judge_together(together, self._tables)
            else:
                found = {name: self.judge.judge(assets[name], progress.snapshot, self._tables)}
        for each, separated in found.items():
            other = self._progress[each]
            other.verdict, other.quarantine = separated.verdict, separated.quarantine
            other.snapshot = separated.snapshot

    def _finish(self, node: Node, future: Future[None] | None) -> None:
        """Take what a task came to; runs in the thread that walks."""
        phase, asset = node
        progress = self._progress[asset]
        error = future.exception() if future else None
        if future:
            self._futures.discard(future)
        if error is not None:
            progress.faults = self._faults(asset, error)
            progress.error_code = getattr(error, "exit_code", 1)
        elif future and phase == BUILD and progress.snapshot:
            self._tables[asset] = progress.snapshot
            for event in refused(
                self.run, asset, () if progress.reused else progress.snapshot.units
            ):
                self.tell(event)
        elif future and phase == AUDIT and progress.verdict and progress.snapshot:
            self._tables[asset] = progress.snapshot  # less than was built, if rows were set aside
            for told in checked(self.run, progress.verdict):
                self.tell(told)
            progress.faults = _violations(progress.verdict)
        if phase == AUDIT:
            self.tell(finished(self.run, progress.end()))

    def _faults(self, name: str, error: BaseException) -> tuple[Fault, ...]:
        if not isinstance(error, Exception):
            raise error
        asset = self.project.assets[name]
        discreet = asset.contract.discreet
        ours = isinstance(error, ThresherError)
        _LOGGER.debug("%s failed", name, exc_info=error if ours or not discreet else None)
        records = tuple(getattr(error, "records", ()))
        self._progress[name].refused = records
        for event in refused(self.run, name, records):
            self.tell(event)
        if isinstance(error, ThresherError):
            return error.faults
        place = Place(asset.path, asset=name)
        what = f"unexpected error: {words(error, discreet=discreet)}"
        return (Fault(what, place, "run it with `--debug` and report what it prints"),)

    def _keep(self, step: Step) -> None:
        """Take over what did not change; checks that depend on the time are judged anew."""
        assert self.current is not None  # noqa: S101  # only what is published can be kept
        progress = self._progress[step.asset]
        progress.snapshot = self.current.snapshots[step.asset]
        progress.quarantine = self.current.snapshots.get(quarantine_of(step.asset))
        verdict = self.current.verdicts.get(step.asset)
        if verdict is not None:
            asset = self.project.assets[step.asset]
            progress.verdict = self.judge.judge_again(asset, verdict)
            progress.faults = _violations(progress.verdict)
        self.tell(finished(self.run, progress.end()))

    def _settled(self, step: Step) -> Snapshot:
        """Give the version that a step reuses or audits."""
        asset = self.project.assets[step.asset]
        published = self.current.snapshots if self.current else {}
        for name in (asset.name, asset.renamed_from or ""):
            if name in published and published[name].version == step.version:
                return self._renamed(published[name], asset.name)
        found = self.builder.lake.find_version(asset.name, step.version or "")
        if found is None:
            what = f"the version `{step.version}` of `{asset.name}` is no longer in the lake"
            raise ThresherError(what, hint="run the command again")
        return found

    def _renamed(self, snapshot: Snapshot, name: str) -> Snapshot:
        """Give a version under an asset's new name, as it was built."""
        whole = self._whole(snapshot)
        if snapshot.asset == name:
            return whole
        if snapshot.part_of is None:
            return replace(whole, asset=name)
        lake = self.builder.lake  # where later runs look for it under the new name
        return lake.complete(lake.begin(name, whole.fingerprint), whole, ())

    def _whole(self, snapshot: Snapshot) -> Snapshot:
        """Give a version as it was built, before rows of it were set aside."""
        if snapshot.part_of is None:
            return snapshot
        found = self.builder.lake.find_version(snapshot.asset, snapshot.part_of)
        if found is None:
            what = f"`{snapshot.asset}` is no longer in the lake as it was built"
            hint = f"build it anew: `thresher run --full-refresh --select {snapshot.asset}`"
            raise ThresherError(what, hint=hint)
        return found


def _violations(verdict: Verdict) -> tuple[Fault, ...]:
    return tuple(
        Fault(f"{r.check}: {r.message}", Place(r.path, r.line, asset=verdict.asset))
        for r in verdict.results
        if r.status in (Status.FAILED, Status.ERROR)
    )
