"""Whether two values are the same, one of which may be the text that somebody wrote for it.

A text is read as what it is compared with: `12.60` as a decimal, `2024-01-31` as a date. Nothing is
cut to fit: 1.5 is not 2, though a cast to `bigint` says so. Floating-point numbers are the same
within a tolerance; all else is exact.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

#: Relative and absolute difference up to which floating-point numbers are the same.
RELATIVE, ABSOLUTE = 1e-6, 1e-12

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})


def same(found: Any, expected: Any, *, rtol: float = RELATIVE) -> bool:
    """Say whether a value is what was expected.

    Args:
        found: the value.
        expected: a value, or a text that stands for one.
        rtol: relative tolerance of floating-point numbers.
    """
    if found is None or expected is None:
        return found is expected
    return _same(found, fitted(found, expected), rtol)


def fitted(model: Any, value: Any) -> Any:
    """Read a value as one of the kind of another, where that loses nothing; else leave it.

    Args:
        model: a value of the kind.
        value: what was written.
    """
    if isinstance(model, str):
        return value if isinstance(value, str) or value is None else plain_text(value)
    if isinstance(value, str):
        value = _read(model, value)
    if isinstance(value, dt.date) and isinstance(model, dt.date):
        return _moment(model, value)
    if isinstance(value, float) and isinstance(model, (int, Decimal)) and math.isfinite(value):
        return Decimal(repr(float(value)))  # exact numbers are compared exactly
    return value


def _read(model: Any, text: str) -> Any:
    for kind, read in _READERS:
        if isinstance(model, kind):
            try:
                return read(model, text.strip())
            except (ValueError, InvalidOperation):
                return text
    return text


def plain_text(value: Any) -> str:
    """Write a value as a column of texts would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return str(value)


def _same(found: Any, expected: Any, rtol: float) -> bool:
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, float) or isinstance(expected, float):
        return _close(found, expected, rtol)
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        return found.keys() == expected.keys() and all(
            same(value, expected[key], rtol=rtol) for key, value in found.items()
        )
    if isinstance(found, (list, tuple)) and isinstance(expected, (list, tuple)):
        pairs = zip(found, expected, strict=False)
        return len(found) == len(expected) and all(same(*pair, rtol=rtol) for pair in pairs)
    return bool(found == expected)


def _close(found: Any, expected: Any, rtol: float) -> bool:
    if not isinstance(found, (int, float, Decimal)) or not isinstance(
        expected, (int, float, Decimal)
    ):
        return False
    first, second = float(found), float(expected)
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    return math.isclose(first, second, rel_tol=rtol, abs_tol=ABSOLUTE)


def _moment(model: dt.date, value: dt.date) -> dt.date:
    """Give a day as the instant in which it begins, or the other way round."""
    if isinstance(model, dt.datetime):
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        naive = value.tzinfo is None and model.tzinfo is not None
        return value.replace(tzinfo=model.tzinfo) if naive else value
    if isinstance(value, dt.datetime) and value.time() == dt.time() and value.tzinfo is None:
        return value.date()
    return value


def _boolean(_: Any, text: str) -> bool:
    if text.lower() in _TRUE or text.lower() in _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _number(_: Any, text: str) -> Decimal:
    return Decimal(text.replace("_", ""))


def _nested(model: Any, text: str) -> Any:
    value = json.loads(text)
    if not isinstance(value, type(model)):
        raise ValueError(text)
    return value


def _bytes(_: Any, text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def _duration(_: Any, text: str) -> dt.timedelta:
    hours, minutes, seconds = text.split(":")
    return dt.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


#: How a text is read as each kind of value; of two that fit, the first.
_READERS: tuple[tuple[type | tuple[type, ...], Callable[[Any, str], Any]], ...] = (
    (bool, _boolean),
    (float, lambda _, text: float(text)),
    ((int, Decimal), _number),
    ((dt.datetime, dt.date), lambda _, text: dt.datetime.fromisoformat(text)),
    (dt.time, lambda _, text: dt.time.fromisoformat(text)),
    (dt.timedelta, _duration),
    (uuid.UUID, lambda _, text: uuid.UUID(text)),
    ((bytes, bytearray), _bytes),
    ((dict, list), _nested),
)
