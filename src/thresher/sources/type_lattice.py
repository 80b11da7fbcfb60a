"""The types of columns: which type holds the values of several, and how Parquet keeps each.

[`join`][] looks at all types at once, so its answer cannot depend on their order. It never loses a
value, but for integers and decimals that meet floating point numbers, as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from thresher.tables import quote_name

NULL = '"NULL"'
"""Type of a column without values."""
TEXT = "VARCHAR"
JSON = "JSON"
EXACT = "DECIMAL(38,0)"
TIMESTAMP_TZ = "TIMESTAMP WITH TIME ZONE"

#: Lowest and highest value of each integer type, narrow before wide, signed before unsigned.
_RANGES = {
    "TINYINT": (-(2**7), 2**7 - 1),
    "UTINYINT": (0, 2**8 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "USMALLINT": (0, 2**16 - 1),
    "INTEGER": (-(2**31), 2**31 - 1),
    "UINTEGER": (0, 2**32 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
    "UBIGINT": (0, 2**64 - 1),
}
INTEGERS = frozenset(_RANGES)
FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TIMES = ("DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS")
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_NESTED = re.compile(r"(STRUCT|MAP|UNION)\(|.*\]$", re.DOTALL)
_WIDEST = 38

#: Types that Parquet would lose, and the form they are held in.
_HELD_AS = {
    "HUGEINT": EXACT,
    "UHUGEINT": EXACT,
    "BIGNUM": TEXT,
    "BIT": TEXT,
    "INTERVAL": TEXT,
    "TIME WITH TIME ZONE": TEXT,
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
}
_NULL_INSIDE = re.compile(r'"NULL"(?=[\[\],)])')
_ARRAY = re.compile(r"\[\d+\]")
_LOST_INSIDE = re.compile(
    r"\b(HUGEINT|UHUGEINT|BIGNUM|BIT|INTERVAL|TIME WITH TIME ZONE|ENUM|UNION|GEOMETRY)\b"
)


class Parser(Protocol):
    """Whoever can take nested types apart."""

    def members(self, kind: str) -> tuple[str, list[tuple[str, str]]]:
        """Give the kind of a type, and the names and types of its members."""
        ...

    def spell(self, kind: str) -> str:
        """Write a type as DuckDB does."""
        ...


def decimal(kind: str) -> tuple[int, int] | None:
    """Give width and scale of a decimal type, or None for another type."""
    match = _DECIMAL.fullmatch(kind)
    return (int(match[1]), int(match[2])) if match else None


def is_nested(kind: str) -> bool:
    """Say whether values of a type have parts."""
    return kind == JSON or bool(_NESTED.match(kind))


def join(kinds: Iterable[str], parser: Parser) -> str:
    """Give the type that holds the values of all these types, whatever their order."""
    several = set(kinds) - {NULL}
    if not several:
        return NULL
    if len(several) == 1:
        return several.pop()
    if any(is_nested(kind) for kind in several):
        return _join_nested(several, parser)
    if all(_is_number(kind) for kind in several):
        return _join_numbers(several)
    if several <= set(_TIMES):
        # A date joined with timestamps of one precision takes that precision.
        return max(several, key=_TIMES.index)
    return TEXT


def settled(kind: str) -> str:
    """Give the type of a column once all is known: what no value told is text, or JSON inside."""
    return TEXT if kind == NULL else _NULL_INSIDE.sub(JSON, kind)


def storage(kind: str) -> str | None:
    """Give the type that Parquet holds values of a type in, or None if it would lose them."""
    if kind in _HELD_AS:
        return _HELD_AS[kind]
    if kind.startswith("ENUM("):
        return TEXT
    if _LOST_INSIDE.search(kind) or kind == "VARIANT":
        return None
    return _ARRAY.sub("[]", kind)


def _is_number(kind: str) -> bool:
    return kind in INTEGERS or kind in FLOATS or decimal(kind) is not None


def _join_numbers(kinds: set[str]) -> str:
    if kinds & FLOATS:
        return "DOUBLE"
    if kinds <= INTEGERS:
        low = min(_RANGES[kind][0] for kind in kinds)
        high = max(_RANGES[kind][1] for kind in kinds)
        for kind, (lowest, highest) in _RANGES.items():
            if lowest <= low and high <= highest:
                return kind
        return EXACT
    shapes = [decimal(kind) or (len(str(_RANGES[kind][1])), 0) for kind in kinds]
    scale = max(scale for _, scale in shapes)
    width = max(width - scale for width, scale in shapes) + scale
    return f"DECIMAL({width},{scale})" if width <= _WIDEST else "DOUBLE"


def _join_nested(kinds: set[str], parser: Parser) -> str:
    if JSON in kinds:
        return JSON
    parts = [parser.members(kind) for kind in sorted(kinds)]
    names = {name for name, _ in parts}
    if names == {"list"}:
        return f"{join((members[0][1] for _, members in parts), parser)}[]"
    return _join_structs([members for _, members in parts], parser) if names == {"struct"} else JSON


def _join_structs(structs: list[list[tuple[str, str]]], parser: Parser) -> str:
    found: dict[str, list[str]] = {}
    for members in structs:
        for name, kind in members:
            found.setdefault(name, []).append(kind)
    orders = {tuple(name for name, _ in members) for members in structs}
    # Members in the order of the files where they agree, and by name where they do not.
    names = orders.pop() if len(orders) == 1 else tuple(sorted(found))
    if len({name.lower() for name in names}) < len(names):
        return JSON
    typed = ", ".join(f"{quote_name(name)} {join(found[name], parser)}" for name in names)
    return parser.spell(f"STRUCT({typed})")
