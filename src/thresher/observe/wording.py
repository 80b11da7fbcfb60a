"""How figures and texts are worded wherever a person reads them.

Whatever came from data (file names, messages, values) must go through `visible` before it is shown,
so that nothing in it can steer a terminal or break a line.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime


def count(number: int | None) -> str:
    """Write a number with thousands separators; nothing for None."""
    return "" if number is None else f"{number:,}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: `1 table`, `9 tables`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Write a duration as people say it: `0.04 s`, `3.2 s`, `2 min 5 s`, `1 h 2 min`."""
    if seconds < 0.095:
        return f"{max(seconds, 0.0):.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        larger, smaller = f"{whole // 60} min", f" {whole % 60} s"
    else:
        larger, smaller = f"{whole // 3600} h", f" {whole % 3600 // 60} min"
    return larger if smaller.startswith(" 0 ") else larger + smaller


def took(seconds: float | None) -> str:
    """Write how long something took; nothing where it has no end."""
    return "" if seconds is None else duration(seconds)


def moment(at: datetime) -> str:
    """Write an instant to the second, in UTC: `2026-11-24 22:02:51`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def percent(part: float, whole: float) -> str:
    """Write a share; one that is not quite nothing or all never reads as 0% or 100%."""
    if not whole:
        return "100%" if not part else ""
    figure = 100 * part / whole
    if 0 < figure < 0.01:
        return "<0.01%"
    if 99.99 < figure < 100:
        return ">99.99%"
    return f"{figure:.2f}".rstrip("0").rstrip(".") + "%"


def visible(text: str) -> str:
    r"""Show control characters and broken Unicode as escapes (`\x1b`); line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t " else _escape(character)
        for character in text
    )


def one_line(text: str) -> str:
    """Fold a text into one visible line, runs of white space into one space."""
    return visible(" ".join(text.split()))


def width(text: str) -> int:
    """Tell how many columns of a terminal a line takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
