"""S3: objects listed, read, stored, checked and removed. The only door to boto3 is this family.

A `Store` may be used by several threads. Whatever the service, the SDK or the network refuses is
raised as an error that says what to do; see `s3_errors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from thresher.storage import s3_download, s3_list, s3_upload
from thresher.storage.objects import Location, S3Options, StoredObject
from thresher.storage.outcomes import Transfer
from thresher.storage.s3_client import Service
from thresher.storage.s3_download import Wanted
from thresher.storage.workers import Workers


def _silent(_: int) -> None: ...


class Store:
    """Objects of one S3 service; nothing is loaded or connected before the first call."""

    def __init__(self, options: S3Options | None = None) -> None:
        self.options = options or S3Options()

    def list(self, url: str) -> Iterator[StoredObject]:
        """Give the objects that a URL stands for, in the order of their keys.

        Args:
            url: `s3://bucket/raw/*.csv` (a glob), `s3://bucket/raw/` (all below), or
                `s3://bucket/raw/a.csv` (this object, and all below it as a folder).

        Raises:
            CommandError: it is no URL of this kind, or boto3 is not installed.
            CredentialsError: no credentials, or they were refused.
            MissingObjectError: there is no such bucket.
            UnreachableError: the service does not answer.
        """
        at = Location.parse(url)
        with self._service.told(url):
            yield from s3_list.find(self._service.client, at)

    def head(self, url: str) -> StoredObject:
        """Give what the service knows of one object, its SHA-256 among it where it has one.

        Raises:
            MissingObjectError: there is no such object.
        """
        at = Location.parse(url)
        return s3_download.head(self._service, at).about(at)

    def get(
        self,
        url: str,
        target: Path,
        *,
        etag: str | None = None,
        tell: Callable[[int], None] = _silent,
    ) -> Transfer:
        """Download one object to a file, which gets its name only when its checksum is right.

        A large one that was broken off goes on where it stopped.

        Args:
            url: the object.
            target: the file; one that is there is replaced.
            etag: the version that is wanted, as `list` gave it.
            tell: called with a number of bytes whenever some have come.

        Raises:
            ChangedWhileReadError: the object has another ETag by now.
            ChecksumError: what arrived has another checksum than the service recorded.
            MissingObjectError: there is no such object.
        """
        wanted = Wanted(Location.parse(url), target, etag)
        with Workers(self.options.workers) as workers:
            return s3_download.fetch(self._service, wanted, workers, tell)

    def put(self, path: Path, url: str, *, tell: Callable[[int], None] = _silent) -> Transfer:
        """Upload one file; the service holds it against its SHA-256.

        Args:
            path: the file.
            url: the object that it becomes.
            tell: called with a number of bytes whenever some have arrived.

        Raises:
            ChecksumError: the file changed while it was sent.
            StorageError: it cannot be read, or the service refused it.
        """
        with Workers(self.options.workers) as workers:
            return s3_upload.store(self._service, path, Location.parse(url), workers, tell)

    @cached_property
    def _service(self) -> Service:
        return Service(self.options)
