"""S3: objects listed, read, stored, checked and removed. The only door to boto3 is this family.

A `Store` may be used by several threads. Whatever the service, the SDK or the network refuses is
raised as an error that says what to do; see `s3_errors.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from functools import cached_property
from pathlib import Path
from typing import Any

from thresher.errors import ChecksumError
from thresher.storage import s3_client, s3_list
from thresher.storage.local import temporary_beside, writing
from thresher.storage.objects import Location, S3Options, StoredObject
from thresher.storage.s3_errors import told


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
        with told(url, self._session, self.options):
            yield from s3_list.find(self._client, at)

    def head(self, url: str) -> StoredObject:
        """Give what the service knows of one object, its SHA-256 among it where it has one.

        Raises:
            MissingObjectError: there is no such object.
        """
        at = Location.parse(url)
        with told(url, self._session, self.options):
            found = self._client.head_object(Bucket=at.bucket, Key=at.key, ChecksumMode="ENABLED")
        return StoredObject(
            url=str(at),
            size=found["ContentLength"],
            modified=found["LastModified"].astimezone(UTC),
            etag=found["ETag"].strip('"'),
            sha256=found.get("Metadata", {}).get("sha256"),
        )

    def get(self, url: str, target: Path, *, etag: str | None = None) -> StoredObject:
        """Download one object to a file, which gets its name only when its checksum is right.

        Args:
            url: the object.
            target: the file; one that is there is replaced.
            etag: the version that is wanted, as `list` gave it.

        Raises:
            ChangedWhileReadError: the object has another ETag by now.
            ChecksumError: what arrived has another checksum than the service recorded.
            MissingObjectError: there is no such object.
        """
        at = Location.parse(url)
        found = self.head(url)
        temporary = temporary_beside(target)
        with told(url, self._session, self.options), writing(target):
            try:
                body = self._client.get_object(
                    Bucket=at.bucket, Key=at.key, IfMatch=f'"{etag or found.etag}"'
                )["Body"]
                digest = hashlib.sha256()
                with temporary.open("xb") as file:
                    for block in body.iter_chunks(1 << 20):
                        digest.update(block)
                        file.write(block)
                if found.sha256 not in (None, digest.hexdigest()):
                    raise ChecksumError(f"`{url}`: another checksum than was recorded")
                temporary.replace(target)
            finally:
                with suppress(OSError):
                    temporary.unlink()
        return found

    @cached_property
    def _session(self) -> Any:
        return s3_client.open_session(self.options)

    @cached_property
    def _client(self) -> Any:
        return s3_client.make_client(self._session, self.options)
