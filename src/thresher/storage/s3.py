"""S3: objects listed, read, stored, checked and removed. The only door to boto3 is this family.

A `Store` may be used by several threads. Whatever the service, the SDK or the network refuses is
raised as an error that says what to do; see `s3_errors.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from thresher.errors import CommandError, MissingObjectError
from thresher.storage import s3_clean, s3_download, s3_list, s3_many, s3_verify
from thresher.storage.objects import Location, S3Options, StoredObject
from thresher.storage.outcomes import Progress, Removal, Transfer, Verification
from thresher.storage.pairs import Pair, base_of, files_to_objects, objects_to_files
from thresher.storage.s3_client import Service


class Store:
    """Objects of one S3 service; nothing is loaded or connected before the first call."""

    def __init__(self, options: S3Options | None = None) -> None:
        self.options = options or S3Options()

    def list(self, url: str) -> Iterator[StoredObject]:
        """Give the objects that a URL stands for, in the order of the service.

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
        progress: Progress | None = None,
    ) -> Transfer:
        """Download one object to a file, which gets its name only when its checksum is right.

        A large one that was broken off goes on where it stopped.

        Args:
            url: the object.
            target: the file; one that is there is replaced. Its folder is made.
            etag: the version that is wanted, as `list` gave it.
            progress: called with how far it has come; what it raises stops the transfer.

        Raises:
            ChangedWhileReadError: the object has another ETag by now.
            ChecksumError: what arrived has another checksum than the service recorded.
            MissingObjectError: there is no such object.
        """
        at = Location.parse(url)
        found = s3_download.head(self._service, at)
        pair = Pair(target, at, found.size, etag or found.etag)
        return s3_many.get_all(self._service, [pair], progress, again=True)[0]

    def put(self, path: Path, url: str) -> Transfer:
        """Upload one file; the service holds it against its SHA-256.

        A large one that was broken off goes on where it stopped.

        Args:
            path: the file.
            url: the object that it becomes, or a prefix that ends in `/`.

        Raises:
            ChecksumError: the file changed while it was sent.
            StorageError: it cannot be read, or the service refused it.
        """
        return self.put_all([path], url)[0]

    def put_all(
        self,
        paths: Sequence[Path],
        url: str,
        *,
        again: bool = False,
        progress: Progress | None = None,
    ) -> tuple[Transfer, ...]:
        """Upload files, and the files of folders, side by side.

        Args:
            paths: files and folders.
            url: the object that one file becomes, or a prefix that ends in `/`.
            again: store also files whose object is there already with the same content.
            progress: called with how far it has come.

        Raises:
            TransferError: some files failed; the others are stored.
        """
        pairs = files_to_objects(paths, Location.parse(url))
        return s3_many.put_all(self._service, pairs, progress, again=again)

    def get_all(
        self,
        url: str,
        target: Path,
        *,
        again: bool = False,
        progress: Progress | None = None,
    ) -> tuple[Transfer, ...]:
        """Download an object to a file, or what a prefix or a glob stands for into a folder.

        Args:
            url: an object, a prefix or a glob.
            target: a file or a folder for one object, a folder for more.
            again: fetch also objects whose file is there already with the same content.
            progress: called with how far it has come.

        Raises:
            MissingObjectError: there is nothing of this name.
            TransferError: some objects failed; the others are there.
        """
        pairs = self._objects(url, target)
        return s3_many.get_all(self._service, pairs, progress, again=again)

    def verify(
        self,
        url: str,
        path: Path | None = None,
        *,
        reading: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Verification]:
        """Hold a file or a folder against objects, or objects against their own checksums.

        Args:
            url: an object, a prefix or a glob.
            path: a file or a folder; None to read the objects, and compare each with what was
                recorded of it.
            reading: read the objects also where what was recorded would do.
            progress: called with how far it has come.

        Raises:
            MissingObjectError: there is nothing of this name.
        """
        if path is None:
            pairs = self._objects(url, Path())
            yield from s3_verify.check_objects(self._service, pairs, progress)
            return
        at = Location.parse(url)
        pairs = files_to_objects([path], at)
        yield from s3_verify.compare(self._service, pairs, progress, reading=reading)
        if path.is_dir():
            known = {pair.at for pair in pairs}
            folder = Location(at.bucket, base_of(at))
            for each in self.list(str(folder)):
                if Location.parse(each.url) not in known:
                    yield s3_verify.no_file(each, path / each.key[len(folder.key) :])

    def clean(
        self,
        url: str,
        *,
        older_than: timedelta = timedelta(0),
        whole_bucket: bool = False,
        dry_run: bool = False,
        only: Collection[Removal] | None = None,
    ) -> tuple[Removal, ...]:
        """Remove objects and uploads that never ended.

        Args:
            url: a prefix, an object or a glob.
            older_than: age below which nothing goes.
            whole_bucket: let the URL stand for a whole bucket.
            dry_run: only find what would go.
            only: of what is found, remove nothing but this: what an earlier call found.

        Returns:
            What was removed, or would be.

        Raises:
            CommandError: the URL stands for a whole bucket.
            TransferError: some could not be removed.
        """
        at = Location.parse(url)
        if not whole_bucket:
            s3_clean.refuse_whole_bucket(at)
        # An instant later than the service's clock, so that what was stored just now is found.
        before = datetime.now(UTC) - older_than if older_than else datetime.max.replace(tzinfo=UTC)
        found = s3_clean.find_old(self._service, at, before)
        if only is not None:
            found = tuple(each for each in found if each in only)
        if not dry_run:
            s3_clean.remove(self._service, found)
        return found

    @contextmanager
    def temporary_prefix(self, url: str) -> Iterator[str]:
        """Give a fresh prefix below a URL, and remove everything below it at the end."""
        base = Location.parse(url)
        if base.is_glob:
            raise CommandError(f"`{url}` is a glob, so nothing can be stored below it")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        made = str(base.below(f"tmp-{stamp}-{secrets.token_hex(4)}/"))
        try:
            yield made
        finally:
            self.clean(made)

    def _objects(self, url: str, target: Path) -> tuple[Pair, ...]:
        at = Location.parse(url)
        pairs = objects_to_files(self.list(url), at, target)
        if not pairs:
            raise MissingObjectError(
                f"`{url}`: there is no such object, and none below it",
                hint=f"`thresher storage list s3://{at.bucket}/` shows what there is",
            )
        return pairs

    @cached_property
    def _service(self) -> Service:
        return Service(self.options)
