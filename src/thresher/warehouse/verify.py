"""Whether what is published is what was written: every byte is read, and held against SHA-256.

A file that was damaged keeps its name and often its length, so that nobody notices. What is found
is marked by a file beside it, and from then on counts as gone: the next run builds its table anew.
A file that was put back from a copy loses its mark by the next verification.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from thresher.errors import WarehouseError
from thresher.results import DataFile, Publication, Snapshot
from thresher.warehouse import lake
from thresher.warehouse.catalog_file import open_catalog
from thresher.warehouse.damage import remember, wrong_with
from thresher.warehouse.manifests import Manifests
from thresher.warehouse.records import OtherFormatError
from thresher.warehouse.stamps import is_intact

_BUILD = "`thresher run` builds its table anew"
_REPAIR = "`thresher repair` restores it"


@dataclass(frozen=True, slots=True)
class Damage:
    """One file that is not what was written."""

    path: str
    """Relative to the warehouse, with forward slashes."""
    what: str
    """What is wrong with it."""
    hint: str
    """What to do."""
    asset: str | None = None
    version: str | None = None
    publications: tuple[str, ...] = ()
    """Environment and number of each publication that needs it."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read, and what is wrong with it."""

    files: int
    bytes: int
    damages: tuple[Damage, ...]
    healed: tuple[str, ...] = ()
    """Files that were damaged when they were last looked at, and are whole again."""

    @property
    def ok(self) -> bool:
        """Whether all is as it was written."""
        return not self.damages


@dataclass(slots=True)
class _Needed:
    """A file of the lake, and who needs it."""

    file: DataFile
    asset: str
    version: str
    publications: dict[str, None] = field(default_factory=dict)


def verify(
    root: Path,
    environments: Iterable[str],
    *,
    every: bool = False,
    names: frozenset[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Read what publications need, and hold it against what was written.

    Args:
        root: folder of the warehouse.
        environments: whose publications.
        every: look at every publication that is kept, and not at the current one alone.
        names: tables to look at; None for all.
        progress: told how many bytes were read, and how many there are.
    """
    needed: dict[str, _Needed] = {}
    damages: list[Damage] = []
    manifests = Manifests(root)
    for environment in environments:
        damages += _catalog_damages(manifests, environment)
        for number in _numbers(manifests, environment, every=every):
            try:
                publication = manifests.read(environment, number)
            except WarehouseError as error:
                damages.append(_manifest_damage(manifests, environment, number, error))
                continue
            _collect(root, publication, names, needed)
    total, done, healed = sum(each.file.bytes for each in needed.values()), 0, []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        looks = pool.map(lambda each: wrong_with(root, each.file), needed.values())
        for each, wrong in zip(needed.values(), looks, strict=True):
            done += each.file.bytes
            if progress:
                progress(done, total)
            if remember(root / each.file.path, wrong):
                healed.append(each.file.path)
            if wrong:
                found = tuple(each.publications)
                damages.append(
                    Damage(each.file.path, wrong, _BUILD, each.asset, each.version, found)
                )
    return Verification(len(needed), total, tuple(damages), tuple(healed))


def _numbers(manifests: Manifests, environment: str, *, every: bool) -> tuple[int, ...]:
    if every:
        return manifests.numbers(environment)
    with suppress(WarehouseError):
        current = manifests.current(environment)
        return () if current is None else (current,)
    return ()


def _collect(
    root: Path, publication: Publication, names: frozenset[str] | None, needed: dict[str, _Needed]
) -> None:
    """Add the files that a publication needs."""
    shown = f"{publication.environment} {publication.number}"
    for name, snapshot in publication.snapshots.items():
        if names is not None and name not in names:
            continue
        for version in _versions(root, snapshot):
            for file in version.all_files:
                known = needed.setdefault(file.path, _Needed(file, name, version.version))
                known.publications[shown] = None


def _versions(root: Path, snapshot: Snapshot) -> Iterator[Snapshot]:
    """Give a version, and the one that it was taken from where rows were set aside."""
    yield snapshot
    if taken := lake.taken_from(snapshot):
        whole = lake.version_in(root / lake.version_path(snapshot.asset, taken))
        if whole is not None:
            yield whole


def _manifest_damage(
    manifests: Manifests, environment: str, number: int, error: WarehouseError
) -> Damage:
    path = manifests.path(environment, number).relative_to(manifests.root).as_posix()
    hint = (error.fault.hint or "") if isinstance(error, OtherFormatError) else _REPAIR
    return Damage(path, error.fault.what, hint, publications=(f"{environment} {number}",))


def _catalog_damages(manifests: Manifests, environment: str) -> Iterator[Damage]:
    """Find what is wrong with the link and the catalog of an environment."""
    root = manifests.root
    link = manifests.link(environment).relative_to(root).as_posix()
    try:
        name = manifests.current_catalog(environment)
    except WarehouseError as error:
        yield Damage(link, error.fault.what, _REPAIR)
        return
    if name is None:
        if manifests.numbers(environment):
            yield Damage(link, "is missing, though something was published", _REPAIR)
        return
    path = manifests.catalogs(environment) / name.file
    shown = path.relative_to(root).as_posix()
    if not path.exists():
        yield Damage(shown, "is missing", _REPAIR)
    elif not is_intact(path, root.resolve()):
        yield Damage(shown, "is not what was written, or is of another folder", _REPAIR)
    elif wrong := wrong_views(manifests, environment, name.number, path):
        yield Damage(shown, wrong, _REPAIR)


def wrong_views(manifests: Manifests, environment: str, number: int, path: Path) -> str | None:
    """Say what is wrong with the views of a catalog, as far as its manifest can be read."""
    try:
        wanted = set(manifests.read(environment, number).snapshots)
    except WarehouseError:
        return None  # told by itself
    try:
        with open_catalog(path) as connection:
            rows = connection.execute(
                "select schema_name || '.' || view_name from duckdb_views() where not internal"
            ).fetchall()
    except WarehouseError as error:
        return error.fault.what
    missing = sorted(wanted - {name for (name,) in rows})
    return f"does not show {', '.join(f'`{each}`' for each in missing)}" if missing else None
