"""Python values as Arrow columns: what a database's driver gives, and rows that are handed over.

One type holds all values of a column, and is chosen as it is for files: integers beside floating
point numbers are floating point numbers, and values of kinds that have nothing in common are texts,
written as DuckDB writes them, so that it does not matter which rows came together.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from thresher.instants import in_utc

_SCALARS = (bool, int, float, Decimal, str, bytes, dt.datetime, dt.date, dt.time)
_NESTED = (dict, list, tuple)
_INT64 = range(-(2**63), 2**63)
_WIDEST = 38
_MICROSECONDS = pa.timestamp("us")
_INSTANT = pa.timestamp("us", tz="UTC")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def array_of(values: Sequence[Any], wanted: pa.DataType | None = None) -> pa.Array:
    """Make an Arrow array of Python values, whatever they are.

    Args:
        values: the values; None where there is none.
        wanted: type of the values before them, which is kept if it holds these as well.

    Raises:
        UnicodeEncodeError: a text cannot be written in UTF-8; see [`unwritable`][].
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds <= {*_SCALARS, *_NESTED}:
        values = [_plain(value) for value in values]
        kinds = set(map(type, values)) - {type(None)}
    if kinds & set(_NESTED):
        return _nested_array(values)
    own = _type(values, kinds)
    kind = wanted if wanted is not None and _holds(wanted, own) else own
    return pa.array(_made(values, kinds, kind), kind)


def unwritable(values: Sequence[Any]) -> tuple[int, str] | None:
    """Give the position and the form of the first text that cannot be written in UTF-8."""
    for position, value in enumerate(values):
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                return position, value
    return None


def text_of(value: Any) -> str:
    """Write a value as DuckDB casts it to text."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case float():
            return repr(value)
        case Decimal():
            return f"{value:f}"
        case bytes():
            return "".join(map(_byte, value))
        case dt.datetime():
            at = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
            return _clock(at.isoformat(" ", "microseconds")) + ("+00" if value.tzinfo else "")
        case dt.time(tzinfo=None):
            return _clock(value.isoformat("microseconds"))
    return str(value)


def _plain(value: Any) -> Any:
    """Give a value of a type of our own, for one of a subclass or of another library."""
    if value is None or type(value) in _SCALARS or type(value) in _NESTED:
        return value
    if isinstance(value, dt.datetime):
        if value != value:  # noqa: PLR0124  # how pandas says that there is none
            return None
        return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
    if hasattr(value, "dtype") and hasattr(value, "item"):
        return value.item()
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    kinds: tuple[Any, ...] = (int, float, str, Decimal, *_NESTED)
    return next((kind(value) for kind in kinds if isinstance(value, kind)), str(value))


def _type(values: Sequence[Any], kinds: set[type]) -> pa.DataType:
    if not kinds:
        return pa.null()
    if kinds == {int}:
        return _integers(values)
    if kinds <= {int, float}:
        return pa.float64()
    if kinds <= {int, float, Decimal}:
        return pa.float64() if float in kinds else _decimals(values)
    if kinds <= {dt.date, dt.datetime}:
        return _times(values, kinds)
    if kinds == {dt.time}:
        aware = any(value is not None and value.tzinfo for value in values)
        return pa.string() if aware else pa.time64("us")
    return {
        frozenset({bool}): pa.bool_(),
        frozenset({bytes}): pa.binary(),
    }.get(frozenset(kinds), pa.string())


def _integers(values: Sequence[Any]) -> pa.DataType:
    found = [value for value in values if value is not None]
    low, high = min(found), max(found)
    if low in _INT64 and high in _INT64:
        return pa.int64()
    wide = max(len(str(abs(low))), len(str(abs(high)))) > _WIDEST
    return pa.string() if wide else pa.decimal128(_WIDEST, 0)


def _decimals(values: Sequence[Any]) -> pa.DataType:
    whole = scale = 0
    for value in values:
        if value is None:
            continue
        _, digits, exponent = Decimal(value).as_tuple()
        if not isinstance(exponent, int):  # not a number, or infinite
            return pa.string()
        scale = max(scale, -exponent)
        whole = max(whole, len(digits) + exponent)
    # Without a digit before the point DuckDB writes none: `.5`.
    width = max(1, whole) + scale
    return pa.decimal128(width, scale) if width <= _WIDEST else pa.string()


def _times(values: Sequence[Any], kinds: set[type]) -> pa.DataType:
    if kinds == {dt.date}:
        return pa.date32()
    aware = {value.tzinfo is not None for value in values if isinstance(value, dt.datetime)}
    if aware == {False}:
        return _MICROSECONDS
    return _INSTANT if kinds == {dt.datetime} and aware == {True} else pa.string()


def _holds(wide: pa.DataType, kind: pa.DataType) -> bool:
    """Say whether a column of one type can go on with values of another."""
    if wide == kind or pa.types.is_null(kind) or pa.types.is_string(wide):
        return True
    if pa.types.is_floating(wide):
        return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))
    if pa.types.is_decimal(wide) and pa.types.is_decimal(kind):
        whole = wide.precision - wide.scale
        return bool(kind.scale <= wide.scale and kind.precision - kind.scale <= whole)
    return bool(wide == _MICROSECONDS and kind == pa.date32())


def _made(values: Sequence[Any], kinds: set[type], kind: pa.DataType) -> Sequence[Any]:
    """Give the values in the form that Arrow takes for a type."""
    if pa.types.is_string(kind):
        return values if kinds <= {str} else _each(text_of, values)
    if pa.types.is_floating(kind):
        return values if kinds <= {float} else _each(float, values)
    if kind == _MICROSECONDS and dt.date in kinds:
        return _each(_midnight, values)
    return _each(_since_epoch, values) if kind == _INSTANT else values


def _each(make: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    return [value if value is None else make(value) for value in values]


def _since_epoch(value: dt.datetime) -> int:
    """Give microseconds: what `in_utc` is for, for all that Python's own years hold."""
    return (value - _EPOCH) // dt.timedelta(microseconds=1)


def _midnight(value: dt.date) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _nested_array(values: Sequence[Any]) -> pa.Array:
    """Make lists and structures as Arrow sees them, or JSON where they have no common form."""
    try:
        return pa.array([in_utc(value) for value in values])
    except (pa.ArrowException, TypeError, OverflowError):
        return pa.array(_each(_json, values), pa.string())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=text_of)


def _clock(text: str) -> str:
    return text.rstrip("0").removesuffix(".")


def _byte(value: int) -> str:
    printable = 32 <= value < 127 and value not in b"\\\"'"
    return chr(value) if printable else f"\\x{value:02X}"
