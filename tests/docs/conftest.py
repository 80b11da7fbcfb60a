"""Graphs to draw: a plain one, and one whose names hold whatever could break a picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thresher.project.asset import Asset, Materialized, PythonBody, SourceBody, SqlBody
from thresher.project.contract import Contract

Assets = dict[str, Asset]
MakeAsset = Callable[..., Asset]

BODIES: dict[str, SourceBody | SqlBody | PythonBody] = {
    "source": SourceBody("files", {}),
    "sql": SqlBody("select 1", "select 1", None),
    "view": SqlBody("select 1", "select 1", None),
    "python": PythonBody("f", "", ()),
}
ODD_NAMES = (
    "a.b c",
    "a.b_c",
    "a.b-c",
    'a."x"</text>&amp;',
    "ü.日本語",
    "end",
    "x.`q`]#1;--> y",
    "1.2",
    "raw.a\nb",
    "layer.a",
    "a.\x00\ufffe",
)


@pytest.fixture
def make_asset() -> MakeAsset:
    def make(name: str, *inputs: str, kind: str = "sql", description: str = "") -> Asset:
        return Asset(
            name=name,
            path=f"src/{name}",
            body=BODIES[kind],
            contract=Contract(description),
            inputs=tuple(sorted(inputs)),
            materialized=Materialized.VIEW if kind == "view" else Materialized.TABLE,
        )

    return make


@pytest.fixture
def shop(make_asset: MakeAsset) -> Assets:
    made = [
        make_asset("raw.orders", kind="source"),
        make_asset("raw.customers", kind="source"),
        make_asset("clean.orders", "raw.orders", description='Orders <"all">\n & more'),
        make_asset("clean.customers", "raw.customers"),
        make_asset("warehouse.value", "clean.customers", "clean.orders", kind="view"),
        make_asset("warehouse.share", "warehouse.value", "clean.orders", kind="python"),
    ]
    return {asset.name: asset for asset in made}


@pytest.fixture
def odd(make_asset: MakeAsset) -> Assets:
    return {
        name: make_asset(name, *ODD_NAMES[max(0, index - 2) : index])
        for index, name in enumerate(ODD_NAMES)
    }
