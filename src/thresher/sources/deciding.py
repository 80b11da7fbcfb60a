"""The types of an asset's columns, decided once: by its contract, or by all of its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from thresher.errors import NOWHERE, Place, SourceError
from thresher.project.asset import Asset
from thresher.project.source import REJECTING, DriftSettings
from thresher.results import Field, Schema
from thresher.sources.refusals import RefusedError
from thresher.sources.session import Session
from thresher.sources.table import Target
from thresher.sources.type_lattice import TEXT, join, settled, storage

Targets = dict[str, Target]
"""What was decided for each column, in order."""


def contract_types(asset: Asset, session: Session) -> dict[str, str]:
    """Give the types that the contract names, in DuckDB's own spelling.

    Raises:
        SourceError: one is no type, or one that Parquet cannot hold.
    """
    places = {column.name: column.place for column in asset.contract.columns}
    found = {}
    for name, written in asset.contract.types.items():
        place = places.get(name, NOWHERE)
        if place == NOWHERE:
            place = Place(asset.path, asset=asset.name)
        try:
            kind = session.types(f"select cast(null as {written}) as x")["x"]
        except duckdb.Error:
            raise SourceError(
                f"`{written}`, the type of `{name}`, is not known", place=place
            ) from None
        if storage(kind) is None:
            raise SourceError(
                f"Parquet cannot hold `{written}`, the type of `{name}`",
                place=place,
                hint="read it as `varchar`, and cast it in the next asset",
            )
        found[name] = kind
    return found


def decide(
    guesses: Iterable[Mapping[str, str]], contract: Mapping[str, str], session: Session
) -> Targets:
    """Decide by what was guessed of each file; the order of the files orders columns only."""
    found: dict[str, list[str]] = {}
    for guess in guesses:
        for name, kind in guess.items():
            found.setdefault(name, []).append(kind)
    return {
        name: _target(contract.get(name) or settled(join(kinds, session)), name in contract)
        for name, kinds in found.items()
    }


def decided(schema: Schema, contract: Mapping[str, str]) -> Targets:
    """Give what was decided when earlier files were read."""
    return {
        column.name: Target(column.type, column.storage, column.name in contract)
        for column in schema
    }


def schema_of(targets: Targets, filename_column: str | None) -> Schema:
    """Give the schema of what is written."""
    columns = [Field(name, target.type, target.storage) for name, target in targets.items()]
    return (*columns, Field(filename_column, TEXT, TEXT)) if filename_column else tuple(columns)


def unlike(columns: Iterable[str], targets: Targets) -> tuple[list[str], list[str]]:
    """Give the columns of a file that were not decided, and those that it lacks."""
    found = list(columns)
    extra = [name for name in found if name not in targets]
    return extra, [name for name in targets if name not in found]


def drifted_columns(
    columns: Iterable[str], targets: Targets, drift: DriftSettings
) -> tuple[tuple[str, ...], bool]:
    """Say which columns of a file are not those that were decided, and what is done about it.

    Returns:
        What is told of the file, and whether the columns are to be decided anew.

    Raises:
        RefusedError: one is new, or missing, and the source has such files refused.
    """
    extra, missing = unlike(columns, targets)
    told = [f"column `{name}` is new" for name in extra]
    told += [f"column `{name}` is missing" for name in missing]
    # Every row lacks a column that is missing, so what rejects rows rejects the file.
    frozen = (missing and drift.missing_column in ("freeze", *REJECTING)) or (
        extra and drift.new_column == "freeze"
    )
    if frozen:
        raise RefusedError(
            f"{', '.join(told)}: the asset's columns were decided by earlier files",
            hint="mend the file, say with `drift` what to do, or read all files anew: "
            "`thresher run --full-refresh`",
        )
    # A column that is missing is null, and stays one of the table: nothing is decided anew for it.
    return tuple(told), bool(extra) and drift.new_column == "evolve"


def _target(kind: str, contract: bool) -> Target:  # noqa: FBT001
    held = storage(kind)
    # Only a contract can name what Parquet loses, and it was asked before.
    return Target(kind, held or kind, contract) if held else Target(TEXT, TEXT, contract)
