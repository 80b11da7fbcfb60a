"""A few rows as plain values, small enough for every report and every kind of file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

#: How many examples of a violation are kept.
MOST_EXAMPLES = 5
#: Characters of a text that are kept.
MOST_CHARACTERS = 200
#: Items of a list, or fields of a struct, that are kept.
MOST_ITEMS = 20


def plain_rows(
    labels: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> tuple[Mapping[str, Any], ...]:
    """Give rows as mappings from column to a value that JSON has a form for.

    Without labels, each row is one struct that brings the names of its own.
    """
    if not labels:
        return tuple({name: plain(value) for name, value in row[0].items()} for row in rows)
    return tuple(
        {label: plain(value) for label, value in zip(labels, row, strict=True)} for row in rows
    )


def plain(value: Any) -> Any:
    """Give a value in a form that JSON has: exact where it can be, else as a short text."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return _cut(value)
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return _cut(bytes(value[:MOST_CHARACTERS]).hex())
        case Mapping():
            pairs = list(value.items())[:MOST_ITEMS]
            return {_cut(str(key)): plain(item) for key, item in pairs}
        case list() | tuple():
            return [plain(item) for item in value[:MOST_ITEMS]]
        case _:
            return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
