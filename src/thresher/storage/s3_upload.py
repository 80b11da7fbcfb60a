"""Uploads: the service holds what it receives against its SHA-256, and keeps nothing else.

What fits into one part is sent whole. Anything larger is measured first (the SHA-256 of the file,
which is recorded with the object, and that of each part) and then sent in parts, several at a time.
A file that changes in between has a part that the service refuses. An upload that was broken off
goes on with the parts that the service does not have, or has otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from thresher.errors import Place, StorageError
from thresher.storage.measured import measure
from thresher.storage.objects import Location, S3Options
from thresher.storage.outcomes import UNCHECKED, Transfer
from thresher.storage.s3_client import Service
from thresher.storage.s3_errors import code_of
from thresher.storage.s3_multipart import PartUpload
from thresher.storage.unfinished import forget
from thresher.storage.workers import Workers

#: S3 takes no more parts than this.
MOST_PARTS = 10_000
_MEBIBYTE = 1 << 20
_HEADERS = {
    "ContentType": "Content-Type",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "StorageClass": "x-amz-storage-class",
}


def store(
    service: Service, path: Path, at: Location, workers: Workers, tell: Callable[[int], None]
) -> Transfer:
    """Upload one file.

    Args:
        service: where to.
        path: the file.
        at: the object that it becomes.
        workers: threads for the parts of a large one.
        tell: called with the number of bytes whenever some are there.

    Raises:
        ChecksumError: the file changed while it was sent.
        StorageError: the file cannot be read, or the service refused it.
    """
    with service.told(at):
        try:
            if path.stat().st_size <= service.options.part_size:
                return _store_whole(service, path, at, tell)
            return _store_parts(service, path, at, workers, tell)
        except FileNotFoundError as error:
            raise StorageError("there is no such file", place=Place(str(path))) from error
        except (PermissionError, IsADirectoryError) as error:
            said = error.strerror or str(error)
            raise StorageError(f"cannot be read: {said}", place=Place(str(path))) from error


def part_size_for(size: int, options: S3Options) -> int:
    """Choose the size of the parts: as asked for, or as large as so many bytes need."""
    needed = -(-size // MOST_PARTS)
    return max(options.part_size, -(-needed // _MEBIBYTE) * _MEBIBYTE)


def _store_whole(
    service: Service, path: Path, at: Location, tell: Callable[[int], None]
) -> Transfer:
    body = path.read_bytes()
    digest = hashlib.sha256(body)
    settings = _settings(service.options, path, digest.hexdigest())
    headers = service.wire.put(at, body, digest.digest(), _headers(settings))
    if headers is None:
        answer = service.client.put_object(
            Bucket=at.bucket,
            Key=at.key,
            Body=body,
            ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
            **settings,
        )
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
    tell(len(body))
    return Transfer(
        url=str(at),
        path=path,
        size=len(body),
        etag=headers.get("etag", "").strip('"'),
        sha256=digest.hexdigest(),
        checked="sha256" if "x-amz-checksum-sha256" in headers else UNCHECKED,
    )


def _store_parts(
    service: Service,
    path: Path,
    at: Location,
    workers: Workers,
    tell: Callable[[int], None],
) -> Transfer:
    file = measure(path, part_size_for(path.stat().st_size, service.options))
    settings = _settings(service.options, path, file.sha256)
    while True:
        upload = PartUpload.begin(service, file, at, settings)
        tell(upload.resumed)
        try:
            upload.send(workers, tell)
            etag, checked = upload.complete()
            break
        except service.client.exceptions.ClientError as error:
            if code_of(error) != "NoSuchUpload" or not upload.known:
                raise
            # What was begun earlier was completed or removed meanwhile: begin anew.
            forget(str(at), str(service.options.endpoint))
            tell(-upload.resumed)
    return Transfer(
        url=str(at),
        path=path,
        size=file.size,
        etag=etag,
        sha256=file.sha256,
        checked=checked,
        resumed=upload.resumed,
    )


def _settings(options: S3Options, path: Path, sha256: str) -> dict[str, Any]:
    """Give what an object is stored with, as the SDK names it."""
    chosen = {
        "ContentType": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "ServerSideEncryption": options.encryption,
        "SSEKMSKeyId": options.kms_key,
        "StorageClass": options.storage_class,
    }
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    return {**given, "Metadata": {"sha256": sha256}}


def _headers(settings: Mapping[str, Any]) -> dict[str, str]:
    """Give the same as the service names it."""
    given = {_HEADERS[name]: value for name, value in settings.items() if name in _HEADERS}
    return {**given, "x-amz-meta-sha256": settings["Metadata"]["sha256"]}
