from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from thresher.docs.svg import graph_svg
from thresher.project.asset import Asset

Assets = dict[str, Asset]
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Box:
    """An asset in the picture."""

    name: str
    about: str
    classes: str
    left: float
    top: float
    right: float
    bottom: float
    text_left: float
    text_width: float


def number(element: ET.Element, key: str) -> float:
    return float(element.get(key, "nan"))


def boxes(tree: ET.Element) -> list[Box]:
    found = []
    for group in tree.iter(f"{SVG}g"):
        title, rect, text = (group.find(SVG + tag) for tag in ("title", "rect", "text"))
        if title is None or rect is None or text is None:
            continue
        left, top = number(rect, "x"), number(rect, "y")
        found.append(
            Box(
                name="".join(text.itertext()),
                about=title.text or "",
                classes=group.get("class", ""),
                left=left,
                top=top,
                right=left + number(rect, "width"),
                bottom=top + number(rect, "height"),
                text_left=number(text, "x"),
                text_width=number(text, "textLength"),
            )
        )
    return found


@pytest.fixture(params=["shop", "odd"])
def assets(request: pytest.FixtureRequest) -> Assets:
    chosen: Assets = request.getfixturevalue(request.param)
    return chosen


def test_every_asset_has_a_box_with_its_name(assets: Assets) -> None:
    tree = ET.fromstring(graph_svg(assets))
    shown = sorted(re.sub(r"[\n\x00\ufffe]", "\ufffd", name) for name in assets)
    assert sorted(box.name for box in boxes(tree)) == shown


def test_no_two_boxes_overlap_and_all_are_inside(assets: Assets) -> None:
    tree = ET.fromstring(graph_svg(assets))
    for one, two in combinations(boxes(tree), 2):
        beside = one.right <= two.left or two.right <= one.left
        assert beside or one.bottom <= two.top or two.bottom <= one.top
    (moved,) = (move for group in tree.iter(f"{SVG}g") if (move := group.get("transform")))
    down = float(moved.split()[1].rstrip(")"))
    assert max(box.right for box in boxes(tree)) <= number(tree, "width")
    assert max(box.bottom for box in boxes(tree)) + down <= number(tree, "height")


def test_a_box_is_wide_enough_for_its_name(assets: Assets) -> None:
    for box in boxes(ET.fromstring(graph_svg(assets))):
        assert box.left < box.text_left
        assert box.text_left + box.text_width < box.right
        assert box.text_width >= 7 * len(box.name)


def test_an_edge_ends_at_the_box_of_what_reads(shop: Assets) -> None:
    tree = ET.fromstring(graph_svg(shop))
    drawn = set()
    for path in tree.iter(f"{SVG}path"):
        if path.get("class") != "edge":
            continue
        x1, y1, *_, x2, y2 = map(float, re.findall(r"-?[\d.]+", path.get("d", "")))
        (read,) = (b.name for b in boxes(tree) if b.right == x1 and b.top < y1 < b.bottom)
        (name,) = (b.name for b in boxes(tree) if b.left == x2 and b.top < y2 < b.bottom)
        drawn.add((read, name))
    assert drawn == {(read, name) for name, asset in shop.items() for read in asset.inputs}


def test_colours_are_by_layer_and_lines_by_kind(shop: Assets) -> None:
    tree = ET.fromstring(graph_svg(shop))
    assert {box.name: box.classes for box in boxes(tree)} == {
        "raw.orders": "source layer-0",
        "raw.customers": "source layer-0",
        "clean.orders": "sql layer-1",
        "clean.customers": "sql layer-1",
        "warehouse.value": "view layer-2",
        "warehouse.share": "python layer-2",
    }
    texts = ["".join(text.itertext()) for text in tree.iter(f"{SVG}text")]
    assert texts[:5] == ["raw", "clean", "warehouse", "python", "view"]


def test_the_picture_has_a_title_and_descriptions(shop: Assets) -> None:
    tree = ET.fromstring(graph_svg(shop))
    title = tree.find(f"{SVG}title")
    assert title is not None
    assert title.get("id") == tree.get("aria-labelledby")
    assert title.text == "6 assets: raw, clean, warehouse"
    assert 'clean.orders (sql): Orders <"all"> & more' in [box.about for box in boxes(tree)]


def test_the_picture_needs_nothing_else(shop: Assets) -> None:
    text = graph_svg(shop)
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script|href|@import|url\((?!#)", text)
    assert "prefers-color-scheme: dark" in text


def test_a_project_without_assets_has_a_picture() -> None:
    tree = ET.fromstring(graph_svg({}))
    assert tree.findtext(f"{SVG}title") == "no assets"
