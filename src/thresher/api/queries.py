"""The questions of a project: the files of `queries/` by name, and errors that say their line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thresher.api.querying import Answer
from thresher.errors import CommandError, Fault, ProjectError, ThresherError
from thresher.project import sql as parsing
from thresher.project.documents import nearest
from thresher.project.sql import SqlError
from thresher.project.text_files import files_below, read_text, unreadable

if TYPE_CHECKING:
    from thresher.api.open import OpenProject

FOLDER = "queries"
_COMMENT = re.compile(r"\s*--[ \t]*(.*)")
#: How DuckDB shows where a statement is wrong.
_SHOWN = re.compile(r"\n\nLINE \d+: (?P<line>.*)\n(?P<mark>[ ]*\^+)?")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A file of `queries/`."""

    name: str
    """Its path below `queries/`, without `.sql`."""
    path: str
    """Its file, relative to the project."""
    text: str
    description: str
    """What the first line of its comment says."""
    placeholders: tuple[str, ...]
    """Names of its `$name` placeholders, in the order in which they come."""


def saved(project: OpenProject) -> tuple[SavedQuery, ...]:
    """List the queries of a project, by name.

    Raises:
        ProjectError: a file cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise ProjectError([unreadable(error, FOLDER)])

    files = [file for file in files_below(project.root / FOLDER, refuse) if file.suffix == ".sql"]
    return tuple(sorted((_saved(project.root, file) for file in files), key=lambda q: q.name))


def find(project: OpenProject, name: str) -> SavedQuery:
    """Give a query by its name, or by the path of its file.

    Raises:
        CommandError: there is no such query.
    """
    known = {query.name: query for query in saved(project)}
    wanted = name.removeprefix("./").removeprefix(f"{FOLDER}/").removesuffix(".sql")
    if wanted in known:
        return known[wanted]
    hint = nearest(wanted, known)
    if hint is None and name.lower() in project.project.assets:
        hint = f"`thresher show {name.lower()}` previews a table"
    if hint is None:
        listed = ", ".join(f"`{each}`" for each in known)
        hint = f"there are {listed}" if known else f"put one into `{FOLDER}/`, or give its SQL"
    raise CommandError(f"there is no query `{name}`", hint=hint)


def ask(
    project: OpenProject,
    text: str,
    params: Mapping[str, Any],
    *,
    path: str | None = None,
    export: Path | None = None,
    limit: int | None = None,
) -> Answer:
    """Ask the published warehouse; see `OpenProject.query`.

    Args:
        project: the project.
        text: the query.
        params: value of each placeholder.
        path: file that the query comes from, for errors.
        export: file to write the rows to.
        limit: most rows to give back; all of them if None.

    Raises:
        ThresherError: as `OpenProject.query`; with the line of the query that is wrong.
    """
    try:
        return project.query(text, params, export=export, limit=limit)
    except ThresherError as error:
        error.fault = _placed(error.fault, text, path)
        raise


def _saved(root: Path, file: Path) -> SavedQuery:
    path = file.relative_to(root).as_posix()
    text = read_text(file, path)
    comment = _COMMENT.match(text)
    name = path.removeprefix(f"{FOLDER}/").removesuffix(".sql")
    return SavedQuery(name, path, text, comment[1].strip() if comment else "", _names(text))


def _names(text: str) -> tuple[str, ...]:
    try:
        found = parsing.parse_query(text).params
    except SqlError:
        return ()  # asking it says what is wrong
    return tuple(name for name, _ in sorted(found, key=lambda mark: mark[1]))


def _placed(fault: Fault, text: str, path: str | None) -> Fault:
    """Say at which line of which file a query is wrong, as far as that is known."""
    what, place = fault.what, replace(fault.place, path=fault.place.path or path)
    if shown := _SHOWN.search(what):
        # counted by DuckDB in a statement that is longer than the query
        part = shown["line"].removeprefix("...").removesuffix("...")  # a long line is cut
        lines = [n for n, line in enumerate(text.splitlines(), 1) if part and part in line]
        place = replace(place, line=lines[0] if lines else place.line)
        mark = (shown["mark"] or "")[len("LINE 1: ") - len("    ") :]
        what = f"{what[: shown.start()]}\n    {shown['line']}\n{mark}"
    return Fault(what.rstrip(), place, fault.hint)
