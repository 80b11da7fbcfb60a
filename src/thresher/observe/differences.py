"""A difference between two tables in words: what is missing, what is too much, which cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from thresher.observe.tables import Table, text
from thresher.observe.wording import counted, visible
from thresher.quality.differences import Difference

#: Rows and cells that a message lists before it says how many more there are.
SHOWN = 10
#: Characters of a value that are shown.
MOST_CHARACTERS = 80


def headline(difference: Difference) -> str:
    """Say in one line what differs."""
    found, expected = difference.rows
    parts = [
        *_columns("no column", difference.missing_columns),
        *_columns("the unexpected column", difference.unexpected_columns),
    ]
    if difference.repeated:
        parts.append(f"{counted(len(difference.repeated), 'key')} more than once")
    if difference.order is not None:
        parts.append(f"another order from row {difference.order:,} on")
    for number, what in (
        (difference.rows_differing, "with other values"),
        (len(difference.missing), "missing"),
        (len(difference.unexpected), "not expected"),
    ):
        if number:
            parts.append(f"{counted(number, 'row')} {what}")
    figures = f"{found:,} for {counted(expected, 'expected row')}"
    return f"{', '.join(parts) or 'no difference'} ({figures})"


def difference_text(difference: Difference) -> str:
    """Tell a difference in full, with a bound on how much of it is listed."""
    return "\n".join([headline(difference), *_tables(difference), *_types(difference)])


def listing(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "", most: int = SHOWN
) -> str:
    """Write rows as a table whose cells show what they are: null, blanks, line ends."""
    cells = tuple(tuple(map(shown, row)) for row in rows[:most])
    right = frozenset(
        at
        for at in range(len(columns))
        if all(isinstance(row[at], (int, float, Decimal)) for row in rows[:most])
    )
    made = Table(tuple(columns), cells, right, left_out=max(len(rows) - most, 0))
    return (f"  {title}\n" if title else "") + text(made, indent="    ")


def shown(value: Any) -> str:
    """Write a value so that it cannot be taken for another."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if not isinstance(value, str):
        return _short(visible(str(value)))
    plain = value.strip() == value and "  " not in value and value.isprintable()
    unclear = not plain or value.lower() in ("", "null")
    return _short(repr(value) if unclear else value)


def _short(written: str) -> str:
    if len(written) <= MOST_CHARACTERS:
        return written
    return f"{written[:MOST_CHARACTERS]}..."


def _columns(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        plural = "s" if len(names) > 1 else ""
        yield f"{what}{plural} {', '.join(f'`{name}`' for name in names)}"


def _tables(difference: Difference) -> Iterator[str]:
    columns = difference.columns
    if difference.repeated:
        shown_keys = "; ".join(", ".join(map(shown, key)) for key in difference.repeated[:SHOWN])
        yield f"  keys that stand more than once: {shown_keys}"
    if difference.cells:
        yield _cells(difference)
    if difference.missing:
        yield listing(columns, difference.missing, title="expected, and not there:")
    if difference.unexpected:
        yield listing(columns, difference.unexpected, title="there, and not expected:")


def _cells(difference: Difference) -> str:
    """List cells with what tells their rows, as one text: other rows may be told by others."""
    rows = [
        (
            ", ".join(f"{name}={shown(value)}" for name, value in list(cell.row.items())[:4]),
            cell.column,
            shown(cell.expected),
            shown(cell.found),
        )
        for cell in difference.cells[:SHOWN]
    ]
    left = len(difference.cells) - len(rows)
    made = Table(("row", "column", "expected", "found"), tuple(rows), left_out=left)
    return f"  cells that differ:\n{text(made, indent='    ')}"


def _types(difference: Difference) -> Iterable[str]:
    if difference.types:
        told = ", ".join(
            f"`{name}` is {found} for {expected}" for name, expected, found in difference.types
        )
        yield f"  types: {told}"
