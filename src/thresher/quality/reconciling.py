"""Sums that reconcile: a column here and a column of another asset come to the same."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.project.secrets import MASK
from thresher.project.units import split_allowance
from thresher.quality.column_types import is_floating, is_number
from thresher.quality.kinds import Finding, Sql, looked_at
from thresher.quality.subject import Subject, Table
from thresher.quality.wording import named, rows_that


def differences(check: Check, subject: Subject) -> Sql:
    """Count the sums there are, and those that differ; give both where there is one."""
    text, params = _sums(check, subject)
    text += (
        " select count(*), count(*) filter (where __differs), cast(any_value(__ours) as varchar),"
        " cast(any_value(__theirs) as varchar) from __compared"
    )
    return Sql(text, params)


def worst(check: Check, subject: Subject) -> Sql:
    """Find the sums that differ, the furthest apart first."""
    text, params = _sums(check, subject)
    groups = tuple(subject.table.name(name) for name in check.columns[1:])
    text += (
        f" select {_list(_names(groups))}__ours, __theirs, __ours - __theirs as __difference"
        " from __compared where __differs"
        f" order by abs(__ours - __theirs) desc{_then(groups)}"
    )
    return Sql(text, params, (*groups, "sum", "other sum", "difference"))


def judge_differences(check: Check, subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take each group whose sums differ for a violation, or the whole table for one."""
    groups, differ = int(figures[0]), int(figures[1])
    to, keys, within = (check.argument(name) for name in ("to", "keys", "within"))
    other = f"`{to}.{keys[0]}`"
    allowed = f", within {within}" if within not in ("0", "0%") else ""
    if len(check.columns) == 1:
        ours, theirs = (MASK, MASK) if hides_sums(check, subject) else figures[2:4]
        words = f"`{check.columns[0]}` sums to {ours}"
        words += f" where `{check.where}`" if check.where else ""
        words += f", and {other} to {theirs}"
        if differ:
            words += f"; expected the same{allowed}"
        return Finding(violations=differ, words=words)
    phrase = f"have a sum of `{check.columns[0]}` that is not that of {other}{allowed}"
    words = rows_that(differ, groups, phrase, check.where).replace("row", "group", 1)
    return Finding(violations=differ, rows=groups, words=f"{words}, by {named(check.columns[1:])}")


def hides_sums(check: Check, subject: Subject) -> bool:
    """Say whether the sums are of values that are shown to nobody, on either side."""
    key = check.argument("keys")[0]
    return subject.hides(check.columns[0]) or subject.hides(key, check.argument("to"))


def _sums(check: Check, subject: Subject) -> tuple[str, dict[str, Any]]:
    """Write the common table expressions that sum both sides and compare them."""
    here, other = subject.table, subject.other(check.argument("to"))
    keys = check.argument("keys")
    ours = [here.column(name) for name in check.columns]
    theirs = [other.column(name) for name in keys]
    floating = _floating(check.columns[0], here) | _floating(keys[0], other)
    total = "fsum" if floating else "sum"
    same = " and ".join(
        f"a.{mine} is not distinct from b.{its}"
        for mine, its in zip(ours[1:], theirs[1:], strict=True)
    )
    groups = "".join(
        f"coalesce(a.{mine}, b.{its}) as {mine}, "
        for mine, its in zip(ours[1:], theirs[1:], strict=True)
    )
    difference, share = split_allowance(check.argument("within"))
    if share:
        exceeds = (
            "cast(abs(__ours - __theirs) as double) > $allowed * cast(abs(__theirs) as double)"
        )
    else:
        exceeds = "abs(__ours - __theirs) > $allowed"
    allowed: float | Decimal = float(share) if share else difference
    text = (
        f"with __a as (select {_list(ours[1:])}{total}({ours[0]}) as __sum"
        f" {looked_at(check, subject)}{_grouped(ours[1:])}),"
        f" __b as (select {_list(theirs[1:])}{total}({theirs[0]}) as __sum from {other.sql}"
        f"{_grouped(theirs[1:])}),"
        f" __both as (select {groups}coalesce(a.__sum, 0) as __ours,"
        f" coalesce(b.__sum, 0) as __theirs from __a as a full join __b as b on {same or 'true'}),"
        f" __compared as (select *, {exceeds} as __differs from __both)"
    )
    return text, {"allowed": float(allowed) if floating else allowed}


def _floating(name: str, table: Table) -> bool:
    type_ = table.type(name)
    if not is_number(type_):
        raise AssetError(f"`{table.snapshot.asset}.{name}` is `{type_}`, which has no sum")
    return is_floating(type_)


def _names(groups: Sequence[str]) -> list[str]:
    return ['"' + name.replace('"', '""') + '"' for name in groups]


def _list(columns: Sequence[str]) -> str:
    return "".join(f"{column}, " for column in columns)


def _grouped(columns: Sequence[str]) -> str:
    return f" group by {', '.join(columns)}" if columns else ""


def _then(groups: Sequence[str]) -> str:
    return "".join(f", {name}" for name in _names(groups))
