"""What the models of checks are made of: each knows its keys, and gives them as plain arguments."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from thresher.project.orders import parse_keep, parse_order
from thresher.project.policies import POLICY, Policy
from thresher.project.units import parse_allowance, parse_tolerance

Arguments = tuple[tuple[str, Any], ...]
Scalar = bool | int | float | Decimal | dt.datetime | dt.date | str
Number = int | float | Decimal


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _column_elsewhere(value: Any) -> Any:
    if isinstance(value, str) and len([part for part in value.split(".") if part]) != 3:
        raise ValueError(f"should name a column as `layer.asset.column`, not `{value}`")
    return value


def _format(value: Any) -> Any:
    if value in FORMATS:
        return value
    near = difflib.get_close_matches(str(value).lower(), FORMATS, n=1)
    meant = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(FORMATS)}"
    raise ValueError(f"is no format that is known: `{value}`; {meant}")


#: The formats that `format` knows; what each means stands in `quality/formats.py`.
FORMATS = tuple(
    """
    country_code decimal email hostname integer ipv4 ipv6 iso_date iso_time iso_timestamp json
    phone url uuid
    """.split()  # noqa: SIM905  # a page of words
)

Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
SomeNames = Annotated[Names, Field(min_length=1)]
Order = Annotated[tuple[str, ...], BeforeValidator(parse_order)]
Keep = Annotated[tuple[str, ...], BeforeValidator(parse_keep)]
Allowance = Annotated[str, BeforeValidator(parse_allowance)]
ColumnElsewhere = Annotated[str, BeforeValidator(_column_elsewhere)]
FormatName = Annotated[str, BeforeValidator(_format)]


class Part(Policy):
    """A check as it is written: what it says beside its policy becomes the check's arguments."""

    def named(self) -> tuple[str, ...]:
        """Give the columns that it names itself, where it does not stand at one."""
        return ()

    def arguments(self) -> Arguments:
        """Give its arguments, those that are not said left out."""
        return tuple(self._own())

    def references(self) -> tuple[str, ...]:
        """Give the assets that it needs beside its own."""
        return ()

    def _own(self) -> Iterator[tuple[str, Any]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name not in POLICY and value is not None:
                yield name, value


class Bounds(Part):
    """Bounds of a figure: `{at_least: 0, at_most: 60}`, `{between: [0, 60]}` or `[0, 60]`."""

    between: tuple[Scalar, Scalar] | None = None
    at_least: Scalar | None = None
    at_most: Scalar | None = None
    equals: Scalar | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        if isinstance(value, (list, tuple)):
            return {"between": value}
        if cls.shorthand is None:
            raise ValueError("should be `[low, high]`, or say `at_least` or `at_most`")
        return {cls.shorthand: value}

    @model_validator(mode="after")
    def _bounded(self) -> Bounds:
        if (self.between, self.at_least, self.at_most, self.equals) == (None,) * 4:
            raise ValueError("needs one of `between`, `at_least`, `at_most`, `equals`")
        if self.between is not None and (self.at_least, self.at_most) != (None, None):
            raise ValueError("should have `between`, or `at_least` and `at_most`")
        return self

    def arguments(self) -> Arguments:
        """Give the bounds by names that a check's id writes as signs."""
        low, high = self.between or (self.at_least, self.at_most)
        bounds = (("least", low), ("most", high), ("exactly", self.equals))
        return tuple((name, value) for name, value in bounds if value is not None)


class CountBounds(Bounds):
    """Bounds of a whole number: `5`, `[2, 10]` or `{at_least: 1}`."""

    shorthand = "equals"
    between: tuple[int, int] | None = None
    at_least: int | None = None
    at_most: int | None = None
    equals: int | None = None


def checked_tolerance(value: Any) -> str:
    """Let pass what is a count or a share, as its author wrote it."""
    parse_tolerance(value)
    return str(value)
