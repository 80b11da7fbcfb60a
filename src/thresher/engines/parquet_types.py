"""How Parquet holds each of DuckDB's types, so that no value is changed silently on the way.

Parquet has no place for some types, and a writer then puts something else there: a `HUGEINT` comes
back as a rounded `DOUBLE`, a `TIME WITH TIME ZONE` shifted to UTC. Here each type either has a form
that casts there and back exactly, or is refused by name. Texts in, texts out.
"""

from __future__ import annotations

import functools
import re
from collections import deque

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()\[\],]|[^\s()\[\],'"]+""")
_MARKS = frozenset("()[],")

#: Types that Parquet holds as they are.
FAITHFUL = frozenset(
    {
        '"NULL"', "BIGINT", "BLOB", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INTEGER",
        "JSON", "SMALLINT", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS",
        "TIMESTAMP_NS", "TIME_NS", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT",
        "UUID", "VARCHAR",
    }
)  # fmt: skip

#: Types that Parquet loses, and the form they are held in; the cast there fails where it must.
HELD_AS = {
    "BIGNUM": "VARCHAR",
    "BIT": "VARCHAR",
    "ENUM": "VARCHAR",
    "HUGEINT": "DECIMAL(38,0)",
    "INTERVAL": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_S": "TIMESTAMP",
    "UHUGEINT": "DECIMAL(38,0)",
}

#: What to do about types that have no faithful form.
ADVICE = {
    "GEOMETRY": "cast it to `varchar` (WKT) or `blob` (WKB)",
    "STRUCT": "give its fields names, as in `{'low': 1, 'high': 2}`",
    "TUPLE": "give its fields names, as in `{'low': 1, 'high': 2}`",
    "UNION": "take its members apart with `union_tag` and `union_extract`",
    "VARIANT": "cast it to `json`",
}


class UnfaithfulTypeError(ValueError):
    """Parquet has no form for a type that gives every value back.

    Attributes:
        type: name of the type at fault, which may stand inside another.
        advice: what to do about it.
    """

    def __init__(self, name: str) -> None:
        self.type = name
        self.advice = ADVICE.get(name, "cast it to `varchar`")
        super().__init__(f"Parquet cannot hold the type {name} faithfully")


@functools.cache
def storage_type(logical: str) -> str:
    """Give the type that a Parquet file holds for a logical type, both in DuckDB's spelling.

    Values cast to the storage type and back are the same values; the same text comes back where
    Parquet holds the type as it is.

    Raises:
        UnfaithfulTypeError: there is no such form.
    """
    if logical in FAITHFUL:
        return logical
    return _read(deque(_TOKEN.findall(logical)))


def _read(tokens: deque[str]) -> str:
    name = tokens.popleft()
    while tokens and tokens[0] not in _MARKS:
        name += " " + tokens.popleft()
    stored = _stored(name, tokens)
    while tokens and tokens[0] == "[":
        # `[3]` is held as `[]`: Parquet's lists have no fixed size.
        while tokens.popleft() != "]":
            pass
        stored += "[]"
    return stored


def _stored(name: str, tokens: deque[str]) -> str:
    if name == "STRUCT":
        return f"STRUCT({', '.join(_members(tokens, name, named=True))})"
    if name == "MAP":
        return f"MAP({', '.join(_members(tokens, name, named=False))})"
    arguments = _arguments(tokens)
    if name in FAITHFUL:
        return name + arguments
    if name in HELD_AS:
        return HELD_AS[name]
    raise UnfaithfulTypeError(name)


def _members(tokens: deque[str], name: str, *, named: bool) -> list[str]:
    members = []
    while tokens and tokens.popleft() != ")":
        field = tokens.popleft() if named else ""
        if named and tokens[0] in _MARKS:
            raise UnfaithfulTypeError(name)
        members.append(f"{field} {_read(tokens)}" if named else _read(tokens))
    return members


def _arguments(tokens: deque[str]) -> str:
    if not tokens or tokens[0] != "(":
        return ""
    taken = [tokens.popleft()]
    while taken[-1] != ")":
        taken.append(tokens.popleft())
    return "".join(taken)
