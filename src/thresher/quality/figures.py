"""Checks of the table as a whole: their queries, and what the figures mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.project.units import parse_tolerance
from thresher.quality.column_types import is_time, spelled
from thresher.quality.freshness import figure_of, freshness_words, judge_freshness
from thresher.quality.kinds import Finding, Sql, looked_at
from thresher.quality.subject import Subject
from thresher.quality.wording import counted, listed, named, rows_that
from thresher.tables import quote_name


def no_query(_check: Check, _subject: Subject) -> None:
    """Ask nothing: what is known of the version will do."""


def judge_column(check: Check, subject: Subject, _figures: Sequence[Any]) -> Finding:
    """Say whether a column is there."""
    (name,) = check.columns
    if subject.table.has(name):
        return Finding(violations=0, words=f"there is a column `{name}`")
    there = listed(subject.table.columns)
    return Finding(violations=1, words=f"there is no column `{name}`; there are {there}")


def judge_type(check: Check, subject: Subject, _figures: Sequence[Any]) -> Finding:
    """Say whether a column has the type that the contract gives it."""
    (name,) = check.columns
    found, expected = subject.table.type(name), spelled(subject.types[name])
    if found == expected:
        return Finding(violations=0, words=f"`{name}` is `{found}`")
    return Finding(violations=1, words=f"`{name}` is `{found}`; expected `{expected}`")


def key_figures(check: Check, subject: Subject) -> Sql:
    """Count rows, rows with a null in their key, and rows beyond the first of each key."""
    names = _names(check, subject)
    if len(names) == 1:  # the same figures, for two thirds of the time that groups take
        key = quote_name(names[0])
        return Sql(
            f"select count(*), count(*) - count({key}), count({key}) - count(distinct {key})"
            f" {looked_at(check, subject)}"
        )
    null = _any_null(check, subject)
    return Sql(
        f"select coalesce(sum(__rows), 0),"
        f" coalesce(sum(case when {null} then __rows else 0 end), 0),"
        f" coalesce(sum(case when {null} then 0 else __rows - 1 end), 0)"
        f" from ({_groups(check, subject)}) as __keys"
    )


def repeated_keys(check: Check, subject: Subject) -> Sql:
    """Find the keys that several rows have."""
    return _worst_keys(f"__rows > 1 and not ({_any_null(check, subject)})", check, subject)


def broken_keys(check: Check, subject: Subject) -> Sql:
    """Find the keys that several rows have, and those with a null in them."""
    return _worst_keys(f"__rows > 1 or {_any_null(check, subject)}", check, subject)


def judge_unique(check: Check, _subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take the surplus rows for violations; a null is equal to nothing."""
    rows, _, surplus = map(int, figures)
    phrase = f"repeat the {named(check.columns)} of another row"
    words = rows_that(surplus, rows, phrase, check.where)
    return Finding(violations=surplus, rows=rows, words=words)


def judge_primary_key(check: Check, _subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take the surplus rows, and those with a null in their key, for violations."""
    rows, nulls, surplus = map(int, figures)
    words = rows_that(nulls + surplus, rows, f"break the key {named(check.columns)}", check.where)
    if nulls + surplus:
        words += f": {nulls:,} by a null, {surplus:,} by repeating another row's"
    return Finding(violations=nulls + surplus, rows=rows, words=words)


def row_count(check: Check, subject: Subject) -> Sql | None:
    """Count the rows, where the version does not know their number already."""
    return Sql(f"select count(*) {looked_at(check, subject)}") if check.where else None


def judge_rows(check: Check, subject: Subject, figures: Sequence[Any]) -> Finding:
    """Hold the number of rows against what is expected of it."""
    rows = int(figures[0]) if figures else subject.table.snapshot.rows
    expected = [words for holds, words in _expectations(check, subject, rows) if not holds]
    words = counted(rows, "row") + (f" where `{check.where}`" if check.where else "")
    if expected:
        words += f"; expected {' and '.join(expected)}"
    return Finding(violations=int(bool(expected)), words=words)


def newest(check: Check, subject: Subject) -> Sql:
    """Find the newest value of a column."""
    (name,) = check.columns
    type_ = subject.table.type(name)
    if not is_time(type_):
        raise AssetError(f"`{name}` is `{type_}`, and only dates and timestamps can be fresh")
    # As text, because Python's calendar ends before the engine's does.
    column = subject.table.column(name)
    return Sql(f"select cast(max({column}) as varchar) {looked_at(check, subject)}")


def judge_newest(check: Check, subject: Subject, figures: Sequence[Any]) -> Finding:
    """Hold the newest value against the time of the run."""
    hide = subject.hides(check.columns[0])
    return freshness_finding(check, figure_of(figures[0]), subject.now, hide=hide)


def freshness_finding(
    check: Check, figure: str | None, now: datetime, *, hide: bool = False
) -> Finding:
    """Judge a check of kind `freshness` from its figure alone; say it unless it is to be hidden."""
    (name,), within = check.columns, check.argument("within")
    return Finding(
        violations=int(not judge_freshness(figure, within, now)),
        words=freshness_words(name, figure, within, now, hide=hide),
        figure=figure,
    )


def _names(check: Check, subject: Subject) -> list[str]:
    return list(dict.fromkeys(subject.table.name(name) for name in check.columns))


def _any_null(check: Check, subject: Subject) -> str:
    return " or ".join(f"{quote_name(name)} is null" for name in _names(check, subject))


def _groups(check: Check, subject: Subject) -> str:
    keys = ", ".join(map(quote_name, _names(check, subject)))
    return f"select {keys}, count(*) as __rows {looked_at(check, subject)} group by {keys}"


def _worst_keys(condition: str, check: Check, subject: Subject) -> Sql:
    names = _names(check, subject)
    order = ", ".join(["__rows desc", *map(quote_name, names)])
    text = f"select * from ({_groups(check, subject)}) as __keys where {condition} order by {order}"
    return Sql(text, labels=(*names, "count(*)"))


def _expectations(check: Check, subject: Subject, rows: int) -> list[tuple[bool, str]]:
    given = dict(check.arguments)
    found: list[tuple[bool, str]] = []
    if (least := given.get("at_least")) is not None:
        found.append((rows >= least, f"at least {least:,}"))
    if (most := given.get("at_most")) is not None:
        found.append((rows <= most, f"at most {most:,}"))
    if (exactly := given.get("equals")) is not None:
        found.append((rows == exactly, f"exactly {exactly:,}"))
    if (name := given.get("matches")) is not None:
        others = subject.other(name).snapshot.rows
        within = parse_tolerance(given.get("within", "0"))
        holds = within.allows(abs(rows - others), others)
        allowed = f", within {within}" if within.count or within.share else ""
        found.append((holds, f"as many as `{name}`, which has {others:,}{allowed}"))
    return found
