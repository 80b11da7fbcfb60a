"""Durations, sizes and shares as people write them in YAML: `30m`, `4GB`, `0.1%`."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from thresher.project.contract import Tolerance

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
#: Units that a calendar is counted in.
CALENDAR = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
#: Bytes that one thread of an engine needs to work by way of the disk.
THREAD_MEMORY = 125_000_000
#: Longest duration in seconds, a hundred years: clocks and calendars do not count much further.
_LONGEST = 36_500 * 86_400
_STEP = re.compile(r"\s*([0-9]*)\s*([A-Za-z]*)\s*")
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]*)\s*")


def parse_duration(value: Any) -> timedelta:
    """Read `500ms`, `30s`, `5m`, `2h`, `1d` or `1w`.

    Raises:
        ValueError: it is none of these, or longer than a hundred years.
    """
    if isinstance(value, timedelta):
        return value
    number, unit = _amount(value)
    if unit.lower() not in _SECONDS:
        raise ValueError(f"should be a duration such as `30s`, `5m`, `2h` or `1d`, not `{value}`")
    seconds = number * _SECONDS[unit.lower()]
    if seconds > _LONGEST:
        raise ValueError(f"should be a hundred years at most, not `{value}`")
    return timedelta(seconds=seconds)


def parse_limit(value: Any) -> timedelta:
    """Read a duration that something may take: longer than nothing.

    Raises:
        ValueError: it is no duration, or no time at all.
    """
    limit = parse_duration(value)
    if limit <= timedelta(0):
        raise ValueError(f"should be longer than nothing, such as `30m`, not `{value}`")
    return limit


def spell_duration(duration: timedelta) -> str:
    """Write a duration as people do, in the largest unit that it is a whole number of: `90s`."""
    milliseconds = round(duration.total_seconds() * 1000)
    for unit, seconds in sorted(_SECONDS.items(), key=lambda each: -each[1]):
        number, rest = divmod(milliseconds, round(seconds * 1000))
        if not rest and (number or unit == "s"):
            return f"{number}{unit}"
    return f"{milliseconds}ms"


def parse_size(value: Any) -> int:
    """Read `500MB`, `4GB` or `2GiB` as bytes.

    Raises:
        ValueError: it is none of these.
    """
    number, unit = _amount(value)
    if unit.upper() not in _BYTES:
        raise ValueError(f"should be a size such as `500MB` or `4GB`, not `{value}`")
    return int(number * _BYTES[unit.upper()])


def threads_for(memory: int, threads: int) -> int:
    """Say how many threads can share some memory: each sorts, joins and reads in a part of it."""
    return max(1, min(threads, memory // THREAD_MEMORY))


def parse_share(value: Any) -> float:
    """Read `1%` or `0.01` as a share between 0 and 1.

    Raises:
        ValueError: it is not a share.
    """
    number, unit = _amount(value)
    share = number / 100 if unit == "%" else number
    if unit not in ("", "%") or not 0 < share <= 1:
        raise ValueError(f"should be a share such as `1%` or `0.01`, not `{value}`")
    return share


def parse_tolerance(value: Any) -> Tolerance:
    """Read `5` as a count, or `0.1%` as a share of all.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, Tolerance):
        return value
    number, unit = _amount(value)
    if unit == "%" and number <= 100:
        return Tolerance(share=number / 100)
    if unit == "" and number == int(number):
        return Tolerance(count=int(number))
    raise ValueError(f"should be a count such as `5` or a share such as `0.1%`, not `{value}`")


def parse_allowance(value: Any) -> str:
    """Read `0.01` as a difference, or `1%` as a share; give its one spelling.

    Raises:
        ValueError: it is neither.
    """
    number, unit = _amount(value)
    if unit not in ("", "%"):
        raise ValueError(
            f"should be a number such as `0.01` or a share such as `1%`, not `{value}`"
        )
    return f"{number:.15g}{unit}"


def split_allowance(text: str) -> tuple[Decimal, Decimal]:
    """Give an allowance as a difference and a share, one of which is nothing."""
    if text.endswith("%"):
        return Decimal(0), Decimal(text[:-1]) / 100
    return Decimal(text), Decimal(0)


def parse_step(value: Any) -> tuple[int, str | None]:
    """Read a step: `1` of integers, or `day`, `15 minutes` of a calendar.

    Raises:
        ValueError: it is neither.
    """
    if value is True:
        return 1, None
    match = _STEP.fullmatch(str(value)) if not isinstance(value, bool) else None
    number = int((match and match[1]) or 1)
    unit = match and match[2].lower().removesuffix("s")
    if match is None or number < 1 or (unit and unit not in CALENDAR):
        units = ", ".join(f"`{unit}`" for unit in CALENDAR)
        raise ValueError(f"should be a number, or such as `day` or `15 minutes`, with {units}")
    return number, unit or None


def _amount(value: Any) -> tuple[float, str]:
    match = _AMOUNT.fullmatch(str(value)) if not isinstance(value, bool) else None
    return (float(match[1]), match[2]) if match else (0.0, "?")


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Limit = Annotated[timedelta, BeforeValidator(parse_limit)]
Retries = Annotated[int, Field(strict=True, ge=0, le=100)]
Size = Annotated[int, BeforeValidator(parse_size)]
