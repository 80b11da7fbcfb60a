"""What must hold between a unit test and the project: a tuple of rules, and the types of inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from thresher.errors import Fault, Place
from thresher.project import sql
from thresher.project.asset import Asset, Kind, Materialized, SqlBody
from thresher.project.documents import nearest
from thresher.project.project import Project
from thresher.project.unit_tests import UnitTest
from thresher.project.written_rows import columns_of

Types = Mapping[str, str | None]
"""Type by column in lower case; None where it is not known."""


@dataclass(frozen=True)
class Bench:
    """A unit test beside the project that it belongs to."""

    test: UnitTest
    project: Project
    published: Mapping[str, Mapping[str, str]]
    """Columns and types of each published table, by its name."""

    @cached_property
    def asset(self) -> Asset | None:
        """The asset that is tested; None where there is none of its name."""
        return self.project.assets.get(self.test.asset)

    def needs(self, name: str) -> sql.Needs:
        """Give what the asset's query asks of an input; anything, where a view stands between."""
        direct = self.asset is not None and name in self.asset.inputs
        return self._needs if direct else sql.Needs()

    @cached_property
    def _needs(self) -> sql.Needs:
        body = self.asset.body if self.asset else None
        if not isinstance(body, SqlBody) or body.macros:
            return sql.Needs()
        return sql.columns_needed(body.text)

    def reads(self, name: str) -> tuple[str, ...]:
        """Give what must be given for an asset to be built: a view can be made of its inputs."""
        needed: dict[str, None] = {}
        for read in self.project.assets[name].inputs:
            asset = self.project.assets[read]
            view = asset.materialized is Materialized.VIEW
            if read not in self.test.given and view and self._given_below(read):
                needed.update(dict.fromkeys(self.reads(read)))
            else:
                needed[read] = None
        return tuple(needed)

    def columns(self, name: str) -> tuple[dict[str, str | None], bool]:
        """Give the columns of an input, and whether these are surely all of them.

        Returns:
            Type by name, in the order of the table; None where nobody tells the type.
        """
        asset = self.project.assets[name]
        contract = asset.contract.types
        published = self.published.get(name, {})
        types = {key.lower(): kind for key, kind in (*published.items(), *contract.items())}
        known = asset.body.columns if isinstance(asset.body, SqlBody) else None
        names = known or (*published, *(column.name for column in asset.contract.columns))
        told = {key.lower(): key for key in reversed(names)}
        ordered = dict.fromkeys(told[key.lower()] for key in names)
        whole = bool(known)
        if not whole:
            extra = sorted(self.needs(name).columns.get(name, frozenset()) - set(told))
            ordered.update(dict.fromkeys(extra))
        return {key: types.get(key.lower()) for key in ordered}, whole

    def _given_below(self, view: str) -> bool:
        return any(read in self.test.given for read in self.project.upstream(view))


class Rule(Protocol):
    """Tells every fault of one kind."""

    def __call__(self, bench: Bench) -> Iterator[Fault]:
        """Look at a test."""
        ...


def check(bench: Bench) -> list[Fault]:
    """Hold a test against every rule, if its asset is one that can be tested."""
    if faults := list(_subject(bench)):
        return faults
    return [fault for rule in RULES for fault in rule(bench)]


def _subject(bench: Bench) -> Iterator[Fault]:
    test, asset = bench.test, bench.asset
    if asset is None:
        place = Place(test.place.path)
        hint = nearest(test.asset, bench.project.assets)
        yield Fault(
            f"there is no asset `{test.asset}` to test",
            place,
            hint or "the file has the name of the asset, and its folder that of the layer",
        )
    elif asset.kind is Kind.SOURCE:
        what = f"`{test.asset}` is read by a source, and has no rows given"
        hint = "test it by a run of the pipeline: `run_pipeline` in pytest"
        yield Fault(what, Place(test.place.path), hint)


def _inputs(bench: Bench) -> Iterator[Fault]:
    """What is read is given, and nothing else is."""
    test = bench.test
    needed = bench.reads(test.asset)
    for name in needed:
        if name not in test.given:
            what = f"`{test.asset}` reads `{name}`, which the test does not give"
            yield Fault(what, test.document.place("given"), f"without rows it is `{name}: []`")
    for name in test.given:
        if name not in needed:
            what = f"`{test.asset}` does not read `{name}`"
            hint = nearest(name, needed) or f"it reads {', '.join(needed) or 'nothing'}"
            yield Fault(what, _place(test, "given", name), hint)


def _given_columns(bench: Bench) -> Iterator[Fault]:
    """What is given has a column to go to."""
    test = bench.test
    for name in bench.reads(test.asset):
        rows = test.given.get(name, ())
        known, whole = bench.columns(name)
        lower = {key.lower() for key in known}
        for row in rows:
            for key in row.cells:
                if key.lower() in lower or not (whole or not bench.needs(name).may_take(name, key)):
                    continue
                gives = f"`{name}` has no column `{key}`"
                reads = f"`{test.asset}` reads no column `{key}` of `{name}`"
                hint = nearest(key, known) or f"columns: {', '.join(known)}"
                yield Fault(gives if whole else reads, row.place, hint if known else None)
        if not known and not columns_of(rows):
            what = f"nobody says which columns `{name}` has"
            hint = "give it a row, or name its columns in its contract"
            yield Fault(what, _place(test, "given", name), hint)


def _expected_columns(bench: Bench) -> Iterator[Fault]:
    """What is expected is a column of the asset."""
    body = bench.asset.body if bench.asset else None
    columns = body.columns if isinstance(body, SqlBody) else None
    if columns is None or not bench.test.expected.rows:
        return
    lower = {name.lower() for name in columns}
    for name in columns_of(bench.test.expected.rows):
        if name.lower() not in lower:
            what = f"`{bench.test.asset}` gives no column `{name}`"
            hint = nearest(name, columns) or f"columns: {', '.join(columns)}"
            yield Fault(what, bench.test.expected.rows[0].place, hint)


def _params(bench: Bench) -> Iterator[Fault]:
    """Parameters are the project's, and used."""
    test, known = bench.test, bench.project.settings.params
    used = bench.asset.params if bench.asset else ()
    for name in test.params:
        place = test.document.place("params", name)
        if name == "run_time":
            yield Fault("`run_time` is no parameter", place, "say `time:` beside `params:`")
        elif name not in known:
            what = f"there is no parameter `{name}` in `config.yaml`"
            hint = nearest(name, known) or f"parameters: {', '.join(sorted(known)) or 'none'}"
            yield Fault(what, place, hint)
        elif name not in used:
            what = f"`{test.asset}` does not use the parameter `{name}`"
            yield Fault(what, place, f"it uses {', '.join(used) or 'none'}")


def _place(test: UnitTest, *way: str) -> Place:
    """Give the place of an input, whatever the case that it is written in."""
    for known in test.document.lines:
        if tuple(str(part).lower() for part in known) == way:
            return test.document.place(*known)
    return test.document.place(*way)


RULES: tuple[Rule, ...] = (_inputs, _given_columns, _expected_columns, _params)
