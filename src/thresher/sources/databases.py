"""Databases as a source: SQLite files, PostgreSQL, and whatever has a DB-API driver.

An asset has one unit: its table, or what its query gives. It is read wholly, in one transaction as
far as the database has such, staged in files, and typed when all of it is there. When it is read
again hangs on its `refresh`: the content of a file, a cursor, the time, or always.

Drivers, and what types the rows, are loaded when rows are read: most runs find nothing new.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from thresher.errors import ChangedWhileReadError, Place, SourceError
from thresher.project.asset import Asset, SourceBody
from thresher.project.connections import Connection
from thresher.project.database import Refresh
from thresher.protocols import Extract, Written
from thresher.results import Unit
from thresher.sources.databases_errors import Subject
from thresher.sources.databases_files import beside
from thresher.sources.databases_queries import Query
from thresher.sources.hashing import Hashes, identify
from thresher.sources.refusals import RefusedError
from thresher.sources.session import Stop, disk_guard
from thresher.sources.workplace import Workplace

if TYPE_CHECKING:
    from thresher.sources.staging import Stage


class Link(Protocol):
    """An open connection to a database, whatever its driver."""

    @property
    def dates(self) -> bool:
        """Whether its texts may be dates, since it has no other form for them."""
        ...

    def read(self, query: Query, folder: Path) -> Stage:
        """Fetch all rows of a query into a folder."""
        ...

    def state(self, query: Query, column: str) -> tuple[Any, ...]:
        """Give how far a column has come, and the number of rows."""
        ...

    def interrupt(self) -> None:
        """Stop the query under way, if the driver can; may come from any thread."""
        ...

    def close(self) -> None:
        """End the connection; a second time does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an asset wants of which database, and when."""

    connection: Connection
    query: Query
    refresh: Refresh
    name: str
    """The unit's path."""
    place: Place
    root: Path

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.root / self.connection.target

    @property
    def subject(self) -> Subject:
        """What errors speak of."""
        name = f"the database `{self.connection.name}`"
        return Subject(self.place, name, self.connection.secrets)


@dataclass(frozen=True, slots=True)
class _Locks:
    """A lock for each SQLite file: its readers must not take each other's locks away."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    files: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def of(self, path: Path) -> threading.Lock:
        with self.guard:
            return self.files[str(path.resolve())]


class DatabasesSource:
    """Reads tables and queries of databases; safe to use from several threads.

    Args:
        connections: every database by its name.
        params: parameters of the project, for queries.
        threads: how many DuckDB may use.
        memory: limit of its memory, such as `4GB`; None leaves it to DuckDB.
        temp: folder for what is staged or spilled meanwhile.
        hashes: what is known of SQLite files from earlier, kept up to date.
        timezone: in which days begin, and of timestamps without an offset.
    """

    def __init__(
        self,
        *,
        connections: Mapping[str, Connection],
        params: Mapping[str, Any],
        threads: int,
        memory: str | None,
        temp: Path,
        hashes: Hashes,
        timezone: str = "UTC",
        **options: Any,  # noqa: ARG002
    ) -> None:
        self._connections = connections
        self._params = params
        self._workplace = Workplace(threads, memory, temp, timezone)
        self._hashes = hashes
        self._timezone = timezone
        self._locks = _Locks()

    def units(self, asset: Asset, root: Path) -> Sequence[Unit]:
        """Give the one unit of an asset, looking at the database where that is asked for."""
        wanted = self._wanted(asset, root)
        with self._workplace.call(wanted.place) as stop:
            if wanted.refresh.kind == "content":
                return [self._file_unit(wanted, stop)]
            if wanted.refresh.cursor is None:
                now = datetime.now(ZoneInfo(self._timezone))
                return [_unit(wanted, [wanted.refresh.kind, wanted.refresh.grain(now)])]
            with self._open(wanted, stop) as link:
                return [_cursor_unit(wanted, link)]

    def read(self, extract: Extract) -> Written:
        """Read the unit into a folder.

        Raises:
            SourceError: the database refused it, or a value does not fit its column.
            CredentialsError: the database refused the user.
            TransientError: it could not be reached, or went away.
            ChangedWhileReadError: the SQLite file changed while it was read.
        """
        from thresher.sources.staged_rows import refused, write_staged

        (unit,) = extract.units
        wanted = self._wanted(extract.asset, extract.root)
        workplace = self._workplace
        with (
            workplace.call(wanted.place) as stop,
            disk_guard(wanted.place),
            workplace.folder("database") as folder,
        ):
            with self._open(wanted, stop) as link:
                if wanted.refresh.cursor is not None:
                    unit = _cursor_unit(wanted, link)
                try:
                    stage = link.read(wanted.query, folder / "stage")
                except RefusedError as error:
                    raise refused(extract, unit, error) from None
            if wanted.refresh.kind == "content" and self._file_unit(wanted, stop) != unit:
                raise _changed(wanted)
            with workplace.session(stop, folder) as session:
                return write_staged(extract, unit, stage, session, dates=link.dates)

    def interrupt(self) -> None:
        """Stop whatever is being read; the calls under way raise a `SourceError`."""
        self._workplace.interrupt()

    def interrupt_thread(self, thread: int) -> None:
        """Stop what is being read for one thread; its call raises a `SourceError`."""
        self._workplace.interrupt_thread(thread)

    def _wanted(self, asset: Asset, root: Path) -> Wanted:
        place = Place(asset.path, asset=asset.name)
        if not isinstance(asset.body, SourceBody) or "database" not in asset.body.settings:
            raise SourceError("it is not read from a database", place=place)
        settings = asset.body.settings
        params = {name: self._params[name] for name in asset.params}
        return Wanted(
            connection=self._connections[settings["database"]],
            query=Query(settings["table"], settings["query"], params),
            refresh=asset.body.beside["refresh"],
            name=f"{settings['database']}/{settings['table'] or asset.table}",
            place=place,
            root=root,
        )

    @contextmanager
    def _open(self, wanted: Wanted, stop: Stop) -> Iterator[Link]:
        """Open the connection, let an interruption reach it, and close it."""
        if wanted.connection.kind == "sqlite":
            with self._locks.of(wanted.file), self._reached(_connect(wanted, stop), stop) as link:
                yield link
        else:
            with self._reached(_connect(wanted, stop), stop) as link:
                yield link

    @contextmanager
    def _reached(self, link: Link, stop: Stop) -> Iterator[Link]:
        try:
            with self._workplace.reaching(stop, link.interrupt):
                yield link
        finally:
            link.close()

    def _file_unit(self, wanted: Wanted, stop: Stop) -> Unit:
        """Know a SQLite file by its content, and by what is written beside it."""
        name = wanted.connection.target
        if not wanted.file.is_file():
            _connect(wanted, stop)  # says so
        digests, newest, size = [], None, 0
        for path in beside(wanted.file):
            if not path.is_file() or not path.stat().st_size:
                continue
            key = f"{name}{path.name.removeprefix(wanted.file.name)}"
            try:
                found = identify(
                    key, path, self._hashes, check=stop.check, asset=wanted.place.asset or ""
                )
            except OSError:
                raise _changed(wanted) from None
            digests.append(found.sha256)
            newest = max(newest or found.modified, found.modified)
            size += found.size
        digest = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
        return Unit(wanted.name, size, newest or datetime.now(UTC), digest)


def _connect(wanted: Wanted, stop: Stop) -> Link:
    connection, subject = wanted.connection, wanted.subject
    if connection.kind == "sqlite":
        from thresher.sources import databases_sqlite

        return databases_sqlite.connect(wanted.file, connection.target, subject, stop)
    if connection.kind == "postgresql":
        from thresher.sources import databases_postgres

        return databases_postgres.connect(connection.target, subject, stop)
    from thresher.sources import databases_dbapi

    return databases_dbapi.connect(connection.target, dict(connection.arguments), subject, stop)


def _cursor_unit(wanted: Wanted, link: Link) -> Unit:
    from thresher.sources.values import text_of

    found = link.state(wanted.query, wanted.refresh.cursor or "")
    return _unit(wanted, ["cursor", *(None if each is None else text_of(each) for each in found)])


def _unit(wanted: Wanted, told: list[Any]) -> Unit:
    """Make a unit that is known by what was told of it, and by which database that is."""
    text = json.dumps([wanted.connection.identity, *told])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Unit(wanted.name, 0, datetime.now(UTC), digest)


def _changed(wanted: Wanted) -> ChangedWhileReadError:
    return ChangedWhileReadError(
        f"the SQLite file `{wanted.connection.target}` changed while it was being read",
        place=replace(wanted.place),
        hint="it is read again; for one that is always written to, say `refresh: always`, "
        "a duration or a cursor",
    )
