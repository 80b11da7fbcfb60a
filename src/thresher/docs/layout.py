"""Where each asset stands in a picture of the graph: columns by stage, with few crossing edges.

The layered drawing of Sugiyama: an edge that passes a column gets a place of its own in it, so that
it never runs through a box; barycenters order the columns; and the heights are those nearest to the
neighbours' that leave the order and the gaps as they are. Equal graphs give equal pictures.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Node = tuple[str, str, int]
"""A box (`(name, "", stage)`), or the place where an edge (`from`, `to`) passes a stage."""
Columns = tuple[tuple[Node, ...], ...]
Graph = Mapping[str, Sequence[str]]
"""What each asset reads, by its name; whatever is read stands earlier."""

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Spacing:
    """Heights of what stands in a column."""

    box: float
    passage: float
    """Of an edge that passes by."""
    gap: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns from left to right, the middle of everything in them, and the way of each edge."""

    columns: Columns
    middles: Mapping[Node, float]
    edges: tuple[tuple[Node, ...], ...]
    """From what is read to what reads it, through the columns between them."""


def stages(graph: Graph) -> dict[str, int]:
    """Give the stage of each asset: 1 without inputs, else one more than the latest of them."""
    found: dict[str, int] = {}
    for name, inputs in graph.items():
        found[name] = 1 + max((found[read] for read in inputs), default=0)
    return found


def arrange(graph: Graph, spacing: Spacing) -> Layout:
    """Give everything a place."""
    stage = stages(graph)
    edges = tuple(_way(read, name, stage) for name, reads in graph.items() for read in reads)
    links: dict[Node, tuple[list[Node], list[Node]]] = {
        _box(name, stage): ([], []) for name in graph
    }
    for way in edges:
        for left, right in pairwise(way):
            links.setdefault(left, ([], []))[1].append(right)
            links.setdefault(right, ([], []))[0].append(left)
    columns = _ordered(_filled(links), links)
    return Layout(columns, _middles(columns, links, spacing), edges)


def is_box(node: Node) -> bool:
    """Say whether it is an asset, and not an edge that passes by."""
    return not node[1]


def _box(name: str, stage: Mapping[str, int]) -> Node:
    return (name, "", stage[name])


def _way(read: str, name: str, stage: Mapping[str, int]) -> tuple[Node, ...]:
    between = [(read, name, at) for at in range(stage[read] + 1, stage[name])]
    return (_box(read, stage), *between, _box(name, stage))


Links = Mapping[Node, tuple[list[Node], list[Node]]]


def _filled(nodes: Iterable[Node]) -> Columns:
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(node[2], []).append(node)
    return tuple(tuple(columns[stage]) for stage in sorted(columns))


def _ordered(columns: Columns, links: Links) -> Columns:
    """Order each column by where its neighbours stand, to and fro; the best order is kept."""
    best, least = columns, _crossings(columns, links)
    for sweep in range(_SWEEPS):
        if least == 0:
            break
        columns = _swept(columns, links, side=sweep % 2)
        crossings = _crossings(columns, links)
        if crossings < least:
            best, least = columns, crossings
    return best


def _swept(columns: Columns, links: Links, *, side: int) -> Columns:
    """Order the columns by their neighbours on the left (0) or on the right (1)."""
    order = range(1, len(columns)) if side == 0 else range(len(columns) - 2, -1, -1)
    swept = list(columns)
    place = {node: float(index) for column in columns for index, node in enumerate(column)}

    def barycenter(node: Node) -> float:
        near = links[node][side]
        return sum(map(place.__getitem__, near)) / len(near) if near else place[node]

    for index in order:
        swept[index] = tuple(sorted(swept[index], key=barycenter))
        place.update((node, float(at)) for at, node in enumerate(swept[index]))
    return tuple(swept)


def _crossings(columns: Columns, links: Links) -> int:
    """Count the pairs of edges that cross between neighbouring columns."""
    count = 0
    for left, right in pairwise(columns):
        place = {node: index for index, node in enumerate(right)}
        seen: list[int] = []
        for node in left:
            ends = [place[to] for to in links[node][1]]
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _middles(columns: Columns, links: Links, spacing: Spacing) -> dict[Node, float]:
    """Move everything towards the middle of its neighbours, as far as the order allows."""

    def size(node: Node) -> float:
        return spacing.box if is_box(node) else spacing.passage

    middles: dict[Node, float] = {}
    for column in columns:
        wanted = [0.0] * len(column)
        middles.update(zip(column, _separated(column, wanted, size, spacing.gap), strict=True))
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            wanted = [_mean(middles, links[node], middles[node]) for node in column]
            placed = _separated(column, wanted, size, spacing.gap)
            middles.update(zip(column, placed, strict=True))
    top = min((middles[node] - size(node) / 2 for node in middles), default=0.0)
    return {node: middle - top for node, middle in middles.items()}


def _mean(
    middles: Mapping[Node, float], links: tuple[list[Node], list[Node]], default: float
) -> float:
    near = [middles[node] for side in links for node in side]
    return sum(near) / len(near) if near else default


def _separated(
    column: Sequence[Node], wanted: Sequence[float], size: Callable[[Node], float], gap: float
) -> list[float]:
    """Give the middles nearest to those wanted that keep the order and the gaps.

    With the least distance of each from the first taken away, this is isotonic regression, which
    pooling neighbours that are out of order solves exactly.
    """
    offsets = [0.0]
    for above, below in pairwise(column):
        offsets.append(offsets[-1] + (size(above) + size(below)) / 2 + gap)
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wanted, offsets, strict=False):
        total, count = wish - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    means = [total / count for total, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
