"""From a name in a project to the object behind it, loaded when it is first asked for.

A socket is a folder of implementations that share a protocol of `protocols.py`. What Thresher
brings stands in the table below; any installed package adds to it by an entry point in the group
`thresher.<socket>`, whose name is what users write and whose value must be `module:attribute`.

To add a source called `kafka` from a package of your own:

1. Write a class that does what [`Source`][thresher.protocols.Source] says. It is made with the
   keyword arguments `threads`, `memory`, `temp`, `hashes` and `timezone`; an engine, which
   satisfies [`Engine`][thresher.protocols.Engine], with `warehouse` in place of `hashes`. Let it
   take `**options` as well, so that an argument more does not break it. What an asset says of its
   source stands in `asset.body.settings`, as YAML gives it; checking it is the source's business.
2. Name it in the package's `pyproject.toml`, and install the package beside Thresher:

   ```toml
   [project.entry-points."thresher.sources"]
   kafka = "thresher_kafka.source:KafkaSource"
   ```

3. A raw asset chooses it: `source: {type: kafka, topic: orders}`.

An engine of another package is known as well, but no key of a project chooses an engine yet.

To add one to Thresher itself, write it in its socket's folder and add a line to `BUILT_IN`. The
names in the table cannot be taken by a package, so installing one never changes what a project
does; nothing is imported but the one implementation that a project asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from operator import attrgetter
from typing import Any, Literal

from thresher.errors import NOWHERE, CommandError, Place

Socket = Literal["engines", "sources"]
"""A kind of thing that can be plugged in: the name of its folder and of its entry points' group."""

BUILT_IN: Mapping[Socket, Mapping[str, str]] = {
    "engines": {"duckdb": "thresher.engines.duckdb:DuckDBEngine"},
    "sources": {
        "databases": "thresher.sources.databases:DatabasesSource",
        "files": "thresher.sources.files:FilesSource",
        "stand_ins": "thresher.sources.stand_ins:StandInsSource",
    },
}
"""What Thresher brings: `module:attribute` by socket and name."""


def names(socket: Socket) -> tuple[str, ...]:
    """List everything that can be loaded from a socket, sorted, without loading any of it."""
    return tuple(sorted({*BUILT_IN[socket], *(entry.name for entry in _entries(socket))}))


def load(socket: Socket, name: str, *, place: Place = NOWHERE) -> Any:
    """Give the object that a name stands for, importing its module if nobody has yet.

    Args:
        socket: what kind of thing it is.
        name: what the user wrote.
        place: where the user wrote it, for the error.

    Raises:
        CommandError: nothing has this name, several packages claim it, or its package is broken.
    """
    if target := BUILT_IN[socket].get(name):
        module, _, attribute = target.partition(":")
        return attrgetter(attribute)(import_module(module))
    found = [entry for entry in _entries(socket) if entry.name == name]
    match found:
        case [entry]:
            return _load_entry(entry, socket, place)
        case []:
            raise CommandError(
                f"there is no {_one(socket)} `{name}`", place=place, hint=_hint(socket, name)
            )
        case _:
            claims = ", ".join(sorted(f"`{_package(entry)}`" for entry in found))
            raise CommandError(
                f"several packages bring {_a(socket)} `{name}`: {claims}",
                place=place,
                hint="uninstall all but one of them",
            )


def _entries(socket: Socket) -> Iterable[EntryPoint]:
    return entry_points(group=f"thresher.{socket}")


def _load_entry(entry: EntryPoint, socket: Socket, place: Place) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise CommandError(
            f"the {_one(socket)} `{entry.name}` could not be loaded from the package "
            f"`{_package(entry)}`: {error}",
            place=place,
            hint=f"its entry point says `{entry.value}`; reinstall the package, or tell its author",
        ) from error


def _hint(socket: Socket, name: str) -> str:
    known = names(socket)
    near = get_close_matches(name, known, n=3)
    if near:
        return "did you mean " + " or ".join(f"`{each}`" for each in near) + "?"
    return f"known {socket}: {', '.join(f'`{each}`' for each in known)}"


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown"


def _one(socket: Socket) -> str:
    return socket.removesuffix("s")


def _a(socket: Socket) -> str:
    return f"{'an' if socket == 'engines' else 'a'} {_one(socket)}"
