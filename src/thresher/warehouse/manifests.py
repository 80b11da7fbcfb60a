"""Publications on disk: their manifests, and the link that says which of them readers see.

`publications/<env>/<n>.json` is the manifest of publication n, written before anybody can see it.
`<env>.duckdb` is a link to its catalog, `catalogs/<env>/<n>.duckdb`; renaming another link over it
is the commit, so the current publication is told from the link's name alone. A publication whose
number stands in `publications/<env>/pending` without being the current one was never committed.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from thresher.errors import Place, WarehouseError
from thresher.results import Publication
from thresher.storage.local import fsync_folder, make_folder, swap_link, write_whole, writing
from thresher.warehouse.records import PublicationRow, dump_publication, load_publication, load_row

FOLDER = "publications"
CATALOGS = "catalogs"
PENDING = "pending"

_MANIFEST = re.compile(r"(\d+)\.json")
_CATALOG = re.compile(r"(\d+)(?:\.(\d+))?\.duckdb")
_ENVIRONMENT = re.compile(r"[^./\\\0][^/\\\0]*")


@dataclass(frozen=True, slots=True, order=True)
class CatalogName:
    """Name of a catalog's file: whose publication it shows, and how often it was written anew."""

    number: int
    generation: int = 0

    @classmethod
    def parse(cls, file: str) -> CatalogName | None:
        """Read the name of a file; None if it is not that of a catalog."""
        match = _CATALOG.fullmatch(file)
        return cls(int(match[1]), int(match[2] or 0)) if match else None

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.number}.{self.generation}.duckdb" if self.generation else self.stem

    @property
    def stem(self) -> str:
        """Name of the first file that shows the publication."""
        return f"{self.number}.duckdb"


@dataclass(frozen=True, slots=True)
class Manifests:
    """The publications of a warehouse.

    Args:
        root: folder of the warehouse, absolute.
    """

    root: Path

    def environments(self) -> tuple[str, ...]:
        """Name the environments that something was published in, sorted; any trace counts."""
        folders = (self.root / name for name in (FOLDER, CATALOGS))
        inside = (each for folder in folders if folder.is_dir() for each in folder.iterdir())
        links = (each.stem for each in self.root.glob("*.duckdb") if each.is_symlink())
        return tuple(sorted({*(each.name for each in inside if each.is_dir()), *links}))

    def link(self, environment: str) -> Path:
        """Give the link that readers of an environment open.

        Raises:
            WarehouseError: the name cannot be that of a file.
        """
        if not _ENVIRONMENT.fullmatch(environment):
            raise WarehouseError(f"`{environment}` cannot be the name of an environment")
        return self.root / f"{environment}.duckdb"

    def catalogs(self, environment: str) -> Path:
        """Give the folder of an environment's catalogs."""
        return self.root / CATALOGS / environment

    def path(self, environment: str, number: int) -> Path:
        """Give the file of a manifest."""
        return self.root / FOLDER / environment / f"{number}.json"

    def current_catalog(self, environment: str) -> CatalogName | None:
        """Give the catalog that readers see; None where nothing is published.

        Raises:
            WarehouseError: what has the link's name is no link, or one to somewhere else.
        """
        link, wrong = self.link(environment), "is not a link"
        try:
            target = os.readlink(link)  # noqa: PTH115  # the text itself: it need not exist
        except FileNotFoundError:
            return None
        except OSError:
            target = ""
        folder, _, file = target.rpartition("/")
        if folder == f"{CATALOGS}/{environment}" and (name := CatalogName.parse(file)):
            return name
        if target:
            wrong = f"is a link to `{target}`, not to a publication"
        hint = "`thresher repair` restores it; copies that keep no links have a file instead"
        raise WarehouseError(wrong, place=Place(str(link)), hint=hint)

    def current(self, environment: str) -> int | None:
        """Give the number of the publication that readers see; None where nothing is published.

        Raises:
            WarehouseError: what has the link's name is no link, or one to somewhere else.
        """
        name = self.current_catalog(environment)
        return name.number if name else None

    def commit(self, environment: str, name: CatalogName) -> None:
        """Make readers see a catalog, in one step.

        Raises:
            WarehouseError: the link cannot be written.
        """
        swap_link(self.link(environment), f"{CATALOGS}/{environment}/{name.file}")

    def numbers(self, environment: str) -> tuple[int, ...]:
        """Give the numbers of all committed publications that are kept, in order."""
        pending = _pending(self._folder(environment))
        with suppress(WarehouseError):  # a link that leads nowhere has committed nothing
            if pending is not None and pending == self.current(environment):
                pending = None
        return tuple(number for number in _written(self._folder(environment)) if number != pending)

    def next_number(self, environment: str) -> int:
        """Give a number that no publication has had that anybody can have seen."""
        names = [CatalogName.parse(file) for file in _names(self.catalogs(environment))]
        shown = (name.number for name in names if name)
        return max([0, *_written(self._folder(environment)), *shown]) + 1

    def read(self, environment: str, number: int) -> Publication:
        """Read a manifest.

        Raises:
            WarehouseError: it is not there, is damaged, or has an unknown format.
        """
        path = self.path(environment, number)
        return load_publication(self._document(environment, number), str(path))

    def rows(self, environment: str) -> tuple[PublicationRow, ...]:
        """Give what a list shows of every committed publication, the newest first.

        Raises:
            WarehouseError: a manifest is damaged, or has an unknown format.
        """
        current = self.current(environment)
        return tuple(
            replace(
                load_row(self._document(environment, number), str(self.path(environment, number))),
                current=number == current,
            )
            for number in reversed(self.numbers(environment))
        )

    def write(self, publication: Publication) -> None:
        """Write a manifest, to be committed by its link; it is pending until `settle`.

        Raises:
            DiskFullError: no space is left.
            WarehouseError: it cannot be written.
        """
        path = self.path(publication.environment, publication.number)
        make_folder(path.parent)
        # Whoever made these may have been killed before they were synced.
        for folder in (path.parent.parent, self.root, self.root.parent):
            fsync_folder(folder)
        write_whole(path.with_name(PENDING), str(publication.number).encode())
        write_whole(path, dump_publication(publication))

    def settle(self, environment: str) -> None:
        """Forget a publication that was begun and not committed, whatever stopped it.

        Raises:
            WarehouseError: it cannot be written.
        """
        pending = _pending(self._folder(environment))
        if pending is None:
            return
        path = self.path(environment, pending)
        with writing(path):
            if pending != self.current(environment):
                path.unlink(missing_ok=True)
            path.with_name(PENDING).unlink(missing_ok=True)

    def _document(self, environment: str, number: int) -> bytes:
        path = self.path(environment, number)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            kept = ", ".join(map(str, self.numbers(environment))) or "none"
            raise WarehouseError(
                f"`{environment}` has no publication {number}",
                place=Place(str(path)),
                hint=f"these are kept: {kept}; `thresher repair` restores what readers see",
            ) from error
        except OSError as error:
            raise WarehouseError(
                f"cannot be read: {error.strerror}", place=Place(str(path))
            ) from error

    def _folder(self, environment: str) -> Path:
        return self.root / FOLDER / environment


def has_lost_all(root: Path, environment: str) -> bool:
    """Say whether something was published in an environment of which no manifest is left."""
    shown = any(map(CatalogName.parse, _names(root / CATALOGS / environment)))
    return shown and not _written(root / FOLDER / environment)


def _pending(folder: Path) -> int | None:
    with suppress(FileNotFoundError, ValueError):
        return int((folder / PENDING).read_text())
    return None


def _written(folder: Path) -> tuple[int, ...]:
    matches = map(_MANIFEST.fullmatch, _names(folder))
    return tuple(sorted(int(match[1]) for match in matches if match))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  # names are all that is needed
    except FileNotFoundError:
        return []
