"""Whose turn an environment is: taken at once or waited for, and taken over from runs that died."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from thresher.errors import CommandError, HeldError
from thresher.events import Listener, TookOver, Waiting
from thresher.observe import history
from thresher.project.units import parse_duration
from thresher.warehouse.lock import Holder, hold_in_turn

Wait = str | timedelta | bool
"""How long to wait for an environment: `10m`, or True for as long as it takes."""


def new_run_id() -> str:
    """Make an id for a run: when it began, in UTC, and six random hex digits."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def patience(wait: Wait) -> timedelta:
    """Give how long to wait.

    Raises:
        CommandError: it is no duration.
    """
    if isinstance(wait, bool):
        return timedelta.max if wait else timedelta()
    try:
        return parse_duration(wait)
    except ValueError as error:
        raise CommandError(f"`wait` {error}") from None


@contextmanager
def turn(
    warehouse: Path, environment: str, *, wait: Wait, listeners: Sequence[Listener]
) -> Iterator[Holder]:
    """Hold an environment for a new run, whose id the holder has.

    Args:
        warehouse: folder of the warehouse.
        environment: what to hold.
        wait: how long to wait for another run.
        listeners: told once, if there is one to wait for.

    Raises:
        HeldError: another run holds it, and still does after that time.
        CommandError: the wait is no duration.
        WarehouseError: the lock cannot be written.
    """
    longest = patience(wait)

    def waiting(error: HeldError) -> None:
        event = Waiting(
            environment=environment,
            at=datetime.now(UTC),
            held=error.fault.what,
            by=error.run,
            since=error.since,
            longest=None if longest == timedelta.max else longest.total_seconds(),
        )
        for listener in listeners:
            listener(event)

    with hold_in_turn(warehouse, environment, new_run_id, wait=longest, waiting=waiting) as holder:
        yield holder


def took_over(past: Path, holder: Holder) -> TookOver | None:
    """Tell from whom a run has taken over; None where the run before it let go of the environment.

    Args:
        past: the history, which knows what the other run did last.
        holder: the run, which holds the environment.
    """
    before = holder.after
    if before is None:
        return None
    last, status = None, None
    try:
        found = history.run(past, before.run).run
        last, status = found.last, found.status
    except CommandError:
        pass  # it got no further, or the history is gone
    if status not in (None, "running", "died"):
        return None  # after a loss of power, what it wrote when it let go may be gone
    alive = status == "running" and before.host == socket.gethostname()
    return TookOver(
        run=holder.run,
        environment=holder.environment,
        at=holder.since,
        before=before.run,
        pid=before.pid,
        host=before.host,
        since=before.since,
        died=not alive,
        last=last,
    )
