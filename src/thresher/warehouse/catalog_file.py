"""The file of a catalog: views over the lake's files, written once, and opened for reading alone.

What DuckDB says is made an error for people here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.errors import NOWHERE, DiskFullError, Place, ThresherError, WarehouseError
from thresher.results import Publication
from thresher.storage.local import (
    fsync_file,
    fsync_folder,
    make_folder,
    temporary_beside,
    writing,
)
from thresher.tables import quote_text
from thresher.warehouse.stamps import log_of, stamp
from thresher.warehouse.views import Changes, changes, frame, view

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Older DuckDBs, from 1.0 on, read this format too.
STORAGE_VERSION = "v1.0.0"
#: Name that a catalog goes by while it is written, which no layer has.
_ALIAS = "thresher_catalog"
#: The registry of extensions is not reachable everywhere, and nothing here needs one.
_OFFLINE: dict[str, bool | str | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # no table is a variable of ours
}


def write_catalog(
    path: Path,
    publication: Publication,
    root: Path,
    *,
    base: tuple[Path, Publication] | None = None,
) -> None:
    """Write the catalog of a publication, closed, read-only and synced.

    Args:
        path: its file, whose name was never used before.
        publication: what it will show.
        root: folder of the warehouse, absolute and without symbolic links.
        base: an intact catalog and what it shows, to start from where there is one, so that only
            what changed is written.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: it cannot be written, or a view cannot be made.
    """
    todo = changes(base[1].snapshots if base else {}, publication.snapshots)
    if base and len(todo.written) > len(publication.snapshots) / 2:
        base = None
        todo = changes({}, publication.snapshots)
    make_folder(path.parent)
    with writing(path):
        temporary = temporary_beside(path)
        try:
            if base:
                shutil.copyfile(base[0], temporary)
            _write_views(temporary, publication, root, todo)
            temporary.chmod(0o444)
            fsync_file(temporary)
            stamp(path, temporary, root)
            temporary.replace(path)
        except BaseException:
            for leftover in (temporary, log_of(temporary)):
                with suppress(OSError):
                    leftover.unlink()
            raise
        for folder in (path.parent, path.parent.parent):
            fsync_folder(folder)


def open_catalog(path: Path) -> DuckDBPyConnection:
    """Open a catalog for reading, without extensions that would have to be downloaded.

    Args:
        path: its file, not the link to it: within a process DuckDB keeps what it opened by name.

    Raises:
        WarehouseError: it cannot be opened, for instance because another process writes in it.
    """
    with told("the catalog cannot be opened", Place(str(path))):
        return _connect(str(path), read_only=True)


def _write_views(path: Path, publication: Publication, root: Path, todo: Changes) -> None:
    connection = _connect(":memory:")
    place = Place(str(path))
    try:
        with told("the catalog cannot be written", place):
            connection.execute(
                f"attach {quote_text(str(path))} as {_ALIAS} (storage_version '{STORAGE_VERSION}')"
            )
            connection.execute(f"use {_ALIAS}")
            connection.execute("begin")
            for statement in frame(publication, todo):
                connection.execute(statement)
        for name in todo.written:
            statement = view(publication.snapshots[name], name, str(root))
            hint = "what it reads may have changed: build it together with that"
            with told("its view cannot be made", Place(asset=name), hint=hint):
                connection.execute(statement)
        with told("the catalog cannot be written", place):
            connection.execute("commit")
            connection.execute(f"checkpoint {_ALIAS}")
            connection.execute("use memory")
            connection.execute(f"detach {_ALIAS}")
    finally:
        connection.close()


@contextmanager
def told(
    what: str,
    place: Place = NOWHERE,
    *,
    hint: str | None = None,
    kind: type[ThresherError] = WarehouseError,
    lake: Path | None = None,
) -> Iterator[None]:
    """Raise what DuckDB refuses as errors for people.

    Args:
        what: what was being done, for the message.
        place: to what.
        hint: what to do next.
        kind: the error to raise.
        lake: folder of the files that are read, to tell where one of these is damaged.
    """
    from duckdb import Error, InvalidInputException, IOException  # loaded late

    try:
        yield
    except Error as error:
        if "No space left on device" in str(error):
            hint = "free some space and run the command again; nothing was published"
            raise DiskFullError("no space is left", place=place, hint=hint) from error
        if "attached in read-only mode" in str(error):
            hint = "tables are made by the files in `src/`"
            raise kind(f"{what}: what is published can only be read", hint=hint) from error
        unread = isinstance(error, (IOException, InvalidInputException))
        if lake and unread and f"{lake}{os.sep}" in str(error):
            hint = "`thresher verify` says what is damaged, and the next run builds that anew"
            raise WarehouseError(f"{what}: {error}", place=place, hint=hint) from error
        raise kind(f"{what}: {error}", place=place, hint=hint) from error


def _connect(database: str, *, read_only: bool = False) -> DuckDBPyConnection:
    from duckdb import connect  # loaded late: most commands do without

    return connect(database, read_only=read_only, config=_OFFLINE)


def unended(sql: str) -> str:
    """Take the semicolon that ends a statement away; DuckDB 2.0 trips over a comment after it."""
    from duckdb import tokenize  # loaded late: most commands do without

    text = sql.encode()  # tokens are counted in bytes
    semicolons = (at for at, _ in tokenize(sql) if text[at : at + 1] == b";")
    return text[: next(semicolons, len(text))].decode()
