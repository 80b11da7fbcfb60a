"""What a run is asked for, and how one asks for the same as a run that did not end well.

Going on is planning again: what was built and what passed is found by its fingerprint. So all that
has to be known of an earlier run is what it was asked for, and that is in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from thresher.errors import CommandError
from thresher.observe import history
from thresher.observe.history import RunRow
from thresher.project.project import Project
from thresher.project.secrets import MASK
from thresher.project.settings import Settings
from thresher.results import GOOD_EXITS

_DONE = ("built", "reused", "audited")
"""How an asset ended that need not be worked on again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a plan is made for."""

    select: tuple[str, ...] = ()
    """Assets to look after; all where empty."""
    exclude: tuple[str, ...] = ()
    sample: str | None = None
    """Share of the raw rows, for a trial."""
    full_refresh: bool = False
    """Build everything selected, changed or not."""
    refreshed: frozenset[str] = frozenset()
    """Assets that a full refresh need not build, since the run that this goes on with did."""
    run_time: datetime | None = None
    """Time of the run; that of the plan where None."""
    resumes: str | None = None
    """Id of the run that this goes on with."""

    def record(self, settings: Settings, run_time: datetime) -> dict[str, Any]:
        """Give it as plain values, for the history."""
        return {
            "select": list(self.select),
            "exclude": list(self.exclude),
            "sample": self.sample,
            "full_refresh": self.full_refresh,
            "params": settings.record_given(),
            "run_time": run_time.isoformat(),
            "resumes": self.resumes,
        }


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The last run of an environment, which did not end well."""

    run: RunRow
    left: Mapping[str, str]
    """How it left each asset that it was to work on."""
    asked: Mapping[str, Any]

    def params(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters that it was given, those given now in their place.

        Raises:
            CommandError: one was secret, and is not given now.
        """
        params = {name: _value(value) for name, value in self.asked["params"].items()}
        params |= given
        hidden = [name for name, value in params.items() if MASK in str(value)]
        if hidden:
            raise CommandError(
                f"the run `{self.run.id}` was given `{hidden[0]}`, which is secret and not kept",
                hint=f"give it again: `--param {hidden[0]}=...`",
            )
        return params

    def request(self, path: Path) -> Request:
        """Ask for the same.

        Args:
            path: the run history, for what it went on with itself.
        """
        refresh = bool(self.asked["full_refresh"])
        return Request(
            select=tuple(self.asked["select"]),
            exclude=tuple(self.asked["exclude"]),
            sample=self.asked["sample"],
            full_refresh=refresh,
            refreshed=frozenset(_refreshed(path, self.run, self.left)) if refresh else frozenset(),
            run_time=datetime.fromisoformat(self.asked["run_time"]),
            resumes=self.run.id,
        )

    def narrowed(self, request: Request, project: Project) -> Request:
        """Ask for what did not end well alone, and for what stands on it.

        What it stands on is asked for as well, as far as that run built it and did not publish it.

        Raises:
            CommandError: none of it is in the project any more.
        """
        bad = [name for name, status in self.left.items() if status not in (*_DONE, "kept")]
        names = {name for name in bad if name in project.assets}
        if not names:
            why = f"`{bad[0]}` is" if len(bad) == 1 else "what failed in it is"
            what = f"there is nothing to do again of the run `{self.run.id}`"
            told = f": {why} no longer in the project" if bad else ": no asset failed in it"
            raise CommandError(what + told, hint="`thresher run --resume` goes on with all of it")
        for name in list(names):
            names |= project.downstream(name, None)
        if self.run.publication is None:
            below = {each for name in names for each in project.upstream(name, None)}
            needed = {each for name in names for each in project.assets[name].contract.references}
            below |= needed | {each for name in needed for each in project.upstream(name, None)}
            names |= {each for each in below if self.left.get(each) in _DONE}
        return Request(
            select=tuple(sorted(names)),
            sample=request.sample,
            full_refresh=request.full_refresh,
            refreshed=request.refreshed,
            run_time=request.run_time,
            resumes=request.resumes,
        )


def going_on(resumed: Request, given: Request) -> Request:
    """Give what a run that goes on with another is asked for.

    Raises:
        CommandError: it is given anything beside that.
    """
    if given != Request():
        raise CommandError(
            "a run that goes on with another takes its assets, its sample and its time from that",
            hint="leave out the selection, the sample and the full refresh, or begin a run anew",
        )
    return resumed


def unfinished(path: Path, environment: str) -> Unfinished:
    """Find the last run of an environment, which must not have ended well.

    Args:
        path: the run history.
        environment: whose.

    Raises:
        CommandError: there is none, it ended well, or it noted nothing of what it was asked for.
    """
    found = history.last(path, environment)
    if found is None:
        what = f"there is no run of `{environment}` to go on with"
        raise CommandError(what, hint=f"`thresher run --env {environment}` begins one")
    run, left = found
    if run.exit_code in GOOD_EXITS:
        what = f"there is nothing to go on with: the last run of `{environment}`, `{run.id}`, "
        what += f"ended well ({run.status})"
        raise CommandError(what, hint="`thresher run` builds what changed since")
    if run.asked is None:
        what = f"the run `{run.id}` did not note what it was asked for"
        hint = "an earlier version of Thresher made it: give `thresher run` the same options again"
        raise CommandError(what, hint=hint)
    return Unfinished(run, left, run.asked)


def _refreshed(path: Path, run: RunRow, left: Mapping[str, str]) -> Iterable[str]:
    """Name what a full refresh built, and the runs that it went on with."""
    while True:
        yield from (name for name, status in left.items() if status == "built")
        before = (run.asked or {}).get("resumes")
        if before is None:
            return
        try:
            detail = history.run(path, before)
        except CommandError:  # the history was begun anew since
            return
        run, left = detail.run, {step.asset: step.status for step in detail.steps}


def _value(value: Any) -> Any:
    return tuple(map(_value, value)) if isinstance(value, list) else value
