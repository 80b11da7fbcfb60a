"""What is drawn as Mermaid is what Mermaid reads, whatever the names are.

Every flowchart is read by Mermaid itself, in one call; what it found is held against the project.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from npm_scripts import run_script

from thresher.api import create
from thresher.docs.graph import kind_of, layers_of, reads_of
from thresher.docs.mermaid import CHARACTERS, EDGES, chart, graph_mermaid, is_drawn
from thresher.project.asset import Asset
from thresher.project.reader import read_project

Assets = dict[str, Asset]
MakeAsset = Callable[..., Asset]

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
#: Words of Mermaid's language, and letters that its arrows may end in.
WORDS = (
    *("end", "graph", "flowchart", "subgraph", "click", "style", "linkstyle", "class", "classdef"),
    *(
        "default",
        "direction",
        "href",
        "call",
        "interpolate",
        "o",
        "x",
        "v",
        "tb",
        "lr",
        "_",
        "_self",
    ),
    *("acctitle", "accdescr", "title", "section", "node", "edge", "mermaid", "participant"),
)
LAYERS = ("raw", "clean", "warehouse")
SHAPES = {"source": "cylinder", "sql": "square", "python": "subroutine", "view": "stadium"}


@dataclass(frozen=True)
class Drawn:
    """A flowchart, and what Mermaid read in it."""

    assets: Assets
    found: dict[str, Any]

    @property
    def names(self) -> dict[str, str]:
        """Name of each box by its id in the flowchart."""
        return {box: text for box, text, _ in self.found["boxes"]}


def worded_project(root: Path) -> Assets:
    """Write a project whose layers and tables are named with Mermaid's own words, and read it."""
    (root / "config.yaml").write_text(f"pipeline: words\nlayers: [{', '.join(map(repr, WORDS))}]\n")
    before = ""
    for layer in WORDS:
        (root / "src" / layer).mkdir(parents=True)
        for word in ("end", layer, "o"):
            query = (
                f'select * from "{before}"."{word}"'
                if word == "end" and before
                else "select 1 as a"
            )
            (root / "src" / layer / f"{word}.sql").write_text(query)
        before = layer
    return dict(read_project(root).assets)


def random_assets(seed: int, make_asset: MakeAsset) -> Assets:
    """Make up a graph whose names are made of what could break a flowchart."""
    chance = random.Random(seed)
    letters = "".join(WORDS) + "\"'`[](){}<>|&#;:%-_=.,\\/ \n\t@^~*äß日本🌾\u2028"
    made: Assets = {}
    while len(made) < 40:
        layer = chance.choice(("raw", "end", "l a y", "x"))
        table = "".join(chance.choices(letters, k=chance.randint(1, 9)))
        reads = chance.sample(list(made), min(len(made), chance.randrange(4)))
        name = f"{layer}.{table}".strip()
        made.setdefault(name, make_asset(name, *reads, kind=chance.choice(list(SHAPES))))
    return made


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Have texts read by Mermaid, all in one call."""

    def read(texts: dict[str, str]) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("charts")
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        done = run_script("read_mermaid.mjs", *sorted(folder.iterdir()))
        assert done.stdout, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        told["charts"] = {Path(path).name: found for path, found in told["charts"].items()}
        return {**told, "exit": done.returncode, "errors": done.stderr}

    return read


@pytest.fixture
def pictures(
    tmp_path: Path, charts: Any, shop: Assets, odd: Assets, make_asset: MakeAsset
) -> dict[str, Drawn]:
    made = create.init(tmp_path / "shop")
    (tmp_path / "words").mkdir()
    assets = {
        "template": dict(read_project(made.folder).assets),
        "flights": dict(read_project(FLIGHTS).assets),
        "words": worded_project(tmp_path / "words"),
        "shop": shop,
        "odd": odd,
        **{f"random-{seed}": random_assets(seed, make_asset) for seed in range(20)},
    }
    told = charts({name: graph_mermaid(each) for name, each in assets.items()})
    assert (told["exit"], told["errors"]) == (0, "")
    return {name: Drawn(each, told["charts"][name]) for name, each in assets.items()}


def seen(name: str) -> str:
    """Give a name as a picture shows it: what cannot be seen becomes a mark."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def test_mermaid_reads_what_was_drawn(pictures: dict[str, Drawn]) -> None:
    for title, drawn in pictures.items():
        kinds = {(seen(name), SHAPES[kind_of(each)]) for name, each in drawn.assets.items()}
        assert {(text, shape) for _, text, shape in drawn.found["boxes"]} == kinds, title
        reads = {
            (seen(read), seen(name))
            for name, inputs in reads_of(drawn.assets).items()
            for read in inputs
        }
        arrows = [(drawn.names[start], drawn.names[end]) for start, end in drawn.found["arrows"]]
        assert sorted(arrows) == sorted(reads), title
        groups = {
            text: sorted(drawn.names[box] for box in boxes)
            for _, text, boxes in drawn.found["groups"]
        }
        layers = {
            seen(layer): sorted(seen(n) for n, a in drawn.assets.items() if a.layer == layer)
            for layer in layers_of(drawn.assets)
        }
        assert groups == layers, title


def test_a_broken_flowchart_is_seen(charts: Any) -> None:
    told = charts({"good": 'flowchart LR\n  a_1["x"]\n', "bad": 'flowchart LR\n  a_1["x]\n'})
    assert told["exit"] == 1
    assert "bad: Parse error" in told["errors"]
    assert list(told["charts"]) == ["good"]


def wide(make_asset: MakeAsset, tables: int) -> Assets:
    """Give a project with one arrow for each table of its layer `clean`, and two more."""
    assets = [make_asset("raw.a", kind="source")]
    assets += [make_asset(f"clean.t{number}", "raw.a") for number in range(tables)]
    assets += [make_asset("warehouse.x", "clean.t0"), make_asset("warehouse.y", "warehouse.x")]
    return {asset.name: asset for asset in assets}


def test_the_limits_are_those_of_mermaid(charts: Any, make_asset: MakeAsset) -> None:
    most, more = wide(make_asset, EDGES - 2), wide(make_asset, EDGES - 1)
    told = charts({"most": graph_mermaid(most), "more": graph_mermaid(more)})
    assert told["limits"] == {"maxEdges": EDGES, "maxTextSize": CHARACTERS}
    assert list(told["charts"]) == ["most"]
    assert "Edge limit exceeded" in told["errors"]
    assert chart(most, LAYERS).folded == ()
    assert chart(more, LAYERS).folded != ()


def test_what_is_too_large_is_folded_from_the_first_layer_on(
    charts: Any, make_asset: MakeAsset
) -> None:
    drawn = chart(wide(make_asset, 600), LAYERS)
    told = charts({"folded": drawn.text})
    assert drawn.folded == ("raw", "clean")
    found = told["charts"]["folded"]
    assert {text for _, text, _ in found["boxes"]} == {
        "raw: 1 table",
        "clean: 600 tables",
        "warehouse.x",
        "warehouse.y",
    }
    names = {box: text for box, text, _ in found["boxes"]}
    assert [(names[start], names[end]) for start, end in found["arrows"]] == [
        ("raw: 1 table", "clean: 600 tables"),
        ("clean: 600 tables", "warehouse.x"),
        ("warehouse.x", "warehouse.y"),
    ]


def test_a_long_text_is_folded_as_well(make_asset: MakeAsset) -> None:
    names = [f"raw.{'n' * 90}{number}" for number in range(300)]
    # In the order they are built, which is not that of the layers.
    drawn = chart({name: make_asset(name) for name in ["clean.a", *names]}, LAYERS)
    assert drawn.folded == ("raw",)
    assert is_drawn(drawn.text)


def test_what_cannot_be_folded_enough_is_not_drawn(make_asset: MakeAsset) -> None:
    layers = [f"l{number}.a" for number in range(40)]
    assets = {name: make_asset(name, *layers[:at]) for at, name in enumerate(layers)}
    order = [name.partition(".")[0] for name in layers]
    assert chart(assets, order).text == ""
    assert chart({name: assets[name] for name in layers[:32]}, order).text
