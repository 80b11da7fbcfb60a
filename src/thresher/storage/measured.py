"""A file as it was when it was read: its SHA-256, and that of each part that will be sent of it."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BLOCK = 4 << 20
#: Blocks that one of the two may be behind the other.
AHEAD = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """A file that was read once; whoever reads it again can see whether it is the same still."""

    path: Path
    size: int
    sha256: str
    part_size: int
    parts: tuple[bytes, ...]
    """SHA-256 of each part: the service takes no other content for it."""
    signature: tuple[int, ...]
    """What changes when the file does: see `signature_of`."""

    def span(self, number: int) -> tuple[int, int]:
        """Give where a part begins, counted from 0, and its bytes."""
        start = number * self.part_size
        return start, min(self.part_size, self.size - start)

    def read(self, number: int) -> bytes:
        """Read a part."""
        start, size = self.span(number)
        with self.path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), size, start)

    @property
    def changed(self) -> bool:
        """Whether the file is not what it was."""
        return signature_of(self.path) != self.signature


def measure(path: Path, part_size: int) -> Measured:
    """Read a file once, and compute the SHA-256 of the whole and of its parts side by side."""
    signature = signature_of(path)
    whole, parts, size = hashlib.sha256(), [], 0
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(1) as beside:
        part, left = hashlib.sha256(), part_size
        pending: deque[Future[None]] = deque()
        while block := file.read(min(BLOCK, left)):
            pending.append(beside.submit(whole.update, block))
            part.update(block)
            size, left = size + len(block), left - len(block)
            if not left:
                parts.append(part.digest())
                part, left = hashlib.sha256(), part_size
            if len(pending) > AHEAD:
                pending.popleft().result()
        if left < part_size:
            parts.append(part.digest())
    return Measured(path, size, whole.hexdigest(), part_size, tuple(parts), signature)


def signature_of(path: Path) -> tuple[int, ...]:
    """Give what changes when a file does: its size, its times and its place on the disk."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
