"""The parts of objects that were sent in parts: how large each is."""

from __future__ import annotations

from thresher.storage.objects import Location
from thresher.storage.s3_client import Service


def part_sizes(service: Service, at: Location, count: int) -> tuple[int, ...] | None:
    """Ask how many bytes each part of an object has; None where the service does not tell."""
    from botocore.exceptions import ClientError

    try:
        return _listed(service, at) or _seen(service, at, count)
    except ClientError:
        # Other rights are needed for this than for reading, and not every service knows it.
        return None


def _listed(service: Service, at: Location) -> tuple[int, ...]:
    sizes: list[int] = []
    marker = 0
    while True:
        answer = service.client.get_object_attributes(
            Bucket=at.bucket,
            Key=at.key,
            ObjectAttributes=["ObjectParts"],
            PartNumberMarker=marker,
        )
        found = answer.get("ObjectParts", {})
        sizes += [part["Size"] for part in found.get("Parts", ())]
        if not found.get("IsTruncated"):
            return tuple(sizes)
        marker = found["NextPartNumberMarker"]


def _seen(service: Service, at: Location, count: int) -> tuple[int, ...]:
    """Tell the sizes from the first and the last part: all tools make the others like the first."""
    ends = [
        service.client.head_object(Bucket=at.bucket, Key=at.key, PartNumber=number)["ContentLength"]
        for number in (1, count)
    ]
    return (*(ends[0] for _ in range(count - 1)), ends[1])
