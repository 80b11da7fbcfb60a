from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from graphlib import TopologicalSorter

import pytest

from thresher.docs.pictures import draw, graph_json, graph_mermaid, graph_text
from thresher.errors import CommandError
from thresher.plan.plan import Action, Plan, Step
from thresher.project.asset import Asset

Assets = dict[str, Asset]

SHOP_TEXT = """\
stage 1
  raw.orders       source
  raw.customers    source

stage 2
  clean.orders     sql     <- raw.orders
  clean.customers  sql     <- raw.customers

stage 3
  warehouse.value  view    <- clean.customers, clean.orders

stage 4
  warehouse.share  python  <- clean.orders, warehouse.value
"""

SHOP_MERMAID = """\
flowchart LR
  subgraph layer_raw["raw"]
    raw_orders[("raw.orders")]
    raw_customers[("raw.customers")]
  end
  subgraph layer_clean["clean"]
    clean_orders["clean.orders"]
    clean_customers["clean.customers"]
  end
  subgraph layer_warehouse["warehouse"]
    warehouse_value(["warehouse.value"])
    warehouse_share[["warehouse.share"]]
  end
  raw_orders --> clean_orders
  raw_customers --> clean_customers
  clean_customers --> warehouse_value
  clean_orders --> warehouse_value
  clean_orders --> warehouse_share
  warehouse_value --> warehouse_share
"""


def test_text_shows_stages_kinds_and_inputs(shop: Assets) -> None:
    assert graph_text(shop) == SHOP_TEXT


def test_text_shows_what_a_run_would_do(shop: Assets) -> None:
    steps = tuple(
        Step(
            asset=name, action=Action.BUILD if "orders" in name else Action.KEEP, reason="", stage=1
        )
        for name in shop
    )
    plan = Plan(
        environment="dev", parent=None, steps=steps, run_time=datetime(2024, 1, 1, tzinfo=UTC)
    )
    lines = graph_text(shop, plan).splitlines()
    assert "  raw.orders       source  build" in lines
    assert "  warehouse.share  python  keep   <- clean.orders, warehouse.value" in lines


def test_text_wraps_long_inputs_below_the_first(make_asset: Callable[..., Asset]) -> None:
    inputs = [f"raw.table_{number:02}" for number in range(20)]
    assets = {name: make_asset(name) for name in [*inputs, "clean.all"]}
    assets["clean.all"] = make_asset("clean.all", *inputs)
    lines = graph_text(assets).splitlines()
    assert max(map(len, lines)) <= 100
    (first,) = (line for line in lines if line.startswith("  clean.all"))
    rest = lines[lines.index(first) + 1 :]
    assert rest
    assert {len(line) - len(line.lstrip()) for line in rest} == {first.index("raw.table_00")}
    assert re.findall(r"raw\.table_\d\d", " ".join([first, *rest])) == inputs


def test_text_aligns_wide_characters(make_asset: Callable[..., Asset]) -> None:
    text = graph_text({name: make_asset(name) for name in ("a.日本", "a.xxxx")})
    assert text == "stage 1\n  a.日本  sql\n  a.xxxx  sql\n"


def test_mermaid_has_a_subgraph_for_each_layer_and_a_shape_for_each_kind(shop: Assets) -> None:
    assert graph_mermaid(shop) == SHOP_MERMAID


def test_mermaid_takes_any_name(odd: Assets) -> None:
    lines = graph_mermaid(odd).splitlines()
    nodes = [re.fullmatch(r'    ([A-Za-z]\w*_\w*)\["([\w .,:#;-]*)"\]', line) for line in lines]
    groups = [re.fullmatch(r'  subgraph ([A-Za-z]\w*_\w*)\["\w+"\]', line) for line in lines]
    edges = [re.fullmatch(r"  (\w+) --> (\w+)", line) for line in lines]
    ids = [found[1] for found in nodes + groups if found]
    assert len(lines) == 1 + sum(map(bool, nodes + edges)) + 2 * sum(map(bool, groups))
    assert len(ids) == len(set(ids)) == len(odd) + len({asset.layer for asset in odd.values()})
    assert {end for edge in edges if edge for end in edge.groups()} <= set(ids)
    labels = [re.sub(r"#(\d+);", lambda c: chr(int(c[1])), found[2]) for found in nodes if found]
    assert sorted(labels) == sorted(re.sub(r"[\n\x00\ufffe]", "\ufffd", name) for name in odd)


def test_json_is_the_dictionary_that_other_tools_sort(shop: Assets) -> None:
    graph = json.loads(draw(shop, "json"))
    assert graph == graph_json(shop)
    assert list(graph) == sorted(shop)
    assert graph["warehouse.share"] == ["clean.orders", "warehouse.value"]
    assert set(TopologicalSorter(graph).static_order()) == set(shop)


def test_what_is_read_and_not_drawn_is_left_out_of_the_picture(shop: Assets) -> None:
    part = {name: asset for name, asset in shop.items() if name.startswith("warehouse.")}
    assert graph_mermaid(part).count("-->") == 1
    assert draw(part, "svg").count('class="edge"') == 1
    assert "<- clean.customers, clean.orders" in graph_text(part)


@pytest.mark.parametrize(
    ("form", "start"),
    [("text", "stage 1\n"), ("mermaid", "flowchart LR\n"), ("json", "{\n"), ("svg", "<svg ")],
)
def test_draw_gives_each_form(shop: Assets, form: str, start: str) -> None:
    assert draw(shop, form).startswith(start)
    assert draw({}, form).endswith("\n")


def test_draw_refuses_other_forms(shop: Assets) -> None:
    with pytest.raises(CommandError, match="`png` is not a form") as caught:
        draw(shop, "png")
    assert caught.value.fault.hint == "one of: text, mermaid, json, svg"
