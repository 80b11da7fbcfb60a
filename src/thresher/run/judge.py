"""The audit of one version: from the lake where it was audited so before, else by its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from thresher.plan.audit_key import audit_key
from thresher.project.asset import Asset, quarantine_of
from thresher.protocols import Engine
from thresher.quality.audit import audit, judge_again
from thresher.quality.statistics import (
    WORTH_READING,
    StatisticsOf,
    nothing_known,
    read_statistics,
)
from thresher.results import PastVersion, Snapshot, Status, Verdict
from thresher.run.build import closure
from thresher.run.division import Division
from thresher.run.separate import Separated, Separation
from thresher.warehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class Judge:
    """Gives verdicts; safe to use from several threads."""

    engine: Callable[[], Engine]
    """Gives the engine; called only where there is something to check."""
    lake: Lake
    root: Path
    """Folder of the project."""
    run: str
    now: datetime
    """Time of the run, for checks that depend on it."""
    past: Callable[[str], tuple[PastVersion, ...]] = lambda _: ()
    """Gives the versions of an asset that were published before, the oldest first."""
    trial: bool = False
    """Whether the rows are a sample, which cannot hold what speaks of whole tables."""

    def judge(self, asset: Asset, snapshot: Snapshot, tables: Mapping[str, Snapshot]) -> Separated:
        """Hold a version against its contract, and set aside the rows that it says go.

        Args:
            asset: whose contract.
            snapshot: the version as it was built.
            tables: version of each asset that is settled, for checks that refer to others.

        Returns:
            What was found, and the version that may be published: the one given, or what is left
            of it.
        """
        needed = asset.contract.references
        referenced = {name: tables[name].version for name in needed if name in tables}
        given = asset.corrections
        key = audit_key(snapshot.version, asset.contract, referenced, corrections=given)
        known = self._known(asset, snapshot, key)
        if known is not None and not self.trial:
            past = self._before(asset, snapshot)
            verdict = judge_again(known.verdict, asset.contract, now=self.now, past=past)
            return replace(known, verdict=verdict)
        found = self._found(asset, snapshot, tables, key)
        if found.snapshot.version != snapshot.version:
            found = self._keyed(found, asset, tables)
        computed = not found.verdict.count(Status.ERROR)
        if computed and not self.trial:  # what could not be computed may be, the next time
            self.lake.save_verdict(found.verdict, version=snapshot.version, key=key)
        return found

    def judge_together(
        self, built: Sequence[tuple[Asset, Snapshot]], tables: Mapping[str, Snapshot]
    ) -> dict[str, Separated]:
        """Judge assets that are checked against each other, until no row goes from any of them.

        Args:
            built: the version of each as it was built.
            tables: version of each other asset that is settled.
        """
        found: dict[str, Separated] = {}
        rows: dict[str, int] = {}
        left = {asset.name: snapshot for asset, snapshot in built}
        while rows != (now := {name: snapshot.rows for name, snapshot in left.items()}):
            rows = now
            for asset, snapshot in built:
                known = {**tables, **left, asset.name: snapshot}
                found[asset.name] = self.judge(asset, snapshot, known)
                left[asset.name] = found[asset.name].snapshot
        return {a.name: self._keyed(found[a.name], a, {**tables, **left}) for a, _ in built}

    def judge_again(self, asset: Asset, verdict: Verdict) -> Verdict:
        """Judge the checks that depend on the time anew, from what the verdict recorded.

        The version is the one that is published, so what was published before it is the same.
        """
        return judge_again(verdict, asset.contract, now=self.now)

    def _keyed(self, found: Separated, asset: Asset, tables: Mapping[str, Snapshot]) -> Separated:
        """Give a verdict the key by which the next plan knows what is published."""
        left = {**tables, asset.name: found.snapshot}
        needed = asset.contract.references
        referenced = {name: left[name].version for name in needed if name in left}
        version, given = found.snapshot.version, asset.corrections
        key = audit_key(version, asset.contract, referenced, corrections=given)
        return replace(found, verdict=replace(found.verdict, key=key))

    def _known(self, asset: Asset, snapshot: Snapshot, key: str) -> Separated | None:
        """Give what an earlier audit of the same came to, if all of it is still there."""
        verdict = self.lake.verdict(asset.name, snapshot.version, key)
        if verdict is None or verdict.split is None:
            return None if verdict is None else Separated(verdict, snapshot)
        split, aside = verdict.split, None
        left = self.lake.find_version(asset.name, verdict.version)
        if split.quarantine is not None:
            aside = self.lake.find_version(quarantine_of(asset.name), split.quarantine)
        whole = left and (aside or split.quarantine is None)
        return Separated(verdict, left, aside) if left and whole else None

    def _found(
        self, asset: Asset, snapshot: Snapshot, tables: Mapping[str, Snapshot], key: str
    ) -> Separated:
        past = self._before(asset, snapshot)

        def held(version: Snapshot, others: Mapping[str, Snapshot]) -> Verdict:
            return audit(
                version,
                asset.contract,
                key=key,
                rows=lambda *given: self.engine().rows(*given),
                tables=others,
                now=self.now,
                past=past,
                lenient_references=self.trial,
                statistics=self._statistics_for(version),
            )

        own = {**tables, asset.name: snapshot}
        others = closure((asset.name, *asset.contract.references), own)
        if not asset.sets_aside:
            return Separated(held(snapshot, others), snapshot)
        separation = Separation(
            engine=self.engine(),
            lake=self.lake,
            rows=Division(snapshot, others),
            contract=asset.contract,
            run=self.run,
            now=self.now,
            audit=held,
        )
        return separation.separate(
            [(self.root / path, path, sha256) for path, sha256 in asset.corrections]
        )

    def _before(self, asset: Asset, snapshot: Snapshot) -> tuple[PastVersion, ...]:
        """Give what was published before a version, where a check compares with it."""
        if all(check.kind != "change" for check in asset.contract.checks):
            return ()
        past = self.past(asset.name)
        same = past and snapshot.version in (past[-1].version, past[-1].part_of)
        return past[:-1] if same else past

    def _statistics_for(self, snapshot: Snapshot) -> StatisticsOf:
        if snapshot.rows < WORTH_READING:
            return nothing_known
        return lambda each: read_statistics(each, self.lake.root)
