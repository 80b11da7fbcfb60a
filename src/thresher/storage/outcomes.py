"""What became of files and objects: each transfer, comparison and removal as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

State = Literal["same", "differs", "no object", "no file", "unknown"]
"""How a file and an object compare."""
UNCHECKED = "size"
"""How an object was checked of which the service recorded no checksum that can be computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far a transfer of one or more files has come; handed to a callback."""

    action: Literal["put", "get", "verify"]
    files: int
    """All files of the transfer."""
    files_done: int
    bytes: int
    """All bytes of the transfer."""
    bytes_done: int
    url: str
    """The object that moved last."""


Progress = Callable[[Moved], None]
"""Called from one thread at a time; what it raises stops the transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One file that was stored, or one object that was fetched."""

    url: str
    path: Path
    size: int
    etag: str
    sha256: str
    """SHA-256 of the content, in hexadecimal, computed here."""
    checked: str
    """The checksum that the service held it against (`put`), or that we did (`get`): `sha256`,
    `sha256 of 16 parts`, `md5`, ...; `size` where nothing better was recorded."""
    state: Literal["done", "same"] = "done"
    """`same`: it was there already, and nothing was sent."""
    resumed: int = 0
    """Bytes that an earlier transfer, which was broken off, had brought already."""
    modified: datetime | None = None
    """When the object was stored, in UTC; None for one that was stored just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How one file and its object, or one object and its own checksum, compare."""

    url: str
    path: Path | None
    """The file; None where an object was held against its own checksum."""
    state: State
    """`unknown`: nothing was recorded of the object that its content could be held against."""
    checked: str
    """What was compared: `sha256`, `size`, ..."""
    size: int | None = None
    sha256: str | None = None
    """SHA-256 of what was read, in hexadecimal."""

    @property
    def ok(self) -> bool:
        """Whether it is what it should be."""
        return self.state == "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something that is removed, or would be."""

    name: str
    """URL of an object, or path of a partial file."""
    kind: Literal["object", "upload", "partial file"]
    """`upload`: the parts of an upload that was never finished."""
    size: int
    modified: datetime
    """In UTC."""
    id: str = ""
    """The version of an object (its ETag), or the id of an upload."""
