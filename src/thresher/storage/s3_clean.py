"""Removing what is old below a prefix: objects, and the parts of uploads that never ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from thresher.errors import CommandError, Fault, TransferError
from thresher.storage import s3_list
from thresher.storage.globs import glob_pattern
from thresher.storage.objects import Location
from thresher.storage.outcomes import Removal
from thresher.storage.s3_client import Service

#: Objects that S3 removes in one request.
TOGETHER = 1000


def refuse_whole_bucket(at: Location) -> None:
    """Refuse to look for what can be removed in a whole bucket.

    Raises:
        CommandError: nothing of the keys is fixed.
    """
    if not at.fixed:
        raise CommandError(
            f"`{at}` stands for the whole bucket",
            hint="name a prefix in it, or allow it: `--whole-bucket`, `whole_bucket=True`",
        )


def find_old(service: Service, at: Location, before: datetime) -> tuple[Removal, ...]:
    """Find objects and unfinished uploads that are older than a moment."""
    with service.told(at):
        objects = [
            Removal(
                name=each.url,
                kind="object",
                size=each.size,
                modified=each.modified,
                id=each.etag,
            )
            for each in s3_list.find(service.client, at)
            if each.modified < before
        ]
        uploads = [each for each in _uploads(service, at) if each.modified < before]
    return (*objects, *sorted(uploads, key=lambda each: (each.name, each.modified)))


def remove(service: Service, removals: Sequence[Removal]) -> None:
    """Remove objects and unfinished uploads.

    Raises:
        TransferError: some could not be removed; the others are gone.
    """
    faults: list[Fault] = []
    keys: dict[str, list[str]] = defaultdict(list)
    for each in removals:
        at = Location.parse(each.name)
        if each.kind == "object":
            keys[at.bucket].append(at.key)
            continue
        with service.told(at):
            service.client.abort_multipart_upload(Bucket=at.bucket, Key=at.key, UploadId=each.id)
    for bucket, named in keys.items():
        for start in range(0, len(named), TOGETHER):
            faults += _remove_objects(service, bucket, named[start : start + TOGETHER])
    if faults:
        raise TransferError(
            f"{len(faults):,} of {len(removals):,} could not be removed; the others are gone",
            faults,
        )


def _remove_objects(service: Service, bucket: str, keys: Sequence[str]) -> Iterator[Fault]:
    with service.told(Location(bucket, keys[0])):
        answer = service.client.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
        )
    for error in answer.get("Errors", ()):
        said = error.get("Message") or error.get("Code")
        yield Fault(f"`{Location(bucket, error.get('Key', ''))}`: {said}")


def _uploads(service: Service, at: Location) -> Iterator[Removal]:
    """Find the unfinished uploads of objects that a location stands for."""
    fits = _fitting(at)
    asked: dict[str, Any] = {"Bucket": at.bucket, "Prefix": at.fixed}
    while True:
        page = service.client.list_multipart_uploads(**asked)
        for upload in page.get("Uploads", ()):
            if fits(upload["Key"]):
                yield Removal(
                    name=str(Location(at.bucket, upload["Key"])),
                    kind="upload",
                    size=_size_of(service, at.bucket, upload),
                    modified=upload["Initiated"].astimezone(UTC),
                    id=upload["UploadId"],
                )
        if not page.get("IsTruncated"):
            return
        asked["KeyMarker"] = page["NextKeyMarker"]
        asked["UploadIdMarker"] = page["NextUploadIdMarker"]


def _fitting(at: Location) -> Callable[[str], bool]:
    if at.is_glob:
        pattern = glob_pattern(at.key)
        return lambda key: pattern.fullmatch(key) is not None
    if at.is_folder:
        return lambda key: key.startswith(at.key)
    return lambda key: key == at.key or key.startswith(f"{at.key}/")


def _size_of(service: Service, bucket: str, upload: dict[str, Any]) -> int:
    pages = service.client.get_paginator("list_parts").paginate(
        Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
    )
    return sum(part["Size"] for page in pages for part in page.get("Parts", ()))
