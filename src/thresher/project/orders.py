"""An order of rows as people write it: `updated_at desc, id`, and which row of a key is kept.

An order is held as a tuple of texts, one a column, as a check's arguments are plain values.
"""

from __future__ import annotations

import re
from typing import Any

_ITEM = re.compile(r"\s*(?P<name>\S.*?)(?:\s+(?P<way>asc|desc))?\s*", re.IGNORECASE)
_KEEP = re.compile(r"\s*(?P<end>first|last)\s+by\s+(?P<order>\S.*)", re.IGNORECASE)


def parse_order(value: Any) -> tuple[str, ...]:
    """Read `day`, `day, hour desc` or a list of such texts.

    Raises:
        ValueError: it names no column.
    """
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not items:
        raise ValueError(f"should name columns such as `day` or `day desc`, not `{value}`")
    return tuple(" ".join(_parts(item)) for item in items)


def parse_keep(value: Any) -> tuple[str, ...]:
    """Read `first by updated_at desc`, or `last by updated_at`: an order that begins with the kept.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, tuple):
        return parse_order(value)
    match = _KEEP.fullmatch(str(value))
    if match is None:
        raise ValueError(f"should be such as `first by updated_at desc`, not `{value}`")
    order = parse_order(match["order"])
    return order if match["end"].lower() == "first" else tuple(map(_reversed, order))


def direction(item: str) -> tuple[str, str]:
    """Split one column of an order into its name and `asc` or `desc`."""
    name, *way = _parts(item)
    return name, way[0] if way else "asc"


def _reversed(item: str) -> str:
    name, way = direction(item)
    return name if way == "desc" else f"{name} desc"


def _parts(item: Any) -> tuple[str, ...]:
    """Give the name of a column, and `desc` if that is its direction."""
    match = _ITEM.fullmatch(item) if isinstance(item, str) else None
    if match is None:
        raise ValueError(f"should name columns such as `day` or `day desc`, not `{item}`")
    return (match["name"], "desc") if (match["way"] or "").lower() == "desc" else (match["name"],)
