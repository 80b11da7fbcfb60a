"""Checks of single values and rows, and of their order, as they are written in a contract."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from thresher.project.parts import (
    Arguments,
    ColumnElsewhere,
    CountBounds,
    FormatName,
    Keep,
    Names,
    Order,
    Part,
    Scalar,
    SomeNames,
)
from thresher.project.units import parse_duration


class Flag(Part):
    """A check without arguments: `not_null: true`."""


class Unique(Part):
    """`unique: true`, or `unique: {keep: first by updated_at desc}`."""

    keep: Keep | None = None


class OneOf(Part):
    """`accepted: [a, b]`."""

    shorthand = "values"
    values: Annotated[tuple[Scalar, ...], Field(min_length=1)]


class Between(Part):
    """`between: [low, high]`, both included."""

    low: Scalar
    high: Scalar

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            if len(value) != 2:
                raise ValueError("should be `[low, high]`")
            return {"low": value[0], "high": value[1]}
        return value


class Bound(Part):
    """`at_least: 0`."""

    shorthand = "bound"
    bound: Scalar


class Length(CountBounds):
    """`length: 5`, `length: [2, 10]` or `length: {at_most: 80}`, in characters."""


class Pattern(Part):
    """`pattern: "N[0-9]+"`, which must match the whole value."""

    shorthand = "regex"
    regex: str


class Format(Part):
    """`format: email`."""

    shorthand = "format"
    format: FormatName


class Reference(Part):
    """`references: clean.airlines.carrier`."""

    shorthand = "to"
    to: ColumnElsewhere

    def arguments(self) -> Arguments:
        """Give the asset and its column apart."""
        asset, _, key = self.to.lower().rpartition(".")
        return (("to", asset), ("keys", (key,)))

    def references(self) -> tuple[str, ...]:
        """Give the asset that has the keys."""
        return (self.to.lower().rpartition(".")[0],)


class Expression(Part):
    """`expression: dep_delay > -60`."""

    shorthand = "sql"
    sql: str


class Freshness(Part):
    """`freshness: 2d`: the newest value is no older than that."""

    shorthand = "within"
    within: Annotated[dt.timedelta, BeforeValidator(parse_duration)]

    def arguments(self) -> Arguments:
        """Give the age in seconds."""
        return (("within", self.within.total_seconds()),)


class Monotonic(Part):
    """`increasing: time_hour`, or `{by: [day, hour], within: origin, strictly: true}`."""

    shorthand = "by"
    by: Order
    within: Names = ()
    strictly: bool = False

    def arguments(self) -> Arguments:
        """Give the order and the group by names of their own."""
        group = (("group", self.within),) if self.within else ()
        strictly = (("strictly", True),) if self.strictly else ()
        return (("order", self.by), *group, *strictly)


class Keys(Part):
    """`unique: [a, b]`, or `{columns: [a, b], keep: first by updated_at desc}`."""

    shorthand = "columns"
    columns: SomeNames
    keep: Keep | None = None

    def named(self) -> tuple[str, ...]:
        """Give the columns of the key."""
        return self.columns

    def arguments(self) -> Arguments:
        """Give what is kept."""
        return (("keep", self.keep),) if self.keep else ()


class TableReference(Part):
    """`references: {columns: [a, b], to: clean.x, keys: [a, b]}`."""

    columns: SomeNames
    to: str
    keys: Names | None = None

    def named(self) -> tuple[str, ...]:
        """Give the columns that refer."""
        return self.columns

    def arguments(self) -> Arguments:
        """Give the asset and its keys, which have the names of the columns unless said."""
        return (("to", self.to.lower()), ("keys", self.keys or self.columns))

    def references(self) -> tuple[str, ...]:
        """Give the asset that has the keys."""
        return (self.to.lower(),)


class Intervals(Part):
    """`no_overlap: {start: valid_from, end: valid_to, within: product, closed: false}`."""

    start: str
    end: str
    within: Names = ()
    closed: bool = False

    def named(self) -> tuple[str, ...]:
        """Give the two ends."""
        return (self.start, self.end)

    def arguments(self) -> Arguments:
        """Give the group, and whether both ends belong to an interval."""
        group = (("group", self.within),) if self.within else ()
        return (*group, ("closed", True)) if self.closed else group
