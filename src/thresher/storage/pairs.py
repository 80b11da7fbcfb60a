"""Which file becomes which object, and which object which file: decided before any is moved."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from thresher.errors import CommandError, Fault, Place, StorageError, TransferError
from thresher.storage.local import is_temporary
from thresher.storage.objects import Location, StoredObject
from thresher.storage.partial import is_partial


@dataclass(frozen=True, slots=True)
class Pair:
    """A file and an object that belong together."""

    path: Path
    at: Location
    size: int
    """Bytes of the one that is there already."""
    etag: str | None = None
    """Version of the object, where it is what is there."""


def files_to_objects(paths: Sequence[Path], at: Location) -> tuple[Pair, ...]:
    """Decide which object each file becomes.

    One file becomes the object itself, unless the URL ends in `/`. Several files go below the URL
    by their names, and the files of a folder by their paths inside it.

    Raises:
        CommandError: the URL is a glob, or two files would become one object.
        TransferError: files are missing, or are no files.
    """
    if at.is_glob:
        raise CommandError(f"`{at}` is a glob, so it does not say where to store")
    if not paths:
        raise CommandError("there is nothing to store", hint="name a file or a folder")
    faults: list[Fault] = []
    found: list[Pair] = []
    alone = len(paths) == 1 and not at.is_folder
    for path in paths:
        if path.is_dir():
            found += _in_folder(path, at, faults)
        elif fault := _fault(path):
            faults.append(fault)
        else:
            found.append(Pair(path, at if alone else at.below(path.name), path.stat().st_size))
    if faults:
        raise TransferError("some files cannot be stored; nothing was", faults)
    if not found:
        raise CommandError(f"there is no file in `{paths[0]}`", hint="name a folder that has files")
    _refuse_twins(found)
    return tuple(found)


def objects_to_files(
    objects: Iterable[StoredObject], at: Location, target: Path
) -> tuple[Pair, ...]:
    """Decide which file each object becomes.

    One object becomes the target, or a file in it where that is a folder or ends in `/`; what a
    prefix or a glob stands for goes into the target by its path below the last fixed `/`.

    Raises:
        TransferError: the key of an object cannot be the path of a file.
    """
    found: list[Pair] = []
    faults: list[Fault] = []
    base = base_of(at)
    for each in objects:
        source = Location.parse(each.url)
        if source.key == at.key and not at.is_folder and not at.is_glob:
            into = target / source.name if target.is_dir() else target
            return (Pair(into, source, each.size, each.etag),)
        if source.is_folder and not each.size:
            continue  # what some tools make to stand for an empty folder
        relative = source.key[len(base) :]
        if any(part in ("", ".", "..") for part in relative.split("/")) or "\0" in relative:
            faults.append(
                Fault(f"the key of `{each.url}` cannot be the path of a file below `{target}`")
            )
            continue
        found.append(Pair(target / relative, source, each.size, each.etag))
    if faults:
        raise TransferError("some objects cannot be fetched; nothing was", faults)
    return tuple(found)


def base_of(at: Location) -> str:
    """Give the beginning of the keys that is left out of the paths of files."""
    if at.is_glob:
        return at.fixed[: at.fixed.rfind("/") + 1]
    return at.key if at.is_folder else f"{at.key}/"


def _in_folder(folder: Path, at: Location, faults: list[Fault]) -> Iterator[Pair]:
    for path in sorted(_walk(folder)):
        if fault := _fault(path):
            faults.append(fault)
            continue
        name = path.relative_to(folder).as_posix()
        try:
            name.encode()
        except UnicodeEncodeError:
            faults.append(Fault("its name is not Unicode, as keys are", Place(ascii(str(path)))))
            continue
        yield Pair(path, at.below(name), path.stat().st_size)


def _walk(folder: Path) -> Iterator[Path]:
    """Find the files below a folder, through links, each folder once."""
    seen: set[tuple[int, int]] = set()
    for at, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        here = Path(at).stat()
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        for name in names:
            if not (is_temporary(name) or is_partial(name)):
                yield Path(at, name)


def _refuse(error: OSError) -> None:
    raise StorageError(
        f"the folder cannot be looked into: {error.strerror}", place=Place(str(error.filename))
    ) from error


def _fault(path: Path) -> Fault | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Fault(f"cannot be read: {error.strerror}", Place(str(path)))
    if not stat.S_ISREG(mode):
        return Fault("is no file", Place(str(path)))
    if not os.access(path, os.R_OK):
        return Fault("cannot be read: Permission denied", Place(str(path)))
    return None


def _refuse_twins(pairs: Iterable[Pair]) -> None:
    first: dict[Location, Path] = {}
    for pair in pairs:
        other = first.setdefault(pair.at, pair.path)
        if other != pair.path:
            raise CommandError(
                f"`{other}` and `{pair.path}` would both become `{pair.at}`",
                hint="store them below different URLs",
            )
