"""Checks of the order of rows: values that only grow, or only fall, and intervals that stay apart.

A row violates such a check by what stands before it, so the rows are named by window functions. The
violating rows are those which go against what was reached before them: without them, the check
holds. Each expression is true or false, and never null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.project.orders import direction
from thresher.quality.column_types import is_number, is_text, is_time
from thresher.quality.kinds import Finding, Sql
from thresher.quality.subject import Subject
from thresher.quality.surplus import is_looked_at, order_by
from thresher.quality.wording import named, rows_that
from thresher.tables import quote_name


def falling_rows(check: Check, subject: Subject) -> Sql:
    """Find values less than one that an earlier row had."""
    return _against(check, subject, highest="max", wrong="<")


def rising_rows(check: Check, subject: Subject) -> Sql:
    """Find values more than one that an earlier row had."""
    return _against(check, subject, highest="min", wrong=">")


def overlapping_rows(check: Check, subject: Subject) -> Sql:
    """Find intervals that begin before an earlier one ends, and those that end before they begin.

    Of intervals that begin together the shorter comes first; an end that is null is open.
    """
    table = subject.table
    first, last = check.columns
    if _family(table.type(first)) != _family(table.type(last)):
        types = f"`{first}` is `{table.type(first)}` and `{last}` is `{table.type(last)}`"
        raise AssetError(f"{types}, which cannot be the ends of one interval")
    start, end = table.column(first), table.column(last)
    closed = bool(check.argument("closed"))
    looked = is_looked_at(check)
    backwards = f"coalesce({end} < {start}, false)"
    empty = "false" if closed else f"coalesce({end} = {start}, false)"
    real = f"({looked} and not {backwards} and not {empty})"
    order = [f"{start} asc nulls first", f"{end} asc nulls last"]
    order += [f"{quote_name(name)} nulls last" for name in table.columns]
    group = ", ".join([real, *_group(check, subject)])
    window = (
        f"over (partition by {group} order by {', '.join(order)}"
        " rows between unbounded preceding and 1 preceding)"
    )
    reached = f"{start} {'<=' if closed else '<'} max({end}) {window}"
    return Sql(
        f"({looked} and ({backwards} or ({real} and coalesce(case"
        f" when {start} is null then count(*) {window} > 0"
        f" else {reached} or coalesce(bool_or({end} is null) {window}, false) end, false))))"
    )


def count_named(check: Check, subject: Subject, bad: Sql) -> Sql:
    """Count the rows that a check looks at, and those of them that it names."""
    text = (
        f"select count(*) filter (where __seen), count(*) filter (where __bad) from"
        f" (select {is_looked_at(check)} as __seen, {bad.text} as __bad from {subject.table.sql})"
        " as __rows"
    )
    return Sql(text, bad.params)


def show_named(check: Check, subject: Subject, bad: Sql) -> Sql:
    """Find the rows that a check names."""
    names = ", ".join(map(quote_name, subject.table.columns))
    order = ", ".join([*_group(check, subject), *_order(check, subject)])
    text = (
        f"select {names} from (select *, {bad.text} as __bad from {subject.table.sql}) as __rows"
        f" where __bad order by {order}"
    )
    return Sql(text, bad.params, subject.table.columns)


def judge_order(check: Check, _subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take the rows named for violations."""
    word = "less" if check.kind == "increasing" else "more"
    equal = f"no {'more' if word == 'less' else 'less'}" if check.argument("strictly") else word
    phrase = f"have a {named(check.columns)} that is {equal} than an earlier row's"
    return _finding(check, figures, phrase + _by(check))


def judge_overlap(check: Check, _subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take the rows named for violations."""
    phrase = f"have an interval {' to '.join(f'`{name}`' for name in check.columns)}"
    return _finding(check, figures, f"{phrase} that overlaps an earlier one's{_by(check)}")


def _finding(check: Check, figures: Sequence[Any], phrase: str) -> Finding:
    rows, violations = map(int, figures)
    return Finding(
        violations=violations, rows=rows, words=rows_that(violations, rows, phrase, check.where)
    )


def _by(check: Check) -> str:
    order, group = check.argument("order"), check.argument("group")
    words = f", in the order of {named(order)}" if order else ""
    return words + (f", within {named(group)}" if group else "")


def _against(check: Check, subject: Subject, *, highest: str, wrong: str) -> Sql:
    """Compare each value with the furthest that rows before it reached.

    Rows that stand at one place of the order are not compared with one another, since either could
    be said to come first; a row without a place in it is compared with none.
    """
    (name,) = check.columns
    column = subject.table.column(name)
    order = _order(check, subject)
    names = [subject.table.column(direction(item)[0]) for item in check.argument("order")]
    placed = " and ".join([is_looked_at(check), *(f"{each} is not null" for each in names)])
    groups = ", ".join([f"({placed})", *_group(check, subject)])
    furthest = (
        f"{highest}({column}) over (partition by {groups} order by {', '.join(order)}"
        " groups between unbounded preceding and 1 preceding)"
    )
    sign = f"{wrong}=" if check.argument("strictly") else wrong
    return Sql(f"({placed} and coalesce({column} {sign} {furthest}, false))")


def _order(check: Check, subject: Subject) -> list[str]:
    """Write the order of the rows; intervals are ordered by where they begin."""
    return order_by(check.argument("order") or check.columns, subject.table)


def _group(check: Check, subject: Subject) -> list[str]:
    return [subject.table.column(name) for name in check.argument("group") or ()]


def _family(type_: str) -> str:
    families = (("text", is_text), ("number", is_number), ("time", is_time))
    return next((name for name, holds in families if holds(type_)), type_)
