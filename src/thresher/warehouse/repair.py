"""Restoring what is derived: the link, the catalog, and an order in which runs go on.

Nothing in the lake is touched, and nothing is thrown away: a manifest that cannot be read is set
aside under another name. Where the current publication cannot be shown any more, the newest one
that can takes its place; where there is none, the next run finds the versions in the lake.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from thresher.errors import WarehouseError
from thresher.results import Publication
from thresher.storage.local import fsync_folder, writing
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.lake import lacking
from thresher.warehouse.lock import committing
from thresher.warehouse.manifests import Manifests
from thresher.warehouse.records import OtherFormatError
from thresher.warehouse.stamps import distrust, is_intact
from thresher.warehouse.verify import wrong_views

_ASIDE = ".damaged"


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was restored, or would be."""

    path: str
    """Relative to the warehouse, with forward slashes."""
    what: str
    """What was wrong with it."""
    done: str
    """What was done."""


def repair(
    root: Path, environment: str, *, by: str | None = None, dry_run: bool = False
) -> tuple[Repair, ...]:
    """Restore what readers of an environment need; the caller holds the environment.

    Args:
        root: folder of the warehouse.
        environment: whose.
        by: the run that holds the environment.
        dry_run: only tell what would be done.

    Raises:
        WarehouseError: it cannot be written, or a newer Thresher wrote a manifest.
    """
    return tuple(_Mender(root, environment, by, dry_run=dry_run).mend())


class _Mender:
    """Goes through what readers need, from what all else rests on to what rests on it."""

    def __init__(self, root: Path, environment: str, by: str | None, *, dry_run: bool) -> None:
        self._root = root
        self._environment = environment
        self._by = by
        self._dry_run = dry_run
        self._manifests = Manifests(root)
        self._warehouse = Warehouse(root)

    def mend(self) -> Iterator[Repair]:
        yield from self._set_manifests_aside()
        yield from self._restore_link()
        yield from self._restore_catalog()

    def _set_manifests_aside(self) -> Iterator[Repair]:
        """Give manifests that cannot be read another name, since they stop runs and clean-ups."""
        for number in self._written():
            try:
                self._manifests.read(self._environment, number)
            except OtherFormatError:
                raise  # whoever knows the format finds nothing wrong with it
            except WarehouseError as error:
                path = self._manifests.path(self._environment, number)
                aside = _aside(path)
                if not self._dry_run:
                    with writing(aside), committing(self._root, self._environment):
                        path.replace(aside)
                        fsync_folder(aside.parent)
                yield Repair(self._shown(path), error.fault.what, f"set aside as `{aside.name}`")

    def _restore_link(self) -> Iterator[Repair]:
        """Let readers see the newest publication that can be shown, where they see none."""
        link, wrong = self._manifests.link(self._environment), None
        try:
            name = self._manifests.current_catalog(self._environment)
            if name is None and self._written():
                wrong = "is missing"
            elif name is not None and self._publication(name.number) is None:
                wrong = f"leads to publication {name.number}, whose manifest cannot be read"
        except WarehouseError as error:
            wrong = error.fault.what
        if wrong is None:
            return
        newest = self._newest_intact()
        done = "taken away: `thresher run` finds the versions in the lake and publishes them again"
        if newest is not None:
            done = f"leads to publication {newest.number} of {newest.at:%Y-%m-%d %H:%M} UTC"
        if not self._dry_run:
            self._point(link, newest)
        yield Repair(self._shown(link), wrong, done)

    def _point(self, link: Path, newest: Publication | None) -> None:
        with writing(link):
            if link.is_symlink():
                link.unlink()
            elif link.exists():  # somebody's file, or a copy made without keeping links
                link.replace(_aside(link))
            fsync_folder(link.parent)
        if newest is not None:
            self._warehouse.rollback(self._environment, newest.number, by=self._by)

    def _restore_catalog(self) -> Iterator[Repair]:
        """Write the catalog anew where it is gone, or is not what was written."""
        name = None
        with suppress(WarehouseError):  # the link is wrong, which only a dry run leaves so
            name = self._manifests.current_catalog(self._environment)
        if name is None or self._publication(name.number) is None:
            return
        path = self._manifests.catalogs(self._environment) / name.file
        wrong: str | None = "is not what was written" if path.exists() else "is missing"
        if is_intact(path, self._root.resolve()):
            wrong = wrong_views(self._manifests, self._environment, name.number, path)
        if wrong is None:
            return
        if not self._dry_run:
            distrust(path)
            self._warehouse.ensure_catalog(self._environment)
        yield Repair(self._shown(path), wrong, "written anew from the manifest")

    def _newest_intact(self) -> Publication | None:
        """Give the newest publication whose files are all there."""
        for number in reversed(self._written()):
            found = self._publication(number)
            if found and not any(lacking(self._warehouse.lake, found.snapshots.values())):
                return found
        return None

    def _publication(self, number: int) -> Publication | None:
        """Read a manifest; None where it cannot be read."""
        with suppress(WarehouseError):
            return self._manifests.read(self._environment, number)
        return None

    def _written(self) -> tuple[int, ...]:
        """Number the manifests that are there, without one that was never committed."""
        return self._manifests.numbers(self._environment)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def _aside(path: Path) -> Path:
    """Give the name that something is set aside by, which nothing has that was set aside before."""
    names = (f"{path.name}{_ASIDE}{number}" for number in itertools.chain([""], itertools.count(2)))
    paths = (path.with_name(name) for name in names)
    return next(each for each in paths if not os.path.lexists(each))
