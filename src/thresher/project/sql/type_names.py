"""The names of DuckDB's types, in the spelling that DuckDB itself gives back."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from thresher.project.sql.type_tree import TypeTree

#: Type that each name means, by words in lower case.
_ALIASES = {
    alias: name
    for name, aliases in {
        "BIGINT": "bigint, int64, int8, long, oid",
        "BIGNUM": "bignum, varint",
        "BIT": "bit, bitstring, bit varying",
        "BLOB": "blob, binary, bytea, varbinary",
        "BOOLEAN": "boolean, bool, logical",
        "DATE": "date",
        "DECIMAL": "decimal, dec, numeric",
        "DOUBLE": "double, double precision, float8",
        "FLOAT": "float, float4, real",
        "GEOMETRY": "geometry",
        "HUGEINT": "hugeint, int128",
        "INTEGER": "integer, int, int32, int4, integral, signed",
        "INTERVAL": "interval",
        "JSON": "json",
        "SMALLINT": "smallint, int16, int2, short",
        "TIME": "time, time without time zone",
        "TIME WITH TIME ZONE": "timetz, time with time zone",
        "TIME_NS": "time_ns",
        "TIMESTAMP": "timestamp, datetime, timestamp_us, timestamp without time zone",
        "TIMESTAMP WITH TIME ZONE": "timestamptz, timestamp with time zone",
        "TIMESTAMPTZ_NS": "timestamptz_ns",
        "TIMESTAMP_MS": "timestamp_ms",
        "TIMESTAMP_NS": "timestamp_ns",
        "TIMESTAMP_S": "timestamp_s",
        "TINYINT": "tinyint, int1",
        "UBIGINT": "ubigint, uint64",
        "UHUGEINT": "uhugeint, uint128",
        "UINTEGER": "uinteger, uint32",
        "USMALLINT": "usmallint, uint16",
        "UTINYINT": "utinyint, uint8",
        "UUID": "uuid, guid",
        "VARCHAR": "varchar, bpchar, char, character, character varying, char varying, "
        "national character, national character varying, nchar, nvarchar, string, text",
        "VARIANT": "variant",
    }.items()
    for alias in aliases.split(", ")
}
_NESTED = {"struct": "STRUCT", "row": "STRUCT", "union": "UNION", "map": "MAP", "enum": "ENUM"}
_LONGEST = max(len(alias.split()) for alias in _ALIASES)
_WORD = re.compile(r"""\s*("(?:[^"\0]|"")+"|'(?:[^'\0]|'')*'|\w+|[(),\[\]])\s*""")
_MOST_ELEMENTS = 100_000
_Part = TypeVar("_Part")

#: Names of the types, without parameters: what a suggestion is chosen from.
TYPE_NAMES = tuple(sorted({*_ALIASES, *_NESTED}))


class _NotATypeError(Exception):
    """The text names no type; never leaves this module."""


def valid_type(text: str) -> bool:
    """Say whether a text names a type of DuckDB."""
    return normal_type(text) is not None


@lru_cache(maxsize=4096)
def normal_type(text: str) -> str | None:
    """Give a type in the spelling of DuckDB's `typeof`: `DECIMAL(18,3)` for `numeric`.

    Two names of one type have one normal form. It is safe to put into a statement.

    Returns:
        The normal form, or None where the text names no type that a column can have.
    """
    tree = parse_type(text)
    return None if tree is None else str(tree)


@lru_cache(maxsize=4096)
def parse_type(text: str) -> TypeTree | None:
    """Give a type as a tree, or None where the text names no type that a column can have."""
    words = _words(text)
    if words is None:
        return None
    reader = _Reader(words)
    try:
        found = reader.type()
    except (_NotATypeError, RecursionError):
        return None
    return found if reader.at == len(words) else None


def _words(text: str) -> list[str] | None:
    """Split a text into words, literals and signs, as written, or give None where it holds more."""
    words: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            return None
        words.append(match[1])
        at = match.end()
    return words


class _Reader:
    """Reads one type from words and signs, from left to right."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.at = 0

    @property
    def next(self) -> str:
        return self.words[self.at].lower() if self.at < len(self.words) else ""

    def take(self, *signs: str) -> bool:
        found = self.next in signs
        self.at += found
        return found

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise _NotATypeError

    def type(self) -> TypeTree:
        """Read a type with the brackets behind it."""
        found = self.nested() if self.next in _NESTED else self.plain()
        while self.next in ("[", "array"):
            self.take("array")
            size = self.size() if self.take("[") else ()
            found = TypeTree("ARRAY" if size else "LIST", size, (found,))
        return found

    def size(self) -> tuple[int, ...]:
        if self.take("]"):
            return ()
        size = self.number(1, _MOST_ELEMENTS)
        self.need("]")
        return (size,)

    def plain(self) -> TypeTree:
        for count in range(min(_LONGEST, len(self.words) - self.at), 0, -1):
            name = _ALIASES.get(" ".join(self.words[self.at : self.at + count]).lower())
            if name is not None:
                self.at += count
                return _PARAMETERS.get(name, _none)(self, name)
        raise _NotATypeError

    def nested(self) -> TypeTree:
        name = _NESTED[self.next]
        self.at += 1
        self.need("(")
        if name == "MAP":
            key = self.type()
            self.need(",")
            inner = (key, self.type())
            self.need(")")
            return TypeTree(name, inner=inner)
        if name == "ENUM":
            labels = self.listed(self.label)
            self.refuse_twice(labels)
            return TypeTree(name, labels=tuple(labels))
        fields = self.listed(self.field)
        self.refuse_twice([field.lower() for field, _ in fields])
        names, kinds = zip(*fields, strict=True)
        return TypeTree(name, inner=kinds, fields=names)

    def listed(self, read: Callable[[], _Part]) -> list[_Part]:
        parts = [read()]
        while not self.take(")"):
            self.need(",")
            parts.append(read())
        return parts

    def label(self) -> str:
        if not self.next.startswith("'"):
            raise _NotATypeError
        self.at += 1
        return self.words[self.at - 1]

    def field(self) -> tuple[str, TypeTree]:
        quoted = self.next.startswith('"')
        if not quoted and not self.next.isidentifier():
            raise _NotATypeError
        name = self.words[self.at]
        self.at += 1
        return name[1:-1].replace('""', '"') if quoted else name, self.type()

    def refuse_twice(self, names: list[str]) -> None:
        if len(set(names)) < len(names):
            raise _NotATypeError

    def number(self, low: int, high: int) -> int:
        digits = self.next
        self.at += 1
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 10:
            raise _NotATypeError
        if not low <= int(digits) <= high:
            raise _NotATypeError
        return int(digits)


def _none(_: _Reader, name: str) -> TypeTree:
    return TypeTree(name)


def _decimal(reader: _Reader, name: str) -> TypeTree:
    if not reader.take("("):
        return TypeTree(name, (18, 3))
    width = reader.number(1, 38)
    scale = reader.number(0, width) if reader.take(",") else 0
    reader.need(")")
    return TypeTree(name, (width, scale))


def _float(reader: _Reader, name: str) -> TypeTree:
    if not reader.take("("):
        return TypeTree(name)
    bits = reader.number(1, 53)
    reader.need(")")
    return TypeTree(name if bits <= 24 else "DOUBLE")


def _timestamp(reader: _Reader, name: str) -> TypeTree:
    if not reader.take("("):
        return TypeTree(name)
    digits = reader.number(0, 9)
    reader.need(")")
    return TypeTree((f"{name}_S", f"{name}_MS", name, f"{name}_NS")[(digits + 2) // 3])


def _length(reader: _Reader, name: str) -> TypeTree:
    """Pass over a length, which DuckDB takes and forgets."""
    if reader.take("("):
        reader.number(0, 2**31)
        reader.need(")")
    return TypeTree(name)


#: How the parameters of a type are read, for the types that have some.
_PARAMETERS: dict[str, Callable[[_Reader, str], TypeTree]] = {
    "BIT": _length,
    "DECIMAL": _decimal,
    "FLOAT": _float,
    "TIMESTAMP": _timestamp,
    "VARCHAR": _length,
}
