"""`thresher schedule run`: what cron calls when a schedule's time has come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from os.path import samestat
from pathlib import Path
from zoneinfo import ZoneInfo

from thresher.api.open import OpenProject
from thresher.api.open import open as open_project
from thresher.errors import HeldError
from thresher.events import Listener
from thresher.observe.wording import moment
from thresher.project.schedules import Schedule
from thresher.results import RunResult
from thresher.schedule.clocks import system_zone
from thresher.schedule.times import is_due, wake
from thresher.warehouse.lock import hold, holders

STATE = ".thresher"


def due(schedule: Schedule, now: datetime | None = None) -> bool:
    """Say whether a schedule is due now, for a start by cron that may be somewhat late."""
    at = now or datetime.now(UTC)
    zone = ZoneInfo(schedule.timezone)
    grace = wake(schedule.cron, zone, system_zone(), at).grace
    return is_due(schedule.cron, zone, at, grace)


@contextmanager
def turn(root: Path, name: str) -> Iterator[str | None]:
    """Hold a schedule for as long as this process runs it; one that died holds nothing.

    Gives None, or in words that an earlier start of it is still running, and holds it.
    """
    with ExitStack() as stack:
        still = None
        try:
            stack.enter_context(hold(root / STATE, _key(name), name))
        except HeldError:
            still = _still(root, name)
        yield still


def opened(root: Path, schedule: Schedule) -> OpenProject:
    """Open a project in the environment and with the parameters of a schedule.

    Raises:
        ThresherError: as for `thresher.open`.
    """
    return open_project(root, env=schedule.environment, params=dict(schedule.params))


def bound_output(log: Path, *, max_bytes: int, backups: int) -> bool:
    """Begin a new log where this process prints into one that has grown too large.

    Args:
        log: the file that cron's shell has opened for this process, if cron started it.
        max_bytes: size from which on it is too large; 0 for never.
        backups: how many earlier ones are kept.

    Returns:
        Whether a new one was begun.
    """
    streams = [number for number in (1, 2) if _goes_to(number, log)]
    if not streams or not max_bytes or log.stat().st_size < max_bytes:
        return False
    if backups:
        RotatingFileHandler(log, backupCount=backups, delay=True).doRollover()
    else:
        os.truncate(log, 0)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number in streams:
        os.dup2(descriptor, number)
    os.close(descriptor)
    return True


def run(project: OpenProject, schedule: Schedule, *, listener: Listener) -> RunResult:
    """Run what a schedule says; another run of the environment is waited for.

    Args:
        project: opened in the environment and with the parameters of the schedule.
        schedule: what to run.
        listener: told what happens.

    Raises:
        HeldError: another run still holds it after the wait of the schedule.
        ThresherError: as for a run.
    """
    return project.run(
        select=schedule.select,
        exclude=schedule.exclude,
        full_refresh=schedule.full_refresh,
        publish_what_passed=schedule.publish_what_passed,
        strict=schedule.strict,
        wait=schedule.wait,
        listeners=(listener,),
    )


def _key(name: str) -> str:
    return f"schedule-{name}"


def _still(root: Path, name: str) -> str:
    by = next((each for each in holders(root / STATE) if each.environment == _key(name)), None)
    since = f" since {moment(by.since)} UTC in process {by.pid}" if by else ""
    return f"schedule {name} is left out this time: it is still running{since}"


def _goes_to(number: int, path: Path) -> bool:
    try:
        return samestat(os.fstat(number), path.stat())
    except OSError:
        return False
