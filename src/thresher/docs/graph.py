"""A project's graph as all its pictures see it: layers, kinds, and what reads what."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from thresher.project.asset import Asset, Kind, Materialized

Assets = Mapping[str, Asset]
"""By name, each after all that it reads."""


def kind_of(asset: Asset) -> str:
    """Say how an asset is made: `source`, `sql`, `python` or `view`."""
    if asset.kind is Kind.SQL and asset.materialized is Materialized.VIEW:
        return "view"
    return asset.kind.value


def layers_of(assets: Assets) -> list[str]:
    """Give the layers that have assets, in the order of their first ones."""
    return list(dict.fromkeys(asset.layer for asset in assets.values()))


def reads_of(assets: Assets) -> dict[str, list[str]]:
    """Give what each asset reads of those that are in the picture."""
    return {
        name: [read for read in asset.inputs if read in assets] for name, asset in assets.items()
    }


def display_width(text: str) -> int:
    """Count the columns that a text takes where every character has the same width."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def drawable(text: str) -> str:
    """Give a text whose every character can be seen; all others become a replacement mark."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
