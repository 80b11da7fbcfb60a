"""A profile for people: one HTML file with all columns, then each with its values and histogram.

It holds the figures that the text has, in the same words, and is as closed as the report of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from thresher._version import __version__
from thresher.observe.profiles import bin_text, remarks, short, value_text
from thresher.observe.rendering import render
from thresher.observe.wording import counted, one_line, percent
from thresher.quality.profiling import ColumnProfile, TableProfile

#: Height of a histogram, and the least height of a bar that counts anything.
HEIGHT, LEAST = 120, 2
#: Share of the width of a bar that is left free, half on each side.
SPACE = 0.08


def profile_page(found: TableProfile, *, origin: tuple[str, str] | None, at: datetime) -> str:
    """Write a profile as HTML.

    Args:
        found: the profile.
        origin: pipeline and environment that the table was published by; None for a file.
        at: when the profile was made, in UTC.
    """
    view = {
        "name": one_line(found.name),
        "origin": origin,
        "at": at.isoformat(),
        "rows": found.rows,
        "columns": [_column(n, each, found.rows) for n, each in enumerate(found.columns, 1)],
        "height": HEIGHT,
        "thresher": __version__,
    }
    return render("profile.html", view)


def _column(number: int, column: ColumnProfile, rows: int) -> dict[str, Any]:
    """Arrange what the page shows of a column."""
    view = {
        "id": f"column-{number}",
        "name": short(column.name),
        "type": short(column.type),
        "whole_name": one_line(column.name),
        "whole_type": one_line(column.type),
        "nulls": column.nulls / rows if rows else None,
        "distinct": column.distinct,
        "least": value_text(column.least),
        "median": value_text(column.quantiles and column.quantiles.get(0.5)),
        "greatest": value_text(column.greatest),
        "remarks": list(_remarks(column, rows)),
        "figures": list(_figures(column)),
        "histogram": _histogram(column, rows),
        "top": _top(column, rows),
    }
    told = ("remarks", "figures", "histogram", "top")
    return view | {"told": any(view[part] for part in told)}


def _remarks(column: ColumnProfile, rows: int) -> Iterator[str]:
    yield from remarks(column)
    filled = rows - column.nulls
    if rows and not filled:
        yield "every value is null"
    if 1 < filled == column.distinct:
        yield "no value is repeated"


def _figures(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    if not column.quantiles:
        return
    yield "lowest", value_text(column.least)
    for share, value in column.quantiles.items():
        yield f"{share * 100:g}%", value_text(value)
    yield "highest", value_text(column.greatest)
    if column.mean is not None:
        yield "mean", value_text(column.mean)
    if column.stddev is not None:
        yield "deviation", value_text(column.stddev)


def _histogram(column: ColumnProfile, rows: int) -> dict[str, Any] | None:
    """Place a bar for each bin: sideways in percent, upward in pixels."""
    if not column.histogram or column.distinct < 2:
        return None
    most = max(each.rows for each in column.histogram)
    step = 100 / len(column.histogram)
    bars = []
    for at, each in enumerate(column.histogram):
        height = max(LEAST, round(HEIGHT * each.rows / most)) if each.rows else 0
        bars.append(
            {
                "x": f"{(at + SPACE / 2) * step:.3f}%",
                "width": f"{step * (1 - SPACE):.3f}%",
                "y": HEIGHT - height,
                "height": height,
                "told": f"{bin_text(each)}: {_part(each.rows, rows)}",
            }
        )
    return {
        "bars": bars,
        "low": value_text(column.histogram[0].low),
        "high": value_text(column.histogram[-1].high),
        "most": _part(most, rows),
    }


def _part(part: int, rows: int) -> str:
    return f"{counted(part, 'row')}, {percent(part, rows)}"


def _top(column: ColumnProfile, rows: int) -> dict[str, Any] | None:
    """Give the most frequent values; where every value is different, none is frequent."""
    if not column.top or column.top[0][1] < 2:
        return None
    most = column.top[0][1]
    return {
        "values": [
            {
                "value": short(value),
                "rows": number,
                "share": percent(number, rows),
                "width": f"{100 * number / most:.3f}%",
            }
            for value, number in column.top
        ],
        "others": column.distinct - len(column.top),
    }
