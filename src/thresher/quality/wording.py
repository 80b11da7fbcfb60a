"""How findings are worded for people: `50,094 of 336,776 rows (14.9%) have ...`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: How many values a message lists before it says how many more there are.
SHOWN_VALUES = 5
#: Characters of a text from elsewhere that a message holds.
MOST_CHARACTERS = 400


def rows_that(violations: int, rows: int, phrase: str, where: str | None = None) -> str:
    """Say how many rows do something.

    Args:
        violations: how many do.
        rows: of how many.
        phrase: what they do, in the plural: `have no `x``.
        where: the condition that they were chosen by.
    """
    verb, _, rest = phrase.partition(" ")
    if violations == 1:
        verb = {"have": "has", "do": "does"}.get(verb, f"{verb}s")
    share = f" ({percent(violations, rows)})" if violations else ""
    chosen = f" where `{where}`" if where else ""
    return f"{violations:,} of {counted(rows, 'row')}{chosen}{share} {verb} {rest}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(part: int, whole: int) -> str:
    """Write a share; one that is not quite nothing or all never reads as 0% or 100%."""
    share = 100 * part / whole
    if 0 < share < 0.05:
        return "<0.1%"
    if 99.95 <= share < 100:
        return ">99.9%"
    return f"{share:.1f}".removesuffix(".0") + "%"


def named(columns: Iterable[str]) -> str:
    """List columns: `a`, or `a`, `b`, each between backticks."""
    return ", ".join(f"`{column}`" for column in columns)


def listed(values: Iterable[Any]) -> str:
    """List the first few values, each between backticks, and say how many more there are."""
    every = [f"`{value}`" for value in values]
    more = f" and {len(every) - SHOWN_VALUES} more" if len(every) > SHOWN_VALUES else ""
    return ", ".join(every[:SHOWN_VALUES]) + more


def duration(seconds: float) -> str:
    """Write a duration by its two largest units: `3 d 4 h`, `12 min`, `5 s`."""
    left = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {unit}")
    return " ".join(parts[:2]) or "0 s"


def shortened(text: str) -> str:
    """Fold a text into one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
