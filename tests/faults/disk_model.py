"""What is left of a folder when the power goes: only what was synced is sure to be there.

A kill leaves what the kernel was told, which hides every sync that is missing. So a process under
test tells this model of each sync, and what a drive may have kept is made of that: the worst that
file systems allow. Either no name is there that its folder was not synced for, or all names are
there with the lengths of their files, and files that were not synced themselves hold NUL bytes.
"""

from __future__ import annotations

import os
import pickle
import shutil
from dataclasses import dataclass, field
from pathlib import Path

NAMES_LOST, CONTENTS_LOST = "names lost", "contents lost"
#: Written by SQLite, which syncs by itself, where the model does not see it; for people only.
_UNSEEN = (".thresher", "logs", "reports")


@dataclass
class Disk:
    """What has reached the disk below a folder.

    Args:
        root: the folder; what is in it at the beginning is there to stay.
        kept: folder for copies of what was synced, elsewhere.
    """

    root: Path
    kept: Path
    names: dict[int, dict[str, tuple[str, int | str]]] = field(default_factory=dict)
    """What each folder held when it was last synced, by its inode: kind, and inode or target."""
    contents: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    """Copy of each file that was synced by its inode, with its size and when it was written."""

    def begin(self) -> None:
        """Take what is there for synced."""
        for folder, _, files in os.walk(self.root):
            self._sync_folder(Path(folder))
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink():
                    self._sync_file(path)
        self._save()

    def synced(self, path: Path) -> None:
        """Hear that a file or a folder was synced."""
        if not path.is_relative_to(self.root):
            return
        if path.is_dir():
            self._sync_folder(path)
        else:
            self._sync_file(path)
        self._save()

    def lose_power(self, target: Path, how: str) -> None:
        """Make what is left in a new folder.

        Args:
            target: the folder to make.
            how: what the drive had not done yet.
        """
        if how == NAMES_LOST:
            self._rebuild(self.root.stat().st_ino, target)
        else:
            self._empty_unsynced(target)
        for name in _UNSEEN:
            shutil.rmtree(target / name, ignore_errors=True)
            if (self.root / name).exists():
                shutil.copytree(self.root / name, target / name, symlinks=True)

    def _sync_folder(self, folder: Path) -> None:
        found: dict[str, tuple[str, int | str]] = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    found[entry.name] = ("link", os.readlink(entry.path))
                else:
                    kind = "folder" if entry.is_dir() else "file"
                    found[entry.name] = (kind, entry.inode())
        self.names[folder.stat().st_ino] = found

    def _sync_file(self, path: Path) -> None:
        state = path.stat()
        copy = self.kept / f"{state.st_ino}-{len(self.contents)}-{state.st_mtime_ns}"
        shutil.copyfile(path, copy)
        # An inode that is free again would be another file's: a second name keeps it from that.
        os.link(path, self.kept / f"{copy.name}-held")
        self.contents[state.st_ino] = (copy.name, state.st_size, state.st_mtime_ns)

    def _save(self) -> None:
        # The process may be killed at any instant, and what it was told must be known.
        fresh = self.kept / "state.new"
        fresh.write_bytes(pickle.dumps((self.names, self.contents)))
        os.rename(fresh, self.kept / "state")

    def load(self) -> None:
        """Take over what a process was told that is no more."""
        self.names, self.contents = pickle.loads((self.kept / "state").read_bytes())

    def _rebuild(self, inode: int, target: Path) -> None:
        target.mkdir()
        for name, (kind, what) in self.names.get(inode, {}).items():
            path = target / name
            if kind == "link":
                path.symlink_to(str(what))
            elif kind == "folder":
                self._rebuild(int(what), path)
            else:
                self._restore(int(what), path)

    def _restore(self, inode: int, path: Path, length: int = 0) -> None:
        if inode not in self.contents:
            path.write_bytes(bytes(length))
            return
        copy, _, written = self.contents[inode]
        shutil.copyfile(self.kept / copy, path)
        os.utime(path, ns=(written, written))

    def _empty_unsynced(self, target: Path) -> None:
        shutil.copytree(self.root, target, symlinks=True, copy_function=self._left_of)

    def _left_of(self, source: str, target: str) -> str:
        state = os.stat(source)
        known = self.contents.get(state.st_ino)
        if known is not None and known[1:] == (state.st_size, state.st_mtime_ns):
            shutil.copy2(source, target)
        else:
            self._restore(state.st_ino, Path(target), state.st_size)
        return target
