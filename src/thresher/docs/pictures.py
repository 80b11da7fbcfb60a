"""Pictures of a project's graph: as text, Mermaid, JSON and SVG.

Each is a pure function from assets in the order they are built; names and descriptions may hold any
character, and none of them can break the picture.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from itertools import groupby

from thresher.docs.graph import Assets, display_width, drawable, kind_of, reads_of
from thresher.docs.layout import stages
from thresher.docs.mermaid import graph_mermaid
from thresher.docs.svg import graph_svg
from thresher.errors import CommandError
from thresher.plan.plan import Plan

FORMS = ("text", "mermaid", "json", "svg")
"""What a graph can be drawn as."""

_TEXT_WIDTH = 100


def draw(assets: Assets, form: str, plan: Plan | None = None) -> str:
    """Draw the assets and what they read in one of the `FORMS`.

    Raises:
        CommandError: there is no such form.
    """
    match form:
        case "text":
            return graph_text(assets, plan)
        case "mermaid":
            return graph_mermaid(assets)
        case "json":
            return json.dumps(graph_json(assets), indent=2, ensure_ascii=False) + "\n"
        case "svg":
            return graph_svg(assets)
    raise CommandError(f"`{form}` is not a form of graph", hint=f"one of: {', '.join(FORMS)}")


def graph_json(assets: Assets) -> dict[str, list[str]]:
    """Give what each reads of the others, sorted: `{task: [dependencies]}`, as `run_dag` takes."""
    return {name: sorted(reads) for name, reads in sorted(reads_of(assets).items())}


def graph_text(assets: Assets, plan: Plan | None = None) -> str:
    """Write the stages one below the other: each asset, how it is made, and what it reads.

    Args:
        assets: in the order they are built.
        plan: what a run would do, shown beside each asset.
    """
    if not assets:
        return "no assets\n"
    actions = {step.asset: step.action.value for step in plan.steps} if plan else {}
    rows = {
        name: (drawable(name), kind_of(asset), actions.get(name, ""))
        for name, asset in assets.items()
    }
    widths = [max(map(display_width, column)) for column in zip(*rows.values(), strict=True)]
    stage = stages(reads_of(assets))
    lines: list[str] = []
    for number, names in groupby(sorted(assets, key=stage.__getitem__), key=stage.__getitem__):
        lines += ["", f"stage {number}"]
        for name in names:
            cells = [
                _pad(cell, width) for cell, width in zip(rows[name], widths, strict=True) if width
            ]
            lines += _row("  " + "  ".join(cells), assets[name].inputs)
    return "\n".join(lines[1:]) + "\n"


def _row(head: str, inputs: Iterable[str]) -> list[str]:
    """Write an asset and what it reads, wrapped below itself where it is too long."""
    reads = ", ".join(map(drawable, inputs))
    if not reads:
        return [head.rstrip()]
    head += "  <- "
    room = max(_TEXT_WIDTH - display_width(head), 30)
    wrapped = textwrap.wrap(reads, room, break_long_words=False, break_on_hyphens=False)
    return [head + wrapped[0], *(" " * display_width(head) + line for line in wrapped[1:])]


def _pad(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
