"""Files as a source: found by globs, known by their content, read by DuckDB.

Types are decided once for an asset, from its contract or from all of its files together. A file is
loaded wholly or not at all: what is wrong with it is its outcome, with a reason, and the rest goes
on as far as the source's `tolerate` lets it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from thresher.errors import Fault, Place, SourceError
from thresher.project.asset import Asset, SourceBody
from thresher.project.source import ENDINGS, FilesSettings
from thresher.protocols import Extract, Written
from thresher.results import Unit
from thresher.sources.discovery import COMPRESSIONS, ending, find_files, unknown_format
from thresher.sources.hashing import Hashes, identify
from thresher.sources.reading import Reading
from thresher.sources.session import Session, Stop, disk_guard

#: DuckDB forgets an interruption that comes in the instant before a statement begins.
_KNOCKS = 50
_BETWEEN_KNOCKS = 0.01


class FilesSource:
    """Reads CSV, JSON, Parquet and Excel files; safe to use from several threads.

    Args:
        threads: how many DuckDB may use.
        memory: limit of its memory, such as `4GB`; None leaves it to DuckDB.
        temp: folder for what is unpacked or spilled while files are read.
        hashes: what is known of files from earlier, kept up to date; the caller persists it.
        timezone: of timestamps without an offset.
    """

    def __init__(
        self,
        *,
        threads: int,
        memory: str | None,
        temp: Path,
        hashes: Hashes,
        timezone: str = "UTC",
    ) -> None:
        self._threads = threads
        self._memory = memory
        self._temp = temp
        self._hashes = hashes
        self._timezone = timezone
        self._lock = threading.Lock()
        self._under_way: dict[Stop, Session | None] = {}

    def units(self, asset: Asset, root: Path) -> Sequence[Unit]:
        """Find the files of an asset, sorted by path, reading only those that may have changed."""
        settings = _settings(asset)
        place = Place(asset.path, asset=asset.name)
        units, faults = [], []
        with self._call(place) as stop:
            for name, path in find_files(settings.files, root, place):
                where = Place(name, asset=asset.name)
                if fault := _format_fault(name, where, settings):
                    faults.append(fault)
                    continue
                try:
                    units.append(
                        identify(name, path, self._hashes, check=stop.check, asset=asset.name)
                    )
                except OSError as error:
                    faults.append(_unreadable(error, where))
        if faults:
            raise SourceError(
                faults[0].what, place=faults[0].place, hint=faults[0].hint, faults=faults
            )
        return units

    def read(self, extract: Extract) -> Written:
        """Read units into a folder, a Parquet file for each.

        Raises:
            RefusedFilesError: more were refused than is tolerated; it holds all records.
            SourceError: the reading was interrupted, or the settings do not suit the files.
            ChangedWhileReadError: a file changed while it was read.
        """
        settings = _settings(extract.asset)
        place = Place(extract.asset.path, asset=extract.asset.name)
        with self._call(place) as stop, disk_guard(place), self._folder() as folder:
            session = Session(
                threads=self._threads,
                memory=self._memory,
                temp=folder / "spill",
                timezone=self._timezone,
                stop=stop,
            )
            try:
                self._reach(stop, session)
                return Reading(extract, settings, session, folder).run()
            finally:
                self._reach(stop, None)
                session.close()

    def interrupt(self) -> None:
        """Stop whatever is being read; the calls under way raise a `SourceError`."""
        with self._lock:
            under_way = list(self._under_way)
        for stop in under_way:
            stop.set()
        for _ in range(_KNOCKS):
            with self._lock:
                sessions = [self._under_way.get(stop) for stop in under_way]
                for session in sessions:
                    if session is not None:
                        session.interrupt()
            if not any(sessions):
                return
            time.sleep(_BETWEEN_KNOCKS)

    @contextlib.contextmanager
    def _call(self, place: Place) -> Iterator[Stop]:
        stop = Stop(place)
        with self._lock:
            self._under_way[stop] = None
        try:
            yield stop
        finally:
            with self._lock:
                del self._under_way[stop]

    def _reach(self, stop: Stop, session: Session | None) -> None:
        """Let [`interrupt`][] reach a session, or no longer: one that is closed must not be."""
        with self._lock:
            self._under_way[stop] = session

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        self._temp.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="files-", dir=self._temp.absolute()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _settings(asset: Asset) -> FilesSettings:
    if not isinstance(asset.body, SourceBody):
        raise SourceError("it is not read from files", place=Place(asset.path, asset=asset.name))
    return FilesSettings.model_validate(dict(asset.body.settings))


def _format_fault(name: str, place: Place, settings: FilesSettings) -> Fault | None:
    inner, compression = ending(name)
    # What lies in a zip file can tell its format itself.
    if settings.format or inner in ENDINGS or compression == COMPRESSIONS[1]:
        return None
    what, hint = unknown_format(name)
    return Fault(what, place, hint)


def _unreadable(error: OSError, place: Place) -> Fault:
    if isinstance(error, PermissionError):
        return Fault("the file may not be read", place, "give the right to read it: `chmod +r`")
    if isinstance(error, FileNotFoundError):
        return Fault("it is a link to nothing, or was just removed", place, "remove or mend it")
    return Fault(f"the file cannot be read: {error.strerror}", place, "see to its disk")
