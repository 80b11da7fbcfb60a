"""`verify` and `repair`: whether what is published is whole, and restoring what is derived."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thresher.api.running import Work, link_clean
from thresher.api.turns import Wait, turn
from thresher.events import Listener
from thresher.project.asset import tables_of
from thresher.project.selection import select as select_assets
from thresher.warehouse import repair as repairing
from thresher.warehouse import verify as verifying
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.repair import Repair
from thresher.warehouse.verify import Verification


def verify(
    work: Work,
    select: Sequence[str],
    *,
    every: bool,
    progress: Callable[[int, int], None] | None,
) -> Verification:
    """Read what is published, and hold it against what was written; see `OpenProject.verify`."""
    names = None
    if select:
        chosen = select_assets(work.project, select, ())
        names = frozenset(name for each in chosen for name in tables_of(each))
    return verifying.verify(
        work.warehouse,
        (work.settings.environment,),
        every=every,
        names=names,
        progress=progress,
    )


def repair(
    work: Work, *, dry_run: bool, wait: Wait, listeners: Sequence[Listener]
) -> tuple[Repair, ...]:
    """Restore what is derived; see `OpenProject.repair`."""
    environment = work.settings.environment
    if dry_run:
        return repairing.repair(work.warehouse, environment, dry_run=True)
    with turn(work.warehouse, environment, wait=wait, listeners=listeners) as holder:
        done = repairing.repair(work.warehouse, environment, by=holder.run)
        current = Warehouse(work.warehouse).current(environment)
        if done and current is not None:
            link_clean(work, current, holder.run)
    return done
