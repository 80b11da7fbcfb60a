"""What is there when a plan is made: the publication, the lake, and what there is to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from thresher.api.hands import Hands
from thresher.errors import ThresherError
from thresher.plan.planner import Known, Listing, Situation
from thresher.project.asset import SourceBody
from thresher.project.project import Project
from thresher.results import Publication, Snapshot, Verdict
from thresher.warehouse.lake import Lake


def survey(
    project: Project,
    hands: Hands,
    lake: Lake,
    current: Publication | None,
    *,
    run_time: datetime,
    sample: str | None,
    full_refresh: bool,
) -> Situation:
    """Look at the world for one plan; nothing is changed and no table is read."""
    published: dict[str, Known] = {}
    if current is not None:
        published = {
            name: replace(
                _known(snapshot, current.verdicts.get(name)),
                lost=not _is_whole(lake, snapshot),
            )
            for name, snapshot in current.snapshots.items()
        }

    def find(asset: str, fingerprint: str) -> Known | None:
        found = lake.find(asset, fingerprint)
        return _known(found, None) if found else None

    matters = project.settings.config.rebuild_on_engine_change
    return Situation(
        parent=current.number if current else None,
        published=published,
        find=find,
        listings=_listings(project, hands),
        run_time=run_time,
        sample=sample,
        engine=hands.engine().name if matters else None,
        full_refresh=full_refresh,
    )


def _is_whole(lake: Lake, snapshot: Snapshot) -> bool:
    """Say whether a version is there, with what it was taken from where rows were set aside."""
    if snapshot.part_of and not lake.find_version(snapshot.asset, snapshot.part_of):
        return False
    return all(lake.holds(file) for file in snapshot.files)


def _listings(project: Project, hands: Hands) -> Mapping[str, Listing]:
    found: dict[str, Listing] = {}
    for asset in project.assets.values():
        if isinstance(asset.body, SourceBody):
            try:
                units = hands.source(asset.body.type).units(asset, project.root)
            except ThresherError as error:
                found[asset.name] = Listing(fault=error.faults[0].what)
                continue
            found[asset.name] = Listing(
                {unit.path: unit.sha256 for unit in units},
                max((unit.modified.astimezone(UTC) for unit in units), default=None),
            )
    return found


def _known(snapshot: Snapshot, verdict: Verdict | None) -> Known:
    return Known(
        version=snapshot.version,
        fingerprint=snapshot.fingerprint,
        ingredients=snapshot.ingredients,
        built_at=snapshot.built_at,
        audit_key=verdict.key if verdict else None,
        corrections=verdict.split.corrections if verdict and verdict.split else (),
    )
