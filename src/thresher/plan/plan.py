"""The plan: what will be done to each asset, in what order, and why.

`make_plan` is pure: it is told what is published, what the lake holds and which files there are,
and gives a value that `thresher plan` prints, `thresher run` executes and every page reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What will be done to an asset."""

    BUILD = "build"
    """Make a new version, audit it."""
    REUSE = "reuse"
    """Take a version that the lake already holds; audit it if it was not."""
    AUDIT = "audit"
    """Hold the published version against its contract anew."""
    KEEP = "keep"
    """Nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What will be done to one asset."""

    asset: str
    action: Action
    reason: str
    """Why, in words: `never built`, `SQL changed`, `file added: data_raw/b.csv`."""
    stage: int
    """1 for assets without inputs; one more than the latest of its inputs for the others."""
    inputs: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    """Assets that its audit needs beside its inputs."""
    fingerprint: str | None = None
    """None where it hangs on a version that is still to be built."""
    ingredients: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None
    """Version to keep, audit or reuse."""
    changed_at: datetime | None = None
    """When the published version was built."""
    inputs_changed_at: datetime | None = None
    """When the newest of its inputs was built, or the newest of its files written."""
    incoming: int = 0
    """Bytes of the files that are new to it, or changed."""
    drift: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What drifts in the units that are to be read, by their paths, as far as it was looked for."""
    stale: bool = False
    """Not selected, and no longer what the project says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run will do, in order."""

    environment: str
    parent: int | None
    """Number of the publication the run starts from."""
    steps: tuple[Step, ...]
    removed: tuple[str, ...] = ()
    """Published assets that are gone from the project and will leave the warehouse."""
    run_time: datetime
    sample: str | None = None
    partial: bool = False
    """Whether only some of the project was selected."""

    @property
    def changes(self) -> bool:
        """Whether a run would do anything."""
        return bool(self.removed) or any(step.action is not Action.KEEP for step in self.steps)

    def step(self, asset: str) -> Step:
        """Give the step of an asset.

        Raises:
            KeyError: the plan has no such asset.
        """
        for step in self.steps:
            if step.asset == asset:
                return step
        raise KeyError(asset)
