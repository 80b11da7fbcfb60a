"""Defects, each put into a process under test: a layer that finds none of them would be no test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thresher.storage import local
from thresher.warehouse import catalog, catalog_file, fences, lake, lock, manifests


def _everywhere(name: str, made: Any) -> None:
    """Put something in the place of a function wherever it was imported to."""
    for module in (local, lake, manifests, catalog, catalog_file, lock, fences):
        if hasattr(module, name):
            setattr(module, name, made)


def _renamed_and_never_synced() -> None:
    def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
        temporary = local.temporary_beside(path)
        temporary.write_bytes(data)
        temporary.replace(path)
        if durable:
            local.fsync_folder(path.parent)

    _everywhere("write_whole", write_whole)


def _link_renamed_before_its_catalog_is_synced() -> None:
    bare = manifests.Manifests.commit
    sync = local.fsync_file
    catalog_file.fsync_file = lambda path: None

    def commit(self: Any, environment: str, name: Any) -> None:
        bare(self, environment, name)
        sync(self.catalogs(environment) / name.file)

    manifests.Manifests.commit = commit  # type: ignore[method-assign]


def _no_sync_of_folders() -> None:
    _everywhere("fsync_folder", lambda path: None)


def _no_sync_of_data() -> None:
    bare = local.fsync_file
    _everywhere("fsync_file", lambda path: None if path.suffix == ".parquet" else bare(path))


def _no_sync_of_catalogs() -> None:
    bare = local.fsync_file
    _everywhere("fsync_file", lambda path: bare(path) if path.suffix == ".parquet" else None)


def _marker_first() -> None:
    bare = lake.Lake.complete

    def complete(self: Any, draft: Any, snapshot: Any, files: Any, rejects: Any = ()) -> Any:
        files, rejects = tuple(files), tuple(rejects)
        made = [
            lake.DataFile(f"{draft.path}/{name}", rows, (draft.folder / name).stat().st_size, "")
            for name, rows in (*files, *rejects)
        ]
        early = lake.replace(snapshot, files=tuple(made), rejects=())
        local.write_whole(draft.folder / lake.MARKER, lake.dump_snapshot(early))
        return bare(self, draft, snapshot, files, rejects)

    lake.Lake.complete = complete  # type: ignore[method-assign]


def _marker_before_data() -> None:
    """Write the record as soon as there is a folder."""
    bare = lake.Lake.begin

    def begin(self: Any, asset: str, fingerprint: str) -> Any:
        draft = bare(self, asset, fingerprint)
        latest = self.latest(asset)
        if latest is not None:
            text = lake.dump_snapshot(
                lake.replace(latest, fingerprint=fingerprint, build=draft.build)
            )
            local.write_whole(draft.folder / lake.MARKER, text)
        return draft

    lake.Lake.begin = begin  # type: ignore[method-assign]


def _link_in_two_steps() -> None:
    def swap_link(link: Path, target: str) -> None:
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        local.fsync_folder(link.parent)

    _everywhere("swap_link", swap_link)


def _commit_before_manifest() -> None:
    bare = manifests.Manifests.write

    def write(self: Any, publication: Any) -> None:
        self.commit(publication.environment, manifests.CatalogName(publication.number))
        bare(self, publication)

    manifests.Manifests.write = write  # type: ignore[method-assign]


def _not_marked_as_pending() -> None:
    bare = manifests.write_whole

    def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
        if path.name != manifests.PENDING:
            bare(path, data, durable=durable)

    manifests.write_whole = write_whole


def _lock_that_outlives() -> None:
    bare = lock._holding

    @contextmanager
    def holding(root: Path, environment: str, name: Callable[[], str]) -> Any:
        path = root / "locks" / f"{environment}.held"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x"):
            pass
        with bare(root, environment, name) as holder:
            yield holder
        path.unlink()

    lock._holding = holding


MUTANTS: dict[str, Callable[[], None]] = {
    "files are renamed and never synced": _renamed_and_never_synced,
    "the link is renamed before its catalog is synced": _link_renamed_before_its_catalog_is_synced,
    "folders are not synced": _no_sync_of_folders,
    "data files are not synced": _no_sync_of_data,
    "catalogs are not synced": _no_sync_of_catalogs,
    "the record of a version is written before its files are synced": _marker_first,
    "the record of a version is written before its files": _marker_before_data,
    "the link is taken away before it is made": _link_in_two_steps,
    "a publication is committed before its manifest": _commit_before_manifest,
    "a publication is not marked as pending": _not_marked_as_pending,
    "the lock outlives its holder": _lock_that_outlives,
}
