"""The lake: every version of every table as Parquet files that are written once, never changed.

A version is a folder `lake/<layer>/<table>/<fingerprint>-<build>/`. Its record `_version.json` is
written last, so a folder without one is a draft that was never finished. Verdicts stand beside the
files. A version or a verdict that cannot be read is as good as none: it is made again.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from thresher.errors import SHOWN_FAULTS, Place, WarehouseError
from thresher.project.asset import is_quarantine
from thresher.results import DataFile, Snapshot, Verdict
from thresher.storage.local import (
    fsync_file,
    fsync_folder,
    make_folder,
    sha256_of,
    write_whole,
    writing,
)
from thresher.warehouse.damage import damage_mark, proven
from thresher.warehouse.records import dump_snapshot, dump_verdict, load_snapshot, load_verdict

FOLDER = "lake"
MARKER = "_version.json"
"""Record of a version; whoever finds it finds the version complete."""

#: Begins the names of files beside a version that say which other fingerprints gave its rows.
_SAME = "_same-"
#: How many of them a version keeps.
_CONFIRMED = 16
_NAME = re.compile(r"[^./\\\0][^/\\\0]*")


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that is being written."""

    folder: Path
    """Empty folder that its files are written into."""
    path: str
    """The folder relative to the warehouse, with forward slashes."""
    asset: str
    fingerprint: str
    build: str
    """Tells builds of one fingerprint apart."""


@dataclass(frozen=True, slots=True)
class Lake:
    """The versions of a warehouse; safe to use from several threads and processes.

    Args:
        root: folder of the warehouse, absolute.
    """

    root: Path

    def begin(self, asset: str, fingerprint: str) -> Draft:
        """Make the folder of a new version.

        Raises:
            WarehouseError: the asset's name cannot be that of a folder, or it cannot be written.
        """
        build = secrets.token_hex(4)
        path = version_path(asset, f"{fingerprint}-{build}")
        folder = self.root / path
        with writing(folder):
            make_folder(folder.parent.parent)
            folder.mkdir(parents=True)
        return Draft(folder, path, asset, fingerprint, build)

    def complete(
        self,
        draft: Draft,
        snapshot: Snapshot,
        files: Iterable[tuple[str, int]],
        rejects: Iterable[tuple[str, int]] = (),
    ) -> Snapshot:
        """Make a draft a version that survives a loss of power.

        Args:
            draft: what `begin` gave.
            snapshot: the version; its `files` and `rejects` are those it takes over from earlier
                versions.
            files: name inside the draft's folder and rows of each file that is new.
            rejects: the same of each new file of rejected records.

        Returns:
            The version with all its files.

        Raises:
            DiskFullError: no space is left.
            WarehouseError: it cannot be written, or a file is not there.
        """
        written = tuple(_sealed(draft, name, rows) for name, rows in files)
        rejected = tuple(_sealed(draft, name, rows) for name, rows in rejects)
        snapshot = replace(
            snapshot,
            asset=draft.asset,
            fingerprint=draft.fingerprint,
            build=draft.build,
            files=(*snapshot.files, *written),
            rejects=(*snapshot.rejects, *rejected),
        )
        write_whole(draft.folder / MARKER, dump_snapshot(snapshot))
        # Of the table, its layer and the lake: after the marker, where it costs next to nothing.
        for above in list(draft.folder.parents)[:3]:
            fsync_folder(above)
        return snapshot

    def relabel(self, draft: Draft, fingerprint: str) -> Draft:
        """Give a draft another fingerprint: what was read is not what was found before.

        Raises:
            WarehouseError: it cannot be written.
        """
        path = version_path(draft.asset, f"{fingerprint}-{draft.build}")
        folder = self.root / path
        with writing(folder):
            draft.folder.rename(folder)
        return Draft(folder, path, draft.asset, fingerprint, draft.build)

    def confirm(self, snapshot: Snapshot, fingerprint: str) -> None:
        """Remember that what has this fingerprint was read, and holds the rows of a version.

        Only the latest of these are kept; what is forgotten is read again, and confirmed again.

        Raises:
            DiskFullError: no space is left.
            WarehouseError: it cannot be written.
        """
        folder = self.root / version_path(snapshot.asset, snapshot.version)
        if not folder.is_dir():  # it came with an asset's old name, and lies elsewhere
            return
        write_whole(folder / _strict(f"{_SAME}{fingerprint}"), b"", durable=False)
        known = sorted(folder.glob(f"{_SAME}*"), key=lambda each: each.stat().st_mtime_ns)
        for old in known[:-_CONFIRMED]:
            old.unlink(missing_ok=True)

    def discard(self, draft: Draft) -> None:
        """Remove a draft, as far as that is possible; clean-up finds what is left."""
        shutil.rmtree(draft.folder, ignore_errors=True)

    def find(self, asset: str, fingerprint: str) -> Snapshot | None:
        """Give the version with this fingerprint that was built or found last, with its files.

        Where there is none, give the one that was confirmed to hold the same rows. What is left of
        a version whose bad rows were set aside is none that was built. Where the last one was found
        to be damaged, another is read wholly before it is trusted: what damaged one may have
        damaged both.
        """
        return self._last(asset, f"{fingerprint}-") or self._last(asset, "", holds=fingerprint)

    def latest(self, asset: str) -> Snapshot | None:
        """Give the version of an asset that was built or found last and has all its files."""
        return self._last(asset, "")

    def find_version(self, asset: str, version: str) -> Snapshot | None:
        """Give one version if it is there with all its files."""
        return self._whole(self.root / version_path(asset, version))

    def holds(self, file: DataFile) -> bool:
        """Say whether a file is there in its full length, and was not found to be damaged."""
        path = self.root / file.path
        try:
            return path.stat().st_size == file.bytes and not damage_mark(path).exists()
        except OSError:
            return False

    def require(self, snapshots: Iterable[Snapshot], *, hint: str) -> None:
        """Make sure that these versions have all their files.

        Args:
            snapshots: the versions.
            hint: what to do where they have not.

        Raises:
            WarehouseError: files are gone or cut short; it names them.
        """
        if missing := list(lacking(self, snapshots)):
            shown = ", ".join(f"`{path}`" for path in missing[:SHOWN_FAULTS])
            left = len(missing) - SHOWN_FAULTS
            more = f" and {left} more" if left > 0 else ""
            raise WarehouseError(f"the lake no longer holds {shown}{more}", hint=hint)

    def save_verdict(
        self, verdict: Verdict, *, version: str | None = None, key: str | None = None
    ) -> None:
        """Keep a verdict beside the files it was found on.

        A version that came with an asset's old name lies elsewhere: its verdict is kept by the
        publication alone. A verdict that is lost is found again, so nothing waits for the disk.

        Args:
            verdict: what was found.
            version: the version that was looked at, where rows of it were set aside since.
            key: key of the audit of that version.

        Raises:
            DiskFullError: no space is left.
            WarehouseError: it cannot be written.
        """
        path = self._verdict_path(verdict.asset, version or verdict.version, key or verdict.key)
        if path.parent.is_dir():
            write_whole(path, dump_verdict(verdict), durable=False)

    def verdict(self, asset: str, version: str, key: str) -> Verdict | None:
        """Give the verdict with this key on a version, if there is one."""
        path = self._verdict_path(asset, version, key)
        with suppress(OSError, WarehouseError):
            return load_verdict(path.read_bytes(), str(path))
        return None

    def _verdict_path(self, asset: str, version: str, key: str) -> Path:
        return self.root / version_path(asset, version) / _strict(f"_audit-{key}.json")

    def _last(self, asset: str, prefix: str, *, holds: str | None = None) -> Snapshot | None:
        found = (
            each
            for each in _folders(self.root, asset)
            if each[1].name.startswith(prefix)
            and (holds is None or (each[1] / f"{_SAME}{holds}").exists())
        )
        damaged = False
        for _, folder in sorted(found, reverse=True):
            version = self._whole(folder)
            if version is None:
                damaged = damaged or any(folder.rglob(damage_mark(Path("*")).name))
            elif version.part_of is None and (not damaged or proven(self.root, version.all_files)):
                return version
        return None

    def _whole(self, folder: Path) -> Snapshot | None:
        """Give the version in a folder if it is whole, and keep clean-up from it for a while."""
        snapshot = version_in(folder)
        if snapshot is None or not all(map(self.holds, snapshot.all_files)):
            return None
        with suppress(OSError):  # whoever may only read the warehouse may find versions too
            (folder / MARKER).touch()
        return snapshot


def lacking(lake: Lake, snapshots: Iterable[Snapshot]) -> Iterator[str]:
    """Name the files of these versions that are gone, cut short or known to be damaged."""
    every = (file for each in snapshots for file in each.all_files)
    return (file.path for file in every if not lake.holds(file))


def taken_from(snapshot: Snapshot) -> str | None:
    """Give the version that rows were set aside of, for what is left of it; None for any other."""
    return None if is_quarantine(snapshot.asset) else snapshot.part_of


def version_path(asset: str, version: str) -> str:
    """Give the folder of a version, relative to the warehouse.

    Raises:
        WarehouseError: a name cannot be that of a folder.
    """
    return f"{FOLDER}/{_table_path(asset)}/{_strict(version)}"


def versions(root: Path, asset: str) -> Iterator[Snapshot]:
    """Give every version of an asset whose record can be read, the newest first."""
    for _, folder in sorted(_folders(root, asset), reverse=True):
        if (snapshot := version_in(folder)) is not None:
            yield snapshot


def version_in(folder: Path) -> Snapshot | None:
    """Read the record in the folder of a version; None if it has none that can be read."""
    with suppress(OSError, WarehouseError):
        return load_snapshot((folder / MARKER).read_bytes(), str(folder / MARKER))
    return None


def _folders(root: Path, asset: str) -> Iterator[tuple[int, Path]]:
    """Give when each complete version of an asset was built or found, and its folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for version in (root / FOLDER / _table_path(asset)).iterdir():
            with suppress(FileNotFoundError, NotADirectoryError):
                yield (version / MARKER).stat().st_mtime_ns, version


def _sealed(draft: Draft, name: str, rows: int) -> DataFile:
    """Bring a file of a draft to the disk, and say what it is."""
    inside = PurePosixPath(name)
    if inside.is_absolute() or not inside.parts or ".." in inside.parts:
        raise WarehouseError(f"`{name}` is not a file inside `{draft.path}`")
    path = draft.folder / inside
    fsync_file(path)
    for folder in inside.parents[:-1]:
        fsync_folder(draft.folder / folder)
    return DataFile(f"{draft.path}/{inside}", rows, path.stat().st_size, sha256_of(path))


def _table_path(asset: str) -> str:
    layer, _, table = asset.partition(".")
    return f"{_strict(layer)}/{_strict(table)}"


def _strict(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WarehouseError(
            f"`{name}` cannot be the name of a folder in the warehouse",
            place=Place(asset=name),
            hint="use letters, digits and underscores",
        )
    return name
