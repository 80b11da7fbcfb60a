"""How files differ from those before them, told by their headers and first rows alone."""

from __future__ import annotations

from collections.abc import Iterable

from thresher.project.asset import Asset
from thresher.project.source import FilesSettings
from thresher.results import Schema, Unit
from thresher.sources.deciding import Targets, contract_types, decided, unlike
from thresher.sources.inputs import Opener
from thresher.sources.opening import guess, open_tables
from thresher.sources.refusals import RefusedError
from thresher.sources.session import Session
from thresher.sources.type_lattice import TEXT, join


def foresee(
    asset: Asset,
    units: Iterable[Unit],
    schema: Schema,
    *,
    settings: FilesSettings,
    opener: Opener,
    session: Session,
) -> dict[str, tuple[str, ...]]:
    """Say what drifts in each file that has other columns or types than were decided.

    A file that is broken is passed over: reading it tells why.

    Args:
        asset: whose files they are.
        units: the files.
        schema: what earlier files decided.
        settings: how the files are to be read.
        opener: opens them.
        session: what they are read by.
    """
    targets = decided(schema, contract_types(asset, session))
    targets.pop(settings.filename_column or "", None)
    found: dict[str, tuple[str, ...]] = {}
    for number, unit in enumerate(units, 1):
        try:
            tables = open_tables(opener.open(number, unit), settings, session)
            types = guess(tables, session, full=False).guess
        except RefusedError:
            continue
        if told := _told(types, targets, settings, session):
            found[unit.path] = told
    return found


def _told(
    types: dict[str, str], targets: Targets, settings: FilesSettings, session: Session
) -> tuple[str, ...]:
    drift = settings.drift
    extra, missing = unlike(types, targets)
    told = [f"column `{name}` is new ({drift.new_column})" for name in extra]
    told += [f"column `{name}` is missing ({drift.missing_column})" for name in missing]
    for name, kind in types.items():
        target = targets.get(name)
        if target is None or target.contract or target.type == TEXT:
            continue  # what does not fit a contract is broken, and every value fits a text
        if join((kind, target.type), session) != target.type:
            told.append(f"column `{name}` is {kind}, not {target.type} ({drift.type_change})")
    return tuple(told)
