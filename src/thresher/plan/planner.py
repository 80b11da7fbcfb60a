"""How a plan is made: a pure function of the project and of what is there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from thresher.errors import CommandError, Place
from thresher.plan.audit_key import audit_key
from thresher.plan.fingerprint import changes, fingerprint, ingredients, recipe
from thresher.plan.plan import Action, Plan, Step
from thresher.project.asset import Asset, SourceBody, is_quarantine
from thresher.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A version that is there already."""

    version: str
    fingerprint: str
    ingredients: Mapping[str, str]
    built_at: datetime
    audit_key: str | None = None
    """Key of the audit that it passed, if it did."""
    corrections: tuple[str, ...] = ()
    """Hash of each file of corrected rows that stand in it."""
    part: bool = False
    """Whether rows that were built with it were set aside."""
    lost: bool = False
    """Whether some of its files are no longer there, or no longer hold what was written."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source has to read."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Hash of each file by path."""
    modified: datetime | None = None
    """When the newest of them was last changed."""
    fault: str | None = None
    """Why there is nothing to read, in words."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each file by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is there when a plan is made."""

    parent: int | None
    """Number of the current publication."""
    published: Mapping[str, Known]
    """Published version of each asset."""
    find: Callable[[str, str], Known | None]
    """Looks for a complete version of an asset with a fingerprint."""
    listings: Mapping[str, Listing]
    """What each source has to read; a source that nobody looked at is missing."""
    run_time: datetime
    sample: str | None = None
    engine: str | None = None
    """Name and version of the engine, where a change of it should build anew."""
    full_refresh: bool = False
    """Build everything selected, changed or not."""
    refreshed: frozenset[str] = frozenset()
    """Assets of which a full refresh takes the version that was built last."""


def make_plan(
    project: Project, situation: Situation, selected: frozenset[str] | None = None
) -> Plan:
    """Decide what will be done to each asset, in order, and why.

    Args:
        project: what the user wrote.
        situation: what is there already.
        selected: names of the assets to look after; None for all of them.

    Raises:
        CommandError: an asset that is not selected is needed, and was never built.
    """
    chosen = frozenset(project.assets) if selected is None else selected
    steps = _steps(project, situation, chosen)
    partial = chosen != frozenset(project.assets)
    known = {name for name in situation.published if not is_quarantine(name)}
    gone = () if partial else sorted(known - set(project.assets))
    return Plan(
        environment=project.settings.environment,
        parent=situation.parent,
        steps=tuple(sorted(steps, key=lambda step: (step.stage, step.asset))),
        removed=tuple(gone),
        run_time=situation.run_time,
        sample=situation.sample,
        partial=partial,
    )


def _steps(project: Project, situation: Situation, chosen: frozenset[str]) -> tuple[Step, ...]:
    """Decide on every asset; again, where an audit that is found to be due can move rows."""
    moving: frozenset[str] = frozenset()
    while True:
        planner = _Planner(project, situation, chosen, moving)
        for asset in project.assets.values():
            planner.add(asset)
        planner.refuse_missing()
        steps = tuple(planner.audited(step) for step in planner.steps.values())
        found = {
            step.asset
            for step in steps
            if step.action is Action.AUDIT and planner.sets_aside(step.asset)
        }
        if found <= moving:
            return steps
        moving |= found


class _Planner:
    """Goes through the assets in order, and remembers which version of each is settled.

    Args:
        project: what the user wrote.
        situation: what is there already.
        selected: the assets to look after.
        moving: assets whose rows are settled by an audit of this run.
    """

    def __init__(
        self,
        project: Project,
        situation: Situation,
        selected: frozenset[str],
        moving: frozenset[str],
    ) -> None:
        self._project = project
        self._situation = situation
        self._selected = selected
        self._moving = moving
        self._stages = project.stages
        self._settled: dict[str, str | None] = {}
        self._missing: list[tuple[str, str]] = []
        self._unsure: set[str] = set()
        """Assets that are looked at again, and may turn out to be what they were."""
        self.steps: dict[str, Step] = {}

    def add(self, asset: Asset) -> None:
        known = self._situation.published.get(asset.name)
        if asset.name not in self._selected and not self._follows(known):
            if known is not None:
                self._left(asset, known)
            return
        self._missing += [(asset.name, name) for name in asset.inputs if name not in self._settled]
        step = self._decide(asset, known)
        self.steps[asset.name] = step
        audited = step.action is Action.REUSE and self.sets_aside(asset.name)
        moves = audited or asset.name in self._moving
        self._settled[asset.name] = None if moves else step.version

    def _follows(self, known: Known | None) -> bool:
        """Say whether a published view stands on what moves: readers see it through the view."""
        return (
            known is not None
            and "materialized" in known.ingredients
            and any(
                self._settled.get(key.removeprefix("input:")) != version
                for key, version in known.ingredients.items()
                if key.startswith("input:")
            )
        )

    def sets_aside(self, name: str) -> bool:
        """Say whether an audit can let other rows be seen than were built, or than are seen now."""
        asset = self._project.assets[name]
        published = self._situation.published
        known = published.get(name) or published.get(asset.renamed_from or "")
        return asset.sets_aside or bool(known and (known.part or known.corrections))

    def refuse_missing(self) -> None:
        if not self._missing:
            return
        asset, needed = self._missing[0]
        raise CommandError(
            f"`{asset}` reads `{needed}`, which is not selected and was never built",
            place=Place(self._project.assets[asset].path),
            hint=f"select what it stands on as well: `--select +{asset}`",
        )

    def audited(self, step: Step) -> Step:
        """Turn `keep` into `audit` where the contract, or what it refers to, is another."""
        asset = self._project.assets[step.asset]
        needed = asset.contract.references
        if step.action is not Action.KEEP or step.version is None:
            return step
        moving = [name for name in needed if self._settled.get(name) is None]
        if moving:
            reason = f"checked against what changes: {', '.join(moving)}"
            return replace(step, action=Action.AUDIT, reason=reason)
        referenced = {name: self._settled[name] or "" for name in needed}
        known = self._situation.published[asset.name]
        given = asset.corrections
        key = audit_key(step.version, asset.contract, referenced, corrections=given)
        if key != known.audit_key:
            reason = "contract changed" if asset.name in self._selected else "checks changed"
            if tuple(sha256 for _, sha256 in given) != known.corrections:
                reason = "corrections changed"
            return replace(step, action=Action.AUDIT, reason=reason)
        return step

    def _left(self, asset: Asset, known: Known) -> None:
        """Keep what is not selected, and see whether it is stale."""
        looked_at = asset.name in self._situation.listings or not isinstance(asset.body, SourceBody)
        settled = all(self._settled.get(name) for name in asset.inputs)
        now = self._ingredients(asset) if looked_at else known.ingredients
        stale = known.lost or not settled or not self._is(asset, known, fingerprint(now))
        self._settled[asset.name] = known.version
        self.steps[asset.name] = self._step(
            asset,
            Action.KEEP,
            "not selected; stale" if stale else "not selected",
            known,
            fingerprint=known.fingerprint,
            ingredients=known.ingredients,
            version=known.version,
            stale=stale,
        )

    def _is(self, asset: Asset, known: Known, wanted: str) -> bool:
        """Say whether a version has a fingerprint, or was confirmed to hold what has it."""
        if known.fingerprint == wanted:
            return True
        found = self._situation.find(asset.name, wanted)
        return found is not None and found.version == known.version

    def _decide(self, asset: Asset, known: Known | None) -> Step:
        listing = self._situation.listings.get(asset.name, Listing())
        pending = [name for name in asset.inputs if self._settled.get(name) is None]
        now = self._ingredients(asset)
        why = changes(known.ingredients, now) if known else "never built"
        if known and known.lost:
            why = "its files are gone or damaged"
        if listing.fault:
            return self._step(asset, Action.BUILD, listing.fault, known)
        if pending:
            said = changes(_without(known, pending), now) if known else why
            also = self._pending(pending) if known else ""
            self._unsure |= {asset.name} if not said and self._unsure >= set(pending) else set()
            return self._step(asset, Action.BUILD, ", ".join(filter(None, [said, also])), known)
        made: dict[str, Any] = {"fingerprint": fingerprint(now), "ingredients": now}
        if self._situation.full_refresh and asset.name not in self._situation.refreshed:
            return self._step(asset, Action.BUILD, "full refresh asked for", known, **made)
        return self._found(asset, known, why, made)

    def _found(self, asset: Asset, known: Known | None, why: str, made: dict[str, Any]) -> Step:
        """Keep or reuse the version that an asset should have, or have it built."""
        wanted = made["fingerprint"]
        renamed = self._situation.published.get(asset.renamed_from or "")
        if known and self._keeps(asset, known, wanted):
            version = known.version
            return self._step(asset, Action.KEEP, "unchanged", known, version=version, **made)
        found = self._situation.find(asset.name, wanted)
        if renamed and renamed.fingerprint == wanted:
            found, why = renamed, f"renamed from {asset.renamed_from}"
        if found:
            why += "" if found is renamed else "; this version is in the lake"
            version = found.version
            return self._step(asset, Action.REUSE, why, known, version=version, **made)
        if known and not known.lost and _is_due(asset, known, made["ingredients"]):
            self._unsure.add(asset.name)
        return self._step(asset, Action.BUILD, why, known, **made)

    def _keeps(self, asset: Asset, known: Known, wanted: str) -> bool:
        """Say whether what is published is what is wanted, and no refresh came to another."""
        if known.lost or not self._is(asset, known, wanted):
            return False
        if asset.name not in self._situation.refreshed:
            return True
        found = self._situation.find(asset.name, wanted)
        return found is None or found.version == known.version

    def _pending(self, names: list[str]) -> str:
        """Say which inputs change, and which only may."""
        sure = [name for name in names if name not in self._unsure]
        unsure = [name for name in names if name in self._unsure]
        said = [f"input changed: {', '.join(sure)}" if sure else ""]
        said += [f"input may change: {', '.join(unsure)}" if unsure else ""]
        return ", ".join(filter(None, said))

    def _ingredients(self, asset: Asset) -> dict[str, str]:
        situation = self._situation
        listing = situation.listings.get(asset.name, Listing())
        return ingredients(
            asset,
            self._project,
            versions={name: v for name in asset.inputs if (v := self._settled.get(name))},
            files=listing.files,
            run_time=situation.run_time,
            sample=situation.sample,
            engine=situation.engine,
        )

    def _step(
        self, asset: Asset, action: Action, reason: str, known: Known | None, **made: object
    ) -> Step:
        listing = self._situation.listings.get(asset.name)
        moments = [self.steps[name].changed_at for name in asset.inputs if name in self.steps]
        if listing is not None:
            moments.append(listing.modified)
        step = Step(
            asset=asset.name,
            incoming=_incoming(listing, known) if listing else 0,
            action=action,
            reason=reason or "changed",
            stage=self._stages[asset.name],
            inputs=asset.inputs,
            waits_for=tuple(n for n in asset.contract.references if n not in asset.inputs),
            changed_at=known.built_at if known else None,
            inputs_changed_at=max((at for at in moments if at is not None), default=None),
        )
        return replace(step, **made)  # type: ignore[arg-type]  # fields of Step, by name


def _incoming(listing: Listing, known: Known | None) -> int:
    """Give the bytes of the files that the published version was not read from."""
    read = set(known.ingredients.items()) if known else set()
    fresh = (path for path, sha256 in listing.files.items() if (f"file:{path}", sha256) not in read)
    return sum(listing.sizes.get(path, 0) for path in fresh)


def _is_due(asset: Asset, known: Known, now: Mapping[str, str]) -> bool:
    """Say whether it is only time to look at a source again, whatever it holds."""
    looks = isinstance(asset.body, SourceBody) and asset.body.unit == "refresh"
    return looks and recipe(known.ingredients) == recipe(now)


def _without(known: Known, pending: list[str]) -> dict[str, str]:
    gone = {f"input:{name}" for name in pending}
    return {key: value for key, value in known.ingredients.items() if key not in gone}
