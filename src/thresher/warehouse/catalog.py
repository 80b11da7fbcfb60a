"""The warehouse: what is published in each environment, and how that changes in one step.

A publication is committed by renaming a link. Before that its manifest and its catalog, a DuckDB
file of views over the lake's files, are on the disk; after it readers that come see the new state,
those that were there keep the old one. Whoever commits must start from the publication that is
current and be the run that took the environment last, or is refused. Catalogs are derived and can
be written anew at any time; a published one is never opened for writing again. DuckDB is loaded
only where a catalog is written or read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.errors import CommandError, Place, WarehouseError
from thresher.results import Publication
from thresher.stops import stopped_by_signals
from thresher.storage.local import flush_drive
from thresher.tables import quote_text
from thresher.warehouse.catalog_file import open_catalog, told, unended, write_catalog
from thresher.warehouse.fences import refuse_late, refuse_outrun
from thresher.warehouse.lake import FOLDER, Lake
from thresher.warehouse.lock import committing
from thresher.warehouse.manifests import CatalogName, Manifests
from thresher.warehouse.reader import Reader
from thresher.warehouse.records import PublicationRow
from thresher.warehouse.stamps import is_intact

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse, with all its environments; safe to use from several threads and processes.

    Args:
        root: its folder, which is made by whatever is written first.
    """

    root: Path

    @property
    def lake(self) -> Lake:
        """The versions of its tables."""
        return Lake(self.root)

    @property
    def manifests(self) -> Manifests:
        """Its publications on disk."""
        return Manifests(self.root)

    def current(self, environment: str) -> Publication | None:
        """Give the publication that readers see; None where nothing is published.

        Raises:
            WarehouseError: its manifest is gone or damaged.
        """
        number = self.manifests.current(environment)
        return None if number is None else self.manifests.read(environment, number)

    def publications(self, environment: str) -> tuple[PublicationRow, ...]:
        """List the publications that are kept, the newest first.

        Raises:
            WarehouseError: a manifest is damaged.
        """
        return self.manifests.rows(environment)

    def publish(self, publication: Publication) -> Publication:
        """Commit a publication on top of its parent, and give it back with its number.

        Raises:
            DiskFullError: no space is left.
            WarehouseError: its parent is not the current publication, another run has taken the
                environment since, or it cannot be written.
        """
        environment = publication.environment
        with committing(self.root, environment):
            fence = refuse_outrun(self.root, environment, publication.run)
            self.manifests.settle(environment)
            before = self.current(environment)
            refuse_late(publication, before)
            known = before.snapshots if before else {}
            changed = (s for n, s in publication.snapshots.items() if known.get(n) != s)
            self.lake.require(changed, hint="run the command again: what is gone is built anew")
            number = self.manifests.next_number(environment)
            publication = replace(publication, number=number, fence=fence)
            try:
                self.manifests.write(publication)
                self._write(publication, CatalogName(number), before)
                # Once more: where no lock is kept, another may have taken over by now.
                refuse_outrun(self.root, environment, publication.run)
                self.manifests.commit(environment, CatalogName(number))
            finally:
                with suppress(WarehouseError):  # whoever publishes next settles it as well
                    self.manifests.settle(environment)
        return publication

    def rollback(
        self, environment: str, to: int | str | None = None, *, by: str | None = None
    ) -> Publication:
        """Make readers see an earlier publication again, or a later one that was rolled back.

        Args:
            environment: whose.
            to: number of the publication, or the run that made it; None for the one before the
                current one.
            by: the run that holds the environment, if one does.

        Raises:
            WarehouseError: there is no such publication, some of its files are gone, or another
                run has taken the environment since.
        """
        with committing(self.root, environment):
            if by is not None:
                refuse_outrun(self.root, environment, by)
            self.manifests.settle(environment)
            publication = self.manifests.read(environment, self._number(environment, to))
            self.lake.require(
                publication.snapshots.values(),
                hint="choose another publication, or put the files back from a copy",
            )
            names = self._catalogs(environment, publication.number)
            intact = (n for n in names if is_intact(self._path(environment, n), self._here))
            name = next(intact, None)
            if name is None:
                name = self._next_name(environment, publication.number)
                self._write(publication, name)
            self.manifests.commit(environment, name)
        return publication

    def ensure_catalog(self, environment: str) -> Path | None:
        """Give the catalog that readers see, written anew if it must be.

        That is so when the folder of the warehouse has moved, when the catalog is gone, and when
        somebody else has written in it or has left a log beside it.

        Returns:
            The catalog's file; None where nothing is published.

        Raises:
            WarehouseError: it cannot be written.
        """
        name = self.manifests.current_catalog(environment)
        if name is None:
            return None
        path = self._path(environment, name)
        return path if is_intact(path, self._here) else self._renew(environment, name)

    def connect(self, environment: str, *, timezone: str = "UTC") -> DuckDBPyConnection:
        """Open what is published for reading; it goes on to show this state until it is closed.

        Raises:
            WarehouseError: nothing is published, or the catalog cannot be opened.
        """
        path = self.ensure_catalog(environment)
        name = self.manifests.current_catalog(environment)
        if path is None or name is None:
            raise WarehouseError(
                f"nothing is published in `{environment}`",
                place=Place(str(self.root)),
                hint=f"publish something with `thresher run --env {environment}`",
            )
        try:
            connection = open_catalog(path)
        except WarehouseError:
            # Somebody has opened it for writing, which locks it: readers get one of their own.
            connection = open_catalog(self._renew(environment, name))
        connection.execute(f"set timezone = {quote_text(timezone)}")
        return connection

    @contextmanager
    def reader(self, environment: str, *, timezone: str = "UTC") -> Iterator[Reader]:
        """Open what is published for queries, see `connect`; closed at the end of the block.

        Raises:
            WarehouseError: nothing is published, or the catalog cannot be opened.
        """
        connection = self.connect(environment, timezone=timezone)
        try:
            lake = self._here / FOLDER
            telling = partial(told, "the query failed", kind=CommandError, lake=lake)
            with stopped_by_signals(connection.interrupt):
                yield Reader(connection, telling, unended)
        finally:
            connection.close()

    def _renew(self, environment: str, worn: CatalogName) -> Path:
        """Write the current catalog anew, unless somebody else has done so meanwhile."""
        with committing(self.root, environment):
            name = self.manifests.current_catalog(environment) or worn
            path = self._path(environment, name)
            if name != worn and is_intact(path, self._here):
                return path
            anew = self._next_name(environment, name.number)
            self._write(self.manifests.read(environment, name.number), anew)
            self.manifests.commit(environment, anew)
            return self._path(environment, anew)

    def _write(
        self, publication: Publication, name: CatalogName, before: Publication | None = None
    ) -> None:
        """Write a catalog, from the current one where that is known."""
        environment = publication.environment
        path = self._path(environment, name)
        base = None
        shown = self.manifests.current_catalog(environment)
        if before and shown and is_intact(self._path(environment, shown), self._here):
            base = self._path(environment, shown), before
        write_catalog(path, publication, self._here, base=base)
        flush_drive(path)

    @property
    def _here(self) -> Path:
        """Where the warehouse really is: what views name their files by."""
        return self.root.resolve()

    def _path(self, environment: str, name: CatalogName) -> Path:
        return self.manifests.catalogs(environment) / name.file

    def _catalogs(self, environment: str, number: int) -> list[CatalogName]:
        """Name the catalogs of a publication that are there, the last written first."""
        files = self.manifests.catalogs(environment).glob(f"{number}.*")
        names = (CatalogName.parse(file.name) for file in files)
        return sorted((name for name in names if name), reverse=True)

    def _next_name(self, environment: str, number: int) -> CatalogName:
        """Name a catalog so that no process can have opened another by that name."""
        names = self._catalogs(environment, number)
        shown = self.manifests.current_catalog(environment)
        if shown and shown.number == number:
            names.append(shown)
        return CatalogName(number, max((n.generation for n in names), default=-1) + 1)

    def _number(self, environment: str, to: int | str | None) -> int:
        """Give the number of the publication that somebody means."""
        if to is None:
            current = self.current(environment)
            before = current.parent if current else None
            if before in self.manifests.numbers(environment):
                return before
            what = "nothing was published before it" if current else "nothing is published"
            if before is not None:
                what = f"the publication before it, {before}, is no longer kept"
            raise WarehouseError(
                f"{what} in `{environment}`", hint="`thresher publications` lists what is kept"
            )
        if isinstance(to, int) or to.isdecimal():
            return int(to)
        for row in self.manifests.rows(environment):
            if row.run == to:
                return row.number
        raise WarehouseError(
            f"`{environment}` keeps no publication of the run `{to}`",
            hint="`thresher publications` lists what is kept",
        )
