"""The dictionaries that `run_dag` is given, checked before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from thresher.errors import SHOWN_FAULTS, CommandError

Graph = Mapping[str, Sequence[str]]
"""The tasks that each task needs."""

Tasks = Mapping[str, Callable[..., object]]
"""The function of each task; functions of tasks that the graph does not name are not called."""

Inputs = Mapping[str, Any]
"""What each task that a task needs returned."""


def order_of(graph: Graph) -> tuple[str, ...]:
    """Put the tasks of a graph in an order in which each comes after all that it needs.

    Raises:
        CommandError: a task needs one that is not in the graph, or itself by way of others.
    """
    for task, needs in graph.items():
        if isinstance(needs, str):
            raise CommandError(
                f"the task `{task}` needs a list of tasks, not the text {needs!r}",
                hint=f"write `[{needs!r}]`",
            )
    unknown = [(task, need) for task, needs in graph.items() for need in needs if need not in graph]
    if unknown:
        raise CommandError(
            bounded(
                f"`{task}` needs `{need}`, which is not in the graph" for task, need in unknown
            ),
            hint=_nearest(unknown[0][1], graph) or f"add `{unknown[0][1]}` to the graph, with `[]`",
        )
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib names each task before the one that needs it; people read it the other way.
        circle = " needs ".join(f"`{task}`" for task in reversed(error.args[1]))
        raise CommandError(
            f"the graph has a cycle: {circle}", hint="take out one of these needs"
        ) from None


def functions_of(graph: Graph, tasks: Tasks) -> dict[str, Callable[[Inputs], object]]:
    """Give the function of each task of a graph, made to take the task's inputs.

    Raises:
        CommandError: a task has no function, or one that requires more than its inputs.
    """
    missing = [task for task in graph if not callable(tasks.get(task))]
    if missing:
        raise CommandError(
            bounded(f"the task `{task}` has no function" for task in missing),
            hint=_nearest(missing[0], set(tasks) - set(graph)) or "give it one in `tasks`",
        )
    return {task: _taking_inputs(task, tasks[task]) for task in graph}


def bounded(texts: Iterable[str]) -> str:
    """Join texts to one of a bounded length."""
    listed = list(texts)
    left = len(listed) - SHOWN_FAULTS
    return "; ".join(listed[:SHOWN_FAULTS] + ([f"and {left} more"] if left > 0 else []))


def names(listed: Iterable[str]) -> str:
    """List names as messages do."""
    return ", ".join(f"`{name}`" for name in listed)


def _taking_inputs(task: str, function: Callable[..., object]) -> Callable[[Inputs], object]:
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except ValueError:  # some functions written in C do not say what they take
        parameters = []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [p for p in parameters if p.default is p.empty and p.kind not in optional]
    if not required:
        return lambda _: function()
    if len(required) == 1 and required[0].kind is not inspect.Parameter.KEYWORD_ONLY:
        return function
    raise CommandError(
        f"the function of the task `{task}` requires {names(p.name for p in required)}",
        hint="let it require no argument, or one: what the tasks that it needs returned, by name",
    )


def _nearest(name: str, known: Iterable[str]) -> str | None:
    near = get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else None
