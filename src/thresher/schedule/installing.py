"""`thresher schedule install`, `remove` and `list`: what the crontab says, and what it should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from thresher.api.open import OpenProject
from thresher.errors import CommandError, CrontabError, Fault, ProjectError
from thresher.project.schedules import KEY, Schedule, schedules_of
from thresher.project.secrets import mask_keys
from thresher.project.settings import read_settings
from thresher.schedule import crontab
from thresher.schedule.blocks import find_block, make_block, with_block
from thresher.schedule.clocks import system_zone
from thresher.schedule.entries import Home, entry, installed, lines
from thresher.schedule.times import upcoming

#: Times of each schedule that are shown.
SHOWN_TIMES = 3


@dataclass(frozen=True, slots=True)
class Changed:
    """A crontab before and after a command."""

    before: bytes
    after: bytes
    schedules: tuple[str, ...] = ()
    """Those that stand in it afterwards."""

    @property
    def differs(self) -> bool:
        """Whether anything is changed."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A schedule, and how it stands in the crontab."""

    schedule: Schedule
    environment: str | None
    """None where the settings that cron would find are wrong."""
    params: dict[str, Any]
    """Parameters that it replaces, secrets masked."""
    installed: str | None
    """`yes`, `no`, or `changed`: no longer as `config.yaml` has it; None where nobody knows."""
    times: tuple[datetime, ...]
    """The next ones, in its own time zone."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Every schedule of a project."""

    rows: tuple[Row, ...]
    left_over: tuple[str, ...]
    """In the crontab, and no longer in `config.yaml`."""
    problem: CrontabError | None
    """Why the crontab could not be read."""


def install(project: OpenProject, *, dry_run: bool = False) -> Changed:
    """Put the schedules of a project into the crontab, in the place of those that are there.

    Args:
        project: its schedules are right, since it was read.
        dry_run: only find what would be written.

    Raises:
        CommandError: it has no schedules and none of it is installed, or cron cannot run it.
        ProjectError: what a schedule runs would be wrong under cron.
        CrontabError: the crontab cannot be read or written, or a block of it is broken.
    """
    schedules = tuple(schedules_of(project.project.settings.config).values())
    _check_under_cron(project.root, schedules)
    system, now, home = system_zone(), datetime.now(UTC), Home.of(project.root)
    pipeline = project.project.settings.config.pipeline
    block = b""
    if schedules:
        made = tuple(lines(schedules, home, system, now))
        block = make_block(str(project.root), pipeline, made)
    with crontab.changing():
        before = crontab.read() or b""
        if not block and find_block(before, str(project.root)) is None:
            raise CommandError(
                "`config.yaml` has no schedules",
                hint=f"such as `{KEY}: {{nightly: {{cron: '0 6 * * *'}}}}`",
            )
        after = with_block(before, str(project.root), block)
        changed = Changed(before, after, tuple(each.name for each in schedules))
        if changed.differs and not dry_run:
            crontab.write(after)
    return changed


def remove(root: Path, *, dry_run: bool = False) -> Changed:
    """Take a project's schedules out of the crontab; the project need not be right.

    Raises:
        CrontabError: the crontab cannot be read or written, or a block of it is broken.
    """
    with crontab.changing():
        before = crontab.read() or b""
        changed = Changed(before, with_block(before, str(root), b""))
        if changed.differs and not dry_run:
            crontab.write(changed.after)
    return changed


def listing(project: OpenProject) -> Listing:
    """List the schedules of a project, and how they stand in the crontab.

    Raises:
        CrontabError: a block of the crontab is broken.
    """
    there: dict[str, bytes] = {}
    problem = None
    try:
        tab = crontab.read() or b""
    except CrontabError as error:
        problem = error
    else:
        block = find_block(tab, str(project.root))
        there = installed(block.lines) if block else {}
    system, now, home = system_zone(), datetime.now(UTC), Home.of(project.root)
    schedules = schedules_of(project.project.settings.config)
    rows = tuple(
        Row(
            schedule=each,
            environment=_environment(project.root, each),
            params=mask_keys(project.masker.settings(each.params)),
            installed=None if problem else _state(there.get(each.name), each, home, system, now),
            times=upcoming(each.cron, ZoneInfo(each.timezone), now, SHOWN_TIMES),
        )
        for each in schedules.values()
    )
    return Listing(rows, tuple(name for name in there if name not in schedules), problem)


def _state(
    line: bytes | None, schedule: Schedule, home: Home, system: tzinfo, now: datetime
) -> str:
    if line is None:
        return "no"
    try:
        return "yes" if line == entry(schedule, home, system, now) else "changed"
    except CommandError:
        return "changed"


def _environment(root: Path, schedule: Schedule) -> str | None:
    if schedule.environment:
        return schedule.environment
    try:
        return read_settings(root, variables={}).environment
    except (ProjectError, CommandError):
        return None


def _check_under_cron(root: Path, schedules: tuple[Schedule, ...]) -> None:
    """Refuse what works in this shell, whose variables cron does not know, and there alone."""
    faults: list[Fault] = []
    for each in schedules:
        try:
            read_settings(
                root, environment=each.environment, params=dict(each.params), variables={}
            )
        except ProjectError as error:
            hint = "set it in `.env`: cron knows none of the variables of your shell"
            faults += [
                Fault(fault.what, fault.place, hint if "is not set" in fault.what else fault.hint)
                for fault in error.faults
            ]
    if faults:
        raise ProjectError(dict.fromkeys(faults))
