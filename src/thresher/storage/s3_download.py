"""Downloads: content is held against its checksum while it comes, and gets its name only after.

What fits into one part is checked in memory. Anything larger fills a partial file, several parts at
a time, each asked for with the ETag, so that all parts are of one version of the object.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.errors import ChangedWhileReadError, ChecksumError, StorageError
from thresher.storage.checksums import BLOCK, Check, Digester, Recorded
from thresher.storage.local import write_whole, writing
from thresher.storage.objects import Location
from thresher.storage.outcomes import UNCHECKED, Transfer
from thresher.storage.partial import PartialFile
from thresher.storage.s3_client import Service
from thresher.storage.s3_parts import part_sizes
from thresher.storage.workers import Stopped, Workers

#: How often a part that broke off is asked for again, each time from where it stopped.
BREAKS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object that is wanted as a file."""

    at: Location
    target: Path
    etag: str | None = None
    """The version that is wanted; whatever is there where None."""
    size: int | None = None
    """Its bytes, where they are known."""


def fetch(
    service: Service, wanted: Wanted, workers: Workers, tell: Callable[[int], None]
) -> Transfer:
    """Download one object.

    Args:
        service: where it is.
        wanted: the object and its file.
        workers: threads for the parts of a large one.
        tell: called with the number of bytes whenever some have come.

    Raises:
        ChangedWhileReadError: it has another ETag by now.
        ChecksumError: what came is not what was recorded.
    """
    with service.told(wanted.at):
        if wanted.size is not None and wanted.size <= service.options.part_size:
            return _fetch_small(service, wanted, tell)
        recorded = head(service, wanted.at)
        if wanted.etag not in (None, recorded.etag):
            raise _changed(wanted.at)
        known = Wanted(wanted.at, wanted.target, recorded.etag, recorded.size)
        if recorded.size <= service.options.part_size:
            return _fetch_small(service, known, tell)
        return _fetch_large(service, known, recorded, workers, tell)


def head(service: Service, at: Location) -> Recorded:
    """Ask what is recorded of an object."""
    with service.told(at):
        try:
            answer = service.client.head_object(
                Bucket=at.bucket, Key=at.key, ChecksumMode="ENABLED"
            )
        except service.client.exceptions.ClientError as error:
            # The answer to HEAD has no body, so no reason: a range of nothing tells it.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403):
                service.client.get_object(Bucket=at.bucket, Key=at.key, Range="bytes=0-0")
            raise
    return Recorded.of(answer["ResponseMetadata"]["HTTPHeaders"])


def read(
    service: Service,
    at: Location,
    recorded: Recorded,
    check: Check | None,
    tell: Callable[[int], None],
) -> Digester:
    """Read an object without keeping it; give what was computed of it."""
    digester = Digester(check)
    with service.told(at):
        for block in _stream(service, at, recorded.etag, 0, recorded.size):
            digester.update(block)
            tell(len(block))
    return digester


def check_of(service: Service, at: Location, recorded: Recorded) -> Check | None:
    """Choose the checksum that an object is held against."""
    return recorded.check(lambda count: part_sizes(service, at, count))


def _fetch_small(service: Service, wanted: Wanted, tell: Callable[[int], None]) -> Transfer:
    at, headers = wanted.at, {"x-amz-checksum-mode": "ENABLED"}
    if wanted.etag is not None:
        headers["If-Match"] = f'"{wanted.etag}"'
    found = service.wire.get(at, headers)
    if found is None:
        match = {"IfMatch": headers["If-Match"]} if wanted.etag else {}
        answer = service.client.get_object(
            Bucket=at.bucket, Key=at.key, ChecksumMode="ENABLED", **match
        )
        found = answer["ResponseMetadata"]["HTTPHeaders"], answer["Body"].read()
    recorded, content = Recorded.of(found[0]), found[1]
    if wanted.etag not in (None, recorded.etag):
        raise _changed(at)
    check = check_of(service, at, recorded)
    digester = Digester(check)
    digester.update(content)
    if not digester.matches():
        raise _wrong(at, check)
    write_whole(wanted.target, content, durable=False)
    tell(len(content))
    return _transfer(wanted, recorded, check, digester.sha256, 0)


def _fetch_large(
    service: Service,
    wanted: Wanted,
    recorded: Recorded,
    workers: Workers,
    tell: Callable[[int], None],
) -> Transfer:
    check = check_of(service, wanted.at, recorded)
    size = service.options.part_size
    for _ in range(2):
        with writing(wanted.target):
            file = _open(wanted, recorded, size)
            there = file.present()
            try:
                tell(sum(file.span(part)[1] for part in there))
                digester = Digester(check)
                _fill(
                    *(service, wanted.at, recorded.etag, file, there),
                    workers=workers,
                    digester=digester,
                    tell=tell,
                )
            except BaseException:
                file.close()
                raise
            resumed = sum(file.span(part)[1] for part in there)
            if digester.matches():
                file.finish()
                return _transfer(wanted, recorded, check, digester.sha256, resumed)
            file.discard()
        tell(-recorded.size)
        if not there:
            break
        # What an earlier download left was not what it seemed: once more, from the beginning.
    raise _wrong(wanted.at, check)


def _open(wanted: Wanted, recorded: Recorded, part_size: int) -> PartialFile:
    identity = f"{wanted.at} {recorded.etag}"
    try:
        return PartialFile(wanted.target, recorded.size, part_size, identity=identity)
    except BlockingIOError as error:
        raise StorageError(
            f"`{wanted.at}`: another process is fetching it to `{wanted.target}`",
            hint="wait for it, or fetch it to another file",
        ) from error


def _fill(
    service: Service,
    at: Location,
    etag: str,
    file: PartialFile,
    there: frozenset[int],
    *,
    workers: Workers,
    digester: Digester,
    tell: Callable[[int], None],
) -> None:
    """Fetch the parts that are not there, and take all of them in order for the checksum."""

    def part(number: int, stop: threading.Event) -> None:
        if number in there:
            return
        offset, size = file.span(number)
        for block in _stream(service, at, etag, offset, size):
            if stop.is_set():
                raise Stopped
            file.write(block, offset)
            offset += len(block)
            tell(len(block))
        file.mark(number)

    for number, _ in enumerate(workers.each(part, range(file.parts))):
        start, size = file.span(number)
        for offset in range(start, start + size, BLOCK):
            digester.update(file.read(offset, min(BLOCK, start + size - offset)))


def _stream(service: Service, at: Location, etag: str, start: int, size: int) -> Iterator[bytes]:
    """Read a range; where it breaks off, ask for the rest of it."""
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    end = start + size
    for attempt in range(BREAKS):
        body = _range(service, at, etag, start, end) if start < end else None
        if body is None:
            return
        try:
            for block in body.iter_chunks(BLOCK):
                start += len(block)
                yield block
            if start == end:
                return
        except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
            if attempt == BREAKS - 1:
                raise
        finally:
            body.close()


def _range(service: Service, at: Location, etag: str, start: int, end: int) -> Any:
    span, match = f"bytes={start}-{end - 1}", f'"{etag}"'
    found = service.wire.stream(at, {"Range": span, "If-Match": match})
    if found is None:
        answer = service.client.get_object(Bucket=at.bucket, Key=at.key, Range=span, IfMatch=match)
        meta = answer["ResponseMetadata"]
        if meta["HTTPStatusCode"] != 206:
            raise StorageError(f"`{at}`: the service gives no part of an object")
        found = meta["HTTPHeaders"], answer["Body"]
    headers, body = found
    if headers.get("etag", match) != match:
        body.close()
        raise _changed(at)
    return body


def _transfer(
    wanted: Wanted, recorded: Recorded, check: Check | None, sha256: str, resumed: int
) -> Transfer:
    return Transfer(
        url=str(wanted.at),
        path=wanted.target,
        size=recorded.size,
        etag=recorded.etag,
        sha256=sha256,
        checked=str(check or UNCHECKED),
        resumed=resumed,
        modified=recorded.modified,
    )


def _changed(at: Location) -> ChangedWhileReadError:
    return ChangedWhileReadError(f"`{at}`: the object changed while it was read")


def _wrong(at: Location, check: Check | None) -> ChecksumError:
    return ChecksumError(
        f"`{at}`: what arrived is not what was stored, its {check} differs; nothing of it was kept",
        hint="fetch it once more; if it stays so, the object is damaged: store it anew",
    )
