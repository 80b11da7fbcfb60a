"""No gap in a sequence: every whole number, or every piece of a calendar, between two ends.

The ends of each group are its own least and greatest values, unless the check says others. What is
counted is the places between them, so an empty table has none, unless both ends are said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.quality.column_types import is_integer, is_time
from thresher.quality.kinds import Finding, Sql, looked_at
from thresher.quality.subject import Subject
from thresher.quality.wording import counted, named, percent

#: Position of a time in each calendar, by the unit; `{t}` is a timestamp. Weeks begin on Mondays.
_POSITIONS = {
    "second": "date_diff('second', timestamp '1970-01-01', {t})",
    "minute": "date_diff('minute', timestamp '1970-01-01', {t})",
    "hour": "date_diff('hour', timestamp '1970-01-01', {t})",
    "day": "date_diff('day', timestamp '1970-01-01', {t})",
    "week": "cast(floor((date_diff('day', timestamp '1970-01-01', {t}) + 3) / 7) as bigint)",
    "month": "(year({t}) * 12 + month({t}))",
    "quarter": "(year({t}) * 4 + quarter({t}))",
    "year": "year({t})",
}
#: Whole numbers beyond 64 bits, with which an engine computes two or three times as long.
_WIDE = ("UBIGINT", "HUGEINT", "UHUGEINT", "BIGNUM")
_CLOCK = ("second", "minute", "hour")


def places(check: Check, subject: Subject) -> Sql:
    """Count the places there should be, the empty ones, and the values that stand at none."""
    text, params = _places(check, subject)
    text += (
        " select coalesce(sum(__count), 0), coalesce(sum(__count - __there), 0),"
        " coalesce(sum(__off), 0) from __places"
    )
    return Sql(text, params)


def missing(check: Check, subject: Subject) -> Sql:
    """Find what stands before and behind each gap, the widest first."""
    group = _group(check, subject)
    text, params = _places(check, subject)
    by, partition = _list(group), f"partition by {', '.join(group)} " if group else ""
    text += (
        f", __steps as (select {by}{_step(check)} as __k, min(__value) as __first,"
        f" max(__value) as __last from __both where __u is not null group by {by}__k),"
        f" __gaps as (select {by}__last, lead(__first) over __next as __then,"
        f" lead(__k) over __next - __k - 1 as __missing from __steps"
        f" window __next as ({partition}order by __k))"
        f" select * from __gaps where __missing > 0 order by __missing desc, {by}__last"
    )
    groups = tuple(subject.table.name(each) for each in check.argument("group") or ())
    return Sql(text, params, (*groups, "after", "before", "missing"))


def judge_gaps(check: Check, _subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take each place that nothing stands at, and each value beside a place, for a violation."""
    count, gone, off = map(int, figures)
    number, unit = check.argument("step"), check.argument("unit")
    noun = unit or "place"
    if number > 1:
        noun = f"step of {number} {unit}s" if unit else f"step of {number}"
    noun, plural = noun.split(" ", 1)[0], f" {noun.partition(' ')[2]}".rstrip()
    share = f" ({percent(gone, count)})" if gone else ""
    words = f"{gone:,} of {counted(count, noun)}{plural} of `{check.columns[0]}`{share}"
    words += f" {'is' if gone == 1 else 'are'} missing"
    if off:
        words += f", and {counted(off, 'value')} {'stands' if off == 1 else 'stand'} between steps"
    if group := check.argument("group"):
        words += f", within {named(group)}"
    if check.where:
        words += f", where `{check.where}`"
    return Finding(violations=gone + off, rows=count + off, words=words)


def _places(check: Check, subject: Subject) -> tuple[str, dict[str, Any]]:
    """Write the common table expressions that find each group's ends and count its places."""
    group, (name,) = _group(check, subject), check.columns
    column, by, type_ = subject.table.column(name), _list(group), subject.table.type(name)
    params = {key: value for key, value in check.arguments if key in ("first", "last")}
    ends = {key: _position(check, f"cast(${key} as {type_})", name, type_) for key in params}
    ends = {"first": "null", "last": "null", **ends}
    grouped = f" group by {', '.join(group)}" if group else ""
    same = " and ".join(f"e.{each} is not distinct from a.{each}" for each in group) or "true"
    on = "true" if check.argument("unit") else f"(__u - __lo) % {check.argument('step')} = 0"
    text = (
        f"with __at as (select {by}{column} as __value,"
        f" {_position(check, column, name, type_)} as __u {looked_at(check, subject)}),"
        f" __ends as (select {by}coalesce({ends['first']}, min(__u)) as __lo,"
        f" coalesce({ends['last']}, max(__u)) as __hi from __at where __u is not null{grouped}),"
        f" __both as (select e.*, __u, __value from __ends as e left join __at as a"
        f" on {same} and __u between __lo and __hi),"
        f" __places as (select {by}case when __hi >= __lo"
        f" then (cast(__hi as hugeint) - __lo) // {check.argument('step')} + 1 else 0 end"
        f" as __count,"
        f" count(distinct {_step(check)}) filter (where {on}) as __there,"
        f" count(distinct __u) filter (where not ({on})) as __off"
        f" from __both group by {by}__lo, __hi)"
    )
    return text, params


def _step(check: Check) -> str:
    return f"(__u - __lo) // {check.argument('step')}"


def _position(check: Check, column: str, name: str, type_: str) -> str:
    """Give the position of a value in its sequence, as a whole number."""
    unit = check.argument("unit")
    if unit is None:
        if not is_integer(type_):
            hint = "; say a unit, such as `day`" if is_time(type_) else ""
            raise AssetError(f"`{name}` is `{type_}`, which does not go in whole numbers{hint}")
        return f"cast({column} as {'hugeint' if type_ in _WIDE else 'bigint'})"
    if not is_time(type_):
        raise AssetError(f"`{name}` is `{type_}`, and only dates and timestamps have a calendar")
    if type_ == "DATE" and unit in _CLOCK:
        raise AssetError(f"`{name}` is `DATE`, which has no {unit}s")
    zoned = type_.startswith("TIMESTAMP WITH TIME ZONE")
    # Hours are counted in UTC, where none is left out or comes twice; days are those of the clock.
    time = f"timezone('UTC', {column})" if zoned and unit in _CLOCK else column
    return _POSITIONS[unit].replace("{t}", f"cast({time} as timestamp)")


def _group(check: Check, subject: Subject) -> list[str]:
    return [subject.table.column(name) for name in check.argument("group") or ()]


def _list(columns: list[str]) -> str:
    return "".join(f"{column}, " for column in columns)
