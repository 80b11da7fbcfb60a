"""What must hold for a project as a whole: a tuple of rules, each of which tells all its faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from thresher.errors import Fault, Place
from thresher.project.asset import Kind, Materialized, SourceBody, SqlBody
from thresher.project.config import CONFIG_FILE
from thresher.project.contract_rules import contract_faults
from thresher.project.documents import nearest
from thresher.project.reading import Read, Reading
from thresher.project.sources import DATABASES

RUN_TIME = "run_time"


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


RULES: tuple[Rule, ...] = (
    _names,
    _inputs,
    _params,
    _repeatable,
    contract_faults,
    _renamed,
    _sources,
    _connections,
)
