"""What a service recorded of an object, and how its content is held against that.

S3 keeps a checksum of a whole object, or (of one that was sent in parts) a checksum of the parts'
checksums. Thresher's own uploads carry the SHA-256 of the whole file as well. The best that there
is decides, and its name is part of every result: nobody must take a weak check for a strong one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from thresher.storage.objects import Location, StoredObject

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ETAG = re.compile(r"([0-9a-f]{32})(?:-([0-9]+))?")
_COMPOSITE = re.compile(r"([^-]+)(?:-([0-9]+))?")
#: Encryptions under which an ETag is no MD5 of the content.
_OPAQUE = ("aws:kms", "aws:kms:dsse")
BLOCK = 1 << 20


class Hash(Protocol):
    """What computes a checksum."""

    def update(self, data: Any, /) -> None:
        """Take more of the content."""
        ...

    def digest(self) -> bytes:
        """Give the checksum of all that was taken."""
        ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: Any, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def _md5() -> Hash:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Hash:
    return hashlib.sha1(usedforsecurity=False)


#: What S3 records and Python computes fast, the best first: an ETag is an MD5 only by custom.
ALGORITHMS: Mapping[str, Callable[[], Hash]] = {
    "sha256": hashlib.sha256,
    "sha1": _sha1,
    "crc32": _Crc32,
    "md5": _md5,
}


@dataclass(frozen=True, slots=True)
class Check:
    """A checksum that was recorded, and how it is computed."""

    algorithm: str
    """One of `ALGORITHMS`."""
    expected: bytes
    sizes: tuple[int, ...] = ()
    """Bytes of each part whose checksums it is made of; empty where it is of the whole."""

    def __str__(self) -> str:
        return f"{self.algorithm} of {len(self.sizes)} parts" if self.sizes else self.algorithm


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the service tells of an object: its size, its version, and checksums."""

    size: int
    etag: str
    """Without quotes."""
    modified: datetime
    sha256: str | None
    """Of the whole content, in hexadecimal, where somebody recorded it."""
    checksums: Mapping[str, str]
    """Text of each checksum by its algorithm, as the service writes it."""
    encryption: str | None = None
    storage_class: str = "STANDARD"

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Recorded:
        """Read the headers of an answer about one object; names in lower case."""
        etag = headers.get("etag", "").strip('"')
        found = {
            name: text
            for name in ALGORITHMS
            if name != "md5" and (text := headers.get(f"x-amz-checksum-{name}"))
        }
        match = _ETAG.fullmatch(etag)
        encryption = headers.get("x-amz-server-side-encryption")
        if match and encryption not in _OPAQUE:
            found["md5"] = etag
        told = headers.get("x-amz-meta-sha256", "").lower()
        whole = told if _SHA256.fullmatch(told) else None
        if whole is None and "-" not in (text := found.get("sha256", "-")):
            whole = base64.b64decode(text).hex()
        return cls(
            size=int(headers.get("content-length", 0)),
            etag=etag,
            modified=_moment(headers.get("last-modified")),
            sha256=whole,
            checksums=found,
            encryption=encryption,
            storage_class=headers.get("x-amz-storage-class") or "STANDARD",
        )

    def about(self, at: Location) -> StoredObject:
        """Give what is known of the object that is there."""
        return StoredObject(str(at), self.size, self.modified, self.etag, self.sha256)

    def check(self, part_sizes: Callable[[int], tuple[int, ...] | None]) -> Check | None:
        """Choose the checksum that decides; None where nothing that was recorded can be computed.

        Args:
            part_sizes: gives the bytes of each part of so many; asked only where it is needed.
        """
        if self.sha256 is not None:
            return Check("sha256", bytes.fromhex(self.sha256))
        asked: dict[int, tuple[int, ...] | None] = {}
        for name in ALGORITHMS:
            match = _COMPOSITE.fullmatch(self.checksums.get(name, ""))
            if match is None:
                continue
            raw = bytes.fromhex(match[1]) if name == "md5" else base64.b64decode(match[1])
            if match[2] is None:
                return Check(name, raw)
            count = int(match[2])
            if count not in asked:
                asked[count] = part_sizes(count)
            sizes = asked[count] or ()
            if len(sizes) == count and sum(sizes) == self.size:
                return Check(name, raw, sizes)
        return None


class Digester:
    """Takes content in its order: gives its SHA-256, and says whether it is what was recorded."""

    def __init__(self, check: Check | None) -> None:
        self._check = check
        self._whole = hashlib.sha256()
        self._other: Hash | None = None
        self._parts: list[bytes] = []
        self._left = 0
        self._beyond = False
        if check is not None and (check.sizes or check.algorithm != "sha256"):
            self._other = ALGORITHMS[check.algorithm]()
            self._left = check.sizes[0] if check.sizes else 0

    def update(self, data: bytes | memoryview) -> None:
        """Take more of the content."""
        self._whole.update(data)
        if self._check is None or self._other is None:
            return
        if not self._check.sizes:
            self._other.update(data)
            return
        view = memoryview(data)
        while view:
            if not self._left:
                self._beyond = True
                return
            taken = min(self._left, len(view))
            self._other.update(view[:taken])
            self._left -= taken
            view = view[taken:]
            if not self._left:
                self._next_part(self._check)

    @property
    def sha256(self) -> str:
        """SHA-256 of all that was taken, in hexadecimal."""
        return self._whole.hexdigest()

    def matches(self) -> bool:
        """Say whether all that was taken is what was recorded; true where nothing was."""
        if self._check is None:
            return True
        if self._other is None:
            return self._whole.digest() == self._check.expected
        if not self._check.sizes:
            return self._other.digest() == self._check.expected
        if self._beyond or len(self._parts) < len(self._check.sizes):
            return False
        together = ALGORITHMS[self._check.algorithm]()
        together.update(b"".join(self._parts))
        return together.digest() == self._check.expected

    def _next_part(self, check: Check) -> None:
        if self._other is not None:
            self._parts.append(self._other.digest())
        self._other = ALGORITHMS[check.algorithm]()
        done = len(self._parts)
        self._left = check.sizes[done] if done < len(check.sizes) else 0


def _moment(text: str | None) -> datetime:
    if not text:
        return datetime.fromtimestamp(0, UTC)
    return parsedate_to_datetime(text).astimezone(UTC)
