"""Files as a source: found by globs, known by their content, read by DuckDB.

Types are decided once for an asset, from its contract or from all of its files together. A file is
loaded wholly or not at all: what is wrong with it is its outcome, with a reason, and the rest goes
on as far as the source's `tolerate` lets it.

What reads files is loaded when files are read: most runs find nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from thresher.errors import Fault, Place, SourceError
from thresher.project.asset import Asset, SourceBody
from thresher.project.source import ENDINGS, FilesSettings
from thresher.protocols import Extract, Written
from thresher.results import Schema, Unit
from thresher.sources.discovery import COMPRESSIONS, ending, find_files, unknown_format
from thresher.sources.hashing import Hashes, identify
from thresher.sources.inputs import Opener
from thresher.sources.objects import Fetching, Objects
from thresher.sources.session import disk_guard
from thresher.sources.workplace import Workplace
from thresher.storage.objects import S3Options, is_url
from thresher.storage.s3 import Store


class FilesSource:
    """Reads CSV, JSON, Parquet and Excel files; safe to use from several threads.

    Args:
        s3: how the service is spoken to that holds objects.
        threads: how many DuckDB may use.
        memory: limit of its memory, such as `4GB`; None leaves it to DuckDB.
        temp: folder for what is unpacked or spilled while files are read.
        hashes: what is known of files from earlier, kept up to date; the caller persists it.
        timezone: of timestamps without an offset.
    """

    def __init__(
        self,
        *,
        s3: S3Options | None = None,
        threads: int,
        memory: str | None,
        temp: Path,
        hashes: Hashes,
        timezone: str = "UTC",
    ) -> None:
        self._workplace = Workplace(threads, memory, temp, timezone)
        self._hashes = hashes
        self._objects = Objects(Store(s3))

    def units(self, asset: Asset, root: Path) -> Sequence[Unit]:
        """Find the files of an asset, sorted by path, reading only those that may have changed.

        Objects are listed, and known by what the list tells of them.
        """
        settings = _settings(asset)
        place = Place(asset.path, asset=asset.name)
        units: list[Unit] = []
        faults: list[Fault] = []
        with self._workplace.call(place) as stop:
            objects = self._objects.find(filter(is_url, settings.files), place, stop.check)
            local = [each for each in settings.files if not is_url(each)]
            for unit in objects:
                where = Place(unit.path, asset=asset.name)
                if fault := _format_fault(unit.path, where, settings):
                    faults.append(fault)
                else:
                    units.append(unit)
            for name, path in find_files(local, root, place):
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
        return sorted(units, key=lambda unit: unit.path)

    def read(self, extract: Extract) -> Written:
        """Read units into a folder, a Parquet file for each.

        Raises:
            RefusedFilesError: more were refused than is tolerated; it holds all records.
            SourceError: the reading was interrupted, or the settings do not suit the files.
            ChangedWhileReadError: a file changed while it was read.
        """
        from thresher.sources.reading import Reading

        settings = _settings(extract.asset)
        place = Place(extract.asset.path, asset=extract.asset.name)
        workplace = self._workplace
        with (
            workplace.call(place) as stop,
            disk_guard(place),
            workplace.folder("files") as folder,
            workplace.session(stop, folder) as session,
        ):
            copies = extract.root / settings.copy_to if settings.copy_to else None
            fetching = Fetching(folder, extract.asset.name, stop.check, copies, settings.files)
            fetched = self._objects.fetch(extract.units, fetching)
            return Reading(extract, settings, session, folder, fetched).run()

    def foresee(
        self, asset: Asset, root: Path, units: Sequence[Unit], schema: Schema
    ) -> Mapping[str, tuple[str, ...]]:
        """Say how files drift, by their headers and first rows; objects are not fetched for it."""
        from thresher.sources.foreseeing import foresee

        settings = _settings(asset)
        place = Place(asset.path, asset=asset.name)
        local = [unit for unit in units if not is_url(unit.path)]
        workplace = self._workplace
        with (
            workplace.call(place) as stop,
            disk_guard(place),
            workplace.folder("files") as folder,
            workplace.session(stop, folder) as session,
        ):
            opener = Opener(root, folder, settings, asset.name, stop.check)
            return foresee(asset, local, schema, settings=settings, opener=opener, session=session)

    def interrupt(self) -> None:
        """Stop whatever is being read; the calls under way raise a `SourceError`."""
        self._workplace.interrupt()

    def interrupt_thread(self, thread: int) -> None:
        """Stop what is being read for one thread; its call raises a `SourceError`."""
        self._workplace.interrupt_thread(thread)


def _settings(asset: Asset) -> FilesSettings:
    if not isinstance(asset.body, SourceBody):
        raise SourceError("it is not read from files", place=Place(asset.path, asset=asset.name))
    return FilesSettings.model_validate({**asset.body.settings, **asset.body.beside})


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
