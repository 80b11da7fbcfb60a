"""Tables as values, and how they look in a pipe: aligned plain text, one row a line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from thresher.observe.wording import one_line, width


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose cells are ready to be shown."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    """Columns that hold numbers."""
    title: str = ""
    left_out: int = 0
    """Rows that are not shown."""

    @property
    def remainder(self) -> str:
        """The line below the table that says how much is not shown, if any."""
        return f"... and {self.left_out:,} more" if self.left_out else ""


def tabulate(
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    limit: int | None = None,
    thousands: bool = False,
    right: Collection[str] = (),
) -> Table:
    """Make a table of values.

    Args:
        headers: name of each column.
        rows: values; None is shown as nothing.
        title: line above the table.
        limit: most rows to show.
        thousands: whether whole numbers get separators (counts do, years do not).
        right: columns that are aligned to the right though they are worded, such as durations.

    Returns:
        The table; columns that hold nothing but numbers are aligned to the right.
    """
    values = [tuple(row) for row in rows]
    shown = values if limit is None else values[:limit]
    return Table(
        tuple(one_line(header) for header in headers),
        tuple(tuple(_cell(value, thousands=thousands) for value in row) for row in shown),
        frozenset(i for i, name in enumerate(headers) if name in right or _numeric(shown, i)),
        title,
        len(values) - len(shown),
    )


def text(table: Table, *, indent: str = "") -> str:
    """Write a table as plain text: columns aligned, two blanks between them, none at line ends."""
    grid = [table.headers, *table.rows]
    widths = [max(width(row[index]) for row in grid) for index in range(len(table.headers))]
    lines = [table.title] if table.title else []
    for row in grid:
        cells = (_pad(cell, widths[i], right=i in table.right) for i, cell in enumerate(row))
        lines.append((indent + "  ".join(cells)).rstrip())
    if table.left_out:
        lines.append(indent + table.remainder)
    return "\n".join(lines)


def _cell(value: Any, *, thousands: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if thousands and isinstance(value, int):
        return f"{value:,}"
    return one_line(str(value))


def _numeric(rows: Sequence[Sequence[Any]], index: int) -> bool:
    cells = [row[index] for row in rows if row[index] is not None]
    return bool(cells) and all(
        isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool) for cell in cells
    )


def _pad(cell: str, wanted: int, *, right: bool) -> str:
    blanks = " " * (wanted - width(cell))
    return blanks + cell if right else cell + blanks
