"""Any value as JSON holds it: what logs and reports write must be readable by every parser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any


def plain(value: Any) -> Any:  # noqa: PLR0911  one return for each kind of value
    """Give a value of JSON's own types; what has no such type (dates, Decimal, Path) is made text.

    Numbers that JSON cannot write (infinities, NaN) become text, and so do broken characters, which
    file names may hold.
    """
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {_text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return _text(str(value))


def _text(value: str) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
