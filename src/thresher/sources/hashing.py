"""What a file is: its content by SHA-256, computed only where its state leaves doubt."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from thresher.errors import ChangedWhileReadError, Place
from thresher.results import Unit

#: A file written less than this before it was hashed may have changed since without showing it.
TICK_NS = 2_000_000_000
_CHUNK = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Hashes = MutableMapping[str, Any]
"""Size, modification time, inode, SHA-256 and moment of hashing (both in ns) by path."""


@dataclass(frozen=True, slots=True)
class State:
    """What the file system tells of a file without reading it."""

    size: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> State:
        """Ask for the state of the file that a path leads to.

        Raises:
            OSError: it cannot be told.
        """
        stat = path.stat()
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ino)

    @property
    def modified(self) -> datetime:
        """Time of the last modification, in UTC, to the microsecond."""
        # In whole microseconds: a float of seconds since 1970 would round.
        return _EPOCH + timedelta(microseconds=self.modified_ns // 1000)

    def is_of(self, unit: Unit) -> bool:
        """Say whether a unit was found in this state."""
        return unit.size == self.size and unit.modified == self.modified


def identify(
    name: str, path: Path, hashes: Hashes, *, check: Callable[[], None], asset: str
) -> Unit:
    """Make a file a unit, reading it only where the cache cannot be trusted.

    Args:
        name: the file's printable path.
        path: where it is.
        hashes: what is known of files; the answer is kept in it.
        check: called now and then; raises when the caller wants to stop.
        asset: whose input it is, for errors.

    Raises:
        OSError: it cannot be read.
        ChangedWhileReadError: it changed while it was read.
    """
    state = State.of(path)
    digest = _known(hashes.get(name), state)
    if digest is None:
        began = time.time_ns()
        digest = _digest(path, check)
        if State.of(path) != state:
            raise changed(name, asset)
        hashes[name] = (state.size, state.modified_ns, state.inode, digest, began)
    return Unit(name, state.size, state.modified, digest)


def changed(name: str, asset: str) -> ChangedWhileReadError:
    """Say that a file changed while it was read."""
    return ChangedWhileReadError(
        "the file changed while it was being read",
        place=Place(name, asset=asset),
        hint="it is read again; let whoever writes it finish first, and rename it into place",
    )


def _known(entry: Any, state: State) -> str | None:
    try:
        size, modified_ns, inode, digest, hashed_ns = entry
    except (TypeError, ValueError):
        return None
    same = (size, modified_ns, inode) == (state.size, state.modified_ns, state.inode)
    return str(digest) if same and modified_ns + TICK_NS < hashed_ns else None


def _digest(path: Path, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            check()
    return digest.hexdigest()
