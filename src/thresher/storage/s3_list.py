"""Listing objects: below a prefix, by a glob, or one by its name, in pages of a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from thresher.errors import StorageError
from thresher.storage.globs import glob_pattern
from thresher.storage.objects import Location, StoredObject


def find(client: Any, at: Location) -> Iterator[StoredObject]:
    """Give the objects that a location stands for, in the order of the service.

    A glob stands for what it matches; a key that ends in `/`, or none, for all that begins with it;
    any other key for the object of this name and all below it as a folder.
    """
    if at.is_glob:
        pattern = glob_pattern(at.key)
        # Beyond the last wildcard without a slash, subfolders hold nothing that can match.
        flat = "/" not in at.key[len(at.fixed) :] and "**" not in at.key
        for found in pages(client, Location(at.bucket, at.fixed), flat=flat):
            if pattern.fullmatch(found.key):
                yield found
        return
    if at.is_folder:
        yield from pages(client, at)
        return
    for found in pages(client, at, most=1):
        if found.key == at.key:
            yield found
    yield from pages(client, Location(at.bucket, f"{at.key}/"))


def pages(
    client: Any, at: Location, *, flat: bool = False, most: int | None = None
) -> Iterator[StoredObject]:
    """Give the objects whose keys begin with one, however many there are.

    Args:
        client: the SDK's client.
        at: bucket and beginning of the keys.
        flat: leave out what lies in subfolders.
        most: as many as are needed.
    """
    asked: dict[str, Any] = {"Bucket": at.bucket, "Prefix": at.key}
    if flat:
        asked["Delimiter"] = "/"
    if most is not None:
        asked["MaxKeys"] = most
    while True:
        page = client.list_objects_v2(**asked)
        if "Name" not in page:
            raise StorageError(
                f"`{at}`: what answers there is no S3 service", hint="look at the endpoint"
            )
        for entry in page.get("Contents", ()):
            yield _listed(at.bucket, entry)
        token = page.get("NextContinuationToken")
        if most is not None or not page.get("IsTruncated") or not token:
            return
        asked["ContinuationToken"] = token


def _listed(bucket: str, entry: dict[str, Any]) -> StoredObject:
    return StoredObject(
        url=str(Location(bucket, entry["Key"])),
        size=entry["Size"],
        modified=entry["LastModified"].astimezone(UTC),
        etag=entry["ETag"].strip('"'),
    )
