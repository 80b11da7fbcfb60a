"""`thresher init`: a new project from the files of `templates/project/`."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from thresher.api import documentation
from thresher.errors import CommandError, WarehouseError
from thresher.project.reader import read_project

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_DOT = "dot-"
_NAME_MARK = "{{ name }}"
_DATABASE = ".sqlite.sql"


@dataclass(frozen=True, slots=True)
class Made:
    """A project that was written."""

    folder: Path
    files: int


def init(folder: Path) -> Made:
    """Write a complete, working project into a folder that is empty or not there yet.

    The files are written beside it first and renamed into place, so that nothing half written is
    ever there.

    Raises:
        CommandError: the folder is not empty, or its name cannot name a project.
        WarehouseError: it cannot be written.
    """
    target = folder.absolute()
    name = target.name
    if not _NAME.fullmatch(name):
        what = f"`{name}` cannot name a project"
        raise CommandError(what, hint="letters, digits, `-`, `_` and `.`")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        hint = "choose another name, or empty it first"
        raise CommandError(f"`{folder}` is there already, and not empty", hint=hint)
    template = files("thresher") / "templates" / "project"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
        try:
            count = _copy(template, draft, name)
            documentation.sync(read_project(draft, variables={}))
            draft.chmod(0o755)
            draft.replace(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        what = f"`{folder}` cannot be written: {error.strerror or error}"
        raise WarehouseError(what) from error
    return Made(target, count)


def _copy(source: Traversable, target: Path, name: str) -> int:
    count = 0
    for item in source.iterdir():
        if item.name in ("__pycache__", "__init__.py"):
            continue
        to = target / (
            f".{item.name.removeprefix(_DOT)}" if item.name.startswith(_DOT) else item.name
        )
        if item.is_dir():
            to.mkdir()
            count += _copy(item, to, name)
        elif item.name.endswith(_DATABASE):
            to.with_suffix("").write_bytes(_database(item.read_text(encoding="utf-8")))
            count += 1
        else:
            to.write_bytes(item.read_bytes().replace(_NAME_MARK.encode(), name.encode()))
            count += 1
    return count


def _database(script: str) -> bytes:
    """Give the bytes of the SQLite file that a script makes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
        return connection.serialize()
