"""Object storage in Python: each command of `thresher storage` as a function.

Every function takes `options`, an [`S3Options`][thresher.storage.objects.S3Options], which says how
the service is spoken to; what it does not say, the SDK's own configuration says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from thresher.storage.objects import S3Options, StoredObject
from thresher.storage.outcomes import Progress, Removal, Transfer, Verification
from thresher.storage.s3 import Store

AnyPath: TypeAlias = str | os.PathLike[str]
"""A path as text or as a path."""


def put(
    paths: AnyPath | Iterable[AnyPath],
    url: str,
    *,
    options: S3Options | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> tuple[Transfer, ...]:
    """Store a file, several files or the files of a folder.

    Args:
        paths: a file or a folder, or several of them.
        url: the object that one file becomes, or a prefix that ends in `/`; the files of a folder
            go below it by their paths in the folder.
        options: how the service is spoken to.
        again: send also files whose object is there already with the same content.
        progress: called with how far it has come.

    Returns:
        What became of each file, with its SHA-256.

    Raises:
        ChecksumError: a file changed while it was sent; nothing of it was stored.
        CredentialsError: no credentials were found, or they were refused.
        TransferError: some of several files failed; the others are stored.
        UnreachableError: the service does not answer; the same call goes on where it stopped.

    Example:
        >>> thresher.storage.put("report.csv", "s3://grain/reports/")
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    store = Store(options)
    return store.put_all([Path(each) for each in given], url, again=again, progress=progress)


def list(url: str, *, options: S3Options | None = None) -> Iterator[StoredObject]:  # noqa: A001
    """Give the objects that a URL stands for, in the order of the service, however many.

    Args:
        url: a prefix that ends in `/`, a glob such as `s3://grain/raw/*.csv`, or an object.
        options: how the service is spoken to.

    Raises:
        CredentialsError: no credentials were found, or they were refused.
        MissingObjectError: there is no such bucket.

    Example:
        >>> sum(each.size for each in thresher.storage.list("s3://grain/raw/"))
    """
    return Store(options).list(url)


def get(
    url: str,
    target: AnyPath = ".",
    *,
    options: S3Options | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> tuple[Transfer, ...]:
    """Fetch an object, or all that a prefix or a glob stands for, and check each.

    Args:
        url: an object, a prefix that ends in `/`, or a glob.
        target: a file or a folder for one object, a folder for more.
        options: how the service is spoken to.
        again: fetch also objects whose file is there already with the same content.
        progress: called with how far it has come.

    Returns:
        What became of each object, and how it was checked.

    Raises:
        ChecksumError: what arrived is not what was stored; nothing of it was kept.
        MissingObjectError: there is nothing of this name.
        TransferError: some of several objects failed; the others are there.

    Example:
        >>> thresher.storage.get("s3://grain/raw/*.csv", "data_raw")
    """
    return Store(options).get_all(url, Path(target), again=again, progress=progress)


def verify(
    url: str,
    path: AnyPath | None = None,
    *,
    options: S3Options | None = None,
    reading: bool = False,
    progress: Progress | None = None,
) -> tuple[Verification, ...]:
    """Hold a file or a folder against objects, or objects against their own checksums.

    Args:
        url: an object, a prefix that ends in `/`, or a glob.
        path: a file or a folder; None to read each object, and hold it against what was recorded.
        options: how the service is spoken to.
        reading: read the objects also where what was recorded of them would do.
        progress: called with how far it has come.

    Returns:
        How each compares; a difference raises nothing: look at `ok`.

    Raises:
        MissingObjectError: there is nothing of this name.

    Example:
        >>> all(each.ok for each in thresher.storage.verify("s3://grain/raw/", "data_raw"))
    """
    where = None if path is None else Path(path)
    return tuple(Store(options).verify(url, where, reading=reading, progress=progress))


def clean(
    url: str,
    *,
    options: S3Options | None = None,
    older_than: timedelta = timedelta(0),
    whole_bucket: bool = False,
    dry_run: bool = False,
) -> tuple[Removal, ...]:
    """Remove what is below a prefix: objects, and the parts of uploads that never ended.

    Args:
        url: a prefix that ends in `/`, a glob, or an object.
        options: how the service is spoken to.
        older_than: age below which nothing goes.
        whole_bucket: let the URL stand for a whole bucket.
        dry_run: only tell what would go.

    Returns:
        What was removed, or would be.

    Raises:
        CommandError: the URL stands for a whole bucket, and `whole_bucket` is not set.
        TransferError: some could not be removed; the others are gone.

    Example:
        >>> thresher.storage.clean("s3://grain/tmp/", older_than=timedelta(days=7))
    """
    return Store(options).clean(
        url, older_than=older_than, whole_bucket=whole_bucket, dry_run=dry_run
    )


@contextmanager
def temporary_prefix(url: str, *, options: S3Options | None = None) -> Iterator[str]:
    """Give a fresh prefix below a URL, and remove everything below it at the end.

    Args:
        url: a bucket or a prefix in which it is made.
        options: how the service is spoken to.

    Yields:
        The URL of the prefix; it ends in `/`.

    Example:
        >>> with thresher.storage.temporary_prefix("s3://grain/tests/") as prefix:
        ...     thresher.storage.put("report.csv", prefix)
    """
    with Store(options).temporary_prefix(url) as prefix:
        yield prefix
