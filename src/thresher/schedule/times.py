"""The times of a schedule, and what a crontab must say so that none of them is missed.

Cron keeps the time of its machine. A schedule that keeps another one is woken up by cron at every
minute at which it could be due, and looks then whether it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import islice, product

from cronsim import CronSim

from thresher.schedule.clocks import clock

#: How late a start can be and still count for its minute, on a machine that is busy.
GRACE = timedelta(minutes=10)

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_MINUTES = 24 * 60
#: Years after which no more times are looked for, as many as CronSim looks.
_SEARCHED = 50
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES = {
    **{name: str(number) for number, name in enumerate(_MONTHS, 1)},
    **{name: str(number) for number, name in enumerate(_DAYS)},
}
#: A field that every cron understands.
_PLAIN = re.compile(r"(\*(/\d+)?|\d+(-\d+(/\d+)?)?)(,(\*(/\d+)?|\d+(-\d+(/\d+)?)?))*")


@dataclass(frozen=True, slots=True)
class Wake:
    """When cron starts a schedule."""

    fields: str
    """The first five fields of a line of a crontab, in the time of the machine."""
    exact: bool
    """Whether cron starts it when it is due and not otherwise."""
    grace: timedelta
    """How late a start can be, so that it is told from the next one."""


def wake(cron: str, zone: tzinfo, system: tzinfo, now: datetime) -> Wake:
    """Find when cron must start a schedule: at all of its times, and else as seldom as can be said.

    Args:
        cron: the expression, as `parse_cron` gives it.
        zone: the time zone of the schedule.
        system: the time zone of the machine.
        now: what is said holds from this year on.
    """
    ours, theirs = clock(zone, now), clock(system, now)
    plain = _plain(cron)
    if plain and ours == theirs:
        return Wake(plain, exact=True, grace=GRACE)
    times = CronSim(cron, now)
    apart = {
        round((one - other).total_seconds() / 60)
        for one, other in product(theirs.offsets, ours.offsets)
    }
    pairs = tuple(product(times.hours, times.minutes))
    found = {(hour * 60 + minute + shift) % _MINUTES for hour, minute in pairs for shift in apart}
    if _is_fixed(cron):
        for change in ours.changes:
            if any(change.skips(hour, minute) for hour, minute in pairs):
                there = change.at.astimezone(system)
                found.add(there.hour * 60 + there.minute)
    minutes = {when % 60 for when in found}
    # A fixed hour is left out, or taken once, where the clocks of the machine are changed.
    hours = set(range(24)) if theirs.changes else {when // 60 for when in found}
    fields = f"{_field(minutes, 60)} {_field(hours, 24)} * * *"
    return Wake(fields, exact=False, grace=_grace(minutes))


def upcoming(cron: str, zone: tzinfo, after: datetime, count: int) -> tuple[datetime, ...]:
    """Give the next times of a schedule, in its own zone."""
    return tuple(at.astimezone(zone) for at in islice(_times(cron, zone, after), count))


def is_due(cron: str, zone: tzinfo, now: datetime, grace: timedelta) -> bool:
    """Say whether a schedule is due in this minute, or was within the grace before it."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    if not _is_fixed(cron):
        times = CronSim(cron, minute)
        late = range(grace // _MINUTE)
        return any(_shows(times, (minute - n * _MINUTE).astimezone(zone)) for n in late)
    following = next(_times(cron, zone, minute - grace), None)
    return following is not None and following <= minute


def _times(cron: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """Give every time after an instant, in UTC."""
    last = after.astimezone(UTC)
    if not _is_fixed(cron):
        yield from _shown(CronSim(cron, last), zone, last)
        return
    for at in CronSim(cron, last.astimezone(zone)):
        # Times of one zone compare by what its clocks show, which they may show twice.
        instant = at.astimezone(UTC)
        if instant > last:
            last = instant
            yield instant


def _shown(times: CronSim, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """Give every minute at which the clocks show a time, as often as they show it.

    CronSim itself steps over some where clocks are changed by half an hour.
    """
    at = after.replace(second=0, microsecond=0) + _MINUTE
    last = at.year + _SEARCHED
    while at.year < last:
        there = at.astimezone(zone)
        if not _is_day(times, there):
            midnight = datetime.combine(there.date() + _DAY, time(), zone).astimezone(UTC)
            at = max(at + _MINUTE, midnight)
            continue
        if _shows(times, there):
            yield at
        at += _MINUTE


def _shows(times: CronSim, there: datetime) -> bool:
    return there.minute in times.minutes and there.hour in times.hours and _is_day(times, there)


def _is_day(times: CronSim, there: datetime) -> bool:
    return there.month in times.months and times.match_day(there.date())


def _is_fixed(cron: str) -> bool:
    """Say whether cron moves a time that is skipped, and takes once one that comes twice."""
    minute, hour, *_ = cron.split()
    return not minute.startswith("*") and not hour.startswith("*")


def _plain(cron: str) -> str | None:
    """Write an expression as every cron understands it; None where not every cron does."""
    *fields, months, days = cron.split()
    named = [
        re.sub(r"[A-Z]+", lambda match: _NAMES.get(match[0], match[0]), text)
        for text in (months, days)
    ]
    every = [*fields, *named]
    return " ".join(every) if all(_PLAIN.fullmatch(field) for field in every) else None


def _field(values: set[int], size: int) -> str:
    """Write a field: `*`, `*/15`, or a list."""
    for step in range(1, size):
        if size % step == 0 and values == set(range(0, size, step)):
            return "*" if step == 1 else f"*/{step}"
    return ",".join(map(str, sorted(values)))


def _grace(minutes: set[int]) -> timedelta:
    ordered = sorted(minutes)
    gaps = [
        after - before
        for before, after in zip(ordered, [*ordered[1:], ordered[0] + 60], strict=True)
    ]
    return min(GRACE, timedelta(minutes=min(gaps)))
