"""Stamps: whether a catalog still is what Thresher wrote, told without opening it.

Published catalogs are read-only files, but that does not stop everybody: a client may have opened
one for writing, and may have been killed with its log unwritten, which DuckDB would replay for the
next reader. And the paths in a catalog are those of the folder that the warehouse was in. So a
small file beside each catalog records its size, when it was written, and for which folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from thresher.storage.local import write_whole, writing


def stamp(path: Path, written: Path, root: Path) -> None:
    """Record what a catalog is, before it gets its name.

    Args:
        path: the name that it will have.
        written: the finished file.
        root: folder of the warehouse that it was written for.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: it cannot be written.
    """
    write_whole(_stamp(path), _state(written, root))


def is_intact(path: Path, root: Path) -> bool:
    """Say whether a catalog is what was written, for this folder, with nobody's log beside it.

    Args:
        path: its file, which need not be there.
        root: folder of the warehouse, absolute and without symbolic links.
    """
    try:
        return not log_of(path).exists() and _stamp(path).read_bytes() == _state(path, root)
    except OSError:
        return False


def distrust(path: Path) -> None:
    """Forget that a catalog was intact, so that it is written anew.

    Raises:
        WarehouseError: it cannot be forgotten.
    """
    with writing(_stamp(path)):
        _stamp(path).unlink(missing_ok=True)


def log_of(path: Path) -> Path:
    """Give the file in which DuckDB logs what was not yet written into a catalog."""
    return path.with_name(f"{path.name}.wal")


def _stamp(path: Path) -> Path:
    return path.with_suffix(".stamp")


def _state(path: Path, root: Path) -> bytes:
    found = path.stat()
    return f"{found.st_size} {found.st_mtime_ns} ".encode() + os.fsencode(root) + b"\n"
