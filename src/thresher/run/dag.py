"""A graph of plain functions, run in order: the runner's habits for tasks that make no tables.

A graph is a dictionary that gives for each task the tasks it needs:

```python
result = thresher.run_dag(
    {"extract": [], "transform": ["extract"], "load": ["transform"]},
    {"extract": read, "transform": clean, "load": write},
)
result.raise_for_failure()
```

Tasks that do not need each other run side by side, in threads. A function that requires an
argument is given one: a mapping from each task that its task needs to what that one returned. A
function that requires none is called without. A failed task blocks whatever needs it, and the
rest goes on.
"""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any

from thresher.errors import (
    AssetError,
    CommandError,
    RunInterruptedError,
    ThresherError,
)
from thresher.events import (
    AssetFinished,
    AssetStarted,
    AttemptFailed,
    Event,
    Listener,
    RunFinished,
    RunStarted,
)
from thresher.run.retry import Retry, call
from thresher.run.taskgraph import Graph, Inputs, Tasks, bounded, functions_of, names, order_of

#: How long a thread that deals with signals may wait before it looks for one.
WAKE_SECONDS = 0.2
#: What listeners are told of tasks, which have no environment and know but one action.
ENVIRONMENT, ACTION = "local", "build"

EXIT_CODES = {"done": 0, "failed": 1, "interrupted": 130}


class TaskStatus(StrEnum):
    """How a task ended."""

    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    """Not tried, because something it needs did not get done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """How one task went."""

    task: str
    status: TaskStatus
    started: datetime
    finished: datetime
    seconds: float = 0.0
    attempts: int = 0
    """Times its function was called; 0 for a task that was blocked."""
    value: Any = None
    """What its function returned."""
    error: Exception | None = None
    """What its last attempt raised."""
    blocked_by: tuple[str, ...] = ()
    """The tasks it needs that did not get done."""

    @property
    def reason(self) -> str | None:
        """Why it did not get done, in words."""
        if self.error is not None:
            return _text(self.error)
        return f"blocked by {names(self.blocked_by)}" if self.blocked_by else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DagResult:
    """How a graph of tasks went."""

    run: str
    name: str
    """What the run is called where it is told."""
    started: datetime
    seconds: float
    tasks: Mapping[str, TaskResult]
    """Each task by name, after all that it needs."""

    @property
    def ok(self) -> bool:
        """Whether every task got done."""
        return all(task.status is TaskStatus.DONE for task in self.tasks.values())

    @property
    def warnings(self) -> int:
        """How many attempts failed and were tried again."""
        return retried(self.tasks.values())

    @property
    def values(self) -> dict[str, Any]:
        """What each task that got done returned."""
        return {n: task.value for n, task in self.tasks.items() if task.status is TaskStatus.DONE}

    def raise_for_failure(self) -> None:
        """Raise an error that names every task that failed, if one did.

        Raises:
            AssetError: at least one task failed; its cause is the error of the first of them.
        """
        failed = [task for task in self.tasks.values() if task.status is TaskStatus.FAILED]
        if not failed:
            return
        blocked = [name for name, task in self.tasks.items() if task.status is TaskStatus.BLOCKED]
        raise AssetError(
            bounded(f"the task `{task.task}` failed: {task.reason}" for task in failed),
            hint=f"not tried because of that: {names(blocked)}" if blocked else None,
        ) from failed[0].error


def run_dag(
    graph: Graph,
    tasks: Tasks,
    *,
    workers: int = 4,
    retries: int = 0,
    backoff: float = 1.0,
    listener: Listener | None = None,
    name: str = "dag",
) -> DagResult:
    """Run tasks in the order of their dependencies.

    Args:
        graph: the tasks that each task needs, such as `{"extract": [], "load": ["extract"]}`.
        tasks: the function of each task.
        workers: how many tasks may run at one time.
        retries: how often a task is tried again after an error that may pass, such as
            `ConnectionError` or [`TransientError`][thresher.errors.TransientError].
        backoff: seconds before the first retry; the wait doubles for each one after it.
        listener: told what happens, by the same events as of a run of a project.
        name: what the listener is told as the name of the pipeline.

    Returns:
        How each task went. A failed task is told there, and raises nothing by itself.

    Raises:
        CommandError: the graph has a cycle, names a task that it does not have or that has no
            function, or an option makes no sense; no task was run.
    """
    _check_options(workers=workers, retries=retries, backoff=backoff)
    order = order_of(graph)
    retry = Retry(attempts=retries + 1, backoff=backoff)
    run = _Run(graph, functions_of(graph, tasks), retry, listener)
    started, clock, status = _now(), time.perf_counter(), "interrupted"
    run.begin(started, name, order, workers)
    try:
        run.walk(workers)
        done = all(task.status is TaskStatus.DONE for task in run.results.values())
        status = "done" if done else "failed"
    finally:
        seconds = time.perf_counter() - clock
        run.end(status, seconds)
    ordered = {task: run.results[task] for task in order}
    return DagResult(run=run.id, name=name, started=started, seconds=seconds, tasks=ordered)


def retried(tasks: Iterable[TaskResult]) -> int:
    """Count the attempts that were tried again."""
    return sum(max(task.attempts - 1, 0) for task in tasks)


@dataclass(slots=True)
class _Run:
    """One run under way: what it was given, and how far it is."""

    graph: Graph
    functions: Mapping[str, Callable[[Inputs], object]]
    retry: Retry
    listener: Listener | None
    id: str = field(default_factory=lambda: f"{_now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}")
    results: dict[str, TaskResult] = field(default_factory=dict)
    telling: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)

    def walk(self, workers: int) -> None:
        """Start each task as soon as all that it needs is over, until all are."""
        left = TopologicalSorter(self.graph)
        left.prepare()
        running: dict[Future[TaskResult], str] = {}
        with ThreadPoolExecutor(workers, thread_name_prefix="thresher") as pool:
            try:
                while left.is_active():
                    for task in left.get_ready():
                        if blockers := self.blockers(task):
                            self.results[task] = self.block(task, blockers)
                            left.done(task)
                        else:
                            inputs = {need: self.results[need].value for need in self.graph[task]}
                            running[pool.submit(self.carry_out, task, inputs)] = task
                    for future in wait(running, WAKE_SECONDS, FIRST_COMPLETED).done:
                        task = running.pop(future)
                        self.results[task] = future.result()
                        left.done(task)
            finally:
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def carry_out(self, task: str, inputs: Inputs) -> TaskResult:
        """Call a task's function, as often as the policy lets it, and tell how it went."""
        started, clock = _now(), time.perf_counter()
        attempts = _Attempts(self, task, inputs)
        value, failure = None, None
        try:
            value, _ = call(self.retry, attempts, on_failure=attempts.failed, sleep=self.pause)
        except Exception as error:  # noqa: BLE001 - a task is the user's code: it may raise anything
            failure = error
        except SystemExit as error:
            failure = AssetError(f"it called `sys.exit({error.code!r})`")
        return self.over(
            TaskResult(
                task=task,
                status=TaskStatus.DONE if failure is None else TaskStatus.FAILED,
                started=started,
                finished=_now(),
                seconds=time.perf_counter() - clock,
                attempts=attempts.count,
                value=value,
                error=failure,
            )
        )

    def pause(self, seconds: float) -> None:
        """Wait before another attempt, unless the run is stopped meanwhile."""
        if self.stopped.wait(seconds):
            raise RunInterruptedError(signal.SIGINT)

    def blockers(self, task: str) -> tuple[str, ...]:
        """List what the task needs that did not get done, each once."""
        needs = dict.fromkeys(self.graph[task])
        return tuple(n for n in needs if self.results[n].status is not TaskStatus.DONE)

    def block(self, task: str, blockers: tuple[str, ...]) -> TaskResult:
        """Leave a task out."""
        now, status = _now(), TaskStatus.BLOCKED
        return self.over(
            TaskResult(task=task, status=status, started=now, finished=now, blocked_by=blockers)
        )

    def begin(self, at: datetime, name: str, order: Sequence[str], workers: int) -> None:
        """Tell that the run begins."""
        self.tell(
            RunStarted(
                run=self.id,
                pipeline=name,
                environment=ENVIRONMENT,
                at=at,
                configuration={"workers": workers, **asdict(self.retry)},
                steps=tuple((task, ACTION) for task in order),
            )
        )

    def over(self, result: TaskResult) -> TaskResult:
        """Tell that a task is done with, for better or worse."""
        self.tell(
            AssetFinished(
                run=self.id,
                asset=result.task,
                action=ACTION,
                status="built" if result.status is TaskStatus.DONE else result.status.value,
                started=result.started,
                at=result.finished,
                seconds=result.seconds,
                attempts=result.attempts,
                error=result.reason,
            )
        )
        return result

    def end(self, status: str, seconds: float) -> None:
        """Tell that the run is over."""
        failed = [task for task in self.results.values() if task.status is TaskStatus.FAILED]
        self.tell(
            RunFinished(
                run=self.id,
                environment=ENVIRONMENT,
                at=_now(),
                seconds=seconds,
                status=status,
                exit_code=EXIT_CODES[status],
                warnings=retried(self.results.values()),
                errors=len(failed),
                rows_in=0,
                rows_out=0,
            )
        )

    def tell(self, event: Event) -> None:
        """Tell the listener, from one thread at a time."""
        if self.listener:
            with self.telling:
                self.listener(event)


@dataclass(slots=True)
class _Attempts:
    """The attempts at one task: called for each, and told of each that another follows."""

    run: _Run
    task: str
    inputs: Inputs
    count: int = 0
    began: float = 0.0

    def __call__(self) -> object:
        self.count += 1
        self.began = time.perf_counter()
        self.run.tell(
            AssetStarted(
                run=self.run.id, asset=self.task, action=ACTION, attempt=self.count, at=_now()
            )
        )
        return self.run.functions[self.task](self.inputs)

    def failed(self, number: int, error: BaseException, pause: float) -> None:
        self.run.tell(
            AttemptFailed(
                run=self.run.id,
                asset=self.task,
                attempt=number,
                at=_now(),
                seconds=time.perf_counter() - self.began,
                error=_text(error),
                wait=pause,
            )
        )


def _check_options(*, workers: int, retries: int, backoff: float) -> None:
    for name, value, least in (
        ("workers", workers, 1),
        ("retries", retries, 0),
        ("backoff", backoff, 0),
    ):
        if value < least:
            raise CommandError(f"`{name}` must be at least {least}, not {value}")


def _text(error: BaseException) -> str:
    if isinstance(error, ThresherError):
        return error.fault.what
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _now() -> datetime:
    return datetime.now(UTC)
