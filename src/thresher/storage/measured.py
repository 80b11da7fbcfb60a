"""A file as it was when it was read: its SHA-256, and that of each part that will be sent."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BLOCK = 4 << 20


@dataclass(frozen=True, slots=True)
class Measured:
    """A file as it was when it was read: what will be sent, part by part."""

    path: Path
    size: int
    sha256: str
    part_size: int
    parts: tuple[bytes, ...]
    """SHA-256 of each part."""

    def read(self, number: int) -> bytes:
        """Read a part, counted from 0."""
        start, size = self.span(number)
        with self.path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), size, start)

    def span(self, number: int) -> tuple[int, int]:
        """Give where a part begins, and its bytes."""
        start = number * self.part_size
        return start, min(self.part_size, self.size - start)


def measure(path: Path, part_size: int) -> Measured:
    """Read a file once, and compute the SHA-256 of the whole and of its parts side by side."""
    whole, parts, size = hashlib.sha256(), [], 0
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(1) as beside:
        part, left = hashlib.sha256(), part_size
        while block := file.read(min(BLOCK, left)):
            pending = beside.submit(whole.update, block)
            part.update(block)
            size, left = size + len(block), left - len(block)
            if not left:
                parts.append(part.digest())
                part, left = hashlib.sha256(), part_size
            pending.result()
        if left < part_size:
            parts.append(part.digest())
    return Measured(path, size, whole.hexdigest(), part_size, tuple(parts))
