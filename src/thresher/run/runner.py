"""The run: walks a plan, builds and audits side by side, and gives back how each asset ended.

Nothing here can be seen by a reader of the warehouse; that is the business of `publish.py`, once
every verdict is in. All events are told from the thread that called `outcomes`.
"""

from __future__ import annotations

import graphlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from thresher.errors import Fault, Place, ThresherError, TimedOutError
from thresher.events import Event
from thresher.plan.plan import Action, Plan, Step
from thresher.project.asset import quarantine_of
from thresher.project.project import Project, audit_groups
from thresher.results import Outcome, OutcomeStatus, Publication, Snapshot
from thresher.run.build import Builder
from thresher.run.concealing import words
from thresher.run.crew import Crew
from thresher.run.halting import Halt
from thresher.run.judge import Judge
from thresher.run.progress import Progress, violations
from thresher.run.settled import Settled
from thresher.run.telling import checked, finished, now, refused
from thresher.run.waiting import AUDIT, BUILD, Node, blocked, graph_of
from thresher.run.watch import STOP_SECONDS, WAKE_SECONDS, Limit, Watch
from thresher.run.working import Working

_LOGGER = logging.getLogger(__name__)
_Message = Event | tuple[Node, Future[None] | None]
"""What a worker tells, or that a task ended; None where it was not begun."""


@dataclass
class Walk:
    """Walks one plan, once.

    Args:
        project: what the plan was made of.
        plan: what to do.
        run: id of the run.
        builder: makes versions.
        judge: audits them.
        current: the publication that the plan starts from.
        workers: how many assets are worked on side by side.
        tell: hears every event.
        interrupt: stops whatever is being computed or read.
        interrupt_thread: stops what was called from one thread.
        began: when the run did, by the clock that nobody sets.
        limit: how long the run may take.
        fail_fast: whether the first failure stops it.
    """

    project: Project
    plan: Plan
    run: str
    builder: Builder
    judge: Judge
    current: Publication | None
    workers: int
    tell: Callable[[Event], None]
    interrupt: Callable[[], None]
    interrupt_thread: Callable[[int], None]
    began: float = field(default_factory=time.monotonic)
    limit: Limit | None = None
    fail_fast: bool = False

    def __post_init__(self) -> None:
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._progress: dict[str, Progress] = {}
        self._tables: dict[str, Snapshot] = {}
        self._groups = audit_groups(self.project.assets)
        self._stopping = threading.Event()
        self._halt: Halt | None = None
        self._watch = Watch(self.interrupt_thread)
        self._crew = Crew(self.workers, lambda node, future: self._inbox.put((node, future)))
        self._working = Working(
            run=self.run,
            project=self.project,
            builder=self.builder,
            judge=self.judge,
            groups=self._groups,
            progress=self._progress,
            tables=self._tables,
            watch=self._watch,
            tell=self._inbox.put,
            stopping=self._stopping,
        )
        graph = graph_of(self.plan, self.project, self._groups)
        self._left: graphlib.TopologicalSorter[Node] = graphlib.TopologicalSorter(graph)

    @property
    def error(self) -> str | None:
        """What is wrong with the run as a whole: it is over its time, though it be done by now."""
        if self._halt is None and self._is_late():
            self._stop_short(late=True)
        return self._halt.error if self._halt else None

    def outcomes(self) -> tuple[Outcome, ...]:
        """Do everything the plan says, and give how each asset ended, in the plan's order.

        Raises:
            KeyboardInterrupt: the user stopped the run; what was under way was interrupted.
        """
        if self.current is not None:
            self._tables.update(self.current.snapshots)
        settled = Settled(self.project, self.builder.lake, self.current)
        for step in self.plan.steps:
            self._progress[step.asset] = Progress(step, now())
            if step.action is Action.KEEP:
                self._keep(step)
            elif step.version is not None:
                self._tables[step.asset] = settled.version(step)
        try:
            self._walk()
        except BaseException:
            self._stopping.set()
            self._crew.stop(self.interrupt, STOP_SECONDS)
            raise
        return tuple(self._progress[step.asset].end() for step in self.plan.steps)

    def _walk(self) -> None:
        self._left.prepare()
        while self._left.is_active():
            self._look()  # first: its time may be over before anything was begun
            for node in self._left.get_ready():
                self._submit(node)
            # A signal that comes in the instant before a thread begins to wait does not wake it.
            with suppress(queue.Empty):
                self._take(self._inbox.get(timeout=self._until_next_look()))

    def _take(self, message: _Message) -> None:
        if not isinstance(message, tuple):
            self.tell(message)
            return
        node, future = message
        if future is None:
            self._end(node, None, began=False)
        elif self._crew.let_go(node, future):
            self._end(node, future.exception(), began=True)

    def _until_next_look(self) -> float:
        due = [self._watch.next_due()]
        if self.limit and self._halt is None:
            due.append(self.began + self.limit.seconds)
        soonest = min((each for each in due if each is not None), default=None)
        left = WAKE_SECONDS if soonest is None else soonest - time.monotonic()
        return min(max(left, 0.0), WAKE_SECONDS)

    def _look(self) -> None:
        """Stop what is over its time, and give up what does not come back."""
        if self._halt is None and self._is_late():
            self._stop_short(late=True)
        for attempt in self._watch.stop_overdue():
            for node in [each for each in self._crew.running if each[1] == attempt.asset.name]:
                self._give_up(node, attempt.error(lost=True))
        if self._halt is None or not self._crew.running:
            return
        self.interrupt()
        if time.monotonic() >= self._halt.at + STOP_SECONDS:
            for node in list(self._crew.running):
                self._give_up(node, None)

    def _give_up(self, node: Node, error: TimedOutError | None) -> None:
        """Let a task end whose thread does not come back: what it comes to is dropped."""
        before = self._progress[node[1]]
        took = (now() - before.started).total_seconds()
        # The thread goes on with the one that it has.
        self._progress[node[1]] = replace(before, seconds=took)
        self._crew.let_go(node)
        self._end(node, error, began=True, lost=error is None)

    def _is_late(self) -> bool:
        return self.limit is not None and time.monotonic() >= self.began + self.limit.seconds

    def _stop_short(self, failed: str = "", *, late: bool = False) -> None:
        """Begin nothing more, and interrupt what is under way; the walk goes on to its end."""
        under_way = frozenset(n for n, future in self._crew.running.items() if not future.done())
        if late and self.limit:
            self._halt = Halt.by_time(self.limit, self.began, under_way)
        else:
            self._halt = Halt.by_failure(failed, under_way)
        self._stopping.set()
        for node in self._crew.dismiss():
            self._cut(node, begun=False)
            self._inbox.put((node, None))

    def _cut(self, node: Node, *, begun: bool, lost: bool = False) -> None:
        """Let an asset end as the halt of the run says."""
        assert self._halt is not None  # noqa: S101  # nothing else cuts
        progress = self._progress[node[1]]
        progress.failure = self._halt.ends if begun else OutcomeStatus.STOPPED
        asset = self.project.assets[node[1]]
        progress.faults = (self._halt.fault(asset, begun=begun, lost=lost),)
        progress.verdict = progress.quarantine = None

    def _submit(self, node: Node) -> None:
        phase, asset = node
        progress = self._progress[asset]
        if not progress.faults:
            fault = blocked(node, self.project.assets[asset], self._progress)
            if fault is not None:
                progress.failure, progress.faults = OutcomeStatus.BLOCKED, (fault,)
            elif self._halt is not None:
                self._cut(node, begun=False)
        if progress.faults:
            self._inbox.put((node, None))
            return
        task = self._working.build if phase == BUILD else self._working.audit
        self._crew.submit(node, partial(task, progress))

    def _end(
        self, node: Node, error: BaseException | None, *, began: bool, lost: bool = False
    ) -> None:
        """Take what a task came to; runs in the thread that walks."""
        phase, asset = node
        progress = self._progress[asset]
        if began and (lost or (self._halt and self._halt.cuts(node, error, progress))):
            self._cut(node, begun=True, lost=lost)
        elif error is not None:
            progress.faults = self._faults(asset, error)
            progress.error_code = getattr(error, "exit_code", 1)
        elif began and phase == BUILD and progress.snapshot:
            self._tables[asset] = progress.snapshot
            units = () if progress.reused else progress.snapshot.units
            for event in refused(self.run, asset, units):
                self.tell(event)
        elif began and phase == AUDIT and progress.verdict and progress.snapshot:
            self._tables[asset] = progress.snapshot  # less than was built, if rows were set aside
            for told in checked(self.run, progress.verdict):
                self.tell(told)
            progress.faults = violations(progress.verdict)
        if phase == AUDIT:
            self.tell(finished(self.run, progress.end()))
        if self.fail_fast and self._halt is None and progress.failed:
            self._stop_short(asset)
        self._left.done(node)

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
            progress.faults = violations(progress.verdict)
        self.tell(finished(self.run, progress.end()))
        if self.fail_fast and self._halt is None and progress.failed:
            self._stop_short(step.asset)
