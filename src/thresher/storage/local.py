"""Files of this machine, changed so that a crash at any instant leaves the old or the new state.

A file is written whole under another name, synced, and renamed into place; then its folder is
synced, because a rename is only as durable as the folder that holds it. Whatever the operating
system refuses is raised as an error that says what to do about it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from thresher.errors import DiskFullError, Place, WarehouseError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
#: What file systems answer that cannot sync a folder, or cannot sync in the way asked for.
_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOTTY}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise what the operating system refuses while a path is written as errors for people.

    Args:
        path: what is written, for the message.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: permission is missing, or the write failed in another way.
    """
    try:
        yield
    except OSError as error:
        place = Place(str(path))
        if error.errno in _FULL:
            raise DiskFullError(
                "no space is left for what is written here",
                place=place,
                hint="free some space and run the command again; nothing was published",
            ) from error
        reason = error.strerror or str(error)
        hint = None
        if error.errno in _REFUSED:
            hint = "let the user who runs the command write in this folder, or choose another"
        raise WarehouseError(f"cannot be written: {reason}", place=place, hint=hint) from error


def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file so that it is there wholly or not at all, also after a loss of power.

    Args:
        path: the file; one that is there is replaced, its folder must exist.
        data: what it will hold.
        durable: False for what can be had again: it costs a tenth, and a loss of power may leave
            the file out, or leave it broken.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: it cannot be written.
    """
    with writing(path):
        temporary = temporary_beside(path)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        if durable:
            fsync_folder(path.parent)


def swap_link(link: Path, target: str) -> None:
    """Make a symbolic link point elsewhere in one step; readers see the old or the new target.

    Args:
        link: the link; made if it is not there.
        target: what it will point to, relative to the link's folder or absolute.

    Raises:
        WarehouseError: something that is not a link has its name, or it cannot be written.
    """
    if link.exists() and not link.is_symlink():
        raise WarehouseError(
            "not a link, so it is left alone",
            place=Place(str(link)),
            hint="move it away and run the command again",
        )
    with writing(link):
        temporary = temporary_beside(link)
        try:
            temporary.symlink_to(target)
            temporary.replace(link)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        fsync_folder(link.parent)


def make_folder(path: Path) -> None:
    """Make a folder with those above it, so that a loss of power does not take them away again.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: it cannot be made.
    """
    with writing(path):
        missing = []
        while not path.is_dir():
            missing.append(path)
            path = path.parent
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            fsync_folder(folder.parent)


def fsync_file(path: Path) -> None:
    """Bring what a file holds to the disk.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: it cannot be written.
    """
    with writing(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def fsync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk, on file systems that can.

    Raises:
        WarehouseError: it cannot be written.
    """
    with writing(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                raise
        finally:
            os.close(descriptor)


def flush_drive(path: Path) -> None:
    """Bring what was synced before through the drive's own cache, where fsync leaves it there.

    On Linux fsync does so by itself. On macOS only `F_FULLFSYNC` does, for all that the drive
    holds back, which takes so long that it is worth it once a commit and not once a file.

    Args:
        path: any file on the drive.
    """
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)
    if full_sync is None:
        return
    with writing(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.fcntl(descriptor, full_sync)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                raise
        finally:
            os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of what a file holds, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def temporary_beside(path: Path) -> Path:
    """Give a new name beside a path for what will be renamed to it; see `is_temporary`."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def is_temporary(name: str) -> bool:
    """Say whether a file of this name is one that was to be renamed when it was complete."""
    return name.startswith(".") and name.endswith(".tmp")
