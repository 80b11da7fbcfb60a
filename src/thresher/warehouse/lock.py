"""Who may change an environment: one run at a time, held by the kernel for as long as it lives.

A run holds `locks/<env>.lock` by `flock`, with its name written inside, so that another learns who
holds it; a run that is killed lets go of it that instant. Environments never hinder each other.
Beside it others are held for moments: one while a publication of an environment is committed, one
that keeps clean-up and commits apart, one that keeps clean-ups apart.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from thresher.errors import HeldError, Place
from thresher.storage.local import writing

FOLDER = "locks"

#: Looking whether a lock is held takes hold of it for an instant, so one look is not enough.
_TRIES, _PAUSE = 10, 0.03


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an environment."""

    environment: str
    run: str
    pid: int
    host: str
    since: datetime


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
    path = _path(root, f"{environment}.lock")
    descriptor = _open(path)
    try:
        with writing(path):
            taken = _take(descriptor)
        if not taken:
            raise _held(environment, path, _record(path, environment))
        holder = Holder(environment, run, os.getpid(), socket.gethostname(), datetime.now(UTC))
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _document(holder), 0)
        try:
            yield holder
        finally:
            os.ftruncate(descriptor, 0)
            # Closing alone would not let go of it while a forked process lives on.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


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
    descriptor = _open(path)
    try:
        with writing(path):
            fcntl.flock(descriptor, operation)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / name


def _open(path: Path) -> int:
    # The file is never removed: whoever waits on a removed file would hold another lock.
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


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
    }
    return json.dumps(content).encode()


def _record(path: Path, environment: str) -> Holder | None:
    try:
        content = json.loads(path.read_bytes())
        since = datetime.fromisoformat(content["since"])
        return Holder(environment, content["run"], content["pid"], content["host"], since)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _unknown(path: Path) -> Holder:
    """Describe a holder that has not yet written who it is; it began no earlier than this."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Holder(path.stem, "unknown", 0, "unknown", written)


def _held(environment: str, path: Path, holder: Holder | None) -> HeldError:
    who = "another run"
    hint = "wait for it to end and run the command again"
    if holder:
        since = f"{holder.since:%Y-%m-%d %H:%M:%S} UTC"
        who = f"the run `{holder.run}` (process {holder.pid} on `{holder.host}`) since {since}"
        hint = f"wait for it to end, or stop it with `kill {holder.pid}`"
        if holder.host != socket.gethostname():
            hint += f" on `{holder.host}`"
    return HeldError(f"`{environment}` is held by {who}", place=Place(str(path)), hint=hint)
