"""Trying again: how often, after what waits, and after which errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thresher.errors import AssetError, TransientError
from thresher.run.retry import Retry, call


def failing(times: int, error: BaseException) -> Callable[[], str]:
    """Make a function that fails so many times, and then returns."""
    left = [error] * times

    def function() -> str:
        if left:
            raise left.pop()
        return "done"

    return function


def quiet(number: int, error: BaseException, wait: float) -> None:
    """Tell nobody."""


@pytest.mark.parametrize("times", [0, 1, 2])
def test_it_is_tried_until_it_works(times: int) -> None:
    function = failing(times, TransientError("busy"))
    assert call(Retry(3, 0.0), function, on_failure=quiet) == ("done", times + 1)


@pytest.mark.parametrize(
    "error", [TransientError("busy"), ConnectionResetError(), TimeoutError()], ids=repr
)
def test_the_last_error_is_raised_when_the_attempts_are_used_up(error: Exception) -> None:
    told: list[int] = []
    with pytest.raises(type(error)) as caught:
        call(Retry(3, 0.0), failing(3, error), on_failure=lambda n, *_: told.append(n))
    assert caught.value is error
    assert told == [1, 2]


@pytest.mark.parametrize(
    "error", [AssetError("wrong"), ValueError("wrong"), KeyboardInterrupt()], ids=repr
)
def test_an_error_that_cannot_pass_is_raised_at_once(error: BaseException) -> None:
    told: list[int] = []
    with pytest.raises(type(error)) as caught:
        call(Retry(3, 0.0), failing(1, error), on_failure=lambda n, *_: told.append(n))
    assert caught.value is error
    assert told == []


def test_each_failure_is_told_with_its_error_and_the_wait_that_follows() -> None:
    told: list[tuple[int, BaseException, float]] = []
    slept: list[float] = []
    error = TransientError("busy")
    call(
        Retry(3, 0.5),
        failing(2, error),
        on_failure=lambda *failure: told.append(failure),
        sleep=slept.append,
    )
    assert [(number, failure) for number, failure, _ in told] == [(1, error), (2, error)]
    assert [wait for *_, wait in told] == slept


def test_waits_double_with_some_chance_added_up_to_the_ceiling() -> None:
    slept: list[float] = []
    call(
        Retry(9, 1.0, ceiling=20.0),
        failing(8, TransientError("busy")),
        on_failure=quiet,
        sleep=slept.append,
    )
    assert all(2**n <= wait <= 2**n + 1 for n, wait in enumerate(slept[:5]))
    assert slept[5:] == [20.0, 20.0, 20.0]
    assert len({wait % 1 for wait in slept[:5]}) > 1


def test_an_error_of_the_wait_ends_it() -> None:
    def stop(seconds: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        call(Retry(3, 1.0), failing(2, TransientError("busy")), on_failure=quiet, sleep=stop)
