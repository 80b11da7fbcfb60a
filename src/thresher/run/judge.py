"""The audit of one version: from the lake where it was audited so before, else by its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from thresher.plan.audit_key import audit_key
from thresher.project.asset import Asset
from thresher.protocols import Engine
from thresher.quality.audit import audit, judge_again
from thresher.quality.statistics import (
    WORTH_READING,
    StatisticsOf,
    nothing_known,
    read_statistics,
)
from thresher.results import Snapshot, Status, Verdict
from thresher.run.build import closure
from thresher.warehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class Judge:
    """Gives verdicts; safe to use from several threads."""

    engine: Callable[[], Engine]
    """Gives the engine; called only where there is something to check."""
    lake: Lake
    now: datetime
    """Time of the run, for checks that depend on it."""
    trial: bool = False
    """Whether the rows are a sample, which cannot hold what speaks of whole tables."""

    def judge(self, asset: Asset, snapshot: Snapshot, tables: Mapping[str, Snapshot]) -> Verdict:
        """Hold a version against its contract.

        Args:
            asset: whose contract.
            snapshot: the version.
            tables: version of each asset that is settled, for checks that refer to others.
        """
        needed = asset.contract.references
        referenced = {name: tables[name].version for name in needed if name in tables}
        key = audit_key(snapshot.version, asset.contract, referenced)
        known = self.lake.verdict(asset.name, snapshot.version, key)
        if known is not None and not self.trial:
            return self.judge_again(asset, known)
        own = {**tables, asset.name: snapshot}
        verdict = audit(
            snapshot,
            asset.contract,
            key=key,
            rows=lambda *given: self.engine().rows(*given),
            tables=closure((asset.name, *needed), own),
            now=self.now,
            lenient_references=self.trial,
            statistics=self._statistics_for(snapshot),
        )
        computed = not verdict.count(Status.ERROR)
        if computed and not self.trial:  # what could not be computed may be, the next time
            self.lake.save_verdict(verdict)
        return verdict

    def judge_again(self, asset: Asset, verdict: Verdict) -> Verdict:
        """Judge the checks that depend on the time anew, from what the verdict recorded."""
        return judge_again(verdict, asset.contract, now=self.now)

    def _statistics_for(self, snapshot: Snapshot) -> StatisticsOf:
        if snapshot.rows < WORTH_READING:
            return nothing_known
        return lambda each: read_statistics(each, self.lake.root)
