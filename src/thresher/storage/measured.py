"""A file as it was when it was read: its SHA-256, and the parts that will be sent of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """A file that was read once; whoever reads it again can see whether it is the same still."""

    path: Path
    size: int
    sha256: str
    part_size: int
    signature: tuple[int, ...]
    """What changes when the file does: see `signature_of`."""

    @property
    def parts(self) -> int:
        """How many parts it has."""
        return -(-self.size // self.part_size)

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
    """Read a file, and compute its SHA-256."""
    signature = signature_of(path)
    with path.open("rb", buffering=0) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Measured(path, signature[0], digest, part_size, signature)


def signature_of(path: Path) -> tuple[int, ...]:
    """Give what changes when a file does: its size, its times and its place on the disk."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
