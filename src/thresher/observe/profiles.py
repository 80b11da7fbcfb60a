"""A profile as text: a table of all columns, then each one with its values and its histogram."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from thresher.observe.tables import Table, text
from thresher.observe.wording import count, counted, one_line, percent, width
from thresher.quality.profiling import Bin, ColumnProfile, TableProfile

#: Columns of a terminal that the longest bar takes.
BAR = 32
#: Characters of a value that are shown.
SHOWN = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"


def profile_text(found: TableProfile, *, plain: bool) -> str:
    """Write a profile.

    Args:
        found: the profile.
        plain: whether bars are made of `#`, for what shows nothing but ASCII.
    """
    parts = [f"{one_line(found.name)}: {counted(found.rows, 'row')}", text(_overview(found))]
    for column in found.columns:
        tables = [*_details(column, found.rows, plain=plain)]
        if tables:
            parts += [f"{one_line(column.name)} ({one_line(column.type)})", *tables]
    return "\n\n".join(parts) + "\n"


def bar(share: float, *, plain: bool) -> str:
    """Write a bar; what is there is never shown as nothing.

    Args:
        share: of the longest bar, between 0 and 1.
        plain: whether it is made of `#`.
    """
    if plain:
        return "#" * max(round(share * BAR), 1 if share > 0 else 0)
    eighths = max(round(share * BAR * 8), 1 if share > 0 else 0)
    full, rest = divmod(eighths, 8)
    return (_FULL * full + _EIGHTHS[rest]).rstrip()


def remarks(column: ColumnProfile) -> Iterator[str]:
    """Say what is to be known of a column beside its figures."""
    if column.hidden:
        yield "its values are sensitive, and not shown"
        return
    if column.not_finite:
        yield f"{counted(column.not_finite, 'value is', 'values are')} infinite or no number"
    if column.lengths is not None and column.lengths[1]:
        shortest, longest = column.lengths
        blank = f", {counted(column.blank, 'is', 'are')} blank" if column.blank else ""
        least = f"{shortest:,} to " if shortest < longest else ""
        yield f"{least}{counted(longest, 'character')}{blank}"


def bin_text(each: Bin) -> str:
    """Write which values a bar of a histogram counts."""
    low, high = value_text(each.low), value_text(each.high)
    return low if low == high else f"{low} .. {high}"


def value_text(value: Any) -> str:
    """Write a figure of a column: nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{int(value):,}" if value.is_integer() and abs(value) < 1e15 else f"{value:,.6g}"
    if isinstance(value, (int, Decimal)):
        return f"{value:,}"
    return short(str(value))


def short(value: str) -> str:
    """Write a value in one line that steers no terminal: an empty text as `''`."""
    if not value.strip():
        return repr(value) if len(value) <= SHOWN else f"{len(value):,} blanks"
    shown = one_line(value)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"


def _overview(found: TableProfile) -> Table:
    rows = tuple(
        (
            short(column.name),
            short(column.type),
            count(column.nulls),
            percent(column.nulls, found.rows) if found.rows else "",
            count(column.distinct),
            value_text(column.least),
            value_text(column.quantiles and column.quantiles.get(0.5)),
            value_text(column.greatest),
            value_text(column.mean),
        )
        for column in found.columns
    )
    headers = ("column", "type", "nulls", "", "distinct", "lowest", "median", "highest", "mean")
    return Table(headers, rows, frozenset({2, 3, 4, 5, 6, 7, 8}))


def _details(column: ColumnProfile, rows: int, *, plain: bool) -> Iterator[str]:
    """Give the tables of one column, those that say something."""
    yield from (f"  {remark}" for remark in remarks(column))
    if column.quantiles:
        values = (f"{share * 100:g}%  {value_text(v)}" for share, v in column.quantiles.items())
        yield f"  quantiles  {'   '.join(values)}"
    if column.histogram and column.distinct > 1:
        most = max(each.rows for each in column.histogram)
        yield _bars(
            [(bin_text(each), each.rows) for each in column.histogram], most, rows, plain=plain
        )
    # What is different in every row has no frequent values, and bars of single values show them.
    single = bool(column.histogram) and column.histogram[0].low == column.histogram[0].high
    if column.top and column.top[0][1] > 1 and not (single and column.distinct > 1):
        told = _bars(
            [(short(value), each) for value, each in column.top],
            column.top[0][1],
            rows,
            plain=plain,
        )
        left = column.distinct - len(column.top)
        yield f"{told}\n  and {counted(left, 'other value')}" if left > 0 else told


def _bars(rows: list[tuple[str, int]], most: int, total: int, *, plain: bool) -> str:
    labels = max(width(label) for label, _ in rows)
    counts = max(len(count(number)) for _, number in rows)
    lines = []
    for label, number in rows:
        blanks = " " * (labels - width(label))
        share = percent(number, total)
        drawn = bar(number / most, plain=plain)
        lines.append(f"  {label}{blanks}  {count(number):>{counts}}  {share:>7}  {drawn}".rstrip())
    return "\n".join(lines)
