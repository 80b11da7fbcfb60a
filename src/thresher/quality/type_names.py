"""One spelling for each type, so that `int4`, `INT` and `integer` are seen to be the same.

Types are written in DuckDB's spelling with all its aliases. Nothing here asks an engine: the schema
of a table is held against its contract without a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ALIASES = {
    "bigint": ("int8", "int64", "long", "oid"),
    "bignum": ("varint",),
    "bit": ("bitstring", "bit varying"),
    "blob": ("bytea", "binary", "varbinary"),
    "boolean": ("bool", "logical"),
    "decimal": ("numeric", "dec"),
    "double": ("float8", "double precision"),
    "float": ("float4", "real"),
    "hugeint": ("int128",),
    "integer": ("int", "int4", "int32", "integral", "signed"),
    "smallint": ("int2", "int16", "short"),
    "struct": ("row",),
    "time": ("time without time zone",),
    "time with time zone": ("timetz",),
    "timestamp": ("datetime", "timestamp_us", "timestamp without time zone"),
    "timestamp with time zone": ("timestamptz",),
    "tinyint": ("int1",),
    "ubigint": ("uint64",),
    "uhugeint": ("uint128",),
    "uinteger": ("uint32",),
    "usmallint": ("uint16",),
    "utinyint": ("uint8",),
    "uuid": ("guid",),
    "varchar": (
        *("text", "string", "char", "bpchar", "nvarchar", "character", "character varying"),
        *("char varying", "national character", "national char", "nchar"),
        *("national character varying", "national char varying", "nchar varying"),
    ),
}
_NUMBERS = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint", "bignum", "float", "double"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|\S")
_WORD = re.compile(r"\w+|\"(?:[^\"]|\"\")*\"")


def normal_type(text: str) -> str:
    """Give the one spelling of a type: `Numeric(10, 2)[]` gives `decimal(10,2)[]`.

    What is no type that DuckDB knows comes back in lower case, white space folded.
    """
    parser = _Parser(_TOKEN.findall(text))
    try:
        return parser.whole()
    except ValueError:
        return " ".join(text.lower().split())


def is_text(normal: str) -> bool:
    """Say whether a type, in its one spelling, holds texts."""
    return normal == "varchar" or normal.startswith("enum(")


def is_number(normal: str) -> bool:
    """Say whether a type, in its one spelling, holds numbers."""
    return normal in _NUMBERS or normal.startswith("decimal(")


def is_time(normal: str) -> bool:
    """Say whether a type, in its one spelling, holds dates or timestamps."""
    return normal == "date" or normal.startswith("timestamp")


class _Parser:
    """Reads one type from its tokens; anything unexpected is a `ValueError`."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> str:
        found = self.one()
        if self._peek():
            raise ValueError(self._peek())
        return found

    def one(self) -> str:
        words = self._words()
        if not words:
            raise ValueError(self._peek())
        arguments: list[str] = []
        if self._peek() == "(":
            arguments = self._listed(_NESTED.get(_CANONICAL.get(words, words), _Parser.token))
            words = " ".join(filter(None, (words, self._words())))
        return _with_arguments(_CANONICAL.get(words, words), arguments) + self._suffixes()

    def field(self) -> str:
        """Read the name of a part and its type; names are alike in any case, as columns are."""
        name = _unquoted(self.token())
        return f'"{name}" {self.one()}'

    def token(self) -> str:
        token = self._peek()
        if not token:
            raise ValueError("the text ends too soon")
        self._at += 1
        return token

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _skip(self, expected: str) -> bool:
        found = self._peek().lower() == expected
        self._at += found
        return found

    def _words(self) -> str:
        words: list[str] = []
        while _WORD.fullmatch(self._peek()) and self._peek().lower() != "array":
            words.append(_unquoted(self.token()))
        return " ".join(words)

    def _listed(self, item: Callable[[_Parser], str]) -> list[str]:
        items: list[str] = []
        while self._skip("," if items else "("):
            items.append(item(self))
        if not self._skip(")"):
            raise ValueError(self._peek())
        return items

    def _suffixes(self) -> str:
        found = ""
        while True:
            listed = self._skip("array")
            if self._skip("["):
                size = "" if self._peek() == "]" else self.token()
                if not self._skip("]"):
                    raise ValueError(self._peek())
                found += f"[{size}]"
            elif listed:
                found += "[]"
            else:
                return found


_NESTED = {
    "struct": _Parser.field,
    "union": _Parser.field,
    "map": _Parser.one,
    "tuple": _Parser.one,
}


def _unquoted(token: str) -> str:
    return (token[1:-1].replace('""', '"') if token.startswith('"') else token).lower()


def _with_arguments(name: str, arguments: list[str]) -> str:
    """Write a type with its arguments, those that mean nothing or have a default settled."""
    match name, arguments:
        case ("varchar" | "bit", _):
            return name
        case ("decimal", []):
            return "decimal(18,3)"
        case ("decimal", [width]):
            return f"decimal({width},0)"
        case ("timestamp", [digits]) if digits.isdigit():
            return "timestamp" + _PRECISIONS[sum(int(digits) > most for most in (0, 3, 6))]
        case ("float", [bits]) if bits.isdigit():
            return "float" if int(bits) <= 24 else "double"
        case (_, []):
            return "interval" if name.startswith("interval ") else name
    return f"{name}({','.join(arguments)})"


_PRECISIONS = ("_s", "_ms", "", "_ns")
