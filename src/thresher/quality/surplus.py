"""The rows of repeated keys that would have to go: all of a key but the one that is kept.

Which one is kept is said by `keep`, and settled by all columns of the table after that, so that it
is the same row wherever and however often it is asked, but for rows that are alike in every column.
"""

from __future__ import annotations

from thresher.project.contract import Check
from thresher.project.orders import direction
from thresher.quality.kinds import Sql
from thresher.quality.subject import Subject, Table
from thresher.tables import quote_name


def is_looked_at(check: Check) -> str:
    """Give the condition of the rows that a check looks at, which is never null."""
    return f"coalesce((\n{check.where}\n), false)" if check.where else "true"


def order_by(items: tuple[str, ...], table: Table) -> list[str]:
    """Write an order of rows; what is null stands last, whatever the direction."""
    parts = [direction(item) for item in items]
    return [f"{table.column(name)} {way} nulls last" for name, way in parts]


def surplus_rows(check: Check, subject: Subject) -> Sql:
    """Find the rows that repeat the key of the row that is kept."""
    later, null = _later(check, subject), _any_null(check, subject)
    return Sql(f"({is_looked_at(check)} and not ({null}) and {later})")


def broken_rows(check: Check, subject: Subject) -> Sql:
    """Find the rows without a key, and those that repeat the key of the row that is kept."""
    later, null = _later(check, subject), _any_null(check, subject)
    return Sql(f"({is_looked_at(check)} and ({null} or {later}))")


def _any_null(check: Check, subject: Subject) -> str:
    return " or ".join(f"{subject.table.column(name)} is null" for name in check.columns)


def _later(check: Check, subject: Subject) -> str:
    """Say that a row is not the first of its key; rows that are not looked at hide none."""
    table = subject.table
    keys = [is_looked_at(check), *(table.column(name) for name in check.columns)]
    kept = order_by(check.argument("keep") or (), table)
    order = [*kept, *(f"{quote_name(name)} nulls last" for name in table.columns)]
    return f"row_number() over (partition by {', '.join(keys)} order by {', '.join(order)}) > 1"
