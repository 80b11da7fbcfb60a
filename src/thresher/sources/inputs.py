"""From a unit to files that can be read: there, unpacked, in UTF-8, and what their names say.

Whatever a file is called, its parts have names of our own in the reading's folder: links to the
file itself, or what was unpacked or rewritten from it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from thresher.project.source import DETECT, ENDINGS, FilesSettings
from thresher.results import Unit
from thresher.sources.archives import Unpacking, unpack_gzip, unpack_zip
from thresher.sources.discovery import ending, original, unknown_format
from thresher.sources.encodings import is_utf8, seen_encoding, transcode
from thresher.sources.hashing import State, changed
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import DISK_FULL

_HEAD = 512
TEXT_FORMATS = ("csv", "json", "ndjson")
#: What files of other kinds begin with, and what they are called.
_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PK\x03\x04", "a zip file or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"PAR1\x15", "a Parquet file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ARROW1\0\0", "an Arrow file"),
    (b"BZh91AY&SY", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf", "a 7z archive"),
)
_MARKUP = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
)
_EXPECTED = {
    "parquet": ((b"PAR1",), "a Parquet file"),
    "excel": ((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "an Excel workbook"),
}

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A file to read: an input itself, or one of those packed in it."""

    path: Path
    """Where it is, under a name of our own."""
    format: str
    name: str
    """What it is called: the unit's path, or its name inside an archive."""
    raw: Path
    """What `path` was written from, where it had to be; else the same."""
    encoding: str = "utf-8"
    """Encoding of `raw`."""
    fault: RefusedError | None = None
    """Why `path` could not be written from `raw`, though some of it may be read."""


@dataclass(frozen=True, slots=True)
class Input:
    """A unit, ready to be read."""

    unit: Unit
    path: Path | None
    """The file; None for what is none, whose changes others see to."""
    state: State | None
    parts: tuple[Part, ...]

    def verify(self, asset: str) -> None:
        """Make sure that the file is still what it was.

        Raises:
            ChangedWhileReadError: it is not.
        """
        if self.path is None:
            return
        try:
            if State.of(self.path) == self.state:
                return
        except OSError:
            pass
        raise changed(self.unit.path, asset)


@dataclass(frozen=True, slots=True)
class Opener:
    """Makes units ready to be read.

    Args:
        root: the project's folder.
        folder: the reading's own folder.
        settings: how the files are to be read.
        asset: whose inputs they are, for errors.
        check: called now and then; raises when the caller wants to stop.
        fetched: where units are that were fetched, or why they were not; the others are files.
    """

    root: Path
    folder: Path
    settings: FilesSettings
    asset: str
    check: Check
    fetched: Mapping[str, Path | RefusedError] = field(default_factory=dict)

    def open(self, number: int, unit: Unit) -> Input:
        """Make a unit ready to be read.

        Raises:
            RefusedError: it cannot be.
            ChangedWhileReadError: it is no longer what it was when it was found.
        """
        path = self.fetched.get(unit.path) or self.root / original(unit.path)
        if isinstance(path, RefusedError):
            raise path
        try:
            state = State.of(path)
            if unit.path not in self.fetched and not state.is_of(unit):
                raise changed(unit.path, self.asset)
            return self._ready(number, unit, path, state)
        except FileNotFoundError:
            raise RefusedError("the file is gone", hint="put it back, or run again") from None
        except PermissionError:
            raise RefusedError(
                "the file may not be read", hint="give the right to read it: `chmod +r`"
            ) from None
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            raise RefusedError(
                f"the file cannot be read: {error.strerror}", hint="see to its disk"
            ) from None

    def _ready(self, number: int, unit: Unit, path: Path, state: State) -> Input:
        try:
            return Input(unit, path, state, self._parts(number, unit, path))
        except RefusedError:
            # What is still being written looks broken.
            Input(unit, path, state, ()).verify(self.asset)
            raise

    def _parts(self, number: int, unit: Unit, path: Path) -> tuple[Part, ...]:
        inner, compression = ending(unit.path)
        link = self.folder / f"{number:04d}"
        link.symlink_to(path.absolute())
        _refuse_empty(link)
        if compression == ".zip":
            return self._members(link, inner)
        kind = self._format(unit.path)
        if compression == ".gz":
            plain = self.folder / f"{number:04d}-plain"
            unpack_gzip(link, plain, self._unpacking())
            _refuse_empty(plain)
            link = plain
        return (self._part(link, kind, unit.path),)

    def _members(self, link: Path, inner: str) -> tuple[Part, ...]:
        kind = self.settings.format or ENDINGS.get(inner)
        wanted = (inner,) if inner in ENDINGS else tuple(ENDINGS)
        members = list(unpack_zip(link, self.folder, wanted, self._unpacking()))
        parts = []
        for name, path in members:
            try:
                _refuse_empty(path)
                parts.append(self._part(path, kind or self._format(name), name))
            except RefusedError as error:
                raise error.inside(name) from None
        return tuple(parts)

    def _unpacking(self) -> Unpacking:
        return Unpacking(self.check, self.settings.unpack_limit)

    def _format(self, name: str) -> str:
        kind = self.settings.format or ENDINGS.get(ending(name)[0])
        if kind is None:
            what, hint = unknown_format(name)
            raise RefusedError(what, hint=hint)
        return kind

    def _part(self, path: Path, kind: str, name: str) -> Part:
        _refuse_other(path, kind)
        encoding = self.settings.encoding
        if kind not in TEXT_FORMATS:
            return Part(path, kind, name, path)
        if encoding == DETECT:
            encoding = seen_encoding(path)
        if is_utf8(encoding):
            return Part(path, kind, name, path)
        plain = path.with_name(f"{path.name}-utf8")
        try:
            transcode(path, plain, encoding, self.check)
        except RefusedError as error:
            return Part(path, kind, name, path, encoding, error)
        return Part(plain, kind, name, path, encoding)


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise RefusedError("the file is empty", hint="fetch it again, or remove it")


def _refuse_other(path: Path, kind: str) -> None:
    """Refuse a file whose first bytes say that it is something else."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(-min(4, os.fstat(file.fileno()).st_size), os.SEEK_END)
        tail = file.read()
    expected, name = _EXPECTED.get(kind, ((), f"a {kind.upper()} file"))
    if expected and head.startswith(expected):
        if kind == "parquet" and tail != b"PAR1":
            raise RefusedError("the Parquet file is cut short", hint="fetch it again")
        return
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = next((what for magic, what in _MAGIC if head.startswith(magic)), None) or next(
        (what for magic, what in _MARKUP if text.startswith(magic)), None
    )
    if found is None and not expected:
        return
    what = f"it is not {name}: it begins with {_shown(head)}"
    raise RefusedError(
        f"it is {found}, not {name}" if found else what,
        hint="fetch it again, or say with `format:` what it is",
        discreet=f"it is {found or 'something else'}, not {name}",
    )


def _shown(head: bytes) -> str:
    first = head[:40].splitlines()[0] if head.strip() else head[:40]
    return f"`{shown(first.decode('utf-8', 'backslashreplace'))}`"
