"""The graph as one SVG picture that needs nothing else: no script, no font, no other file."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from thresher.docs.graph import Assets, display_width, drawable, kind_of, layers_of, reads_of
from thresher.docs.layout import Layout, Node, Spacing, arrange, is_box
from thresher.project.asset import Asset

_SPACING = Spacing(box=32.0, passage=8.0, gap=12.0)
_CHARACTER = 7.6
"""Width of a character of the picture's font, which has one width for all."""
_PADDING = 13.0
_MARGIN = 24.0
_LEGEND = 40.0
_BETWEEN = 84.0
_HUES = (212, 155, 32, 275, 345, 185, 55, 110)

_STYLE = """\
.thresher .paper { fill: #ffffff }
.thresher text { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", "Liberation Mono", monospace; fill: #1f2933 }
.thresher .layer { fill-opacity: 0.6 }
.thresher .edge { fill: none; stroke: #9aa5b1; stroke-width: 1.3; stroke-opacity: 0.85 }
.thresher marker path { fill: #8792a0 }
.thresher rect { stroke-width: 1.3 }
.thresher .python rect { stroke-width: 2.4 }
.thresher .view rect { stroke-dasharray: 5 3 }
.thresher .kind rect { fill: none; stroke: #7b8794 }
"""
_ARROW = (
    '<defs><marker id="thresher-arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7"'
    ' markerHeight="7" orient="auto"><path d="M0 0.8 8 4 0 7.2z"/></marker></defs>'
)
_DARK = """\
.thresher .paper { fill: #12171d }
.thresher text { fill: #e4e7eb }
.thresher .edge { stroke: #5c6875 }
.thresher marker path { fill: #7b8794 }
"""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A layout with the left and the right side of each column."""

    layout: Layout
    lefts: tuple[float, ...]
    rights: tuple[float, ...]

    def sides(self, node: Node) -> tuple[float, float]:
        return self.lefts[node[2] - 1], self.rights[node[2] - 1]


def graph_svg(assets: Assets) -> str:
    """Draw columns by stage and colours by layer; dark where the reader's screen is.

    Args:
        assets: in the order they are built.
    """
    frame = _frame(arrange(reads_of(assets), _SPACING))
    layers = layers_of(assets)
    legend, legend_end = _legend(layers, {kind_of(asset) for asset in assets.values()})
    bottoms = [middle + _height(node) / 2 for node, middle in frame.layout.middles.items()]
    width = max([*frame.rights[-1:], legend_end]) + _MARGIN
    height = 2 * _MARGIN + _LEGEND + max(bottoms, default=0.0)
    count = "1 asset" if len(assets) == 1 else f"{len(assets)} assets"
    title = f"{count}: {', '.join(layers)}" if layers else "no assets"
    parts = [
        _head(width, height, title),
        f"<style>\n{_style(len(layers))}</style>",
        _ARROW,
        '<rect class="paper" width="100%" height="100%" stroke="none"/>',
        legend,
        f'<g transform="translate(0 {_MARGIN + _LEGEND:.0f})">',
        *_edges(frame),
        *_boxes(frame, assets, layers),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(width: float, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="thresher" role="img"'
        f' aria-labelledby="thresher-title" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}">\n'
        f'<title id="thresher-title">{_xml(title)}</title>'
    )


def _frame(layout: Layout) -> _Frame:
    lefts: list[float] = []
    rights: list[float] = []
    left = _MARGIN
    for column in layout.columns:
        width = max(_text_width(node[0]) + 2 * _PADDING for node in column if is_box(node))
        lefts.append(left)
        rights.append(left + width)
        left += width + _BETWEEN
    return _Frame(layout, tuple(lefts), tuple(rights))


def _edges(frame: _Frame) -> Iterator[str]:
    """Draw each edge as one smooth line, level wherever it meets or passes a column."""
    starts = _ports(frame.layout, end=0)
    ends = _ports(frame.layout, end=-1)
    for number, way in enumerate(frame.layout.edges):
        x, y = frame.sides(way[0])[1], starts[number]
        path = [f"M{x:.1f} {y:.1f}"]
        for node in way[1:]:
            left, right = frame.sides(node)
            to = frame.layout.middles[node] if not is_box(node) else ends[number]
            bend = (x + left) / 2
            path.append(f"C{bend:.1f} {y:.1f} {bend:.1f} {to:.1f} {left:.1f} {to:.1f}")
            x, y = left, to
            if not is_box(node):
                path.append(f"H{right:.1f}")
                x = right
        line = "".join(path)
        yield f'<path class="edge" d="{line}" marker-end="url(#thresher-arrow)"/>'


def _ports(layout: Layout, *, end: int) -> list[float]:
    """Spread the edges over the side of the box that they begin (0) or end (-1) at."""
    meeting: dict[Node, list[tuple[float, int]]] = {}
    for number, way in enumerate(layout.edges):
        beside = way[1] if end == 0 else way[-2]
        meeting.setdefault(way[end], []).append((layout.middles[beside], number))
    ports = [0.0] * len(layout.edges)
    for node, edges in meeting.items():
        room = _SPACING.box - 12
        step = min(room / len(edges), 7.0)
        first = layout.middles[node] - step * (len(edges) - 1) / 2
        for index, (_, number) in enumerate(sorted(edges)):
            ports[number] = first + index * step
    return ports


def _boxes(frame: _Frame, assets: Assets, layers: Sequence[str]) -> Iterator[str]:
    colour = {layer: number for number, layer in enumerate(layers)}
    for column in frame.layout.columns:
        for node in filter(is_box, column):
            asset = assets[node[0]]
            yield _box(asset, colour, frame, node)


def _box(asset: Asset, colour: Mapping[str, int], frame: _Frame, node: Node) -> str:
    left, right = frame.sides(node)
    middle = frame.layout.middles[node]
    layer, dot, table = asset.name.partition(".")
    kind = kind_of(asset)
    about = f"{asset.name} ({kind})"
    if asset.contract.description:
        about += f": {' '.join(asset.contract.description.split())}"
    name = f'<tspan class="layer">{_xml(layer + dot)}</tspan>{_xml(table)}'
    if not dot:
        name = _xml(layer)
    return (
        f'<g class="{kind} layer-{colour[asset.layer]}"><title>{_xml(about)}</title>'
        f'<rect x="{left:.1f}" y="{middle - _SPACING.box / 2:.1f}" width="{right - left:.1f}"'
        f' height="{_SPACING.box:.0f}" rx="7"/>'
        f'<text x="{left + _PADDING:.1f}" y="{middle + 4.3:.1f}"'
        f' textLength="{_text_width(asset.name):.1f}" lengthAdjust="spacingAndGlyphs"'
        f' xml:space="preserve">{name}</text></g>'
    )


def _legend(layers: Sequence[str], kinds: AbstractSet[str]) -> tuple[str, float]:
    """Say which colour is which layer, and which line which kind; also gives where that ends."""
    entries = [(f"layer-{number}", layer) for number, layer in enumerate(layers)]
    entries += [(f"{kind} kind", kind) for kind in ("python", "view") if kind in kinds]
    parts: list[str] = []
    x = _MARGIN
    for classes, text in entries:
        parts.append(
            f'<g class="{classes}"><rect x="{x:.1f}" y="{_MARGIN}" width="16" height="14"'
            f' rx="4"/><text x="{x + 23:.1f}" y="{_MARGIN + 11.3:.1f}">{_xml(text)}</text></g>'
        )
        x += 23 + _text_width(text) + 24
    return "\n".join(parts), x - 24


def _style(layers: int) -> str:
    light = [_colour(number, fill=95, stroke=52) for number in range(layers)]
    dark = [_colour(number, fill=19, stroke=55) for number in range(layers)]
    return (
        f"{_STYLE}{''.join(light)}@media (prefers-color-scheme: dark) {{\n"
        f"{_DARK}{''.join(dark)}}}\n"
    )


def _colour(number: int, *, fill: int, stroke: int) -> str:
    hue = _HUES[number % len(_HUES)]
    return (
        f".thresher .layer-{number} rect {{ fill: hsl({hue}, 60%, {fill}%);"
        f" stroke: hsl({hue}, 50%, {stroke}%) }}\n"
    )


def _height(node: Node) -> float:
    return _SPACING.box if is_box(node) else _SPACING.passage


def _text_width(text: str) -> float:
    return display_width(text) * _CHARACTER


def _xml(text: str) -> str:
    """Write a text so that XML takes it, whatever it holds."""
    return html.escape(drawable(text))
