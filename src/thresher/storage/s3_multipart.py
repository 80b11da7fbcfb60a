"""An upload in parts: begun or gone on with, sent by several threads, and completed."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from thresher.errors import ChecksumError, Place
from thresher.storage.measured import Measured
from thresher.storage.objects import Location
from thresher.storage.outcomes import UNCHECKED
from thresher.storage.s3_client import Service
from thresher.storage.s3_errors import BROKEN, code_of
from thresher.storage.unfinished import Unfinished, forget, recall, remember
from thresher.storage.workers import Stopped, Workers

#: What an upload is good for nothing after: the file is not what it was when it was measured.
FOR_NOTHING = frozenset({*BROKEN, "InvalidPart", "EntityTooSmall"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A part that the service has."""

    etag: str
    checked: bool
    """Whether the service said that it held the part against it."""


class PartUpload:
    """One upload in parts of one file."""

    def __init__(
        self, service: Service, file: Measured, at: Location, id_: str, there: dict[int, Sent]
    ) -> None:
        self._service, self._file, self._at = service, file, at
        self._id = id_
        self._sent = there
        self.known = bool(there)
        """Whether it was begun earlier."""
        self.resumed = sum(file.span(number)[1] for number in there)
        """Bytes that the service had already."""

    @classmethod
    def begin(
        cls, service: Service, file: Measured, at: Location, settings: Mapping[str, Any]
    ) -> Self:
        """Go on with the upload that was begun for this content; begin one where there is none."""
        endpoint = str(service.options.endpoint)
        earlier = recall(str(at), endpoint)
        if earlier and (earlier.sha256, earlier.part_size) == (file.sha256, file.part_size):
            there = _there(service, file, at, earlier.upload)
            if there is not None:
                return cls(service, file, at, earlier.upload, there)
        begun = service.client.create_multipart_upload(
            Bucket=at.bucket, Key=at.key, ChecksumAlgorithm="SHA256", **settings
        )["UploadId"]
        remember(Unfinished(str(at), endpoint, begun, file.sha256, file.part_size))
        return cls(service, file, at, begun, {})

    def send(self, workers: Workers, tell: Callable[[int], None]) -> None:
        """Send the parts that the service does not have."""

        def part(number: int, stop: threading.Event) -> tuple[int, Sent]:
            if stop.is_set():
                raise Stopped
            body = self._file.read(number)
            sent = self._send_part(number, body)
            tell(len(body))
            return number, sent

        missing = (n for n in range(len(self._file.parts)) if n not in self._sent)
        try:
            for number, sent in workers.each(part, missing):
                self._sent[number] = sent
        except self._service.client.exceptions.ClientError as error:
            if code_of(error) in FOR_NOTHING:
                self.abort()
                if self._file.changed:
                    raise ChecksumError(
                        "the file changed while it was sent; nothing of it was stored",
                        place=Place(str(self._file.path)),
                        hint="send it again when nobody writes to it",
                    ) from error
            raise

    def complete(self) -> tuple[str, str]:
        """Make it an object; give the ETag, and the checksum that the service held it against."""
        parts = [
            {
                "PartNumber": n + 1,
                "ETag": sent.etag,
                "ChecksumSHA256": _base64(self._file.parts[n]),
            }
            for n, sent in sorted(self._sent.items())
        ]
        answer = self._service.client.complete_multipart_upload(
            Bucket=self._at.bucket,
            Key=self._at.key,
            UploadId=self._id,
            MultipartUpload={"Parts": parts},
        )
        forget(str(self._at), str(self._service.options.endpoint))
        checked = all(sent.checked for sent in self._sent.values())
        told = f"sha256 of {len(parts)} parts" if checked else UNCHECKED
        return answer["ETag"].strip('"'), told

    def abort(self) -> None:
        """Let the service remove the parts."""
        self._service.client.abort_multipart_upload(
            Bucket=self._at.bucket, Key=self._at.key, UploadId=self._id
        )
        forget(str(self._at), str(self._service.options.endpoint))

    def _send_part(self, number: int, body: bytes) -> Sent:
        sha256 = self._file.parts[number]
        query = f"?partNumber={number + 1}&uploadId={quote(self._id, safe='-_.~')}"
        headers = self._service.wire.put(self._at, body, sha256, {}, query=query)
        if headers is None:
            answer = self._service.client.upload_part(
                Bucket=self._at.bucket,
                Key=self._at.key,
                UploadId=self._id,
                PartNumber=number + 1,
                Body=body,
                ChecksumSHA256=_base64(sha256),
            )
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
        return Sent(headers["etag"], "x-amz-checksum-sha256" in headers)


def _there(service: Service, file: Measured, at: Location, upload: str) -> dict[int, Sent] | None:
    """Find the parts that the service has as they are here; None where the upload is gone."""
    from botocore.exceptions import ClientError

    try:
        listed = list(_listed(service, at, upload))
    except ClientError as error:
        if code_of(error) in ("NoSuchUpload", "404", "AccessDenied", "403"):
            return None
        raise
    found: dict[int, Sent] = {}
    for part in listed:
        number = part["PartNumber"] - 1
        if number >= len(file.parts) or part["Size"] != file.span(number)[1]:
            continue
        told = part.get("ChecksumSHA256")
        if told is None:
            # A service that tells no SHA-256 here has the MD5 as the part's ETag, or no proof.
            md5 = hashlib.md5(file.read(number), usedforsecurity=False).hexdigest()
            same = part["ETag"].strip('"') == md5
        else:
            same = told == _base64(file.parts[number])
        if same:
            found[number] = Sent(part["ETag"], checked=True)
    return found


def _listed(service: Service, at: Location, upload: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"Bucket": at.bucket, "Key": at.key, "UploadId": upload}
    while True:
        page = service.client.list_parts(**asked)
        yield from page.get("Parts", ())
        if not page.get("IsTruncated"):
            return
        asked["PartNumberMarker"] = page["NextPartNumberMarker"]


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
