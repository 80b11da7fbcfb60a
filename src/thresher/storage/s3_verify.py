"""Comparing files with objects, and objects with the checksums that were recorded of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from thresher.errors import MissingObjectError
from thresher.storage.objects import StoredObject
from thresher.storage.outcomes import UNCHECKED, Progress, State, Verification
from thresher.storage.pairs import Pair
from thresher.storage.s3_client import Service
from thresher.storage.s3_download import check_of, head, read
from thresher.storage.s3_many import Meter, digested
from thresher.storage.workers import Stopped, Workers


def compare(
    service: Service, pairs: Sequence[Pair], progress: Progress | None, *, reading: bool
) -> Iterator[Verification]:
    """Hold files against their objects.

    What was recorded of the object decides; where nothing was, or `reading`, its content does.

    Args:
        service: where the objects are.
        pairs: the files and their objects.
        progress: called with how far it has come.
        reading: read the objects, whatever was recorded.
    """
    meter = Meter("verify", pairs, progress)

    def one(pair: Pair) -> Verification:
        result = _compared(service, pair, meter.of(pair.at), reading=reading)
        meter.done(pair.at)
        return result

    yield from _each(service, pairs, one)


def check_objects(
    service: Service, pairs: Sequence[Pair], progress: Progress | None
) -> Iterator[Verification]:
    """Read objects, and hold each against its own recorded checksum."""
    meter = Meter("verify", pairs, progress)

    def one(pair: Pair) -> Verification:
        recorded = head(service, pair.at)
        check = check_of(service, pair.at, recorded)
        found = read(service, pair.at, recorded, check, meter.of(pair.at))
        meter.done(pair.at)
        state: State = "same" if found.matches() else "differs"
        return Verification(
            url=str(pair.at),
            path=None,
            state="unknown" if check is None else state,
            checked=str(check or UNCHECKED),
            size=recorded.size,
            sha256=found.sha256,
        )

    yield from _each(service, pairs, one)


def no_file(found: StoredObject, path: Path) -> Verification:
    """Tell of an object whose file is missing."""
    return Verification(url=found.url, path=path, state="no file", checked="name", size=found.size)


def _compared(
    service: Service, pair: Pair, tell: Callable[[int], None], *, reading: bool
) -> Verification:
    def answer(state: State, checked: str, sha256: str | None = None) -> Verification:
        return Verification(
            url=str(pair.at),
            path=pair.path,
            state=state,
            checked=checked,
            size=pair.size,
            sha256=sha256,
        )

    try:
        recorded = head(service, pair.at)
    except MissingObjectError:
        tell(pair.size)
        return answer("no object", "name")
    if recorded.size != pair.size:
        tell(pair.size)
        return answer("differs", "size")
    check = check_of(service, pair.at, recorded)
    here = digested(pair.path, check)
    if check is not None and not reading:
        tell(pair.size)
        return answer("same" if here.matches() else "differs", str(check), here.sha256)
    there = read(service, pair.at, recorded, None, tell)
    same = here.sha256 == there.sha256
    return answer("same" if same else "differs", "content", here.sha256)


def _each(
    service: Service, pairs: Sequence[Pair], one: Callable[[Pair], Verification]
) -> Iterator[Verification]:
    def work(pair: Pair, stop: threading.Event) -> Verification:
        if stop.is_set():
            raise Stopped
        return one(pair)

    with Workers(service.options.workers) as workers:
        yield from workers.each(work, pairs)
