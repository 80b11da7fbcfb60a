"""Checks of the table as a whole, as they are written in a contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from thresher.project.parts import (
    Allowance,
    Arguments,
    Bounds,
    ColumnElsewhere,
    CountBounds,
    Names,
    Number,
    Part,
    Scalar,
    checked_tolerance,
)
from thresher.project.units import parse_share, parse_step

#: What a change can be told of: a figure of a column.
MEASURES = ("mean", "sum", "min", "max", "stddev", "distinct", "null_share")


def _share(value: Any) -> float:
    return 0.0 if str(value) in ("0", "0%", "0.0") else parse_share(value)


Share = Annotated[float, BeforeValidator(_share)]


class Rows(Part):
    """`rows: {at_least: 1}`."""

    at_least: int | None = None
    at_most: int | None = None
    equals: int | None = None
    matches: str | None = None
    within: Annotated[str, BeforeValidator(checked_tolerance)] = "0%"

    @model_validator(mode="after")
    def _something(self) -> Rows:
        if (self.at_least, self.at_most, self.equals, self.matches) == (None,) * 4:
            raise ValueError("needs one of `at_least`, `at_most`, `equals`, `matches`")
        return self

    def arguments(self) -> Arguments:
        """Give what is expected; there is a `within` only beside `matches`."""
        return tuple(pair for pair in self._own() if pair[0] != "within" or self.matches)

    def references(self) -> tuple[str, ...]:
        """Give the asset that has as many rows."""
        return (self.matches.lower(),) if self.matches else ()


class FigureBounds(Bounds):
    """`mean: [0, 60]` or `mean: {at_most: 60}`: a figure that is a number."""

    between: tuple[Number, Number] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    equals: Number | None = None


class Quantile(Bounds):
    """`quantile: {at: 0.99, at_most: 60}`."""

    at: Share

    def arguments(self) -> Arguments:
        """Give the place, and the bounds."""
        return (("at", self.at), *super().arguments())


class NullShare(Part):
    """`null_share: 1%`, or `null_share: {at_least: 10%, at_most: 20%}`."""

    shorthand = "at_most"
    at_least: Share | None = None
    at_most: Share | None = None

    @model_validator(mode="after")
    def _something(self) -> NullShare:
        if self.at_least is self.at_most is None:
            raise ValueError("needs `at_least` or `at_most`")
        return self

    def arguments(self) -> Arguments:
        """Give the bounds by names that a check's id writes as signs."""
        bounds = (("least", self.at_least), ("most", self.at_most))
        return tuple((name, value) for name, value in bounds if value is not None)


class Distinct(CountBounds):
    """`distinct: 4`, `distinct: [2, 10]` or `distinct: {at_least: 2}`."""


class NoGap(Part):
    """`no_gap: true` or `10` of integers, `day` or `15 minutes` of a calendar."""

    shorthand = "step"
    step: Annotated[tuple[int, str | None], BeforeValidator(parse_step)] = (1, None)
    within: Names = ()
    first: Annotated[Scalar | None, Field(alias="from")] = None
    last: Annotated[Scalar | None, Field(alias="to")] = None

    def arguments(self) -> Arguments:
        """Give the step in its parts, the group and the range."""
        number, unit = self.step
        group = (("group", self.within),) if self.within else ()
        ends = [(n, v) for n, v in (("first", self.first), ("last", self.last)) if v is not None]
        return (("step", number), *((("unit", unit),) if unit else ()), *group, *ends)


class Reconciles(Part):
    """`reconciles: raw.orders.amount`: the column sums to what the other one does."""

    shorthand = "to"
    to: Annotated[ColumnElsewhere, Field(alias="with")]
    within: Allowance = "0"
    by: Names = ()

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        return {"with": value} if isinstance(value, str) else value

    def named(self) -> tuple[str, ...]:
        """Give the columns that sums are made by."""
        return self.by

    def arguments(self) -> Arguments:
        """Give the asset, its columns in the order of ours, and the difference allowed."""
        asset, _, column = self.to.lower().rpartition(".")
        return (("to", asset), ("keys", (column, *self.by)), ("within", self.within))

    def references(self) -> tuple[str, ...]:
        """Give the asset with the other sum."""
        return (self.to.lower().rpartition(".")[0],)


class TableReconciles(Reconciles):
    """`reconciles: {sum: amount, with: raw.orders.amount, within: 0.01, by: country}`."""

    sum: str

    def named(self) -> tuple[str, ...]:
        """Give the column that is summed, and those that sums are made by."""
        return (self.sum, *self.by)


class Query(Part):
    """`query: select * from clean.flights where ...`, which gives the bad rows."""

    shorthand = "query"
    query: str

    @model_validator(mode="after")
    def _whole(self) -> Query:
        if self.where is not None:
            raise ValueError("has a `where`; say it in the query")
        return self


class RowsChange(Part):
    """`change: rows`, or `change: {of: rows, deviations: 3, over: 10, after: 3}`."""

    shorthand = "of"
    of: Literal["rows"] = "rows"
    deviations: Annotated[Number, Field(ge=0)] | None = None
    within: Annotated[str, BeforeValidator(checked_tolerance)] | None = None
    over: Annotated[int, Field(ge=1)] = 10
    after: Annotated[int, Field(ge=1)] = 3

    def arguments(self) -> Arguments:
        """Give what is measured first; three deviations are allowed where nothing is said."""
        given: Mapping[str, Any] = dict(self._own())
        if self.deviations is None and self.within is None:
            return tuple({"of": self.of, "deviations": 3, **given}.items())
        return tuple(given.items())


class ColumnChange(RowsChange):
    """`change: mean`, or `change: {of: mean, deviations: 3, within: 10%}`."""

    of: Literal["mean", "sum", "min", "max", "stddev", "distinct", "null_share"]  # type: ignore[assignment]
