"""Figures of a column held against bounds: mean, sum, least, greatest, quantiles, shares, counts.

The engine compares, so that a decimal is held against its bound exactly. A figure that there is
none of, because no row has a value, violates nothing: as null does everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.project.secrets import MASK
from thresher.quality.column_types import is_floating, is_number, is_text, is_time
from thresher.quality.kinds import Finding, Sql, looked_at
from thresher.quality.subject import Subject
from thresher.quality.wording import shortened


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of one column."""

    sql: Callable[[str, str], str]
    """Writes it for a column, quoted, and its type."""
    words: str
    """What it is called before `of `x``."""
    takes: Callable[[str], bool] | None = None
    """Whether it can be told of a type; None where it can of every one."""


def _number_or_time(type_: str) -> bool:
    return is_number(type_) or is_time(type_)


def _comparable(type_: str) -> bool:
    return is_number(type_) or is_time(type_) or is_text(type_)


#: Figures that count values, and tell none.
COUNTED = ("distinct", "null_share")
MEASURES: Mapping[str, Measure] = {
    # Sums of floating point numbers by Kahan's method, which hardly depends on the rows' order.
    "mean": Measure(lambda c, t: f"{'favg' if is_floating(t) else 'avg'}({c})", "mean", is_number),
    "sum": Measure(lambda c, t: f"{'fsum' if is_floating(t) else 'sum'}({c})", "sum", is_number),
    "min": Measure(lambda c, _: f"min({c})", "least value", _comparable),
    "max": Measure(lambda c, _: f"max({c})", "greatest value", _comparable),
    "stddev": Measure(lambda c, _: f"stddev_samp({c})", "standard deviation", is_number),
    "quantile": Measure(lambda c, _: f"quantile_cont({c}, {{at}})", "quantile", _number_or_time),
    "distinct": Measure(lambda c, _: f"count(distinct {c})", "number of distinct values"),
    "null_share": Measure(
        lambda c, _: f"count(*) filter (where {c} is null) / nullif(count(*), 0)", "share of nulls"
    ),
}


def measured(check: Check, subject: Subject) -> Sql:
    """Take the figure, and hold it against the bounds."""
    bounds = {name: value for name, value in check.arguments if name in _SIGNS}
    figure = measure_sql(check.kind, check, subject)
    _refuse_mixture(check, subject, bounds)
    held = [f"__figure {_SIGNS[name]} ${name}" for name in bounds]
    text = (
        f"select cast(__figure as varchar), {', '.join(held)}"
        f" from (select {figure} as __figure {looked_at(check, subject)}) as __measured"
    )
    return Sql(text, bounds)


def measure_sql(kind: str, check: Check, subject: Subject) -> str:
    """Write a figure of the column that a check stands at.

    Raises:
        AssetError: there is no such figure of a column of its type.
    """
    (name,) = check.columns
    measure, type_ = MEASURES[kind], subject.table.type(name)
    if measure.takes is not None and not measure.takes(type_):
        raise AssetError(f"`{name}` is `{type_}`, of which there is no {measure.words}")
    at = check.argument("at")
    return measure.sql(subject.table.column(name), type_).replace("{at}", repr(at))


def judge_measured(check: Check, subject: Subject, figures: Sequence[Any]) -> Finding:
    """Say what the figure is, and what it should be."""
    figure, *broken = figures
    words = told(check, figure, hide=subject.hides(check.columns[0]))
    if figure is None:
        return Finding(violations=0, words=f"{words}, so there is nothing to hold against")
    bounds = [pair for pair in check.arguments if pair[0] in _SIGNS]
    missed = [pair for pair, wrong in zip(bounds, broken, strict=True) if wrong]
    expected = [f"{_WORDS[name]} {_bound(check.kind, value)}" for name, value in missed]
    if expected:
        words += f"; expected {' and '.join(expected)}"
    return Finding(violations=int(bool(expected)), words=words, figure=recorded(check, figure))


def told(check: Check, figure: str | None, *, hide: bool = False) -> str:
    """Say what a figure is: `the mean of `dep_delay` is 12.6`.

    Args:
        check: the check.
        figure: the figure; None where no row has a value.
        hide: whether the column's values are shown to nobody; how many there are, is.
    """
    kind = check.argument("of") or check.kind
    (name,) = check.columns
    which = f" at {check.argument('at'):g}" if kind == "quantile" else ""
    of = f"the {MEASURES[kind].words}{which} of `{name}`"
    chosen = f" where `{check.where}`" if check.where else ""
    if figure is None:
        return f"no row{chosen} has a `{name}`"
    return f"{of}{chosen} is {MASK if hide and kind not in COUNTED else _bound(kind, figure)}"


def measure_name(check: Check) -> str:
    """Give the name that a figure is kept by: `mean(dep_delay)`; bounds are no part of it."""
    kind = check.argument("of") or check.kind
    at = check.argument("at")
    name = (
        "rows"
        if kind == "rows"
        else f"{kind}({', '.join([*check.columns, *([f'{at:g}'] if at is not None else [])])})"
    )
    return f"{name} where {check.where}" if check.where else name


def recorded(check: Check, figure: str) -> str:
    """Write a figure with its name, so that later audits can find it."""
    return f"{measure_name(check)} = {figure}"


_SIGNS = {"least": "<", "most": ">", "exactly": "<>"}
_WORDS = {"least": "at least", "most": "at most", "exactly": "exactly"}


def _bound(kind: str, value: Any) -> str:
    """Write a figure or its bound; shares as percentages, numbers in few digits."""
    text = shortened(str(value))
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    if kind == "null_share":
        return f"{number * 100:.4g}%"
    return f"{int(number):,}" if number == int(number) and abs(number) < 1e15 else f"{number:,.6g}"


def _refuse_mixture(check: Check, subject: Subject, bounds: Mapping[str, Any]) -> None:
    """Refuse bounds that the engine would compare by rounding or by turning texts into numbers."""
    (name,) = check.columns
    type_ = subject.table.type(name)
    counted = check.kind in ("distinct", "null_share")
    for value in bounds.values():
        text = isinstance(value, str)
        number = isinstance(value, (int, float)) or type(value).__name__ == "Decimal"
        if not counted and ((is_text(type_) and not text) or (is_number(type_) and not number)):
            raise AssetError(f"`{name}` is `{type_}`, and `{value}` cannot be a bound of it")
