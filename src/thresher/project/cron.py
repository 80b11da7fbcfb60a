"""Cron expressions and time zones, as people write them in `config.yaml`."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime

from thresher.project.documents import nearest

#: Names that cron knows for whole expressions.
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31",
    "month": "1 to 12 or JAN to DEC",
    "day-of-week": "0 to 7 or SUN to SAT",
}
"""The fields of an expression, in order, with what each can hold."""


def parse_cron(value: str) -> str:
    """Read a cron expression; gives its five fields in capitals, one blank between them.

    Raises:
        ValueError: it is none, or a time that never comes.
    """
    from cronsim import CronSim, CronSimError

    fields = NICKNAMES.get(value.strip().lower(), value).upper().split()
    if len(fields) != len(FIELDS):
        names = ", ".join(FIELDS)
        raise ValueError(f"should have five fields ({names}) such as `0 6 * * *`, not `{value}`")
    text = " ".join(fields)
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, ValueError) as error:
        name = str(error).removeprefix("Bad ")
        can = f", which can hold {FIELDS[name]}" if name in FIELDS else ""
        raise ValueError(f"has a wrong {name if can else 'field'}{can}: `{value}`") from None
    except StopIteration:
        raise ValueError(f"is a time that never comes: `{value}`") from None
    return text


def parse_timezone(value: str) -> str:
    """Read the name of a time zone.

    Raises:
        ValueError: there is no such zone.
    """
    known = zoneinfo.available_timezones()
    if value not in known:
        near = nearest(value, known)
        hint = f"; {near}" if near else ""
        raise ValueError(f"should be a time zone such as `Europe/Rome`, not `{value}`{hint}")
    return value
