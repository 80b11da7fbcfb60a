"""What the threads of a run do: build an asset, as often as that can help, and audit it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thresher.events import Event
from thresher.plan.plan import Action
from thresher.project.project import Project
from thresher.results import Snapshot
from thresher.run.attempts import Attempts, Made
from thresher.run.build import Builder
from thresher.run.concealing import concealing
from thresher.run.judge import Judge
from thresher.run.progress import Progress
from thresher.run.retry import Retry, call
from thresher.run.telling import now
from thresher.run.watch import Limit, Watch


@dataclass(frozen=True, slots=True)
class Working:
    """Builds and audits; called in threads, one asset in each.

    Args:
        run: id of the run.
        project: whose assets they are.
        builder: makes versions.
        judge: audits them.
        groups: the assets that are audited together, by each of them.
        progress: how far each asset is.
        tables: version of each asset that is settled.
        watch: sees to it that no attempt is over its time.
        tell: hears every event.
        stopping: set when nothing more must be begun.
    """

    run: str
    project: Project
    builder: Builder
    judge: Judge
    groups: Mapping[str, tuple[str, ...]]
    progress: Mapping[str, Progress]
    tables: Mapping[str, Snapshot]
    watch: Watch
    tell: Callable[[Event], None]
    stopping: threading.Event

    def build(self, progress: Progress) -> None:
        """Build an asset, trying again where that can help."""
        step, settings = progress.step, self.project.settings.run
        asset = self.project.assets[step.asset]
        progress.started = now()

        def make() -> Made:
            if step.action in (Action.AUDIT, Action.REUSE):
                return self.tables[step.asset], True
            return self.builder.build(step, self.tables)

        attempts = Attempts(
            run=self.run,
            asset=asset,
            progress=progress,
            make=make,
            watch=self.watch,
            limit=Limit.of(asset, settings),
            tell=self.tell,
            stopping=self.stopping,
        )
        with progress.clocked():
            (progress.snapshot, progress.reused), _ = call(
                Retry.of(asset, settings),
                attempts,
                on_failure=attempts.failed,
                sleep=self.stopping.wait,
            )

    def audit(self, progress: Progress) -> None:
        """Hold a version against its contract, with all that it is checked against in turn."""
        if progress.verdict is not None:
            return  # with what it is checked against, and that against it
        assert progress.snapshot is not None  # noqa: S101  # built before it is audited
        assets, name = self.project.assets, progress.step.asset
        together = [
            (assets[each], snapshot)
            for each in self.groups[name]
            if (other := self.progress.get(each))
            and other.step.action is not Action.KEEP
            and (snapshot := other.snapshot)
        ]
        discreet = any(asset.contract.discreet for asset, _ in together)
        limit = Limit.of(assets[name], self.project.settings.run)
        with (
            progress.clocked(),
            self.watch.over(assets[name], limit),
            concealing(discreet=discreet),
        ):
            if len(together) > 1:
                found = self.judge.judge_together(together, self.tables)
            else:
                found = {name: self.judge.judge(assets[name], progress.snapshot, self.tables)}
        for each, separated in found.items():
            other = progress if each == name else self.progress[each]
            other.verdict, other.quarantine = separated.verdict, separated.quarantine
            other.snapshot = separated.snapshot
