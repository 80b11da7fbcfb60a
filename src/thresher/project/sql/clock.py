"""A clock that stands still: SQL that asks the time, with a given instant written in its place.

The calls are found in the syntax tree, and each is replaced by a literal of the type that DuckDB
gives to the call; all else stays as it is written, and every line keeps its number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from zoneinfo import ZoneInfo

from thresher.project.sql.calls import Call, calls
from thresher.project.sql.literals import literal
from thresher.project.sql.tree import only_one, parse

Edit = tuple[int, int, str]
"""Offset of a part of a text, the offset behind it, and what stands there instead."""

#: What each function gives at an instant of the session's time zone.
_READS: Mapping[str, Callable[[dt.datetime], object]] = {
    **dict.fromkeys(
        ("current_timestamp", "get_current_timestamp", "now", "transaction_timestamp"),
        lambda at: at,
    ),
    **dict.fromkeys(("current_date", "today"), lambda at: at.date()),
    **dict.fromkeys(
        ("current_time", "get_current_time"),
        lambda at: at.timetz().replace(tzinfo=dt.timezone(at.utcoffset() or dt.timedelta())),
    ),
    **dict.fromkeys(("current_localtime", "localtime"), lambda at: at.time()),
    **dict.fromkeys(
        ("current_localtimestamp", "localtimestamp"), lambda at: at.replace(tzinfo=None)
    ),
}


def freeze_time(text: str, at: dt.datetime, timezone: str, *, but: Collection[str] = ()) -> str:
    """Write a query as if it were asked at a given instant.

    Args:
        text: the query.
        at: the instant, with its time zone.
        timezone: the session's time zone, in which days begin.
        but: names that macros of the project have, whose calls do not ask the time.

    Raises:
        SqlError: it is no valid query.
    """
    statement = parse(text, only_one(text, "a query"))
    local = at.astimezone(ZoneInfo(timezone))
    edits = [
        edit
        for call in calls(statement)
        if call.name not in but
        for edit in _edits(text, call, local)
    ]
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _edits(text: str, call: Call, at: dt.datetime) -> Iterator[Edit]:
    if call.name in _READS:
        lines = "\n" * text.count("\n", call.start, call.end)
        yield call.start, call.end, literal(_READS[call.name](at)) + lines
        return
    opened = text.find("(", call.start) + 1
    if call.name == "ago":
        yield call.start, opened, f"({literal(at)} - ("
        yield call.end - 1, call.end, "))"
    elif call.name == "age" and call.alone:
        midnight = dt.datetime.combine(at.date(), dt.time())
        yield call.start, opened, f"age({literal(midnight)}, "
