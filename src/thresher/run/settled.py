"""The versions that a run takes over instead of building them: published, or in the lake."""

from __future__ import annotations

from dataclasses import dataclass, replace

from thresher.errors import ThresherError
from thresher.plan.plan import Step
from thresher.project.project import Project
from thresher.results import Publication, Snapshot
from thresher.warehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class Settled:
    """Finds versions that the plan says are there.

    Args:
        project: what the plan was made of.
        lake: holds every version.
        current: the publication that the plan starts from.
    """

    project: Project
    lake: Lake
    current: Publication | None

    def version(self, step: Step) -> Snapshot:
        """Give the version that a step reuses or audits.

        Raises:
            ThresherError: it is no longer in the lake.
        """
        asset = self.project.assets[step.asset]
        published = self.current.snapshots if self.current else {}
        for name in (asset.name, asset.renamed_from or ""):
            if name in published and published[name].version == step.version:
                return self._renamed(published[name], asset.name)
        found = self.lake.find_version(asset.name, step.version or "")
        if found is None:
            what = f"the version `{step.version}` of `{asset.name}` is no longer in the lake"
            raise ThresherError(what, hint="run the command again")
        return found

    def _renamed(self, snapshot: Snapshot, name: str) -> Snapshot:
        """Give a version under an asset's new name, as it was built."""
        whole = self._whole(snapshot)
        if snapshot.asset == name:
            return whole
        if snapshot.part_of is None:
            return replace(whole, asset=name)
        # In the lake, where later runs look for it under the new name.
        return self.lake.complete(self.lake.begin(name, whole.fingerprint), whole, ())

    def _whole(self, snapshot: Snapshot) -> Snapshot:
        """Give a version as it was built, before rows of it were set aside."""
        if snapshot.part_of is None:
            return snapshot
        found = self.lake.find_version(snapshot.asset, snapshot.part_of)
        if found is None:
            what = f"`{snapshot.asset}` is no longer in the lake as it was built"
            hint = f"build it anew: `thresher run --full-refresh --select {snapshot.asset}`"
            raise ThresherError(what, hint=hint)
        return found
