"""Reading the user's own files: text in UTF-8, and whatever keeps it from being read as a fault."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from thresher.errors import Fault, Place, ProjectError

_RIGHTS = "give the user who runs the command the right to read it: `chmod u+rX`"


def read_text(file: Path, path: str) -> str:
    """Read a file of the project, with or without a byte order mark.

    Args:
        file: the file.
        path: what it is called in faults, relative to the project.

    Raises:
        ProjectError: it may not be read, or is not UTF-8.
    """
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise ProjectError([unreadable(error, path)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = f"it is not UTF-8: byte {error.start + 1:,} is 0x{error.object[error.start]:02x}"
        raise ProjectError([Fault(what, Place(path, line), "save it as UTF-8")]) from None


def files_below(folder: Path, refuse: Callable[[OSError], None]) -> Iterator[Path]:
    """Find all files below a folder, in order; none where there is no such folder.

    Args:
        folder: where to look.
        refuse: told of each folder that cannot be listed, which must never look empty.
    """

    def told(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            refuse(error)

    found = [Path(at, name) for at, _, names in os.walk(folder, onerror=told) for name in names]
    yield from sorted(found)


def unreadable(error: OSError, path: str) -> Fault:
    """Say why a file or a folder of the project cannot be read."""
    if isinstance(error, PermissionError):
        return Fault("it may not be read", Place(path), _RIGHTS)
    return Fault(f"it cannot be read: {error.strerror or error}", Place(path))
