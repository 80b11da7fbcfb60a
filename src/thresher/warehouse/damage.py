"""Files of the lake that do not hold what was written: how that is seen, and remembered."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from thresher.errors import WarehouseError
from thresher.results import DataFile
from thresher.storage.local import sha256_of, write_whole


def damage_mark(path: Path) -> Path:
    """Give the file that says of another one beside it that it does not hold what was written."""
    return path.with_name(f"{path.name}.damaged")


def wrong_with(root: Path, file: DataFile) -> str | None:
    """Read a file, and say what is wrong with it; None where it is what was written.

    Args:
        root: folder of the warehouse.
        file: the file.
    """
    path = root / file.path
    try:
        size = path.stat().st_size
        if size != file.bytes:
            return f"has {size:,} bytes instead of {file.bytes:,}"
        return None if sha256_of(path) == file.sha256 else "holds other bytes than were written"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def remember(path: Path, wrong: str | None) -> bool:
    """Mark a file that is damaged, and take the mark from one that no longer is.

    Returns:
        Whether it is whole again.
    """
    mark = damage_mark(path)
    # Whoever may only read the warehouse may look, too.
    with suppress(OSError, WarehouseError):
        if wrong and path.exists() and not mark.exists():
            write_whole(mark, wrong.encode())
        elif not wrong and mark.exists():
            mark.unlink()
            return True
    return False


def proven(root: Path, files: Iterable[DataFile]) -> bool:
    """Say whether every byte of some files is what was written; what is not is remembered."""
    for file in files:
        wrong = wrong_with(root, file)
        remember(root / file.path, wrong)
        if wrong:
            return False
    return True
