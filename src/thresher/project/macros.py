"""Shared SQL: the macros of `src/macros/*.sql`, in the order in which they can be made."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from thresher.errors import Fault, Place, ProjectError
from thresher.project import sql
from thresher.project.cache import ParseCache
from thresher.project.parsed import located
from thresher.project.project import Macro
from thresher.project.text_files import read_text


def read_macros(
    root: Path, folder: Path, cache: ParseCache
) -> tuple[dict[str, Macro], list[Fault]]:
    """Read every macro of a project; those that others use come first."""
    faults: list[Fault] = []
    parsed: dict[str, tuple[sql.ParsedMacro, str]] = {}
    for file in sorted(folder.rglob("*.sql")):
        path = file.relative_to(root).as_posix()
        try:
            for macro in _parse(cache, read_text(file, path), path):
                faults += _faults(macro, path, parsed)
                parsed[macro.name] = (macro, path)
        except ProjectError as error:
            faults += error.faults
    uses = {
        name: tuple(sorted((set(macro.functions) & set(parsed)) - {name}))
        for name, (macro, _) in parsed.items()
    }
    try:
        ordered = tuple(graphlib.TopologicalSorter(dict(sorted(uses.items()))).static_order())
    except graphlib.CycleError as error:
        name = error.args[1][0]
        what = f"macros that use each other: {' -> '.join(error.args[1])}"
        return {}, [*faults, Fault(what, Place(parsed[name][1]))]
    made: dict[str, Macro] = {}
    for name in ordered:
        macro, path = parsed[name]
        inputs = {read for read, _ in macro.inputs} | {
            read for used in uses[name] for read in made[used].inputs
        }
        made[name] = Macro(
            name, macro.statement, macro.normal, path, tuple(sorted(inputs)), uses[name]
        )
    return made, faults


def macros_used(functions: Iterable[str], macros: Mapping[str, Macro]) -> tuple[str, ...]:
    """Give the macros that calls of these functions need, directly or not, in making order."""
    found: set[str] = set()
    waiting = [name for name in functions if name in macros]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += macros[name].macros
    return tuple(name for name in macros if name in found)


def _parse(cache: ParseCache, text: str, path: str) -> tuple[sql.ParsedMacro, ...]:
    return cache.remember(
        "macros",
        text,
        lambda found: located(sql.parse_macro, path, 1)(found),
        dump=lambda found: [macro.to_json() for macro in found],
        load=lambda found: tuple(sql.ParsedMacro.from_json(macro) for macro in found),
    )


def _faults(macro: sql.ParsedMacro, path: str, known: Mapping[str, object]) -> list[Fault]:
    at = Place(path, macro.line)
    faults = [
        Fault(f"`{text}` makes the macro `{macro.name}` not repeatable", Place(path, line))
        for text, line in macro.not_repeatable
    ]
    faults += [
        Fault(f"a macro cannot use the parameter `${name}`", Place(path, line), "pass it in")
        for name, line in macro.params
    ]
    if macro.name in known:
        faults.append(Fault(f"the macro `{macro.name}` is made twice", at))
    return faults
