"""Who may commit: the run that took the environment last, starting from what is current.

The kernel's lock can be lost without its run noticing: the file is removed by hand, or lies on a
file system that keeps no locks between machines. So each taking is counted as well, in
`locks/<env>.fence`, which is written whole and synced before the run begins. Whoever commits must
be the run that stands there: one that was only asleep finds another, whatever the lock says.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from thresher.errors import Place, WarehouseError
from thresher.results import Publication
from thresher.storage.local import write_whole
from thresher.warehouse.manifests import Manifests

FOLDER = "locks"

_AGAIN = "run the command again: what was built is kept and will be used"


@dataclass(frozen=True, slots=True)
class Taking:
    """The last time that an environment was taken."""

    fence: int
    """How often it had been taken, this time included: its fencing number."""
    run: str
    pid: int
    host: str
    at: datetime


def take(root: Path, environment: str, run: str, at: datetime) -> int:
    """Count that a run takes an environment, and give its fencing number, which only grows.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: it cannot be written.
    """
    try:
        before = newest(root, environment)
    except WarehouseError:  # it is written anew, from the manifests
        before = None
    fence = (before.fence if before else _published(root, environment)) + 1
    content = {
        "fence": fence,
        "run": run,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "at": at.isoformat(),
    }
    write_whole(_path(root, environment), json.dumps(content).encode())
    return fence


def newest(root: Path, environment: str) -> Taking | None:
    """Tell who took an environment last; None where nobody has.

    Raises:
        WarehouseError: that cannot be read.
    """
    path = _path(root, environment)
    try:
        found = json.loads(path.read_bytes())
        at = datetime.fromisoformat(found["at"])
        return Taking(int(found["fence"]), found["run"], found["pid"], found["host"], at)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise WarehouseError(
            f"damaged, so nobody knows who took the environment last: {error}",
            place=Place(str(path)),
            hint=f"{_AGAIN}, and the file is written anew",
        ) from error


def refuse_outrun(root: Path, environment: str, run: str) -> int | None:
    """Refuse a run that another has taken the environment from, though it may not know.

    Returns:
        The fencing number of the run; None where nobody has ever taken the environment.

    Raises:
        WarehouseError: another run took it later, or that cannot be read.
    """
    taking = newest(root, environment)
    if taking is None or taking.run == run:
        return taking.fence if taking else None
    raise WarehouseError(
        f"`{environment}` was taken over from the run `{run}`: by the run `{taking.run}` (process "
        f"{taking.pid} on `{taking.host}`), at {taking.at:%Y-%m-%d %H:%M:%S} UTC, with the fencing "
        f"number {taking.fence}",
        place=Place(str(_path(root, environment))),
        hint=_AGAIN,
    )


def refuse_late(publication: Publication, before: Publication | None) -> None:
    """Refuse what did not start from the current publication.

    Raises:
        WarehouseError: another publication has become current since.
    """
    current = before.number if before else None
    if publication.parent == current:
        return
    began = "nothing" if publication.parent is None else f"publication {publication.parent}"
    now = f"publication {current} of the run `{before.run}`" if before else "nothing"
    raise WarehouseError(
        f"`{publication.environment}` has changed meanwhile: the run `{publication.run}` started "
        f"from {began}, and {now} is current now",
        hint=_AGAIN,
    )


def _published(root: Path, environment: str) -> int:
    """Give the number that the last publication was made with, where the count itself is gone."""
    manifests = Manifests(root)
    try:
        return manifests.read(environment, manifests.next_number(environment) - 1).fence or 0
    except WarehouseError:
        return 0


def _path(root: Path, environment: str) -> Path:
    return root / FOLDER / f"{environment}.fence"
