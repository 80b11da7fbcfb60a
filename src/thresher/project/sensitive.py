"""Columns whose values are shown to nobody, and how a table takes that over from what it reads.

A column is sensitive where its contract says so, and where a column of the same name is in an asset
that it is read from, directly or not. `sensitive: false` says that it is not, such as of a hash.
What a query calls by another name must be marked anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from thresher.project.asset import Asset
from thresher.project.contract import Contract


def with_sensitive(assets: Mapping[str, Asset]) -> dict[str, Asset]:
    """Fill in what is sensitive of each asset.

    Args:
        assets: by name, each after all that it reads.
    """
    columns: dict[str, frozenset[str]] = {}
    above: dict[str, frozenset[str]] = {}
    for name, asset in assets.items():
        inputs = [each for each in asset.inputs if each in columns]
        columns[name] = _own(asset.contract, frozenset().union(*(columns[i] for i in inputs)))
        here = (f"{each}.{column}" for each in inputs for column in columns[each])
        above[name] = frozenset(here).union(*(above[each] for each in inputs))
    return {
        name: _marked(asset, columns[name], above[name] | _referenced(asset, columns))
        for name, asset in assets.items()
    }


def _own(contract: Contract, inherited: frozenset[str]) -> frozenset[str]:
    said = {column.name.lower(): column.sensitive for column in contract.columns}
    marked = {name for name, sensitive in said.items() if sensitive}
    return frozenset(marked | {name for name in inherited if said.get(name) is not False})


def _referenced(asset: Asset, columns: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(
        f"{other}.{column}"
        for other in asset.contract.references
        for column in columns.get(other, ())
    )


def _marked(asset: Asset, sensitive: frozenset[str], hidden: frozenset[str]) -> Asset:
    if not sensitive and not hidden:
        return asset
    contract = dataclasses.replace(asset.contract, sensitive=sensitive, hidden=hidden)
    return dataclasses.replace(asset, contract=contract)
