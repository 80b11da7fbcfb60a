"""What must hold for a project as a whole: a tuple of rules, each of which tells all its faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from thresher.errors import Fault, Place, ProjectError
from thresher.project import sql
from thresher.project.asset import Asset, Kind, Materialized, SourceBody, SqlBody
from thresher.project.cache import ParseCache
from thresher.project.config import CONFIG_FILE
from thresher.project.contract import Check
from thresher.project.documents import Document, nearest
from thresher.project.functions import ParsedFunction
from thresher.project.parsed import cached_condition, cached_type
from thresher.project.project import Macro
from thresher.project.sources import DATABASES

RUN_TIME = "run_time"


@dataclass(frozen=True, slots=True)
class Read:
    """An asset as its file was read, with what the rules need beside it."""

    asset: Asset
    document: Document
    query: sql.ParsedQuery | None = None
    function: ParsedFunction | None = None
    params: tuple[tuple[str, int | None], ...] = ()
    """Parameters that the query of a source names, with their lines."""

    def at(self, line: int | None) -> Place:
        """Give the place of a line of the query in the file."""
        body = self.asset.body
        first = body.first_line if isinstance(body, SqlBody) else 1
        return Place(self.asset.path, None if line is None else first - 1 + line)


@dataclass(frozen=True)
class Reading:
    """All that was read of a project."""

    found: Mapping[str, Read]
    broken: frozenset[str]
    """Assets whose own files have faults; that others read them is no fault of theirs."""
    ordered: Mapping[str, Asset]
    """Assets after their inputs, as far as there is such an order."""
    macros: Mapping[str, Macro]
    layers: tuple[str, ...]
    params: Mapping[str, Any] | None
    """Parameters of the environment; None where `config.yaml` has faults of its own."""
    cache: ParseCache
    connections: Iterable[str] | None = None
    """Names of the databases; None where `config.yaml` has faults of its own."""

    def lacks(self, name: str) -> bool:
        """Say whether no file makes an asset of this name."""
        return name not in self.found and name not in self.broken

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...] | None]:
        """Columns that each asset gives, where they can be told without the data."""
        known: dict[str, tuple[str, ...] | None] = dict.fromkeys(self.found)
        for name in self.ordered:
            if (query := self.found[name].query) is not None:
                known[name] = sql.resolve_columns(query, known)
        return known


class Rule(Protocol):
    """Tells every fault of one kind."""

    def __call__(self, reading: Reading) -> Iterator[Fault]:
        """Look at the whole project."""
        ...


def check(reading: Reading) -> list[Fault]:
    """Hold a project against every rule."""
    return [fault for rule in RULES for fault in rule(reading)]


def _inputs(reading: Reading) -> Iterator[Fault]:
    """Inputs exist, and are not read against the direction of the layers."""
    for read in reading.found.values():
        asset = read.asset
        for name, place in _uses(read):
            if reading.lacks(name):
                what = f"`{asset.name}` reads `{name}`, which does not exist"
                yield Fault(what, place, nearest(name, reading.found))
            elif _later(reading, name, asset.name):
                what = f"`{asset.name}` reads `{name}` against the direction of the layers"
                yield Fault(what, place, f"layers: {' -> '.join(reading.layers)}")


def _uses(read: Read) -> Iterator[tuple[str, Place]]:
    lines = dict(read.query.inputs) if read.query else {}
    for name in read.asset.inputs:
        if read.query is None:
            yield name, read.document.place("inputs")
        else:
            yield name, read.at(lines.get(name))


def _later(reading: Reading, name: str, than: str) -> bool:
    position = {layer: index for index, layer in enumerate(reading.layers)}
    return position[name.partition(".")[0]] > position[than.partition(".")[0]]


def _names(reading: Reading) -> Iterator[Fault]:
    """Tables are named with their layer, and nothing is read past the project."""
    for read in reading.found.values():
        if read.query is None:
            continue
        for name, line in read.query.unqualified:
            near = [other for other in reading.found if other.partition(".")[2] == name.lower()]
            hint = f"did you mean `{near[0]}`?" if near else nearest(name, reading.found)
            what = f"`{name}` is named without its layer"
            yield Fault(what, read.at(line), hint or "write `layer.name`")
        for name, line in read.query.foreign:
            what = f"`{name}` is outside the warehouse"
            yield Fault(what, read.at(line), "write `layer.name`; make it a raw asset first")
        for text, line in read.query.reads_files:
            what = f"`{text}` reads past the project, so a change of it would not be noticed"
            yield Fault(what, read.at(line), "make it a raw asset with a `source`")
        for text, line in read.query.positional:
            yield Fault(f"`{text}` is a placeholder without a name", read.at(line), "write `$name`")


def _params(reading: Reading) -> Iterator[Fault]:
    """Parameters are defined."""
    if reading.params is None:
        return
    for read in reading.found.values():
        used = read.query.params if read.query else read.params
        if read.function:
            used = read.function.params or ()
        for name, line in used:
            if name not in reading.params and (name != RUN_TIME or read.query is None):
                what = f"nobody defines the parameter `{name}`"
                near = nearest(name, [*reading.params, *[RUN_TIME] * (read.query is not None)])
                hint = near or "add it to `params` in `config.yaml`"
                if name == RUN_TIME:
                    hint = "a database knows the time by itself, such as `now()`"
                yield Fault(what, read.at(line), hint)


def _repeatable(reading: Reading) -> Iterator[Fault]:
    """What is not repeatable says so."""
    for read in reading.found.values():
        asset = read.asset
        hint = "say `volatile: run` or `volatile: day` at the head, or use `$run_time`"
        if asset.volatile is None:
            for text, line in read.query.not_repeatable if read.query else ():
                what = f"`{text}` gives another result each time"
                yield Fault(what, read.at(line), hint)
            if asset.uses_run_time:
                what = f"`{asset.name}` uses the time of the run"
                say = "say `volatile: run` or `volatile: day` at the head"
                yield Fault(what, read.at(None), say)
        if asset.materialized is Materialized.VIEW:
            yield from _view(read)


def _view(read: Read) -> Iterator[Fault]:
    place = read.document.place("materialized")
    body = read.asset.body
    if not isinstance(body, SqlBody):
        yield Fault("only a SQL asset can be a view", place)
    elif read.asset.volatile is not None:
        yield Fault("a view cannot be volatile", place, "make it a table")
    elif body.macros:
        what = f"a view cannot use the macro `{body.macros[0]}`"
        yield Fault(what, place, "make it a table")


def _contracts(reading: Reading) -> Iterator[Fault]:
    """Contracts speak of columns, types and assets that exist."""
    for read in reading.found.values():
        asset, columns = read.asset, reading.columns[read.asset.name]
        for column in asset.contract.columns:
            if columns is not None and column.name.lower() not in _lower(columns):
                what = f"`{asset.name}` gives no column `{column.name}`"
                near = nearest(column.name, columns)
                yield Fault(what, column.place, near or f"columns: {', '.join(columns)}")
            if column.type and not cached_type(reading.cache, column.type):
                what = f"`{column.type}` is not a type"
                yield Fault(what, column.place, nearest(column.type, sql.TYPE_NAMES))
        for item in asset.contract.checks:
            yield from _check(reading, asset, columns, item)


def _check(
    reading: Reading, asset: Asset, columns: tuple[str, ...] | None, item: Check
) -> Iterator[Fault]:
    for column in item.columns:
        if columns is not None and column.lower() not in _lower(columns):
            what = f"`{asset.name}` gives no column `{column}`"
            yield Fault(what, item.place, nearest(column, columns))
    for name in item.references:
        if reading.lacks(name):
            what = f"the check `{item.id}` needs `{name}`, which does not exist"
            yield Fault(what, item.place, nearest(name, reading.found))
            continue
        given = reading.columns.get(name)
        for key in item.argument("keys") or ():
            if given is not None and key.lower() not in _lower(given):
                yield Fault(f"`{name}` gives no column `{key}`", item.place, nearest(key, given))
    keys = item.argument("keys")
    if keys is not None and len(keys) != len(item.columns):
        yield Fault(f"the check `{item.id}` needs as many keys as columns", item.place)
    for condition in (item.argument("sql"), item.where):
        if condition is not None:
            yield from _condition(reading, columns, condition, item.place)


def _condition(
    reading: Reading, columns: tuple[str, ...] | None, text: str, place: Place
) -> Iterator[Fault]:
    try:
        parsed = cached_condition(reading.cache, text, place)
    except ProjectError as error:
        yield from error.faults
        return
    for name, _ in parsed.inputs:
        yield Fault(
            f"the condition `{text}` reads `{name}`", place, "a condition speaks of one row alone"
        )
    for column in parsed.columns:
        if columns is not None and column.lower() not in _lower(columns):
            what = f"the condition `{text}` names no column of the table: `{column}`"
            yield Fault(what, place, nearest(column, columns))


def _renamed(reading: Reading) -> Iterator[Fault]:
    """What an asset was renamed from is no longer there."""
    for read in reading.found.values():
        old = read.asset.renamed_from
        if old is not None and old in reading.found:
            what = f"`{old}` is still there, so `{read.asset.name}` was not renamed from it"
            yield Fault(what, read.document.place("renamed_from"))


def _sources(reading: Reading) -> Iterator[Fault]:
    """Sources stand in the first layer."""
    for read in reading.found.values():
        if read.asset.kind is Kind.SOURCE and read.asset.layer != reading.layers[0]:
            what = f"a source belongs into the layer `{reading.layers[0]}`"
            yield Fault(what, read.document.place("source"))


def _connections(reading: Reading) -> Iterator[Fault]:
    """Databases are known."""
    for read in reading.found.values():
        body = read.asset.body
        if reading.connections is None or not isinstance(body, SourceBody):
            continue
        name = body.settings.get("database") if body.type == DATABASES else None
        if name is not None and name not in reading.connections:
            what = f"there is no connection `{name}` in `{CONFIG_FILE}`"
            known = ", ".join(f"`{each}`" for each in sorted(reading.connections))
            hint = nearest(name, reading.connections) or (
                f"connections: {known}" if known else f"add it: `connections: {{{name}: ...}}`"
            )
            yield Fault(what, read.document.place("source", "database"), hint)


def _lower(names: tuple[str, ...]) -> set[str]:
    return {name.lower() for name in names}


RULES: tuple[Rule, ...] = (
    _names,
    _inputs,
    _params,
    _repeatable,
    _contracts,
    _renamed,
    _sources,
    _connections,
)
