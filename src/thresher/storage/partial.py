"""Partial files: what a download that was broken off has already, and where it goes on.

The file `.NAME.ID.part` lies beside its target. It has the size of the object, and one byte more
for each part, which says whether the part is there; ID stands for this version of this object, so
that a changed object begins anew. When all is there and right, the bytes at its end go, and it
takes its name. After a power failure a part may be marked and not there: the checksum sees it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from thresher.storage.local import is_temporary
from thresher.storage.outcomes import Removal

_MARK = 1
#: Age from which a file that never got its name belongs to nobody.
GRACE = timedelta(hours=1)


def is_partial(name: str) -> bool:
    """Say whether a file of this name is what a download that was broken off left."""
    return name.startswith(".") and name.endswith(".part") and name.count(".") >= 3


def leftovers(folder: Path, before: datetime) -> Iterator[Removal]:
    """Find what downloads that were broken off before a moment left in a folder and below it."""
    for at, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(at, name)
            if not (is_partial(name) or is_temporary(name)):
                continue
            with suppress(FileNotFoundError):
                found = path.stat()
                modified = datetime.fromtimestamp(found.st_mtime, UTC)
                # A file without a name has it in an instant, or belongs to a process that died.
                grace = timedelta(0) if is_partial(name) else GRACE
                if modified < before and datetime.now(UTC) - modified >= grace:
                    yield Removal(
                        name=str(path),
                        kind="partial file",
                        size=found.st_blocks * 512,
                        modified=modified,
                    )


def remove_leftover(path: Path) -> bool:
    """Remove a partial file, unless somebody is filling it now."""
    try:
        file = _locked(path)
    except BlockingIOError:
        return False
    try:
        path.unlink(missing_ok=True)
    finally:
        os.close(file)
    return True


class PartialFile:
    """A file that is filled in parts, by several threads, and takes its name at the end."""

    def __init__(self, target: Path, size: int, part_size: int, *, identity: str) -> None:
        """Open the partial file of a target, or make one.

        Args:
            target: the file that it will be.
            size: bytes that it will have.
            part_size: bytes of each part but the last.
            identity: says which version of which object it is.

        Raises:
            BlockingIOError: another process is filling it.
        """
        self._target = target
        self.size, self.part_size = size, part_size
        self.parts = -(-size // part_size)
        told = hashlib.sha256(f"{identity} {size} {part_size}".encode()).hexdigest()[:12]
        self.path = target.with_name(f".{target.name}.{told}.part")
        self._file = _locked(self.path)
        self._writing = threading.Lock()
        self._open = True
        self._forget_others()
        if os.fstat(self._file).st_size != size + self.parts:
            os.ftruncate(self._file, 0)
            os.ftruncate(self._file, size + self.parts)

    def span(self, part: int) -> tuple[int, int]:
        """Give where a part begins, and its bytes."""
        start = part * self.part_size
        return start, min(self.part_size, self.size - start)

    def present(self) -> frozenset[int]:
        """Find the parts that are there."""
        marks = os.pread(self._file, self.parts, self.size)
        return frozenset(part for part, mark in enumerate(marks) if mark == _MARK)

    def write(self, data: bytes, offset: int) -> None:
        """Write some of the content."""
        view = memoryview(data)
        # One after another: the kernel lets only one in, and the others would spin meanwhile.
        with self._writing:
            while view:
                written = os.pwrite(self._file, view, offset)
                view, offset = view[written:], offset + written

    def mark(self, part: int) -> None:
        """Say that a part is there."""
        if self._open:
            os.pwrite(self._file, bytes((_MARK,)), self.size + part)

    def read(self, offset: int, size: int) -> bytes:
        """Read some of the content back."""
        return os.pread(self._file, size, offset)

    def finish(self) -> None:
        """Give the file its name."""
        os.ftruncate(self._file, self.size)
        self.path.replace(self._target)
        self.close()

    def close(self) -> None:
        """Leave it for a later download; a thread that is late writes nothing any more."""
        self._open = False
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def __del__(self) -> None:
        # Not before the last thread is gone: the number might stand for another file by then.
        if hasattr(self, "_file"):
            os.close(self._file)

    def discard(self) -> None:
        """Remove it."""
        self.path.unlink(missing_ok=True)
        self.close()

    def _forget_others(self) -> None:
        """Remove what belongs to earlier versions of the object."""
        name = self._target.name
        for other in self.path.parent.iterdir():
            found = other.name
            ours = found.startswith(f".{name}.") and len(found) == len(self.path.name)
            if ours and is_partial(found) and other != self.path:
                other.unlink(missing_ok=True)


def _locked(path: Path) -> int:
    """Open a file, or make one, that nobody else fills.

    Raises:
        BlockingIOError: somebody does.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have given it its final name just now.
            if _is(path, file):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _is(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
