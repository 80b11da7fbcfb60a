"""A project as one value: its assets by name in the order they are built, and its macros."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from thresher.errors import Fault, Place
from thresher.project.asset import Asset
from thresher.project.settings import Settings


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro of `src/macros/`: SQL that assets share."""

    name: str
    statement: str
    """Statement that makes it."""
    normal: str
    """The statement with comments and layout folded away."""
    path: str
    inputs: tuple[str, ...] = ()
    """Assets it reads."""
    macros: tuple[str, ...] = ()
    """Other macros it uses."""


@dataclass(frozen=True, slots=True)
class Project:
    """Everything the user wrote, for one environment."""

    root: Path
    settings: Settings
    assets: Mapping[str, Asset]
    """By name; each stands after all that it reads."""
    macros: Mapping[str, Macro]
    """By name; each stands after all that it uses."""

    def upstream(self, name: str, depth: int | None = None) -> set[str]:
        """Give what an asset reads, directly or not, at most so many steps away."""
        return _reach(name, {n: a.inputs for n, a in self.assets.items()}, depth)

    def downstream(self, name: str, depth: int | None = None) -> set[str]:
        """Give what reads an asset, directly or not, at most so many steps away."""
        readers: dict[str, list[str]] = {n: [] for n in self.assets}
        for asset in self.assets.values():
            for read in asset.inputs:
                readers[read].append(asset.name)
        return _reach(name, readers, depth)

    @property
    def stages(self) -> dict[str, int]:
        """Stage of each asset: 1 without inputs, else one more than the latest of its inputs."""
        stages: dict[str, int] = {}
        for asset in self.assets.values():
            stages[asset.name] = 1 + max((stages[name] for name in asset.inputs), default=0)
        return stages


def order(assets: Mapping[str, Asset]) -> tuple[dict[str, Asset], list[Fault]]:
    """Put assets after all that they read; where there is a cycle, tell it as a fault.

    The order is the same for the same project: by stage, then by name.
    """
    graph = {
        name: sorted(read for read in asset.inputs if read in assets)
        for name, asset in sorted(assets.items())
    }
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        cycle: list[str] = list(reversed(error.args[1]))
        fault = Fault(
            f"a cycle: {' -> '.join(cycle)}",
            Place(assets[cycle[0]].path, asset=cycle[0]),
            "an arrow goes from an asset to what it reads; take one of them out",
        )
        return dict(assets), [fault]
    ordered: dict[str, Asset] = {}
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered.update((name, assets[name]) for name in ready)
        sorter.done(*ready)
    return ordered, _audit_cycles(ordered)


def audit_needs(
    name: str, assets: Mapping[str, Asset], groups: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Name what the audit of an asset waits for: `build` or `audit`, and the asset.

    It waits for its own build, and for the rows of all that it is checked against. These are
    settled when they are built or, where their own audit can set some aside, when that is done.
    The first of a group is audited with all the others.
    """
    group = groups[name]
    if name != group[0]:
        return [("build", name), ("audit", group[0])]
    others = {
        other
        for each in group
        for other in assets[each].contract.references
        if other in assets and other not in group
    }
    settled = [("audit" if assets[other].sets_aside else "build", other) for other in others]
    return [*(("build", each) for each in group), *settled]


def audit_groups(assets: Mapping[str, Asset]) -> dict[str, tuple[str, ...]]:
    """Give for each asset those that are audited in one go with it, itself among them, sorted.

    They are checked against each other, and a row that goes from one can take a row of another
    along. An asset that is checked against nothing, or where nothing can go, stands alone.
    """
    checked = {
        each.name: [to for to in each.contract.references if to in assets and to != each.name]
        for each in assets.values()
    }
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in assets}
    for name in (each for each in assets if checked[each]):
        reached = _reach(name, checked, None)
        both = {name} | {each for each in reached if name in _reach(each, checked, None)}
        if any(assets[each].sets_aside for each in both):
            groups[name] = tuple(sorted(both))
    return groups


def _audit_cycles(assets: Mapping[str, Asset]) -> list[Fault]:
    """Find checks that could never be judged: they need a table that waits for their verdict."""
    graph: dict[tuple[str, str], list[tuple[str, str]]] = {}
    groups = audit_groups(assets)
    for name, asset in assets.items():
        graph["build", name] = [("audit", read) for read in asset.inputs]
        graph["audit", name] = audit_needs(name, assets, groups)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        names = [name for _, name in reversed(error.args[1])]
        cycle = list(dict.fromkeys(names))
        for name in cycle:
            for check in assets[name].contract.checks:
                if set(check.references) & (set(cycle) - {name}):
                    what = f"the check `{check.id}` needs a table that itself reads `{name}`"
                    return [Fault(what, check.place, "check it where both are inputs")]
    return []


def _reach(name: str, edges: Mapping[str, Iterable[str]], depth: int | None) -> set[str]:
    found: set[str] = set()
    frontier = {name}
    while frontier and (depth is None or depth > 0):
        frontier = {to for at in frontier for to in edges.get(at, ())} - found
        found |= frontier
        depth = None if depth is None else depth - 1
    return found
