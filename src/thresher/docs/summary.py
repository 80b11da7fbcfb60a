"""A project in at most ten lines of Markdown: where what stands, what comes out, how to run it.

A pure function from what the user wrote. Nothing in it depends on the environment, on a variable or
on what was built, so that the same files give the same lines wherever they are checked.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from thresher.docs.graph import Assets, drawable
from thresher.project.asset import Asset, SourceBody
from thresher.project.project import Project

LINES = 10
"""Most lines of a summary, whatever the size of the project."""

_NAMES = 6
"""Names in a list before the others are only counted."""
_DESCRIBED = 4
"""Tables of the last layer that are described."""
_LAYERS = 4
"""Lines about layers; those in the middle share one where there are more."""
_WIDTH = 80
"""Most characters of a name or a description."""


def summary(project: Project, queries: Sequence[str] = ()) -> str:
    """Write a summary of a project.

    Args:
        project: what the user wrote.
        queries: names of the files in its folder `queries/`.

    Returns:
        A Markdown list of at most `LINES` lines, each with its line end.
    """
    layers = _tables(project)
    lines = [_head(project, layers), *_layers(layers)]
    if queries:
        lines.append(f"`queries/` ({len(queries):,}): {_listed(map(_code, queries))}")
    if project.assets:
        lines.append(_contracts(project.assets))
    lines += [_config(project), *_schedules(project), _commands(layers)]
    return "".join(f"- {line}\n" for line in lines)


def _tables(project: Project) -> dict[str, list[Asset]]:
    """Give the assets of each layer that has some, layers in their order, assets by name."""
    found = {
        layer: sorted(
            (asset for asset in project.assets.values() if asset.layer == layer),
            key=lambda asset: asset.name,
        )
        for layer in project.settings.config.layers
    }
    return {layer: assets for layer, assets in found.items() if assets}


def _head(project: Project, layers: dict[str, list[Asset]]) -> str:
    name = f"**{_prose(str(_said(project, 'pipeline')))}**"
    if not layers:
        first = project.settings.config.layers[0]
        return f"{name} has no tables yet: a YAML file in `src/{first}/` says where data comes from"
    tables = _counted(len(project.assets), "table")
    way = _listed(map(_code, layers), " → ")
    return (
        f"{name} makes {tables} in {_counted(len(layers), 'layer')}, {way}; "
        "a run builds what changed, and publishes all of it or nothing"
    )


def _layers(layers: dict[str, list[Asset]]) -> list[str]:
    """Write a line for each layer: the folder, how many tables, and which."""
    *earlier, last = list(layers) or [""]
    if not last:
        return []
    shown, folded = earlier, list[str]()
    if len(layers) > _LAYERS:
        shown, folded = earlier[: _LAYERS - 2], earlier[_LAYERS - 2 :]
    lines = [f"`src/{name}/` ({len(layers[name]):,}): {_names(layers[name])}" for name in shown]
    if folded:
        tables = sum(len(layers[name]) for name in folded)
        lines.append(f"{_listed(f'`src/{name}/`' for name in folded)} ({tables:,})")
    lines.append(f"`src/{last}/` ({len(layers[last]):,}), for use: {_described(layers[last])}")
    return lines


def _names(assets: Iterable[Asset]) -> str:
    return _listed(f"{_code(asset.table)}{_origin(asset)}" for asset in assets)


def _described(assets: Iterable[Asset]) -> str:
    told = []
    for asset in assets:
        said = _sentence(asset.contract.description)
        told.append(_code(asset.table) + _origin(asset) + (f" ({said})" if said else ""))
    return _listed(told, most=_DESCRIBED)


def _origin(asset: Asset) -> str:
    """Say which files or connection a raw table comes from; of other sources only which one it is.

    Their settings may name hosts and users, which have no place in a page for everybody.
    """
    if not isinstance(asset.body, SourceBody):
        return ""
    if connection := asset.body.settings.get("database"):
        return f" from the database {_code(connection)}"
    files = asset.body.settings.get("files")
    if not files:
        return f" from {_code(asset.body.type)}"
    first, *others = files
    return f" from {_code(first)}" + (f" and {len(others)} more" if others else "")


def _contracts(assets: Assets) -> str:
    contracts = [asset.contract for asset in assets.values()]
    checks = [check for contract in contracts for check in contract.checks]
    types = sum(len(contract.types) for contract in contracts)
    if not checks and not types:
        return "No table has a contract yet; the head of its file can say what must hold"
    warn = sum(not check.blocks for check in checks)
    warning = f" ({warn:,} of them only warn)" if warn else ""
    return (
        f"Contracts at the head of the files: {_counted(types, 'column type')} and "
        f"{_counted(len(checks), 'check')}{warning}; a table that breaks its own is not published"
    )


def _config(project: Project) -> str:
    config = project.settings.config
    default = _said(project, "default_environment") or "dev"
    environments = []
    for name in config.environments:
        marks = ["default"] if name == default else []
        marks += ["protected"] if _said(project, "environments", name, "protected") is True else []
        environments.append(_code(name) + (f" ({', '.join(marks)})" if marks else ""))
    line = f"`config.yaml`: {_noun(environments, 'environment')} {_listed(environments)}"
    if config.params:
        line += f"; {_noun(config.params, 'parameter')} {_listed(map(_code, config.params))}"
    return line


def _schedules(project: Project) -> list[str]:
    schedules = _said(project, "schedules")
    if not isinstance(schedules, dict) or not schedules:
        return []
    told = [
        f"{_code(str(name))} ({_code(str(_said(project, 'schedules', name, 'cron')))})"
        for name in schedules
    ]
    return [f"Runs by itself once `thresher schedule install` was run: {_listed(told)}"]


def _commands(layers: dict[str, list[Asset]]) -> str:
    show = ""
    if layers:
        last = list(layers.values())[-1][0].name
        show = f"`thresher show {last}` prints rows, "
    return (
        "`thresher plan` tells what a run would do, `thresher run` does it, "
        f"{show}`thresher docs sync` keeps these lines current"
    )


def _said(project: Project, *way: str) -> Any:
    """Give a value as `config.yaml` has it, before variables are filled in."""
    value: Any = project.settings.document.value
    for key in way:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _listed(items: Iterable[str], separator: str = ", ", *, most: int = _NAMES) -> str:
    """Write a list; of a long one, the first items and how many there are beside them."""
    listed = list(items)
    if len(listed) <= most + 1:
        return separator.join(listed)
    return f"{separator.join(listed[:most])} and {len(listed) - most:,} more"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _noun(items: Sequence[str] | dict[str, Any], noun: str) -> str:
    return noun if len(items) == 1 else f"{noun}s"


def _code(text: str) -> str:
    """Write a text as code, whatever stands in it."""
    text = textwrap.shorten(drawable(text), _WIDTH, placeholder="...") if text.strip() else "?"
    ticks = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _sentence(text: str) -> str:
    """Give the first sentence of a description, as Markdown that shows it as it is."""
    first = re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(".")
    return _prose(textwrap.shorten(first, _WIDTH, placeholder="..."))


def _prose(text: str) -> str:
    plain = drawable(text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]{}|~#$>])", r"\\\1", plain)
