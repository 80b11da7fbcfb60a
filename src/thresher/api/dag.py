"""`thresher.run_dag`: a dictionary of tasks with the logs and the summary of a run of a project."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path

from thresher.events import Event, Listener
from thresher.observe.dag_summary import summarize_dag
from thresher.observe.logs import log_path, open_logs
from thresher.observe.summary import plain_summary
from thresher.run import dag
from thresher.run.taskgraph import Graph, Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun(dag.DagResult):
    """How a graph of tasks went; `print` shows its summary."""

    log: Path | None
    """The log of the run, if it was logged."""

    def summary(self) -> str:
        """Tell each task with its start, end and attempts, what failed, and the verdict."""
        log = None if self.log is None else str(self.log)
        return plain_summary(summarize_dag(self, log=log)).rstrip("\n")

    def __str__(self) -> str:
        return self.summary()


def run_dag(
    graph: Graph,
    tasks: Tasks,
    *,
    workers: int = 4,
    retries: int = 0,
    backoff: float = 1.0,
    listener: Listener | None = None,
    name: str = "dag",
    logs: str | os.PathLike[str] | None = None,
) -> DagRun:
    """Run tasks in the order of their dependencies.

    Args:
        graph: the tasks that each task needs, such as `{"extract": [], "load": ["extract"]}`.
        tasks: the function of each task. One that requires an argument is given a mapping from each
            task that it needs to what that one returned.
        workers: how many tasks may run at one time.
        retries: how often a task is tried again after an error that may pass, such as
            `ConnectionError` or [`TransientError`][thresher.errors.TransientError].
        backoff: seconds before the first retry; the wait doubles for each one after it.
        listener: told what happens, by the same events as of a run of a project.
        name: what the run is called in the log and in the summary.
        logs: folder for `<name>.log` and `error.log`, in the form of those of a project: JSON lines
            with start, end and duration of each task, rotated at 10 MB, five of which are kept.
            Nothing is logged where it is None.

    Returns:
        How each task went. A failed task is told there, and raises nothing by itself.

    Raises:
        CommandError: the graph has a cycle, names a task that it does not have or that has no
            function, or an option makes no sense; no task was run.
    """
    with ExitStack() as stack:
        listeners: list[Listener] = [] if listener is None else [listener]
        if logs is not None:
            listeners.insert(0, stack.enter_context(open_logs(Path(logs), pipeline=name)))

        def tell(event: Event) -> None:
            for each in listeners:
                each(event)

        result = dag.run_dag(
            graph,
            tasks,
            workers=workers,
            retries=retries,
            backoff=backoff,
            listener=tell,
            name=name,
        )
    log = None if logs is None else log_path(Path(logs), name)
    return DagRun(**{each.name: getattr(result, each.name) for each in fields(result)}, log=log)
