"""What was published, the way back to it, and what can go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from thresher.api.running import Work, link_clean, new_run_id
from thresher.warehouse import cleanup
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.cleanup import Removal
from thresher.warehouse.lock import hold
from thresher.warehouse.records import PublicationRow


def publications(work: Work) -> tuple[PublicationRow, ...]:
    """List the publications of the environment; see `OpenProject.publications`."""
    return Warehouse(work.warehouse).publications(work.settings.environment)


def rollback(work: Work, to: str | None) -> PublicationRow:
    """Make an earlier publication current; see `OpenProject.rollback`."""
    environment = work.settings.environment
    warehouse = Warehouse(work.warehouse)
    with hold(work.warehouse, environment, new_run_id()):
        publication = warehouse.rollback(environment, to)
        link_clean(work, publication)
    rows = warehouse.publications(environment)
    return next(row for row in rows if row.number == publication.number)


def clean(
    work: Work, *, dry_run: bool, keep: int | None, grace: timedelta | None
) -> tuple[Removal, ...]:
    """Remove what nothing needs; see `OpenProject.gc`."""
    config = work.settings.config.gc
    return tuple(
        cleanup.clean(
            work.warehouse,
            keep=config.keep if keep is None else keep,
            grace=config.grace if grace is None else grace,
            now=datetime.now(UTC),
            dry_run=dry_run,
        )
    )
