"""`source:` of a raw asset: its keys choose where the rows come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from thresher import plugins
from thresher.errors import Fault, ProjectError
from thresher.project.asset import SourceBody
from thresher.project.connections import Connection
from thresher.project.database import DatabaseSettings, Refresh
from thresher.project.documents import Document, nearest, validate
from thresher.project.placeholders import placeholders
from thresher.project.source import FilesSettings

FILES, DATABASES = "files", "databases"
#: Sources that a project gets otherwise than by `type`.
_OWN = {FILES: "`files: data_raw/*.csv`", DATABASES: "`database: NAME`", "stand_ins": "a test"}
_EXAMPLE = "such as `source: {files: data_raw/flights*.csv}`"


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source, and the parameters that its query names, each with its line in the file."""

    body: SourceBody
    params: tuple[tuple[str, int | None], ...] = ()


def read_source(document: Document) -> ReadSource:
    """Read `source:` of a document.

    Raises:
        ProjectError: every fault of it.
    """
    value = document.value["source"]
    keys = set(value) if isinstance(value, dict) else set()
    place = document.place("source")
    chosen = sorted(keys & {"files", "database", "type"})
    if len(chosen) > 1:
        named = " and ".join(f"`{key}`" for key in chosen)
        hint = "an asset has one source: keep one of them, or make two assets"
        raise ProjectError([Fault(f"`source` has {named}", place, hint)])
    if chosen == ["type"]:
        return ReadSource(_of_package(document, value))
    if chosen == ["database"] or (not chosen and keys & {"table", "query", "refresh"}):
        return _of_database(document)
    if keys and not chosen:
        near = (nearest(str(key), ("files", "database", "type")) for key in sorted(keys, key=str))
        hint = next(filter(None, near), None) or _EXAMPLE
        raise ProjectError([Fault("`source` names neither `files` nor a `database`", place, hint)])
    settings = validate(FilesSettings, document, "source")
    settings_of = settings.model_dump()
    beside = {key: settings_of.pop(key) for key in ("copy_to", "on_removed", "drift")}
    return ReadSource(SourceBody(FILES, settings_of, beside))


def resolved(body: SourceBody, connections: Mapping[str, Connection]) -> SourceBody:
    """Fill in what hangs on the connections: when a database is looked at again."""
    if body.type != DATABASES:
        return body
    refresh: Refresh | None = body.beside["refresh"]
    if refresh is None:
        sqlite = connections[body.settings["database"]].kind == "sqlite"
        refresh = Refresh("content" if sqlite else "always")
    unit = "data" if refresh.looks else "refresh"
    return replace(body, beside={**body.beside, "refresh": refresh}, unit=unit)


def _of_database(document: Document) -> ReadSource:
    settings = validate(DatabaseSettings, document, "source")
    beside = {"refresh": settings.refresh}
    body = SourceBody(DATABASES, settings.model_dump(exclude={"refresh"}), beside, unit="data")
    query = settings.query or ""
    first = document.place("source", "query").line
    # A text of several lines begins below its key.
    shift = -1 if first is None or "\n" not in query else 0
    found = {each.name: each.line for each in reversed(list(placeholders(query)))}
    params = {name: first and first + line + shift for name, line in found.items()}
    return ReadSource(body, tuple(sorted(params.items())))


def _of_package(document: Document, value: Mapping[str, Any]) -> SourceBody:
    kind, place = value["type"], document.place("source", "type")
    if kind in _OWN:
        what = f"`type: {kind}` is not how this source is chosen"
        raise ProjectError([Fault(what, place, f"it is chosen by {_OWN[kind]}")])
    known = [name for name in plugins.names("sources") if name not in _OWN]
    if kind not in known:
        listed = ", ".join(f"`{name}`" for name in known) or "none"
        hint = nearest(str(kind), known) or f"sources of installed packages: {listed}"
        raise ProjectError([Fault(f"there is no source `{kind}`", place, hint)])
    settings = {key: part for key, part in value.items() if key != "type"}
    return SourceBody(str(kind), settings, unit="unit")
