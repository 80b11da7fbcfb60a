"""Values and names as SQL text.

A literal has the type that DuckDB gives to the same value when it is bound, so that it does not
matter to a query which of the two is done. A bare number would not do: `x + 1` is a tinyint where
`x` is one, `order by 1` names a column, and `2--1` begins a comment.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

#: The integer types that bound values take, narrowest first, by their bounds.
_INTEGERS = (
    ("integer", -(2**31), 2**31),
    ("bigint", -(2**63), 2**63),
    ("ubigint", 0, 2**64),
    ("hugeint", -(2**127), 2**127),
    ("uhugeint", 0, 2**128),
)
_MOST_DIGITS = 38


def quote(identifier: str) -> str:
    """Write a name so that it is taken as it is, whatever it holds.

    Raises:
        ValueError: it is empty, or holds a NUL character.
    """
    if not identifier or "\0" in identifier:
        raise ValueError("a name in SQL must not be empty or hold a NUL character")
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Write a value as a SQL literal of the type that DuckDB gives to it when it is bound.

    Raises:
        TypeError: values of its kind have no literal.
        ValueError: it is beyond what SQL can write, such as a text with a NUL character.
    """
    for kind, written in _LITERALS:
        if isinstance(value, kind):
            return written(value)
    raise TypeError(f"a value of type `{type(value).__name__}` cannot be written in SQL")


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text with a NUL character cannot be written in SQL")
    return "'" + value.replace("'", "''") + "'"


def _cast(text: str, kind: str) -> str:
    return f"cast('{text}' as {kind})"


def _boolean(value: bool) -> str:  # noqa: FBT001  # the value is the subject
    return "true" if value else "false"


def _integer(value: int) -> str:
    for kind, low, high in _INTEGERS:
        if low <= value < high:
            return f"cast({value:d} as {kind})"
    raise ValueError(f"the number {value} is beyond DuckDB's integers")


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return _cast("nan" if value.is_nan() else f"{float(value)}", "float")
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    width = len(digits) + max(0, int(exponent))
    if width < scale:
        width = scale + 1
    if width > _MOST_DIGITS:
        return _cast(repr(float(value)), "double")
    return _cast(f"{value:f}", f"decimal({width}, {scale})")


def _float(value: float) -> str:
    text = "nan" if math.isnan(value) else repr(abs(float(value)))
    return _cast(f"-{text}" if math.copysign(1, value) < 0 else text, "double")


def _timestamp(value: dt.datetime) -> str:
    if value.tzinfo is None:
        return _cast(value.isoformat(" "), "timestamp")
    return _cast(value.astimezone(dt.UTC).isoformat(" "), "timestamptz")


def _date(value: dt.date) -> str:
    return _cast(value.isoformat(), "date")


def _time(value: dt.time) -> str:
    return _cast(value.isoformat(), "time" if value.tzinfo is None else "timetz")


def _interval(value: dt.timedelta) -> str:
    below_a_day = value.seconds * 1_000_000 + value.microseconds
    return _cast(f"{value.days} days {below_a_day} microseconds", "interval")


def _blob(value: bytes) -> str:
    return _cast("".join(f"\\x{byte:02X}" for byte in value), "blob")


def _list(values: Sequence[Any]) -> str:
    written = [literal(value) for value in values]
    if any(isinstance(value, str) for value in values):
        # bound, one text makes texts of all; written, DuckDB would make numbers of the texts
        written = [
            text if isinstance(value, (str, bytes, type(None))) else f"cast({text} as varchar)"
            for text, value in zip(written, values, strict=True)
        ]
    return f"[{', '.join(written)}]"


def _null(_: None) -> str:
    return "null"


#: How each kind of value is written; of two that fit, the first.
_LITERALS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (type(None), _null),
    (bool, _boolean),
    (int, _integer),
    (float, _float),
    (Decimal, _decimal),
    (str, _text),
    (dt.datetime, _timestamp),
    (dt.date, _date),
    (dt.time, _time),
    (dt.timedelta, _interval),
    ((bytes, bytearray), _blob),
    ((list, tuple), _list),
)
