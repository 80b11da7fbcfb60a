"""How far a figure has moved from what it was in the last publications.

The figures of the past come from the manifests, as plain values. They are no part of an audit's
key: a verdict that is found again is judged anew by the past as it is then, from its own figure.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.project.secrets import MASK
from thresher.project.units import parse_tolerance
from thresher.quality.column_types import is_number
from thresher.quality.kinds import Finding, Sql, looked_at
from thresher.quality.measures import COUNTED, measure_name, measure_sql, recorded, told
from thresher.quality.subject import Subject
from thresher.quality.wording import counted
from thresher.results import PastVersion


def changing_figure(check: Check, subject: Subject) -> Sql | None:
    """Take the figure, unless it is the number of rows, which the version knows."""
    of = check.argument("of")
    if of == "rows":
        text = f"select cast(count(*) as varchar) {looked_at(check, subject)}"
        return Sql(text) if check.where else None
    (name,) = check.columns
    type_ = subject.table.type(name)
    if of not in COUNTED and not is_number(type_):
        raise AssetError(f"`{name}` is `{type_}`, and only numbers have a mean to move from")
    figure = measure_sql(of, check, subject)
    return Sql(f"select cast({figure} as varchar) {looked_at(check, subject)}")


def judge_changing(check: Check, subject: Subject, figures: Sequence[Any]) -> Finding:
    """Hold the figure against those of the last publications."""
    figure = figures[0] if figures else str(subject.table.snapshot.rows)
    told_as = None if figure is None else recorded(check, figure)
    hide = any(map(subject.hides, check.columns))
    return change_finding(check, told_as, subject.past, hide=hide)


def change_finding(
    check: Check, figure: str | None, past: Sequence[PastVersion], *, hide: bool = False
) -> Finding:
    """Judge a check of kind `change` from its recorded figure alone.

    Args:
        check: the check.
        figure: the figure with its name; None where no row has a value.
        past: what was published before, the oldest first.
        hide: whether the column's values are shown to nobody.
    """
    hide = hide and check.argument("of") not in ("rows", *COUNTED)
    text = None if figure is None else figure.rpartition(" = ")[2]
    words = _told(check, text, hide=hide)
    values = _history(check, past)
    if len(values) < check.argument("after"):
        there = counted(len(values), "publication")
        words += f"; not judged yet: {there} to compare with, of {check.argument('after')} needed"
        return Finding(violations=0, words=words, figure=figure)
    middle = statistics.fmean(values)
    allowed = _allowed(check, values, middle)
    now = math.nan if text is None else float(text)
    apart = abs(now - middle)
    near = apart <= allowed or math.isclose(apart, allowed, rel_tol=1e-9)
    near = near or math.isclose(now, middle, rel_tol=1e-9)
    low, high = middle - allowed, middle + allowed
    words += f"; {MASK if hide else f'{low:,.6g} to {high:,.6g}'} is expected by the last"
    words += f" {counted(len(values), 'publication')}"
    return Finding(violations=int(not near), words=words, figure=figure)


def _told(check: Check, figure: str | None, *, hide: bool) -> str:
    if check.argument("of") != "rows":
        return told(check, figure, hide=hide)
    return counted(int(figure or 0), "row") + (f" where `{check.where}`" if check.where else "")


def _history(check: Check, past: Sequence[PastVersion]) -> list[float]:
    """Give the figures of the last publications that have one, the oldest first."""
    name = f"{measure_name(check)} = "
    rows = check.argument("of") == "rows" and not check.where
    values: list[float] = []
    for version in past:
        found = [str(version.rows)] if rows else []
        found += [text.removeprefix(name) for text in version.figures if text.startswith(name)]
        with suppress(ValueError, IndexError):
            values.append(float(found[0]))
    return [value for value in values if math.isfinite(value)][-check.argument("over") :]


def _allowed(check: Check, values: Sequence[float], middle: float) -> float:
    """Give how far a figure may move: the wider of what the check allows."""
    deviations, within = check.argument("deviations"), check.argument("within")
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    allowed = [float(deviations) * spread] if deviations is not None else []
    if within is not None:
        tolerance = parse_tolerance(within)
        share = tolerance.share
        allowed.append(float(tolerance.count) if share is None else share * abs(middle))
    return max(allowed)
