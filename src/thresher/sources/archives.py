"""Unpacking: what lies inside `.gz` and `.zip` files, checked to the last byte.

DuckDB reads gzip by itself, but does not compare its checksum, and a file that it reads from a
stream is read by one thread; so both kinds are unpacked into the reading's own folder, under names
of our own: those that an archive holds are never used as paths.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from thresher.sources.refusals import RefusedError, shown

_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_LEFTOVERS = ("__MACOSX", "Thumbs.db")

Check = Callable[[], None]


@dataclass
class Unpacking:
    """The unpacking of one file, which may be packed smaller than a disk can bear.

    Args:
        check: called now and then; raises when the caller wants to stop.
        limit: bytes that it may unpack to.
    """

    check: Check
    limit: int
    size: int = 0

    def took(self, count: int) -> None:
        """Go on, after so many bytes more.

        Raises:
            RefusedError: they are too many.
        """
        self.check()
        self.size += count
        if self.size > self.limit:
            raise RefusedError(
                f"it unpacks to more than {self.limit:,} bytes",
                hint="raise `unpack_limit` if that is right; see where the file comes from if not",
            )


def unpack_gzip(path: Path, target: Path, unpacking: Unpacking) -> None:
    """Unpack a gzip file.

    Raises:
        RefusedError: it is not gzip, is cut short, or its checksum is wrong.
    """
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as plain:
            _copy(packed, plain, unpacking)
    except EOFError:
        raise RefusedError(
            "the gzip file is cut short", hint="fetch it again; it was not copied to its end"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _not_gzip(path, error) from None


def unpack_zip(
    path: Path, folder: Path, endings: tuple[str, ...], unpacking: Unpacking
) -> Iterator[tuple[str, Path]]:
    """Unpack the members of a zip file that hold data, one by one.

    Members with one of the endings are taken, or all where there is none of these; what a file
    manager left behind never is.

    Raises:
        RefusedError: it is no zip file, is damaged, encrypted, or without members.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _data(archive.infolist(), endings)
            if not members:
                raise RefusedError("the zip file holds no file", hint="put the data into it")
            for number, member in enumerate(members):
                if member.flag_bits & _ENCRYPTED:
                    raise RefusedError(
                        f"`{shown(member.filename)}` in the zip file is encrypted",
                        hint="unpack it with its password, and give the file that is inside",
                    )
                target = folder / f"{path.name}-{number:04d}{_suffix(member)}"
                _unpack_member(archive, member, target, unpacking)
                yield member.filename, target
    except zipfile.BadZipFile as error:
        raise _not_zip(path, error) from None


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, unpacking: Unpacking
) -> None:
    name = shown(member.filename)
    try:
        with archive.open(member) as packed, target.open("wb") as plain:
            _copy(packed, plain, unpacking)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise RefusedError(
            f"`{name}` in the zip file is damaged ({shown(error)})", hint="fetch the file again"
        ) from None
    except NotImplementedError as error:
        raise RefusedError(
            f"`{name}` in the zip file cannot be unpacked ({shown(error)})",
            hint="pack it again with the usual method, deflate",
        ) from None


def _data(members: list[zipfile.ZipInfo], endings: tuple[str, ...]) -> list[zipfile.ZipInfo]:
    files = [
        member
        for member in members
        if not member.is_dir()
        and not any(
            (part.startswith(".") and part.strip(".")) or part in _LEFTOVERS
            for part in PurePosixPath(member.filename).parts
        )
    ]
    return [member for member in files if _suffix(member) in endings] or files


def _suffix(member: zipfile.ZipInfo) -> str:
    suffix = PurePosixPath(member.filename).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() else ""


def _copy(source: IO[bytes] | gzip.GzipFile, target: IO[bytes], unpacking: Unpacking) -> None:
    while chunk := source.read(_CHUNK):
        unpacking.took(len(chunk))
        target.write(chunk)


def _not_gzip(path: Path, error: Exception) -> RefusedError:
    if not _begins(path, b"\x1f\x8b"):
        return _other(".gz", "a gzip file")
    return RefusedError(f"the gzip file is damaged ({shown(error)})", hint="fetch it again")


def _not_zip(path: Path, error: Exception) -> RefusedError:
    if not _begins(path, b"PK"):
        return _other(".zip", "a zip file")
    what = f"the zip file is damaged or cut short ({shown(error)})"
    return RefusedError(what, hint="fetch it again")


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _other(ending: str, kind: str) -> RefusedError:
    return RefusedError(
        f"it is not {kind}, though its name ends in `{ending}`",
        hint=f"take `{ending}` from its name, or fetch it again",
    )
