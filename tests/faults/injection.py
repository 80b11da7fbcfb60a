"""Faults at every write, sync, rename and lock of a process, by the name of the point.

The layer stands between the code and the operating system: it wraps the calls that change files, in
a process of its own that is about to die. It knows nothing of who calls. What DuckDB and PyArrow
write by themselves is met where the code asks them for it.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb
from disk_model import Disk
from points import role

from thresher.errors import Place

KILL, TORN, ERROR, FULL = "kill -9", "torn write", "error", "disk full"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_LOCKS = fcntl.LOCK_EX | fcntl.LOCK_SH
_COPY = re.compile(r" to '((?:[^']|'')+)' \(format parquet\)$")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and where."""

    kind: str
    point: str
    occurrence: int = 1
    """Which time that the point is reached, counted from 1."""


@dataclass
class Layer:
    """What a process meets when it changes files below a folder.

    Args:
        root: the folder.
        fault: what goes wrong; None to only take down what happens.
        disk: is told what reaches the disk.
    """

    root: Path
    fault: Fault | None = None
    disk: Disk | None = None
    reached: Counter[str] = field(default_factory=Counter)
    _bare: dict[str, Any] = field(default_factory=dict)

    def install(self) -> None:
        """Wrap the calls of this process, for as long as it lives."""
        for name in ("replace", "rename"):
            self._wrap(os, name, "rename", of=1)
        for name in ("unlink", "remove", "rmdir"):
            self._wrap(os, name, "remove")
        self._wrap(os, "mkdir", "make")
        self._wrap(os, "symlink", "make link as", of=1)
        self._wrap(os, "truncate", "truncate")
        self._wrap(os, "utime", "touch")
        self._wrap(os, "chmod", "change mode of")
        for name, doing in (("ftruncate", "truncate"), ("fsync", "sync")):
            self._wrap(os, name, doing)
        for name in ("write", "pwrite"):
            self._wrap(
                os, name, "write", torn=lambda call, fd, data, *rest: call(fd, half(data), *rest)
            )
        self._wrap(shutil, "copyfile", "write", of=1, torn=_torn_copy)
        self._wrap_lock()
        self._wrap_open()
        self._wrap_engines()

    def reach(self, doing: str, path: Path | str, torn: Callable[[], object] | None = None) -> None:
        """Come to a point; what was to go wrong there does.

        Args:
            doing: what is about to be done.
            path: to what.
            torn: does half of it.

        Raises:
            OSError: that is what was to go wrong.
        """
        inside = self._inside(path)
        if inside is None:
            return
        point = f"{doing} {role(inside)}"
        self.reached[point] += 1
        fault = self.fault
        if fault is None or (point, self.reached[point]) != (fault.point, fault.occurrence):
            return
        if fault.kind == TORN and torn is not None:
            torn()
        if fault.kind in (KILL, TORN):
            os.kill(os.getpid(), signal.SIGKILL)
        number = errno.ENOSPC if fault.kind == FULL else errno.EIO
        raise OSError(number, os.strerror(number), str(path))

    def _wrap(
        self,
        module: Any,
        name: str,
        doing: str,
        *,
        of: int = 0,
        torn: Callable[..., object] | None = None,
    ) -> None:
        bare = getattr(module, name)

        def wrapped(*given: Any, **named: Any) -> Any:
            path = _path_of(given[of], named.get("dir_fd"))
            half = None if torn is None else (lambda: torn(bare, *given, **named))
            self.reach(doing, path, half)
            answer = bare(*given, **named)
            if self.disk and doing == "sync":
                self.disk.synced(Path(path))
            return answer

        setattr(module, name, wrapped)

    def _wrap_lock(self) -> None:
        bare = fcntl.flock

        def flock(descriptor: int, operation: int) -> None:
            doing = "lock" if operation & _LOCKS else "unlock"
            self.reach(doing, _path_of(descriptor, None))
            bare(descriptor, operation)

        fcntl.flock = flock

    def _wrap_open(self) -> None:
        bare_open, bare_os_open = io.open, os.open

        def opened(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
            if isinstance(file, int) or not set(mode) & set("wxa+"):
                return bare_open(file, mode, *given, **named)
            self.reach("open", os.fspath(file))
            found = bare_open(file, mode, *given, **named)
            return _Watched(found, self, os.fspath(file)) if self._inside(file) else found

        def os_opened(path: Any, flags: int, *given: Any, **named: Any) -> int:
            if flags & _WRITING:
                self.reach("open", _path_of(path, named.get("dir_fd")))
            return bare_os_open(path, flags, *given, **named)

        io.open = builtins.open = opened
        os.open = os_opened

    def _wrap_engines(self) -> None:
        """Meet DuckDB and PyArrow where they are asked to write a file."""
        from pyarrow import parquet

        from thresher.engines import duckdb_calls
        from thresher.sources import session
        from thresher.warehouse import catalog_file

        def told_by_catalog(path: str) -> Any:
            return catalog_file.told("the catalog cannot be written", Place(str(path)))

        self._wrap_writer(
            parquet, "write_table", lambda given: given[1], lambda given: nullcontext()
        )
        self._wrap_writer(
            catalog_file,
            "_write_views",
            lambda given: given[0],
            lambda given: told_by_catalog(given[0]),
        )
        self._wrap_writer(
            duckdb_calls.Call,
            "fetch",
            lambda given: _copied_to(given[1]),
            lambda given: duckdb_calls.translating(given[0].place, given[0].first_line),
        )
        self._wrap_writer(
            session.Session,
            "rows",
            lambda given: _copied_to(given[1]),
            lambda given: _translating(session, given[0]),
        )

    def _wrap_writer(
        self,
        owner: Any,
        name: str,
        target: Callable[[Any], str | Path | None],
        translating: Callable[[Any], AbstractContextManager[Any]],
    ) -> None:
        bare = getattr(owner, name)

        def wrapped(*given: Any, **named: Any) -> Any:
            path = target(given)
            if path is None:
                return bare(*given, **named)

            def torn() -> None:
                bare(*given, **named)
                os.truncate(path, os.stat(path).st_size // 2)

            with translating(given):
                try:
                    self.reach("engine writes", path, torn)
                except OSError as error:
                    if owner.__name__ == "pyarrow.parquet":
                        raise
                    raise duckdb.IOException(f"Could not write file: {error.strerror}") from None
            return bare(*given, **named)

        setattr(owner, name, wrapped)

    def _inside(self, path: Any) -> str | None:
        """Give a path relative to the folder; None for another one."""
        text = os.path.join(os.getcwd(), os.fspath(path)) if not isinstance(path, int) else ""
        root = str(self.root)
        return os.path.relpath(text, root) if text.startswith(f"{root}/") else None


class _Watched:
    """A file that is open for writing; each write is a point."""

    def __init__(self, file: Any, layer: Layer, path: str) -> None:
        self._file, self._layer, self._path = file, layer, path

    def write(self, data: Any) -> Any:
        def torn() -> None:
            self._file.write(half(data))
            self._file.flush()

        self._layer.reach("write", self._path, torn)
        return self._file.write(data)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *raised: object) -> Any:
        return self._file.__exit__(*raised)

    def __iter__(self) -> Any:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _translating(session: Any, using: Any) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise session._translated(error, using._stop.place) from error


def _copied_to(sql: str) -> str | None:
    """Give the file that a statement of DuckDB writes, if it writes one."""
    found = _COPY.search(sql) if sql.startswith("copy ") else None
    return found[1].replace("''", "'") if found else None


def half(data: Any) -> Any:
    """Give the first half of what was to be written."""
    return data[: len(data) // 2]


def _torn_copy(copy: Any, source: Any, target: Any, **named: Any) -> None:
    copy(source, target, **named)
    with io.FileIO(target, "r+") as file:
        file.truncate(os.stat(target).st_size // 2)


def _path_of(given: Any, folder: int | None) -> str:
    """Give the path of a file by its descriptor, or of one in an open folder by its name."""
    if isinstance(given, int):
        return os.readlink(f"/proc/self/fd/{given}")
    path = os.fspath(given)
    if folder is not None:
        path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path)
    return path


assert sys.platform == "linux"
