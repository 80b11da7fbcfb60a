"""The head of an asset, read from YAML or from the arguments of `@asset` into frozen values.

The models here say which keys there are; everything after them turns the many short ways to write
a check into the one form that `Check` has.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from thresher.errors import Fault, Place, ProjectError
from thresher.project.asset import Materialized, Volatile
from thresher.project.contract import (
    NAMING_KINDS,
    Check,
    Column,
    Contract,
    OnViolation,
    Severity,
    Tolerance,
)
from thresher.project.documents import Document, validate
from thresher.project.orders import parse_keep
from thresher.project.units import parse_duration, parse_tolerance

Scalar = bool | int | float | Decimal | dt.datetime | dt.date | str
Names = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
Keep = Annotated[tuple[str, ...], BeforeValidator(parse_keep)]
POLICY = ("on_violation", "tolerate", "severity", "where", "message")


class Policy(BaseModel):
    """What may be said beside any check."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    shorthand: ClassVar[str | None] = None
    """Key that a bare value stands for."""

    on_violation: OnViolation | None = None
    tolerate: Annotated[Tolerance, BeforeValidator(parse_tolerance)] | None = None
    severity: Severity | None = None
    where: str | None = None
    message: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        if cls.shorthand is None:
            if value is True:
                return {}
            raise ValueError("should be `true` or a mapping")
        return {cls.shorthand: value}


class Flag(Policy):
    """A check without arguments: `not_null: true`."""


class Unique(Flag):
    """`unique: true`, or `unique: {keep: first by updated_at desc}`."""

    keep: Keep | None = None


class OneOf(Policy):
    """`accepted: [a, b]`."""

    shorthand = "values"
    values: Annotated[tuple[Scalar, ...], Field(min_length=1)]


class Between(Policy):
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


class Bound(Policy):
    """`at_least: 0`."""

    shorthand = "bound"
    bound: Scalar


class Pattern(Policy):
    """`pattern: "N[0-9]+"`, which must match the whole value."""

    shorthand = "regex"
    regex: str


class Reference(Policy):
    """`references: clean.airlines.carrier`."""

    shorthand = "to"
    to: str


class Expression(Policy):
    """`expression: dep_delay > -60`."""

    shorthand = "sql"
    sql: str


class Freshness(Policy):
    """`freshness: 2d`: the newest value is no older than that."""

    shorthand = "within"
    within: Annotated[dt.timedelta, BeforeValidator(parse_duration)]


class Keys(Policy):
    """`unique: [a, b]`."""

    shorthand = "columns"
    columns: Annotated[Names, Field(min_length=1)]
    keep: Keep | None = None


class Rows(Policy):
    """`rows: {at_least: 1}`."""

    at_least: int | None = None
    at_most: int | None = None
    equals: int | None = None
    matches: str | None = None
    within: str = "0%"

    @model_validator(mode="after")
    def _something(self) -> Rows:
        if (self.at_least, self.at_most, self.equals, self.matches) == (None,) * 4:
            raise ValueError("needs one of `at_least`, `at_most`, `equals`, `matches`")
        parse_tolerance(self.within)
        return self


class TableReference(Policy):
    """`references: {columns: [a, b], to: clean.x, keys: [a, b]}`."""

    columns: Annotated[Names, Field(min_length=1)]
    to: str
    keys: Names | None = None


class ColumnModel(Policy):
    """One column; a policy here is the default for its checks."""

    type: str | None = None
    description: str = ""
    not_null: Flag | None = None
    unique: Unique | None = None
    primary_key: Unique | None = None
    accepted: OneOf | None = None
    forbidden: OneOf | None = None
    between: Between | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    pattern: Pattern | None = None
    references: Reference | None = None
    expression: Expression | None = None
    freshness: Freshness | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        """Let `flight_id: bigint` say the type alone, and `flight_id:` nothing but the name."""
        if value is None:
            return {}
        if isinstance(value, str):
            return {"type": value}
        if isinstance(value, dict):  # `not_null: false` says that there is no such check
            return {k: v for k, v in value.items() if v is not False}
        return value


class TableCheck(BaseModel):
    """One check of the table: exactly one key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rows: Rows | None = None
    unique: Keys | None = None
    primary_key: Keys | None = None
    references: TableReference | None = None
    expression: Expression | None = None

    @model_validator(mode="after")
    def _one(self) -> TableCheck:
        if len(self.model_fields_set) != 1:
            raise ValueError("should have exactly one check; begin each with a `-`")
        return self


class Head(BaseModel):
    """Everything that can stand at the head of an asset."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    description: str = ""
    tags: Names = ()
    materialized: Materialized = Materialized.TABLE
    volatile: Volatile | None = None
    renamed_from: str | None = None
    columns: dict[str, ColumnModel] = {}
    checks: tuple[TableCheck, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: part for key, part in value.items() if part is not None}
        return value


COLUMN_CHECKS = tuple(
    name for name in ColumnModel.model_fields if name not in (*POLICY, "type", "description")
)


def read_head(document: Document) -> tuple[Head, Contract]:
    """Read the head of an asset.

    Raises:
        ProjectError: every fault of it, each with its line.
    """
    head = validate(Head, document)
    columns: list[Column] = []
    checks: list[Check] = []
    faults: list[Fault] = []
    for name, model in head.columns.items():
        place = document.place("columns", name)
        columns.append(Column(name, model.type, model.description, place))
        for kind in COLUMN_CHECKS:
            if (part := getattr(model, kind)) is not None:
                at = document.place("columns", name, kind)
                checks.append(_column_check(kind, name, part, model, at, faults))
    for index, table_check in enumerate(head.checks):
        (kind,) = table_check.model_fields_set
        place = document.place("checks", index)
        checks.append(_table_check(kind, getattr(table_check, kind), place))
    faults += filter(None, map(_cannot_name, checks))
    if faults:
        raise ProjectError(faults)
    return head, Contract(head.description, tuple(columns), tuple(checks))


def _cannot_name(check: Check) -> Fault | None:
    """Refuse to set rows apart where there are none."""
    if check.on_violation is not OnViolation.QUARANTINE or check.kind in NAMING_KINDS:
        return None
    what = f"the check `{check.id}` speaks of no single rows, so there are none to quarantine"
    return Fault(what, check.place, "say `on_violation: block` or `warn`")


def _column_check(
    kind: str, column: str, part: Policy, default: Policy, place: Place, faults: list[Fault]
) -> Check:
    to: tuple[str, ...] = ()
    arguments: tuple[tuple[str, Any], ...] = ()
    match part:
        case Unique(keep=tuple()):
            arguments = (("keep", part.keep),)
        case OneOf():
            arguments = (("values", part.values),)
        case Between():
            arguments = (("low", part.low), ("high", part.high))
        case Bound():
            arguments = (("bound", part.bound),)
        case Pattern():
            arguments = (("regex", part.regex),)
        case Expression():
            arguments = (("sql", part.sql),)
        case Freshness():
            arguments = (("within", part.within.total_seconds()),)
        case Reference():
            asset, _, key = part.to.lower().rpartition(".")
            if asset.count(".") != 1:
                what = f"`{part.to}` should name a column as `layer.asset.column`"
                faults.append(Fault(what, place))
            to, arguments = (asset,), (("to", asset), ("keys", (key,)))
    return _check(kind, (column,), arguments, references=to, policies=(part, default), place=place)


def _table_check(kind: str, part: Any, place: Place) -> Check:
    columns: tuple[str, ...] = getattr(part, "columns", ())
    to: tuple[str, ...] = ()
    arguments: tuple[tuple[str, Any], ...] = ()
    match part:
        case Rows():
            given = part.model_dump(exclude=set(POLICY), exclude_none=True)
            if part.matches is None:
                given.pop("within")
            else:
                to = (part.matches.lower(),)
            arguments = tuple(given.items())
        case Keys(keep=tuple()):
            arguments = (("keep", part.keep),)
        case TableReference():
            to = (part.to.lower(),)
            arguments = (("to", to[0]), ("keys", part.keys or part.columns))
        case Expression():
            arguments = (("sql", part.sql),)
    return _check(kind, columns, arguments, references=to, policies=(part,), place=place)


def _check(
    kind: str,
    columns: tuple[str, ...],
    arguments: tuple[tuple[str, Any], ...],
    *,
    references: tuple[str, ...],
    policies: tuple[Policy, ...],
    place: Place,
) -> Check:
    """Make a check; what the first policy leaves open, the next one says."""

    def said(name: str) -> Any:
        return next((v for p in policies if (v := getattr(p, name)) is not None), None)

    reaction = policies[0].on_violation or said("on_violation") or OnViolation.BLOCK
    inherited = policies[0].on_violation is None
    if inherited and reaction is OnViolation.QUARANTINE and kind not in NAMING_KINDS:
        reaction = OnViolation.BLOCK  # what was said of a column holds where it can
    return Check(
        kind=kind,
        columns=columns,
        arguments=arguments,
        on_violation=reaction,
        severity=said("severity") or Severity.ERROR,
        tolerate=said("tolerate") or Tolerance(),
        where=said("where"),
        message=said("message"),
        references=references,
        place=place,
    )
