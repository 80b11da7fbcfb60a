"""`@asset`: marks the function that makes a table, and carries its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")


@overload
def asset(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def asset(
    *,
    description: str = "",
    defaults: Mapping[str, Any] | None = None,
    columns: Mapping[str, Any] | None = None,
    checks: Sequence[Mapping[str, Any]] = (),
    tags: Sequence[str] = (),
    volatile: str | None = None,
    renamed_from: str | None = None,
    retries: int | None = None,
    backoff: str | None = None,
    max_backoff: str | None = None,
    timeout: str | None = None,
    inputs: Mapping[str, str] | None = None,
    isolate: bool | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def asset(  # noqa: PLR0913  # what stands at the head of any other asset
    function: Callable[P, R] | None = None,
    /,
    *,
    description: str = "",
    defaults: Mapping[str, Any] | None = None,
    columns: Mapping[str, Any] | None = None,
    checks: Sequence[Mapping[str, Any]] = (),
    tags: Sequence[str] = (),
    volatile: str | None = None,
    renamed_from: str | None = None,
    retries: int | None = None,
    backoff: str | None = None,
    max_backoff: str | None = None,
    timeout: str | None = None,
    inputs: Mapping[str, str] | None = None,
    isolate: bool | None = None,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function as the asset of its file, and say what must hold for its table.

    The arguments are read from the source, without running it, so they must be literals. The
    function itself stays as it is, and can be called like any other.

    Args:
        function: the function, where nothing is said about it: `@asset` alone.
        description: what the table holds.
        defaults: how violations are weighed where a check says nothing.
        columns: what must hold for each column, by name.
        checks: what must hold for the whole table.
        tags: names to select it by.
        volatile: `run` or `day`, where it gives another result each time.
        renamed_from: name that the asset had before.
        retries: further attempts after an error that can pass; the project's where None.
        backoff: wait before the second attempt, such as `5s`; doubled for each one after it.
        max_backoff: what no wait exceeds.
        timeout: how long each attempt may take, such as `10m`.
        inputs: asset by parameter, such as `{"flights": "clean.flights"}`.
        isolate: whether it runs in a process of its own; as `run.isolate` says where None.
    """
    contract = {
        "description": description,
        "defaults": defaults,
        "columns": columns or {},
        "checks": checks,
        "tags": tags,
        "volatile": volatile,
        "renamed_from": renamed_from,
        "retries": retries,
        "backoff": backoff,
        "max_backoff": max_backoff,
        "timeout": timeout,
        "inputs": inputs or {},
        "isolate": isolate,
    }

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        function.__thresher__ = contract  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)
