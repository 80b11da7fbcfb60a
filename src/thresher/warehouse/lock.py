"""Who may change an environment: one run at a time, held by the kernel for as long as it lives.

A run holds `locks/<env>.lock` by `flock`, with its name written inside, so that another learns who
holds it; a run that is killed lets go of it that instant, and its name is still there for the next
one. Environments never hinder each other. That a lock can be lost is dealt with in `fences.py`.
Beside it others are held for moments: one while a publication of an environment is committed, one
that keeps clean-up and commits apart, one that keeps clean-ups apart.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os.path import samestat
from pathlib import Path

from thresher.errors import HeldError, Place
from thresher.storage.local import make_folder, writing
from thresher.warehouse import fences
from thresher.warehouse.fences import FOLDER

#: Looking whether a lock is held takes hold of it for an instant, so one look is not enough.
_TRIES, _PAUSE = 10, 0.03
#: Seconds between two tries of who waits.
_WAITING_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an environment."""

    environment: str
    run: str
    pid: int
    host: str
    since: datetime
    fence: int = 0
    """How often it had been taken, this time included: its fencing number, see `fences.py`."""
    after: Holder | None = field(default=None, compare=False)
    """Who held it before and never let go of it, since it died."""


@contextmanager
def hold(root: Path, environment: str, run: str) -> Iterator[Holder]:
    """Hold an environment, so that no other run can change it meanwhile.

    Args:
        root: folder of the warehouse.
        environment: what to hold.
        run: who holds it.

    Raises:
        HeldError: another run holds it.
        WarehouseError: the lock cannot be written.
    """
    with _holding(root, environment, lambda: run) as holder:
        yield holder


@contextmanager
def _holding(root: Path, environment: str, name: Callable[[], str]) -> Iterator[Holder]:
    """Hold an environment for a run that is named when it does."""
    path = _path(root, f"{environment}.lock")
    descriptor = _locked(path, _take)
    if descriptor is None:
        raise _held(environment, path, _record(path, environment))
    try:
        run, now, before = name(), datetime.now(UTC), _record(path, environment)
        fence = fences.take(root, environment, run, now)
        holder = Holder(environment, run, os.getpid(), socket.gethostname(), now, fence, before)
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _document(holder), 0)
        try:
            yield holder
        finally:
            # What was done is done, whatever the drive says now.
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        _let_go(descriptor)


@contextmanager
def hold_in_turn(
    root: Path,
    environment: str,
    name: Callable[[], str],
    *,
    wait: timedelta,
    waiting: Callable[[HeldError], None],
) -> Iterator[Holder]:
    """Hold an environment as soon as it is free, if that is within some time.

    Args:
        root: folder of the warehouse.
        environment: what to hold.
        name: names the run that holds it; asked when its turn has come.
        wait: how long to wait at most; nothing for not at all.
        waiting: told once that another run holds it, before it is waited for.

    Raises:
        HeldError: another run still holds it after that time.
        WarehouseError: the lock cannot be written.
    """
    began, told = time.monotonic(), False
    with ExitStack() as stack:
        while True:
            try:
                holder = stack.enter_context(_holding(root, environment, name))
                break
            except HeldError as error:
                left = wait.total_seconds() - (time.monotonic() - began)
                if left <= 0:
                    if told:
                        raise error.after(wait) from None
                    raise
                if not told:
                    waiting(error)
                    told = True
            time.sleep(min(_WAITING_PAUSE, left))
        yield holder


def holders(root: Path) -> tuple[Holder, ...]:
    """Tell who holds an environment of a warehouse now, by environment."""
    found = []
    for path in sorted((root / FOLDER).glob("*.lock")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            found.append(_record(path, path.stem) or _unknown(path))
        finally:
            os.close(descriptor)
    return tuple(found)


@contextmanager
def committing(root: Path, environment: str) -> Iterator[None]:
    """Wait for the moment in which to commit; other environments may do so at the same time.

    Raises:
        WarehouseError: the lock cannot be written.
    """
    with (
        _waiting(_path(root, "cleanup"), fcntl.LOCK_SH),
        _waiting(_path(root, f"{environment}.commit"), fcntl.LOCK_EX),
    ):
        yield


@contextmanager
def cleaning(root: Path) -> Iterator[None]:
    """Wait for the moment in which nobody commits, to decide what nobody needs.

    Raises:
        WarehouseError: the lock cannot be written.
    """
    with _waiting(_path(root, "cleanup"), fcntl.LOCK_EX):
        yield


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Wait for any other clean-up to end, so that nobody removes what another is removing.

    Raises:
        WarehouseError: the lock cannot be written.
    """
    with _waiting(_path(root, "trash"), fcntl.LOCK_EX):
        yield


@contextmanager
def _waiting(path: Path, operation: int) -> Iterator[None]:
    descriptor = _locked(path, lambda descriptor: _wait(descriptor, operation))
    if descriptor is None:
        return
    try:
        yield
    finally:
        _let_go(descriptor)


def _let_go(descriptor: int) -> None:
    # Closing alone would not let go of it while a forked process lives on.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / name


def _locked(path: Path, take: Callable[[int], bool]) -> int | None:
    """Open a file and lock it; None where another holds it.

    No file of a lock is ever removed by Thresher. Somebody may do so all the same, and whoever
    locked what has no name any more would hold another lock than those who come later.
    """
    while True:
        make_folder(path.parent)
        with writing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with writing(path):
                taken = take(descriptor)
            if taken and _is_there(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not taken:
            return None


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _wait(descriptor: int, operation: int) -> bool:
    fcntl.flock(descriptor, operation)
    return True


def _take(descriptor: int) -> bool:
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def _document(holder: Holder) -> bytes:
    content = {
        "run": holder.run,
        "pid": holder.pid,
        "host": holder.host,
        "since": holder.since.isoformat(),
        "fence": holder.fence,
    }
    return json.dumps(content).encode()


def _record(path: Path, environment: str) -> Holder | None:
    try:
        content = json.loads(path.read_bytes())
        since = datetime.fromisoformat(content["since"])
        who = content["run"], content["pid"], content["host"]
        return Holder(environment, *who, since, content.get("fence", 0))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _unknown(path: Path) -> Holder:
    """Describe a holder that has not yet written who it is; it began no earlier than this."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Holder(path.stem, "unknown", 0, "unknown", written)


def _held(environment: str, path: Path, holder: Holder | None) -> HeldError:
    who, stop = "another run", ""
    if holder:
        since = f"{holder.since:%Y-%m-%d %H:%M:%S} UTC"
        who = f"the run `{holder.run}` (process {holder.pid} on `{holder.host}`) since {since}"
        stop = f", and `kill {holder.pid}` stops it"
        if holder.host != socket.gethostname():
            stop += f" on `{holder.host}`"
    return HeldError(
        f"`{environment}` is held by {who}",
        place=Place(str(path)),
        hint=f"`--wait` waits for it to end{stop}",
        run=holder.run if holder else None,
        since=holder.since if holder else None,
    )
