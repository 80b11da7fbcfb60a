"""The graph as a Mermaid flowchart, which Markdown pages on GitHub and elsewhere draw.

Names may hold any character, and none can break the picture. Where a page would refuse to draw all
of it, whole layers become one box each, the first ones first: what people use is drawn last of all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from thresher.docs.graph import Assets, drawable, kind_of, layers_of, reads_of

EDGES = 500
"""Most arrows that Mermaid draws where nobody raised its limit; GitHub did not."""
CHARACTERS = 50_000
"""Longest text that it draws, in units of UTF-16."""

_SHAPES = {
    "source": ("[(", ")]"),
    "sql": ("[", "]"),
    "python": ("[[", "]]"),
    "view": ("([", "])"),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A flowchart that a page draws, and what was folded for that."""

    text: str
    """Empty where nothing helps."""
    folded: tuple[str, ...]
    """Layers that are one box each."""


def graph_mermaid(assets: Assets, folded: Collection[str] = ()) -> str:
    """Write a Mermaid flowchart: a subgraph for each layer, a shape for each kind of asset.

    Args:
        assets: in the order they are built.
        folded: layers that are drawn as one box each, without the arrows inside them.
    """
    layers = layers_of(assets)
    ids = _ids([*(f"layer {layer}" for layer in layers), *assets])
    box = dict(zip(layers, ids, strict=False))
    node = dict(zip(assets, ids[len(layers) :], strict=True))
    node.update({n: box[asset.layer] for n, asset in assets.items() if asset.layer in folded})
    lines = ["flowchart LR"]
    for layer in layers:
        members = {name: asset for name, asset in assets.items() if asset.layer == layer}
        if layer in folded:
            tables = f"{len(members):,} table{'s' if len(members) > 1 else ''}"
            lines.append(f'  {box[layer]}["{_quoted(f"{layer}: {tables}")}"]')
            continue
        lines.append(f'  subgraph {box[layer]}["{_quoted(layer)}"]')
        for name, asset in members.items():
            opening, closing = _SHAPES[kind_of(asset)]
            lines.append(f'    {node[name]}{opening}"{_quoted(name)}"{closing}')
        lines.append("  end")
    lines += [f"  {read} --> {name}" for read, name in _arrows(assets, node)]
    return "\n".join(lines) + "\n"


def chart(assets: Assets, order: Sequence[str]) -> Chart:
    """Write the flowchart that a page draws: all of it, or with as few layers folded as will do.

    Args:
        assets: in the order they are built.
        order: the layers from first to last, which is how they are folded.
    """
    layers = sorted(layers_of(assets), key=order.index)
    for count in range(len(layers) + 1):
        text = graph_mermaid(assets, layers[:count])
        if is_drawn(text):
            return Chart(text, tuple(layers[:count]))
    return Chart("", tuple(layers))


def is_drawn(text: str) -> bool:
    """Say whether a flowchart is within what pages draw."""
    return text.count(" --> ") <= EDGES and len(text.encode("utf-16-le")) // 2 <= CHARACTERS


def _arrows(assets: Assets, node: dict[str, str]) -> list[tuple[str, str]]:
    """Give each arrow once, from what is read; none from a box to itself."""
    every = [(node[read], node[name]) for name, reads in reads_of(assets).items() for read in reads]
    return [(read, name) for read, name in dict.fromkeys(every) if read != name]


def _ids(names: Iterable[str]) -> list[str]:
    """Make an id for each name that Mermaid takes for one, and that no other has.

    A word of Mermaid's language, such as `end`, is no id; none of these has an underscore.
    """
    ids: dict[str, None] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        if not re.fullmatch(r"[A-Za-z]\w*_\w+", plain):
            plain = f"asset_{plain}"
        found, number = plain, 2
        while found in ids:
            found, number = f"{plain}_{number}", number + 1
        ids[found] = None
    return list(ids)


def _quoted(text: str) -> str:
    """Write a text as it stands between quotes in Mermaid, where `#65;` is a character."""
    return re.sub(r"[^\w .,:-]", lambda found: f"#{ord(found[0])};", drawable(text))
