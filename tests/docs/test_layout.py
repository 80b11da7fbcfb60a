from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from thresher.docs.layout import Layout, Spacing, arrange, is_box, stages

SPACING = Spacing(box=30, passage=6, gap=10)


def random_graph(seed: int, size: int = 60) -> dict[str, list[str]]:
    chance = random.Random(seed)
    names = [f"n{number}" for number in range(size)]
    return {
        name: chance.sample(names[:index], min(index, chance.randrange(4)))
        for index, name in enumerate(names)
    }


def crossings(layout: Layout) -> int:
    """Count the crossings of all edges, pair by pair."""
    pieces = [piece for way in layout.edges for piece in pairwise(way)]
    middles = layout.middles
    return sum(
        (middles[a] - middles[c]) * (middles[b] - middles[d]) < 0
        for index, (a, b) in enumerate(pieces)
        for c, d in pieces[:index]
        if a[2] == c[2]
    )


def test_a_stage_is_one_more_than_the_latest_input() -> None:
    graph = {"a": [], "b": ["a"], "c": ["a", "b"], "d": [], "e": ["d", "c"]}
    assert stages(graph) == {"a": 1, "b": 2, "c": 3, "d": 1, "e": 4}


@pytest.mark.parametrize("seed", range(5))
def test_nothing_overlaps(seed: int) -> None:
    layout = arrange(random_graph(seed), SPACING)
    for column in layout.columns:
        for above, below in pairwise(column):
            sizes = [SPACING.box if is_box(node) else SPACING.passage for node in (above, below)]
            least = sum(sizes) / 2 + SPACING.gap
            assert layout.middles[below] - layout.middles[above] >= least - 1e-6
    tops = [
        middle - (SPACING.box if is_box(node) else SPACING.passage) / 2
        for node, middle in layout.middles.items()
    ]
    assert min(tops) == pytest.approx(0)


@pytest.mark.parametrize("seed", range(5))
def test_an_edge_goes_from_column_to_column(seed: int) -> None:
    graph = random_graph(seed)
    layout = arrange(graph, SPACING)
    for way in layout.edges:
        assert [right[2] - left[2] for left, right in pairwise(way)] == [1] * (len(way) - 1)
        assert [is_box(node) for node in way] == [True, *[False] * (len(way) - 2), True]
    drawn = {(way[0][0], way[-1][0]) for way in layout.edges}
    assert drawn == {(read, name) for name, reads in graph.items() for read in reads}


def test_what_can_be_drawn_without_a_crossing_is() -> None:
    graph = {
        "a": [], "b": [], "c": [], "d": [],
        "z": ["a"], "y": ["b"], "x": ["c"], "w": ["d"],
        "m": ["w", "x"], "l": ["y", "z"],
    }  # fmt: skip
    turned = {name: graph[name] for name in ("d", "b", "a", "c", "z", "x", "y", "w", "l", "m")}
    assert crossings(arrange(turned, SPACING)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_ordering_takes_most_crossings_away(seed: int) -> None:
    layout = arrange(random_graph(seed), SPACING)
    by_name = {
        node: float(place) for column in layout.columns for place, node in enumerate(sorted(column))
    }
    assert crossings(layout) < 0.6 * crossings(replace(layout, middles=by_name))


def test_a_chain_is_a_straight_line() -> None:
    layout = arrange({"a": [], "b": ["a"], "c": ["b"]}, SPACING)
    assert set(layout.middles.values()) == {15}


def test_a_box_stands_in_the_middle_of_what_reads_it() -> None:
    graph: dict[str, list[str]] = {"a": [], "b": [], "c": ["a"], **{name: ["b"] for name in "defg"}}
    middles = {node[0]: middle for node, middle in arrange(graph, SPACING).middles.items()}
    assert middles["a"] == pytest.approx(middles["c"])
    assert middles["b"] == pytest.approx((middles["d"] + middles["g"]) / 2)


def test_the_same_graph_gives_the_same_layout() -> None:
    assert arrange(random_graph(1), SPACING) == arrange(random_graph(1), SPACING)
