"""The end of a run of tasks for people, in the form of that of a run of a project."""

from __future__ import annotations

from thresher.observe.summary import SHOWN_FAILURES, SHOWN_ROWS, Summary
from thresher.observe.tables import Table
from thresher.observe.wording import counted, duration, moment, one_line, visible
from thresher.run.dag import DagResult, TaskResult, TaskStatus

HEADERS = ("task", "status", "started (UTC)", "ended (UTC)", "seconds", "attempts")


def summarize_dag(result: DagResult, *, log: str | None = None) -> Summary:
    """Put how tasks went into words and a table.

    Args:
        result: how they went.
        log: where it stands in full, if it was logged.
    """
    tasks = list(result.tasks.values())
    if len(tasks) > SHOWN_ROWS:
        # What failed must not be what is left out.
        tasks.sort(key=lambda task: task.status is TaskStatus.DONE)
    table = Table(
        HEADERS,
        tuple(_row(task) for task in tasks[:SHOWN_ROWS]),
        frozenset({4, 5}),
        "tasks",
        max(len(tasks) - SHOWN_ROWS, 0),
    )
    return Summary(
        tables=(table,) if tasks else (),
        failures=_failures(result),
        closing=(_verdict(result), *([f"log: {log}"] if log else [])),
        tone=("warned" if result.warnings else "good") if result.ok else "bad",
    )


def _row(task: TaskResult) -> tuple[str, ...]:
    tried = task.status is not TaskStatus.BLOCKED
    return (
        one_line(task.task),
        task.status.value,
        moment(task.started) if tried else "",
        moment(task.finished) if tried else "",
        f"{task.seconds:,.2f}" if tried else "",
        f"{task.attempts:,}" if tried else "",
    )


def _failures(result: DagResult) -> tuple[str, ...]:
    failed = [task for task in result.tasks.values() if task.status is TaskStatus.FAILED]
    texts = []
    for task in failed[:SHOWN_FAILURES]:
        lines = visible(task.reason or "").splitlines()
        texts.append("\n  ".join([f"{one_line(task.task)} failed", *lines]))
    if len(failed) > SHOWN_FAILURES:
        texts.append(f"... and {len(failed) - SHOWN_FAILURES:,} more tasks failed")
    blocked = [t.task for t in result.tasks.values() if t.status is TaskStatus.BLOCKED]
    if blocked:
        more = len(blocked) - SHOWN_FAILURES
        names = ", ".join(map(one_line, blocked[:SHOWN_FAILURES]))
        names += f" and {more:,} more" if more > 0 else ""
        texts.append(f"blocked, since what they need failed: {names}")
    return tuple(texts)


def _verdict(result: DagResult) -> str:
    statuses = [task.status for task in result.tasks.values()]
    failed, blocked = statuses.count(TaskStatus.FAILED), statuses.count(TaskStatus.BLOCKED)
    parts = [counted(len(statuses), "task")]
    if failed:
        parts = [f"{failed:,} of {counted(len(statuses), 'task')} failed"]
        parts += [f"{blocked:,} blocked"] if blocked else []
    parts.append(duration(result.seconds))
    parts.append(counted(result.warnings, "warning"))
    parts.append(counted(failed, "error"))
    return f"{'done' if result.ok else 'failed'} ({one_line(result.name)}): {', '.join(parts)}"
