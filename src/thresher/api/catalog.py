"""What was published, the way back to it, and what can go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from thresher.api.running import Work, link_clean
from thresher.api.turns import Wait, turn
from thresher.errors import CommandError
from thresher.events import Listener
from thresher.warehouse import cleanup
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.cleanup import Removal
from thresher.warehouse.records import PublicationRow

#: Publications that a message names.
SHOWN_NUMBERS = 20


def publications(work: Work) -> tuple[PublicationRow, ...]:
    """List the publications of the environment; see `OpenProject.publications`."""
    return Warehouse(work.warehouse).publications(work.settings.environment)


def rollback(
    work: Work, to: int | str | None, *, wait: Wait = False, listeners: Sequence[Listener] = ()
) -> PublicationRow:
    """Make an earlier publication current; see `OpenProject.rollback`."""
    environment = work.settings.environment
    warehouse = Warehouse(work.warehouse)
    _refuse_unknown(warehouse, environment, to)
    with turn(work.warehouse, environment, wait=wait, listeners=listeners) as holder:
        publication = warehouse.rollback(environment, to, by=holder.run)
        link_clean(work, publication, holder.run)
    rows = warehouse.publications(environment)
    return next(row for row in rows if row.number == publication.number)


def _refuse_unknown(warehouse: Warehouse, environment: str, to: int | str | None) -> None:
    rows = warehouse.publications(environment)
    if to is not None and not any(str(to) in (str(row.number), row.run) for row in rows):
        kept = ", ".join(str(row.number) for row in rows[:SHOWN_NUMBERS]) or "none"
        raise CommandError(
            f"`{environment}` has no publication `{to}`", hint=f"publications that are kept: {kept}"
        )


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
