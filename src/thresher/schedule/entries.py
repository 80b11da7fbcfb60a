"""The lines that cron runs: for each schedule when, and the command with all that it needs.

A line holds no value of the project: what to run, with which parameters, is read from `config.yaml`
when the time has come.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from thresher.errors import CommandError
from thresher.project.schedules import Schedule
from thresher.schedule.times import Wake, wake

LOGS = "logs"
#: Bytes that Debian's cron takes for a command.
LONGEST = 998
#: Where programs are found beside those of Python's own folder: cron has no PATH to speak of.
FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin")
NOTE = b"# Written by `thresher schedule install` from config.yaml, and overwritten by it."

_RUNS = re.compile(rb" -m thresher schedule run ([a-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Home:
    """What a command of cron must find again: the project, and the Python that Thresher is in."""

    root: Path
    python: str
    path: tuple[str, ...]
    """Value of `PYTHONPATH`; nothing where it is not set."""

    @classmethod
    def of(cls, root: Path) -> Home:
        """Describe a project as this process sees it."""
        given = os.environ.get("PYTHONPATH", "")
        path = tuple(str(Path(part).absolute()) for part in given.split(os.pathsep) if part)
        return cls(root, sys.executable, path)


def log_of(name: str) -> str:
    """Name the file, in the project's folder, that takes what a schedule prints."""
    return f"{LOGS}/schedule-{name}.log"


def entry(schedule: Schedule, home: Home, system: tzinfo, now: datetime) -> bytes:
    """Write the line of a crontab for a schedule.

    Raises:
        CommandError: a path cannot stand in a crontab.
    """
    when = wake(schedule.cron, ZoneInfo(schedule.timezone), system, now)
    command = _command(schedule.name, home, when)
    if "\n" in command:
        raise CommandError(
            f"cron cannot run what stands in `{home.root}`: its path has a line break",
            hint="move or rename the folder",
        )
    written = os.fsencode(command)
    if len(written) > LONGEST:
        raise CommandError(
            f"the command of the schedule `{schedule.name}` is too long for cron: "
            f"{len(written)} bytes, of which it takes {LONGEST}",
            hint="shorten the path of the project or of Python, or PYTHONPATH",
        )
    return when.fields.encode() + b" " + written


def lines(schedules: Iterable[Schedule], home: Home, system: tzinfo, now: datetime) -> list[bytes]:
    """Write what stands between the markers of a project.

    Raises:
        CommandError: a path cannot stand in a crontab.
    """
    written = [NOTE]
    for each in schedules:
        written.append(f"# {each.name}: {each.cron} in {each.timezone}".encode())
        written.append(entry(each, home, system, now))
    return written


def installed(block: Iterable[bytes]) -> dict[str, bytes]:
    """Find the line of each schedule between the markers of a project."""
    found = [(match[1].decode(), line) for line in block if (match := _RUNS.search(line))]
    return dict(found)


def _command(name: str, home: Home, when: Wake) -> str:
    log = log_of(name)
    search = os.pathsep.join(dict.fromkeys((str(Path(home.python).parent), *FOLDERS)))
    variables = [f"PATH={_quoted(search)}"]
    if home.path:
        variables.append(f"PYTHONPATH={_quoted(os.pathsep.join(home.path))}")
    due = "" if when.exact else " --if-due"
    return (
        f"cd {_quoted(str(home.root))} && mkdir -p {LOGS} && {' '.join(variables)} "
        f"{_quoted(home.python)} -m thresher schedule run {name}{due} >>{log} 2>&1"
    )


def _quoted(text: str) -> str:
    """Quote a text for the shell, and then for cron, which reads a line before the shell does.

    To cron `%` is the end of the line unless a backslash stands before it, and some crons take
    two backslashes for one: the quotes are closed and opened again behind each.
    """
    return shlex.quote(text).replace("\\", "\\''").replace("%", "\\%")
