"""Clean-up: removes what no kept publication of any environment needs, and nothing else.

First it is told what would go, as a value; then that is removed. Needed is whatever a kept
manifest names, whichever environment it is of; nothing goes that is younger than the grace time,
or than the oldest run that is under way. A manifest that cannot be read stops everything: what it
needs is not known.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from thresher.errors import Place, WarehouseError
from thresher.results import Publication, Snapshot
from thresher.storage.local import is_temporary, writing
from thresher.warehouse import fences, lake, manifests
from thresher.warehouse.lock import Holder, cleaning, holders, one_at_a_time
from thresher.warehouse.manifests import CatalogName, Manifests

TEMPORARY = "tmp"
"""Folder for what is spilled or unpacked while a run goes on."""
_TRASH = ".trash"


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that nothing needs."""

    path: str
    """Relative to the warehouse, with forward slashes."""
    bytes: int
    why: str


def plan_cleanup(
    root: Path, *, keep: int, grace: timedelta, now: datetime, live_runs: Sequence[Holder]
) -> tuple[Removal, ...]:
    """Tell what would go.

    Args:
        root: folder of the warehouse.
        keep: how many publications of each environment to keep; the current one is always kept,
            and so is one that was current within the grace time.
        grace: age below which nothing goes.
        now: the time.
        live_runs: who holds an environment.

    Raises:
        WarehouseError: a manifest cannot be read, so what it needs is not known.
    """
    root = root.resolve()
    cutoff = min([now - grace, *(holder.since for holder in live_runs)]).timestamp()
    found: list[Removal] = []
    needed: set[str] = set()
    every = Manifests(root)
    for environment in every.environments():
        kept = _kept(every, environment, keep, cutoff)
        for number in kept:
            _mark(root, every.read(environment, number), needed)
        found += _publications(every, environment, kept, cutoff)
    found += _versions(root, needed, cutoff)
    found += _leftovers(root, cutoff)
    return tuple(removal for removal in found if _is_inside(root, root / removal.path))


def clean(
    root: Path, *, keep: int, grace: timedelta, now: datetime, dry_run: bool = False
) -> tuple[Removal, ...]:
    """Remove what nothing needs, and tell what that was.

    Nobody commits while it is decided what goes; a run that means to publish a version that went
    in that moment is refused, and builds it again.

    Args:
        root: folder of the warehouse.
        keep: how many publications of each environment to keep; the current one is always kept.
        grace: age below which nothing goes.
        now: the time.
        dry_run: only tell what would go.

    Raises:
        WarehouseError: a manifest cannot be read, or something cannot be removed.
    """
    if not root.is_dir():
        return ()

    def plan() -> tuple[Removal, ...]:
        return plan_cleanup(root, keep=keep, grace=grace, now=now, live_runs=holders(root))

    if dry_run:
        return plan()
    trash = root / _TRASH
    with writing(root), one_at_a_time(root):
        with cleaning(root):
            for environment in Manifests(root).environments():
                Manifests(root).settle(environment)
            removals = plan()
            _empty(trash)
            trash.mkdir()
            for number, removal in enumerate(removals):
                with suppress(FileNotFoundError):
                    (root / removal.path).rename(trash / str(number))
        _empty(trash)
    return removals


def _kept(every: Manifests, environment: str, keep: int, cutoff: float) -> set[int]:
    """Number the publications of an environment that stay.

    Raises:
        WarehouseError: the manifest of the current one is gone.
    """
    rows = every.rows(environment)
    current = every.current(environment)
    lost = current is not None and not any(row.current for row in rows)
    if lost or manifests.has_lost_all(every.root, environment):
        raise WarehouseError(
            "the manifest of what was published is gone, so what it needs is not known: "
            "nothing was removed",
            place=Place(str(every.path(environment, current or 0).parent)),
            hint=f"`thresher repair --env {environment}` and a run make up for it",
        )
    kept = {row.number for row in rows[:keep]} | {row.number for row in rows if row.current}
    for row in rows:
        if row.at.timestamp() > cutoff:
            # Whoever opened the one before it may still be reading.
            kept |= {row.number, row.parent or row.number}
    return kept & {row.number for row in rows}


def _mark(root: Path, publication: Publication, needed: set[str]) -> None:
    """Add the folders of all versions that a publication needs."""
    waiting = list(publication.snapshots.values())
    while waiting:
        snapshot = waiting.pop()
        own = lake.version_path(snapshot.asset, snapshot.version)
        needed |= {own, *_folders(snapshot)}
        read_from = dict(snapshot.inputs) if snapshot.sql is not None else {}
        if whole := lake.taken_from(snapshot):
            read_from[snapshot.asset] = whole
        for asset, version in read_from.items():
            path = lake.version_path(asset, version)
            if path not in needed:
                needed.add(path)
                read = lake.version_in(root / path)
                waiting += [read] if read else []


def _folders(snapshot: Snapshot) -> Iterator[str]:
    """Give the folders of the versions that its files are in, its own or earlier ones."""
    for file in snapshot.all_files:
        yield "/".join(PurePosixPath(file.path).parts[:4])


def _publications(
    every: Manifests, environment: str, kept: set[int], cutoff: float
) -> Iterator[Removal]:
    """Find the manifests of publications that are not kept, and the catalogs nobody needs."""
    for number in every.numbers(environment):
        if number not in kept:
            path = every.path(environment, number)
            yield _removal(every.root, path, "a publication that is no longer kept")
    folder = every.catalogs(environment)
    names = {name for each in _listed(folder) if (name := CatalogName.parse(each.name))}
    latest = {max(n for n in names if n.number == number) for number in {n.number for n in names}}
    shown = every.current_catalog(environment)
    stay = {name for name in latest if name.number in kept} | ({shown} if shown else set())
    needed = {_stem(name.file) for name in stay}
    for path in _listed(folder):
        if _stem(path.name) not in needed and _last_touched(path) <= cutoff:
            yield _removal(every.root, path, "a catalog that is no longer shown")


def _stem(file: str) -> str:
    """Give what the names of a catalog, of its stamp and of its log have in common."""
    return file.removesuffix(".wal").removesuffix(".duckdb").removesuffix(".stamp")


def _versions(root: Path, needed: set[str], cutoff: float) -> Iterator[Removal]:
    for layer in _folders_in(root / lake.FOLDER):
        for table in _folders_in(layer):
            for version in _folders_in(table):
                path = version.relative_to(root).as_posix()
                if path in needed:
                    continue
                finished = (version / lake.MARKER).is_file()
                if _last_touched(version) <= cutoff:
                    why = "a version that no kept publication needs"
                    yield _removal(root, version, why if finished else "a draft left unfinished")


def _leftovers(root: Path, cutoff: float) -> Iterator[Removal]:
    """Find what was to be renamed and never was, and what runs that were killed left behind."""
    why = "left behind by a run that was stopped"
    for folder in _places_of_temporaries(root):
        for path in _listed(folder):
            if is_temporary(path.name) and _last_touched(path) <= cutoff:
                yield _removal(root, path, why)
    for path in _listed(root / TEMPORARY):
        if _last_touched(path) <= cutoff:
            yield _removal(root, path, why)


def _places_of_temporaries(root: Path) -> Iterator[Path]:
    yield root
    yield root / fences.FOLDER
    yield from _folders_in(root / manifests.FOLDER)
    for layer in _folders_in(root / lake.FOLDER):
        for table in _folders_in(layer):
            yield from (each for each in _folders_in(table) if (each / lake.MARKER).is_file())


def _removal(root: Path, path: Path, why: str) -> Removal:
    size = sum(found.st_size for found in _walk(path))
    return Removal(path.relative_to(root).as_posix(), size, why)


def _last_touched(path: Path) -> float:
    """Give when a file or anything in a folder was last written, or found to be of use."""
    return max((found.st_mtime for found in _walk(path)), default=0.0)


def _walk(path: Path) -> Iterator[os.stat_result]:
    """Look at a path and at all that is in it; what goes meanwhile is left out."""
    with suppress(FileNotFoundError):
        yield path.lstat()
        for inside in _listed(path):
            yield from _walk(inside)


def _folders_in(folder: Path) -> Iterator[Path]:
    return (each for each in _listed(folder) if each.is_dir() and not each.is_symlink())


def _listed(folder: Path) -> Sequence[Path]:
    """List a folder; what is none, or is one by way of a symbolic link, has nothing in it."""
    if folder.is_symlink():
        return ()
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _is_inside(root: Path, path: Path) -> bool:
    """Say whether a path is in the warehouse itself, with no symbolic link on the way to it."""
    return path.parent.resolve() == path.parent and path.is_relative_to(root)


def _empty(trash: Path) -> None:
    if trash.is_dir() and not trash.is_symlink():
        shutil.rmtree(trash)
