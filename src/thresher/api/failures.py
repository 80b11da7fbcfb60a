"""`thresher failures`: the inputs that were set aside or failed, now or in past runs.

What is set aside in the published tables stands in their manifest, which is the truth about them.
What a failed run refused stands in the history alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from thresher.errors import CommandError
from thresher.observe import history
from thresher.results import GOOD_EXITS, Publication, UnitOutcome
from thresher.warehouse.catalog import Warehouse

if TYPE_CHECKING:
    from thresher.api.open import OpenProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One piece of input that is not in the warehouse."""

    kind: str = "file"
    """What it is."""
    run: str
    """Run that refused it."""
    asset: str
    path: str
    line: int | None
    """Line at fault, if one is."""
    outcome: str
    """`set aside` or `failed`."""
    reason: str
    hint: str | None
    at: datetime
    """When it was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What `thresher failures` lists."""

    environment: str
    rows: tuple[Failure, ...]
    run: str | None = None
    """The run that was asked for, or the latest one; None where no run is known."""
    unread: str | None = None
    """Why the history could not be asked, if it could not: the published tables are listed."""


def standing(project: OpenProject) -> Failures:
    """List what is still set aside or failed, as of the latest run of the environment."""
    current = Warehouse(project.warehouse).current(project.environment)
    published = _published(current)
    path, unread = project.work.history, None
    try:
        latest = history.latest(path, project.environment)
        recorded = history.files(path, project.environment) if latest else ()
    except CommandError as error:
        latest, recorded, unread = None, (), str(error.fault.what)
    if latest is None:
        return _masked(project, published, current.run if current else None, unread)
    last, left = latest
    if last.exit_code in GOOD_EXITS:
        return _masked(project, published, last.id, None)
    tried = {name: how for name, how in left.items() if _is_other(name, how, current)}
    rows = [
        _failure(row) for row in recorded if row.asset in tried and row.run == tried[row.asset][1]
    ]
    replaced = {row.asset for row in rows} | {n for n, how in tried.items() if how[0] != "failed"}
    kept = [each for each in published if each.asset not in replaced]
    return _masked(project, (*rows, *kept), last.id, None)


def of_run(project: OpenProject, run: str) -> Failures:
    """List what one run of the history refused.

    Raises:
        CommandError: there is no such run.
    """
    detail = history.run(project.work.history, run)
    found = _masked(project, tuple(map(_failure, detail.files)), detail.run.id, None)
    return replace(found, environment=detail.run.environment)


def of_all_runs(project: OpenProject) -> Failures:
    """List what every run of the environment refused, the newest first.

    Raises:
        CommandError: the history cannot be read.
    """
    found = history.files(project.work.history, project.environment)
    return _masked(project, tuple(map(_failure, found)), None, None)


def _is_other(asset: str, how: tuple[str, str], current: Publication | None) -> bool:
    """Say whether a run left an asset in another version than the published one."""
    status, built_by = how
    snapshot = current.snapshots.get(asset) if current else None
    settled = status in ("built", "reused", "audited", "failed")
    return settled and (snapshot is None or snapshot.run != built_by)


def _published(current: Publication | None) -> tuple[Failure, ...]:
    """List the inputs that are set aside in the published tables."""
    if current is None:
        return ()
    return tuple(
        Failure(
            run=snapshot.run,
            asset=snapshot.asset,
            path=record.unit.path,
            line=record.line,
            outcome=record.outcome.value,
            reason=record.reason or "",
            hint=record.hint,
            at=snapshot.built_at,
        )
        for snapshot in current.snapshots.values()
        for record in snapshot.units
        if record.outcome is not UnitOutcome.LOADED
    )


def _failure(row: history.FileRow) -> Failure:
    return Failure(
        run=row.run,
        asset=row.asset,
        path=row.path,
        line=row.line,
        outcome=row.outcome,
        reason=row.reason,
        hint=row.hint,
        at=row.at,
    )


def _masked(
    project: OpenProject, rows: tuple[Failure, ...], run: str | None, unread: str | None
) -> Failures:
    return project.masker.value(
        Failures(environment=project.environment, rows=rows, run=run, unread=unread)
    )
