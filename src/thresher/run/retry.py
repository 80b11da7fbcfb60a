"""Trying again: how often, after what wait, and only where it can help.

One policy for everything that runs. Whether an error may pass is told by its type
([`is_transient`][thresher.errors.is_transient]); the wait doubles from one attempt to the next,
and some chance is added to it, so that tasks that failed together do not come back together.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)

from thresher.errors import is_transient
from thresher.project.asset import Asset
from thresher.project.config import RunConfig

T = TypeVar("T")

OnFailure = Callable[[int, BaseException, float], None]
"""Told of an attempt that failed and is followed by another: its number, its error, the wait."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often something is tried, and how long to wait between."""

    attempts: int
    """Attempts in all, the first among them."""
    backoff: float
    """Seconds before the second attempt; the wait doubles for each one after it."""
    ceiling: float = 60.0
    """Seconds that no wait exceeds."""

    @classmethod
    def of(cls, asset: Asset, run: RunConfig) -> Retry:
        """Give the policy of an asset: what it says itself wins over what the project says."""
        own = asset.patience
        retries = run.retries if own.retries is None else own.retries
        backoff = run.backoff if own.backoff is None else own.backoff
        ceiling = run.max_backoff if own.max_backoff is None else own.max_backoff
        return cls(retries + 1, backoff.total_seconds(), ceiling.total_seconds())


def call(
    retry: Retry,
    function: Callable[[], T],
    *,
    on_failure: OnFailure,
    sleep: Callable[[float], object] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> tuple[T, int]:
    """Call a function until it returns, for as many attempts as the policy has.

    Args:
        retry: how often, and after what waits.
        function: what to call.
        on_failure: told before each wait; the last failure is raised instead.
        sleep: how to wait; the `wait` of a `threading.Event` makes waits that can be cut short.
        chance: gives the part of the backoff that is added to a wait, between 0 and 1.

    Returns:
        What the function returned, and how many attempts it took.

    Raises:
        BaseException: what the last attempt raised, at once if trying again cannot help.
    """
    attempts = 1

    def tell(state: RetryCallState) -> None:
        nonlocal attempts
        attempts = state.attempt_number + 1
        if state.outcome and (error := state.outcome.exception()):
            on_failure(state.attempt_number, error, state.upcoming_sleep)

    def pause(seconds: float) -> None:
        sleep(seconds)

    doubling = wait_exponential(multiplier=retry.backoff, max=retry.ceiling)

    def wait(state: RetryCallState) -> float:
        return min(retry.ceiling, doubling(state) + retry.backoff * chance())

    policy = Retrying(
        stop=stop_after_attempt(retry.attempts),
        wait=wait,
        retry=retry_if_exception(is_transient),
        before_sleep=tell,
        sleep=pause,
        reraise=True,
    )
    return policy(function), attempts
