"""What is there when a plan is made: the publication, the lake, and what there is to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from thresher.api.hands import Hands
from thresher.errors import CredentialsError, ThresherError
from thresher.plan.planner import Known, Listing, Situation
from thresher.project.asset import SourceBody, tables_of
from thresher.project.project import Project
from thresher.project.sources import FILES
from thresher.results import Publication, Snapshot, Verdict
from thresher.run.concealing import concealing
from thresher.run.removed import remembered
from thresher.storage.objects import is_url
from thresher.warehouse.lake import Lake, lacking, taken_from
from thresher.warehouse.manifests import has_lost_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a plan is asked for."""

    selected: frozenset[str]
    """Names of the assets to look after."""
    run_time: datetime
    sample: str | None
    """Share of the raw rows that a trial run takes."""
    full_refresh: bool
    refreshed: frozenset[str] = frozenset()
    """Assets of which a full refresh takes the version that was built last."""
    insist: bool
    """Whether a refusal of credentials is raised. Where it is not, it is a reason to build, and
    what is raised then can be logged and reported like any failure of a run."""


def survey(
    project: Project, hands: Hands, lake: Lake, current: Publication | None, asked: Asked
) -> Situation:
    """Look at the world for one plan; nothing is changed and no table is read.

    Raises:
        CredentialsError: a source that is selected refuses the user.
    """
    published: dict[str, Known] = {}
    if current is not None:
        published = {
            name: replace(
                _known(snapshot, current.verdicts.get(name)),
                lost=not _is_whole(lake, snapshot, current),
            )
            for name, snapshot in current.snapshots.items()
        }

    def find(asset: str, fingerprint: str) -> Known | None:
        found = lake.find(asset, fingerprint)
        return _known(found, None) if found else None

    orphaned = has_lost_all(lake.root, project.settings.environment)

    def shown(asset: str) -> Snapshot | None:
        # Without manifests, the lake alone tells which inputs there were.
        if orphaned:
            return lake.latest(asset)
        return current.snapshots.get(asset) if current else None

    matters = project.settings.config.rebuild_on_engine_change
    return Situation(
        parent=current.number if current else None,
        published=published,
        find=find,
        listings=_listings(project, hands, shown, asked),
        run_time=asked.run_time,
        sample=asked.sample,
        engine=hands.engine().name if matters else None,
        full_refresh=asked.full_refresh,
        refreshed=asked.refreshed,
    )


def _is_whole(lake: Lake, snapshot: Snapshot, current: Publication) -> bool:
    """Say whether a version is there, with what was set aside of it and what it was taken from."""
    tables = filter(None, map(current.snapshots.get, tables_of(snapshot.asset)))
    if any(lacking(lake, tables)):
        return False
    taken = taken_from(snapshot)
    return taken is None or lake.find_version(snapshot.asset, taken) is not None


def _listings(
    project: Project, hands: Hands, shown: Callable[[str], Snapshot | None], asked: Asked
) -> Mapping[str, Listing]:
    found: dict[str, Listing] = {}
    for asset in project.assets.values():
        if isinstance(asset.body, SourceBody):
            chosen = asset.name in asked.selected
            if not chosen and _is_away(asset.body):
                continue  # nobody waits for what nobody asked for
            try:
                with concealing(discreet=asset.contract.discreet):
                    units = hands.source(asset.body.type).units(asset, project.root)
            except ThresherError as error:
                if asked.insist and chosen and isinstance(error, CredentialsError):
                    raise
                found[asset.name] = Listing(fault=error.faults[0].what)
                continue
            gone = remembered(asset, shown(asset.name), units)
            found[asset.name] = Listing(
                {unit.path: unit.sha256 for unit in (*units, *gone)},
                max((unit.modified.astimezone(UTC) for unit in units), default=None),
                sizes={unit.path: unit.size for unit in units},
            )
    return found


def _is_away(body: SourceBody) -> bool:
    """Say whether looking at a source may mean to wait for another machine."""
    return body.type != FILES or any(map(is_url, body.settings["files"]))


def _known(snapshot: Snapshot, verdict: Verdict | None) -> Known:
    return Known(
        version=snapshot.version,
        fingerprint=snapshot.fingerprint,
        ingredients=snapshot.ingredients,
        built_at=snapshot.built_at,
        audit_key=verdict.key if verdict else None,
        corrections=verdict.split.corrections if verdict and verdict.split else (),
        part=snapshot.part_of is not None,
    )
