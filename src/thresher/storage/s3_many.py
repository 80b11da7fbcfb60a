"""Many transfers at once: what is there already is left, what fails is told, the rest goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

from thresher.errors import (
    CommandError,
    CredentialsError,
    DiskFullError,
    Fault,
    MissingObjectError,
    ThresherError,
    TransferError,
    UnreachableError,
)
from thresher.storage import s3_list
from thresher.storage.checksums import BLOCK, Check, Digester, Recorded
from thresher.storage.local import sha256_of, writing
from thresher.storage.objects import Location, StoredObject
from thresher.storage.outcomes import Moved, Progress, Transfer
from thresher.storage.pairs import Pair
from thresher.storage.s3_client import Service
from thresher.storage.s3_download import Wanted, check_of, fetch, head
from thresher.storage.s3_upload import store
from thresher.storage.workers import Stopped, Workers

#: After these no other file can do better.
FOR_ALL = (CredentialsError, UnreachableError, DiskFullError, CommandError)
#: Small files that are stored at a time, for each worker: a service takes longer to keep an object
#: than to give it, so whoever stores waits more (500 files: 0.93 s with one, 0.87 s with two).
STORED_AT_A_TIME = 2
Tell = Callable[[int], None]
Result = TypeVar("Result")


class Meter:
    """Adds up how far many transfers have come, and tells it from one thread at a time."""

    def __init__(
        self,
        action: Literal["put", "get", "verify"],
        pairs: Sequence[Pair],
        progress: Progress | None,
    ) -> None:
        self._action, self._progress = action, progress
        self._files, self._bytes = len(pairs), sum(pair.size for pair in pairs)
        self._files_done = self._bytes_done = 0
        self._lock = threading.Lock()

    def of(self, at: Location) -> Tell:
        """Give what takes the bytes of one file."""
        url = str(at)
        return lambda count: self._add(url, count, 0)

    def done(self, at: Location, skipped: int = 0) -> None:
        """Count a file that has ended, with the bytes of it that did not have to move."""
        self._add(str(at), skipped, 1)

    def _add(self, url: str, count: int, files: int) -> None:
        with self._lock:
            self._bytes_done += count
            self._files_done += files
            if self._progress is not None:
                self._progress(
                    Moved(
                        action=self._action,
                        files=self._files,
                        files_done=self._files_done,
                        bytes=self._bytes,
                        bytes_done=self._bytes_done,
                        url=url,
                    )
                )


def put_all(
    service: Service, pairs: Sequence[Pair], progress: Progress | None, *, again: bool
) -> tuple[Transfer, ...]:
    """Store files; of several, those that are there already with the same content are left.

    Args:
        service: where to.
        pairs: the files and their objects.
        progress: called with how far it has come.
        again: store also what is there already.

    Raises:
        TransferError: some files failed; the others are stored.
    """
    meter = Meter("put", pairs, progress)
    service.prepare()
    there = {} if again or len(pairs) == 1 else _there(service, pairs)

    def one(pair: Pair, workers: Workers) -> Transfer:
        known = there.get(pair.at.key)
        if known is not None and known.size == pair.size:
            recorded = head(service, pair.at)
            if (same := _same_as_stored(service, pair, recorded)) is not None:
                meter.done(pair.at, pair.size)
                return same
        stored = store(service, pair.path, pair.at, workers, meter.of(pair.at))
        meter.done(pair.at)
        return stored

    fatal = (*FOR_ALL, MissingObjectError)
    return _all(service, pairs, one, "stored", fatal, at_a_time=STORED_AT_A_TIME)


def get_all(
    service: Service, pairs: Sequence[Pair], progress: Progress | None, *, again: bool
) -> tuple[Transfer, ...]:
    """Fetch objects; files that are there already with the same content are left.

    Args:
        service: where from.
        pairs: the objects and their files.
        progress: called with how far it has come.
        again: fetch also what is there already.

    Raises:
        TransferError: some objects failed; the others are there.
    """
    meter = Meter("get", pairs, progress)
    for folder in {pair.path.parent for pair in pairs}:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def one(pair: Pair, workers: Workers) -> Transfer:
        if not again and _size_of(pair.path) == pair.size:
            recorded = head(service, pair.at)
            if (same := _same_as_fetched(service, pair, recorded)) is not None:
                meter.done(pair.at, pair.size)
                return same
        wanted = Wanted(pair.at, pair.path, pair.etag, pair.size)
        fetched = fetch(service, wanted, workers, meter.of(pair.at))
        meter.done(pair.at)
        return fetched

    return _all(service, pairs, one, "fetched", FOR_ALL)


def digested(path: Path, check: Check | None) -> Digester:
    """Read a file as it is needed to hold it against a checksum."""
    digester = Digester(check)
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digester.update(block)
    return digester


def _all(
    service: Service,
    pairs: Sequence[Pair],
    one: Callable[[Pair, Workers], Transfer],
    verb: str,
    fatal: tuple[type[ThresherError], ...],
    *,
    at_a_time: int = 1,
) -> tuple[Transfer, ...]:
    """Do the work for each, and tell all that failed at the end."""
    ended: dict[Location, Transfer] = {}
    faults: list[Fault] = []

    def guarded(pair: Pair, workers: Workers) -> Transfer | ThresherError:
        try:
            return one(pair, workers)
        except fatal:
            raise
        except ThresherError as error:
            return error

    for pair, result in _results(service, pairs, guarded, at_a_time):
        if isinstance(result, Transfer):
            ended[pair.at] = result
        elif len(pairs) == 1:
            raise result
        else:
            faults.extend(result.faults)
    if faults:
        failed = f"{len(pairs) - len(ended):,} of {len(pairs):,} files were not {verb}"
        rest = "; the rest is there" if ended else ""
        raise TransferError(f"{failed}{rest}", faults)
    return tuple(ended[pair.at] for pair in pairs)


def _results(
    service: Service,
    pairs: Sequence[Pair],
    work: Callable[[Pair, Workers], Result],
    at_a_time: int,
) -> Iterator[tuple[Pair, Result]]:
    """Do small ones side by side, and large ones one after another with all threads for each."""
    limit, count = service.options.part_size, service.options.workers
    together = [pair for pair in pairs if pair.size <= limit]

    def small(pair: Pair, stop: threading.Event) -> Result:
        if stop.is_set():
            raise Stopped
        with Workers(count) as own:  # threads only for one that grew meanwhile
            return work(pair, own)

    with Workers(count * at_a_time) as several:
        yield from zip(together, several.each(small, together), strict=True)
    with Workers(count) as workers:
        for pair in pairs:
            if pair.size > limit:
                yield pair, work(pair, workers)


def _there(service: Service, pairs: Sequence[Pair]) -> dict[str, StoredObject]:
    """Find which of the objects are there already, in a few requests; all of them where it may not.

    Among very many objects of others, those that were not come to are stored again.
    """
    keys = {pair.at.key for pair in pairs}
    shared = os.path.commonprefix(list(keys))  # noqa: RUF071  # keys are no paths
    first = Location(pairs[0].at.bucket, shared)
    most = 4 * len(pairs) + 4000
    try:
        with service.told(first):
            listed = islice(s3_list.pages(service.client, first), most)
            return {each.key: each for each in listed if each.key in keys}
    except CredentialsError:
        return {}  # who may store need not be allowed to list


def _same_as_stored(service: Service, pair: Pair, recorded: Recorded) -> Transfer | None:
    options = service.options
    wanted = (options.encryption or recorded.encryption, options.storage_class or "STANDARD")
    if recorded.sha256 is None or wanted != (recorded.encryption, recorded.storage_class):
        return None
    if sha256_of(pair.path) != recorded.sha256:
        return None
    return _same(pair, recorded, recorded.sha256, "sha256")


def _same_as_fetched(service: Service, pair: Pair, recorded: Recorded) -> Transfer | None:
    check = check_of(service, pair.at, recorded)
    if check is None or recorded.etag != (pair.etag or recorded.etag):
        return None
    found = digested(pair.path, check)
    return _same(pair, recorded, found.sha256, str(check)) if found.matches() else None


def _same(pair: Pair, recorded: Recorded, sha256: str, checked: str) -> Transfer:
    return Transfer(
        url=str(pair.at),
        path=pair.path,
        size=recorded.size,
        etag=recorded.etag,
        sha256=sha256,
        checked=checked,
        state="same",
        modified=recorded.modified,
    )


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
