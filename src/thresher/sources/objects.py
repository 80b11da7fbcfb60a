"""Objects of S3 as input files: found by listing, known by their ETags, fetched to be read.

An object is known without reading it: its ETag and its size change with its content. It is read
from a file of the reading's own, fetched in the version that was found and checked on its way; or
from the copy that is kept, where the source says `copy_to`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from thresher.errors import (
    ChangedWhileReadError,
    ChecksumError,
    MissingObjectError,
    Place,
    SourceError,
    StorageError,
    ThresherError,
)
from thresher.results import Unit
from thresher.sources.discovery import original, printable
from thresher.sources.hashing import changed
from thresher.sources.refusals import RefusedError
from thresher.storage.objects import Location, StoredObject, is_url
from thresher.storage.s3 import Store

Check = Callable[[], None]


@dataclass(frozen=True)
class Objects:
    """The objects that sources name; safe to use from several threads.

    Args:
        store: where they are.
    """

    store: Store
    _etags: dict[tuple[str, str], str] = field(default_factory=dict)
    """ETag by URL and identity, of what was found."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, urls: Iterable[str], place: Place, check: Check) -> list[Unit]:
        """List the objects that URLs stand for, each once.

        Args:
            urls: `s3://bucket/key`, where the key may be a glob.
            place: the asset, for errors.
            check: called now and then; raises when the caller wants to stop.

        Raises:
            SourceError: a URL stands for nothing.
            CredentialsError: the service refuses us; or another error of the store.
        """
        found: dict[str, Unit] = {}
        for url in urls:
            at = Location.parse(url)
            objects = []
            try:
                for each in self.store.list(url):
                    check()
                    if not each.key.endswith("/") and (at.is_glob or each.key == at.key):
                        objects.append(each)
            except ThresherError as error:
                raise _placed(error, place) from None
            if not objects:
                raise _nothing(at, place)
            found |= {unit.path: unit for unit in map(self._unit, objects)}
        return list(found.values())

    def fetch(self, units: Sequence[Unit], fetching: Fetching) -> dict[str, Path | RefusedError]:
        """Fetch objects side by side, and say where each is, or why it is not.

        Args:
            units: what is read; files among them are passed over.
            fetching: whither, and for whom.

        Raises:
            ChangedWhileReadError: an object is no longer what was found.
            CredentialsError: the service refuses us; or another error of the store.
        """
        wanted = [unit for unit in units if is_url(unit.path)]
        if not wanted:
            return {}
        targets = {unit.path: fetching.target(number, unit) for number, unit in enumerate(wanted)}
        with ThreadPoolExecutor(self.store.options.workers, "thresher-s3") as pool:
            futures = {
                unit.path: pool.submit(self._fetch, unit, targets[unit.path], fetching)
                for unit in wanted
            }
            try:
                return {path: future.result() for path, future in futures.items()}
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _unit(self, found: StoredObject) -> Unit:
        identity = hashlib.sha256(f"{found.etag} {found.size}".encode()).hexdigest()
        unit = Unit(printable(found.url), found.size, found.modified, identity)
        with self._lock:
            self._etags[unit.path, identity] = found.etag
        return unit

    def _fetch(
        self, unit: Unit, target: Path | RefusedError, fetching: Fetching
    ) -> Path | RefusedError:
        if isinstance(target, RefusedError):
            return target
        url = original(unit.path)
        try:
            fetching.check()
            etag = self._etags.get((unit.path, unit.sha256))
            if etag is None:
                # It was found by another process or run.
                if self._unit(now := self.store.head(url)).sha256 != unit.sha256:
                    raise changed(unit.path, fetching.asset)
                etag = now.etag
            target.parent.mkdir(parents=True, exist_ok=True)
            self.store.get(url, target, etag=etag, progress=lambda _: fetching.check())
        except ChangedWhileReadError:
            raise changed(unit.path, fetching.asset) from None
        except MissingObjectError:
            return RefusedError("the object is gone", hint="put it back, or run again")
        except (ChecksumError, StorageError) as error:
            return RefusedError(error.fault.what, hint=error.fault.hint or "fetch it anew")
        except ThresherError as error:
            raise _placed(error, Place(unit.path, asset=fetching.asset)) from None
        return target


@dataclass(frozen=True, slots=True)
class Fetching:
    """Whither objects are fetched, and for whom.

    Args:
        folder: the reading's own folder.
        asset: whose inputs they are, for errors.
        check: called now and then; raises when the caller wants to stop.
        copies: folder that keeps them, where the source says so.
        urls: what the source names, which the names of the copies are relative to.
    """

    folder: Path
    asset: str
    check: Check
    copies: Path | None = None
    urls: tuple[str, ...] = ()

    def target(self, number: int, unit: Unit) -> Path | RefusedError:
        """Say which file an object is fetched to."""
        if self.copies is None:
            return self.folder / f"object-{number:04d}"
        at = Location.parse(original(unit.path))
        parts = at.key.removeprefix(_common(at, self.urls)).split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            return RefusedError(
                "its key cannot be the name of a copy",
                hint="call it otherwise, or leave out `copy_to`",
            )
        return self.copies.joinpath(*parts)


def _common(at: Location, urls: Iterable[str]) -> str:
    """Give the folder that a source names objects in: the key up to its first wildcard."""
    named = (Location.parse(url) for url in urls if is_url(url))
    fixed = (each.fixed.rpartition("/") for each in named if each.bucket == at.bucket)
    folders = (head + slash for head, slash, _ in fixed)
    return max(filter(at.key.startswith, folders), key=len, default="")


def _nothing(at: Location, place: Place) -> SourceError:
    if at.is_folder:
        what = f"`{at}` is a folder"
        return SourceError(what, place=place, hint=f"say which of its objects: `{at.below('*')}`")
    what = f"no object matches `{at}`" if at.is_glob else f"there is no object `{at}`"
    hint = "`thresher storage list` shows what there is"
    return SourceError(what, place=place, hint=hint)


def _placed(error: ThresherError, place: Place) -> ThresherError:
    """Give an error of the store the place of the asset that it is raised for."""
    error.fault = replace(error.fault, place=place)
    return error
