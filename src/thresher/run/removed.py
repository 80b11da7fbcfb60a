"""Inputs that are gone, and whose rows stay where the source says `on_removed: keep`.

They cannot be read again, so they are history: each version takes them over from the one before,
and a version that cannot is an error, never a smaller table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from thresher.errors import Place, SourceError
from thresher.project.asset import Asset, SourceBody
from thresher.results import DataFile, Schema, Snapshot, Unit, UnitOutcome, UnitRecord
from thresher.warehouse.damage import proven
from thresher.warehouse.lake import Lake, versions

Kept = dict[str, tuple[UnitRecord, tuple[DataFile, ...]]]
"""Record of each unit that earlier versions have read, with the files of its rows and rejects."""


def remembered(asset: Asset, published: Snapshot | None, units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Give the units that are gone, and whose rows stay.

    Args:
        asset: the raw asset.
        published: its version that readers see, if there is one.
        units: what there is.
    """
    if not isinstance(asset.body, SourceBody) or asset.body.beside.get("on_removed") != "keep":
        return ()
    there = {unit.path for unit in units}
    return tuple(
        record.unit
        for record in (published.units if published else ())
        if record.outcome is UnitOutcome.LOADED and record.unit.path not in there
    )


def together(units: Iterable[Unit], gone: Iterable[Unit]) -> tuple[Unit, ...]:
    """Give all units in the order of their paths."""
    return tuple(sorted((*units, *gone), key=lambda unit: unit.path))


def loaded(before: Snapshot, units: Iterable[Unit], lake: Lake) -> Kept:
    """Find the units that an earlier version has read already, with their files."""
    wanted = {(unit.path, unit.sha256): unit for unit in units}
    files = {file.path: file for file in before.all_files}
    kept: Kept = {}
    for record in before.units:
        unit = wanted.get((record.unit.path, record.unit.sha256))
        if unit is None or record.outcome is not UnitOutcome.LOADED:
            continue
        found = tuple(files.get(name) for name in (record.file, record.rejects) if name)
        whole = tuple(file for file in found if file and lake.holds(file))
        if whole and len(whole) == len(found):
            kept[unit.path] = (replace(record, unit=unit), whole)
    return kept


def marked(kept: Kept, gone: Iterable[Unit]) -> Kept:
    """Say of each unit that is kept whether it is gone."""
    paths = {unit.path for unit in gone}
    return {
        path: (replace(record, gone=path in paths), files) for path, (record, files) in kept.items()
    }


def history(
    published: Snapshot | None,
    gone: Sequence[Unit],
    kept: Mapping[str, object],
    schema: Schema,
    lake: Lake,
) -> Kept:
    """Find the units that are gone in the published version, where no later one has them.

    Where a file of the lake is gone or damaged that held them, another version that read them is
    looked for: the last one that is intact.

    Raises:
        SourceError: their rows are lost, or have other columns than those that were read now.
    """
    missing = [unit for unit in gone if unit.path not in kept]
    if not missing or published is None:
        return {}
    found = loaded(published, missing, lake)
    other = [unit for unit in missing if unit.path not in found and schema == published.schema]
    found |= _intact(published.asset, other, schema, lake)
    lost = [unit.path for unit in missing if unit.path not in found]
    hint = "put the files back, or say `on_removed: drop` to go on without their rows"
    place = Place((lost or [missing[0].path])[0], asset=published.asset)
    if lost:
        rows = sum(each.rows for each in published.units if each.unit.path in lost)
        what = (
            "the file is gone, and the warehouse no longer holds its rows whole: "
            f"{rows:,} rows of {len(lost):,} {'file' if len(lost) == 1 else 'files'} are lost"
        )
        raise SourceError(what, place=place, hint=hint)
    if schema != published.schema:
        what = "the file is gone, and its rows have other columns or types than the others have now"
        raise SourceError(what, place=place, hint=hint)
    return found


def _intact(asset: str, units: Iterable[Unit], schema: Schema, lake: Lake) -> Kept:
    """Find the last version of the same columns that read these units, and still holds them."""
    found: Kept = {}
    waiting = list(units)
    for version in versions(lake.root, asset) if waiting else ():
        if version.schema == schema and version.part_of is None:
            there = loaded(version, waiting, lake)
            found |= {path: each for path, each in there.items() if proven(lake.root, each[1])}
            waiting = [unit for unit in waiting if unit.path not in found]
    return found
