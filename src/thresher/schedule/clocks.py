"""What the clocks of a time zone do over the next years: their offsets, and when they are changed.

Cron knows the clock of its machine alone. These values are what it takes to tell how that one and
the clock of a schedule stand to one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

#: Years that are looked at; what is installed need not be looked at again before they are over.
YEARS = 10
LOCALTIME = Path("/etc/localtime")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Change:
    """An instant at which the clocks of a zone are changed."""

    at: datetime
    """In UTC; the first minute with the offset after it."""
    before: timedelta
    after: timedelta

    def skips(self, hour: int, minute: int) -> bool:
        """Say whether the clocks never show a time on the day of the change."""
        wall = self.at.replace(tzinfo=None)
        end, time = wall + self.after, wall + self.before
        while time < end:
            if (time.hour, time.minute) == (hour, minute):
                return True
            time += _MINUTE
        return False


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a zone over some years; equal for zones that then show the same time."""

    first: timedelta
    """Its offset when they begin."""
    changes: tuple[Change, ...]

    @property
    def offsets(self) -> frozenset[timedelta]:
        """Every offset from UTC that it has."""
        return frozenset({self.first, *(change.after for change in self.changes)})


def clock(zone: tzinfo, now: datetime) -> Clock:
    """Look at a zone, from the beginning of this year on."""
    return _clock(zone, now.year)


@cache
def _clock(zone: tzinfo, year: int) -> Clock:
    begin = datetime(year, 1, 1, tzinfo=UTC)
    days = [begin + timedelta(days=day) for day in range(366 * YEARS)]
    changes = (
        _change(zone, one, two)
        for one, two in pairwise(days)
        if _offset(zone, one) != _offset(zone, two)
    )
    return Clock(_offset(zone, begin), tuple(changes))


def system_zone(path: Path = LOCALTIME) -> tzinfo:
    """Give the time zone of this machine, which is cron's; UTC where nothing says another.

    Args:
        path: a time zone file, or a link to one.
    """
    if not path.is_file():
        return UTC
    with path.open("rb") as file:
        return ZoneInfo.from_file(file)


def _change(zone: tzinfo, before: datetime, after: datetime) -> Change:
    """Find the one change between two instants, to the minute."""
    offset = _offset(zone, before)
    low, high = 0, round((after - before) / _MINUTE)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + middle * _MINUTE) == offset:
            low = middle
        else:
            high = middle
    at = before + high * _MINUTE
    return Change(at, offset, _offset(zone, at))


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
