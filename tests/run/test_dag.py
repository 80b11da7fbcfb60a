"""A dictionary of tasks: its order, its failures, and what is told of them."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from thresher.errors import AssetError, CommandError, TransientError
from thresher.events import (
    AssetFinished,
    AssetStarted,
    AttemptFailed,
    Event,
    RunFinished,
    RunStarted,
)
from thresher.run.dag import DagResult, TaskStatus, run_dag

ETL = {"load": ["transform"], "transform": ["extract"], "extract": []}


def fail() -> None:
    raise ValueError("no such column")


def statuses(result: DagResult) -> dict[str, str]:
    return {name: task.status.value for name, task in result.tasks.items()}


def nothing(graph: Mapping[str, Sequence[str]]) -> dict[str, Callable[[], None]]:
    return dict.fromkeys(graph, lambda: None)


def recording(graph: Mapping[str, Sequence[str]]) -> tuple[list[str], dict[str, Any]]:
    """Make tasks that write down that they were called."""
    called: list[str] = []
    return called, {task: functools.partial(called.append, task) for task in graph}


def test_tasks_run_after_what_they_need() -> None:
    called, tasks = recording(ETL)
    result = run_dag(ETL, tasks)
    assert called == ["extract", "transform", "load"]
    assert list(result.tasks) == called
    assert result.ok


def test_a_graph_without_tasks_is_done() -> None:
    assert run_dag({}, {}).ok


def test_every_dependency_of_a_wide_graph_is_kept() -> None:
    graph = {f"t{n}": [f"t{m}" for m in range(n) if n % (m + 2) == 0] for n in range(40)}
    called, tasks = recording(graph)
    run_dag(graph, tasks, workers=8)
    position = {task: n for n, task in enumerate(called)}
    assert len(position) == len(called) == 40
    assert all(position[need] < position[task] for task, needs in graph.items() for need in needs)


def test_independent_tasks_run_side_by_side() -> None:
    both_are_there = threading.Barrier(2, timeout=5)
    result = run_dag({"a": [], "b": []}, dict.fromkeys("ab", both_are_there.wait), workers=2)
    assert result.ok


def test_no_more_tasks_run_at_one_time_than_workers() -> None:
    free = threading.Lock()

    def alone() -> None:
        assert free.acquire(blocking=False)
        threading.Event().wait(0.005)
        free.release()

    assert run_dag({name: [] for name in "abcd"}, dict.fromkeys("abcd", alone), workers=1).ok


def test_a_function_that_requires_an_argument_gets_what_its_task_needs() -> None:
    result = run_dag(
        {"one": [], "two": [], "sum": ["one", "two"], "double": ["sum"]},
        {
            "one": lambda: 1,
            "two": lambda inputs: 2 + len(inputs),
            "sum": lambda inputs: inputs["one"] + inputs["two"],
            "double": lambda inputs: {name: 2 * value for name, value in inputs.items()},
        },
    )
    assert result.values == {"one": 1, "two": 2, "sum": 3, "double": {"sum": 6}}


def test_a_function_that_requires_no_argument_gets_none() -> None:
    tasks: dict[str, Callable[..., object]] = {
        "default": lambda inputs="kept": inputs,
        "any": lambda *inputs, **named: (inputs, named),
        "builtin": dict,
    }
    result = run_dag({"default": [], "any": ["default"], "builtin": ["any"]}, tasks)
    assert result.values == {"default": "kept", "any": ((), {}), "builtin": {}}


@pytest.mark.parametrize(
    ("function", "required"),
    [
        (lambda one, two: None, "requires `one`, `two`"),
        (lambda *, inputs: None, "requires `inputs`"),
    ],
)
def test_a_function_that_requires_more_is_refused(
    function: Callable[..., object], required: str
) -> None:
    called, tasks = recording(ETL)
    with pytest.raises(CommandError, match=f"the function of the task `load` {required}"):
        run_dag(ETL, {**tasks, "load": function})
    assert called == []


def test_a_failed_task_blocks_what_needs_it_and_the_rest_goes_on() -> None:
    graph = {"a": [], "b": ["a"], "c": ["b"], "other": [], "last": ["other"], "both": ["b", "last"]}
    called, tasks = recording(graph)
    result = run_dag(graph, {**tasks, "a": fail})
    assert sorted(called) == ["last", "other"]
    assert statuses(result) == {
        "a": "failed",
        "b": "blocked",
        "c": "blocked",
        "other": "done",
        "last": "done",
        "both": "blocked",
    }
    assert not result.ok
    assert result.tasks["b"].blocked_by == ("a",)
    assert result.tasks["c"].reason == "blocked by `b`"
    assert result.tasks["a"].reason == "ValueError: no such column"


def test_failures_are_raised_on_request_with_their_cause() -> None:
    result = run_dag(ETL, {**nothing(ETL), "transform": fail})
    with pytest.raises(AssetError) as caught:
        result.raise_for_failure()
    assert str(caught.value) == (
        "the task `transform` failed: ValueError: no such column\n"
        "  hint: not tried because of that: `load`"
    )
    assert isinstance(caught.value.__cause__, ValueError)


def test_nothing_is_raised_where_nothing_failed() -> None:
    run_dag(ETL, nothing(ETL)).raise_for_failure()


def test_an_error_that_may_pass_is_tried_again() -> None:
    attempts = iter([ConnectionError("reset"), TransientError("busy"), None])

    def flaky() -> str:
        if error := next(attempts):
            raise error
        return "there"

    result = run_dag({"fetch": []}, {"fetch": flaky}, retries=2, backoff=0)
    assert (result.values, result.tasks["fetch"].attempts) == ({"fetch": "there"}, 3)


@pytest.mark.parametrize(
    ("error", "attempts"), [(ConnectionError("reset"), 3), (ValueError("wrong"), 1)], ids=repr
)
def test_only_errors_that_may_pass_are_tried_again(error: Exception, attempts: int) -> None:
    def failing() -> None:
        raise error

    task = run_dag({"fetch": []}, {"fetch": failing}, retries=2, backoff=0).tasks["fetch"]
    assert (task.status, task.error, task.attempts) == (TaskStatus.FAILED, error, attempts)


def test_start_end_and_duration_of_each_task_are_recorded() -> None:
    result = run_dag(ETL, nothing(ETL))
    first, second, _ = result.tasks.values()
    assert result.started <= first.started <= first.finished <= second.started
    assert all(0 <= task.seconds <= result.seconds for task in result.tasks.values())
    assert first.started.utcoffset() is not None


def test_a_listener_is_told_everything_in_order() -> None:
    events: list[Event] = []
    attempts = iter([ConnectionError("reset"), None])

    def flaky() -> None:
        if error := next(attempts):
            raise error

    tasks = {"extract": flaky, "transform": fail, "load": fail}
    result = run_dag(ETL, tasks, retries=1, backoff=0, listener=events.append, name="shop")

    assert [(type(event), getattr(event, "asset", None)) for event in events] == [
        (RunStarted, None),
        (AssetStarted, "extract"),
        (AttemptFailed, "extract"),
        (AssetStarted, "extract"),
        (AssetFinished, "extract"),
        (AssetStarted, "transform"),
        (AssetFinished, "transform"),
        (AssetFinished, "load"),
        (RunFinished, None),
    ]
    assert {event.run for event in events if not hasattr(event, "sql")} == {result.run}
    first, last = events[0], events[-1]
    assert isinstance(first, RunStarted)
    assert first.pipeline == "shop"
    assert first.steps == (("extract", "build"), ("transform", "build"), ("load", "build"))
    assert isinstance(last, RunFinished)
    assert (last.status, last.exit_code, last.errors) == ("failed", 1, 1)
    finished = [event for event in events if isinstance(event, AssetFinished)]
    assert [(event.status, event.attempts, event.error) for event in finished] == [
        ("built", 2, None),
        ("failed", 1, "ValueError: no such column"),
        ("blocked", 0, "blocked by `transform`"),
    ]


def test_a_listener_is_told_from_one_thread_at_a_time() -> None:
    busy = threading.Lock()
    told: list[Event] = []

    def listener(event: Event) -> None:
        assert busy.acquire(blocking=False)
        told.append(event)
        threading.Event().wait(0.001)
        busy.release()

    graph: dict[str, list[str]] = {f"t{n}": [] for n in range(16)}
    assert run_dag(graph, nothing(graph), workers=8, listener=listener).ok
    assert len(told) == 2 + 2 * 16


def test_an_interruption_ends_the_run_and_its_waits_and_is_told() -> None:
    events: list[Event] = []

    def interrupted() -> None:
        waiting.wait(5)
        raise KeyboardInterrupt

    def busy() -> None:
        raise ConnectionError("reset")

    waiting = threading.Event()

    def listener(event: Event) -> None:
        events.append(event)
        if isinstance(event, AttemptFailed):
            waiting.set()

    graph = {"busy": [], "interrupted": [], "never": ["interrupted"]}
    tasks = {"busy": busy, "interrupted": interrupted, "never": fail}
    with pytest.raises(KeyboardInterrupt):
        run_dag(graph, tasks, retries=3, backoff=60, listener=listener)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert (last.status, last.exit_code) == ("interrupted", 130)
    assert "never" not in {getattr(event, "asset", None) for event in events}


@pytest.mark.parametrize(
    ("graph", "message", "hint"),
    [
        (
            {"extract": [], "transform": ["extrct"]},
            "`transform` needs `extrct`, which is not in the graph",
            "did you mean `extract`?",
        ),
        (
            {"transform": ["xyzzy"]},
            "`transform` needs `xyzzy`, which is not in the graph",
            "add `xyzzy` to the graph, with `[]`",
        ),
        (
            {"a": ["c"], "b": ["a"], "c": ["b"]},
            "the graph has a cycle: `a` needs `c` needs `b` needs `a`",
            "take out one of these needs",
        ),
        ({"a": ["a"]}, "the graph has a cycle: `a` needs `a`", "take out one of these needs"),
        (
            {"extract": [], "transform": "extract"},
            "the task `transform` needs a list of tasks, not the text 'extract'",
            "write `['extract']`",
        ),
        (
            {"extrct": [], "transform": ["extrct"]},
            "the task `extrct` has no function",
            "did you mean `extract`?",
        ),
    ],
    ids=["unknown, near", "unknown", "cycle", "itself", "a text", "no function"],
)
def test_a_graph_that_cannot_be_run_is_refused_before_anything_runs(
    graph: Mapping[str, Sequence[str]], message: str, hint: str
) -> None:
    called, tasks = recording({key: [] for key in ("a", "b", "c", "extract", "transform")})
    with pytest.raises(CommandError) as caught:
        run_dag(graph, tasks)
    assert (caught.value.fault.what, caught.value.fault.hint) == (message, hint)
    assert called == []


@pytest.mark.parametrize("option", [{"workers": 0}, {"retries": -1}, {"backoff": -0.5}], ids=str)
def test_an_option_that_makes_no_sense_is_refused(option: dict[str, Any]) -> None:
    (name,) = option
    with pytest.raises(CommandError, match=f"`{name}` must be at least"):
        run_dag(ETL, nothing(ETL), **option)


def test_a_task_that_calls_exit_is_a_failed_task_and_not_the_end() -> None:
    result = run_dag({"a": [], "b": []}, {"a": lambda: sys.exit(0), "b": lambda: 1})
    assert not result.ok
    assert "sys.exit(0)" in str(result.tasks["a"].error)
    assert result.tasks["b"].value == 1
