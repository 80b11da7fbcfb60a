"""The head of an asset, read from YAML or from the arguments of `@asset` into frozen values.

The models here say which keys there are at a column and at the table; `row_checks.py` and
`table_checks.py` turn the many short ways to write a check into the one form that `Check` has.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from thresher.errors import Fault, Place, ProjectError
from thresher.project.asset import Materialized, Volatile
from thresher.project.contract import Check, Column, Contract
from thresher.project.documents import Document, validate
from thresher.project.parts import Bounds, Names, Part
from thresher.project.patience import KEYS as PATIENCE
from thresher.project.patience import Patience
from thresher.project.policies import POLICY, Policy, Standing, settle, unfit
from thresher.project.row_checks import (
    Between,
    Bound,
    Expression,
    Flag,
    Format,
    Freshness,
    Intervals,
    Keys,
    Length,
    Monotonic,
    OneOf,
    Pattern,
    Reference,
    TableReference,
    Unique,
)
from thresher.project.table_checks import (
    ColumnChange,
    Distinct,
    FigureBounds,
    NoGap,
    NullShare,
    Quantile,
    Query,
    Reconciles,
    Rows,
    RowsChange,
    TableReconciles,
)
from thresher.project.units import Duration, Limit, Retries


class ColumnModel(Policy):
    """One column; a policy here is the default for its checks."""

    type: str | None = None
    description: str = ""
    sensitive: StrictBool | None = None
    not_null: Flag | None = None
    not_blank: Flag | None = None
    unique: Unique | None = None
    primary_key: Unique | None = None
    accepted: OneOf | None = None
    forbidden: OneOf | None = None
    between: Between | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    length: Length | None = None
    pattern: Pattern | None = None
    format: Format | None = None
    references: Reference | None = None
    expression: Expression | None = None
    increasing: Monotonic | None = None
    decreasing: Monotonic | None = None
    no_gap: NoGap | None = None
    reconciles: Reconciles | None = None
    freshness: Freshness | None = None
    null_share: NullShare | None = None
    distinct: Distinct | None = None
    mean: FigureBounds | None = None
    sum: FigureBounds | None = None
    min: Bounds | None = None
    max: Bounds | None = None
    stddev: FigureBounds | None = None
    quantile: Quantile | None = None
    change: ColumnChange | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        """Let `flight_id: bigint` say the type alone, and `flight_id:` nothing but the name."""
        if value is None:
            return {}
        if isinstance(value, str):
            return {"type": value}
        if isinstance(value, dict):  # `not_null: false` says that there is no such check
            return {k: v for k, v in value.items() if v is not False or k == "sensitive"}
        return value


class TableCheck(BaseModel):
    """One check of the table: exactly one key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rows: Rows | None = None
    unique: Keys | None = None
    primary_key: Keys | None = None
    references: TableReference | None = None
    expression: Expression | None = None
    no_overlap: Intervals | None = None
    reconciles: TableReconciles | None = None
    query: Query | None = None
    change: RowsChange | None = None

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
    retries: Retries | None = None
    backoff: Duration | None = None
    max_backoff: Duration | None = None
    timeout: Limit | None = None
    defaults: Standing = Standing()
    columns: dict[str, ColumnModel] = Field(default={})
    checks: tuple[TableCheck, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: part for key, part in value.items() if part is not None}
        return value

    @property
    def patience(self) -> Patience:
        """How the asset is tried again, and how long it may take."""
        return Patience(**{key: getattr(self, key) for key in PATIENCE})


COLUMN_CHECKS = tuple(
    name
    for name in ColumnModel.model_fields
    if name not in (*POLICY, "type", "description", "sensitive")
)


def read_head(document: Document, defaults: Standing | None = None) -> tuple[Head, Contract]:
    """Read the head of an asset.

    Args:
        document: the head.
        defaults: how the project weighs violations where the head says nothing.

    Raises:
        ProjectError: every fault of it, each with its line.
    """
    head = validate(Head, document)
    around = (head.defaults, defaults or Standing())
    columns: list[Column] = []
    checks: list[Check] = []
    faults: list[Fault] = []

    def add(
        kind: str, part: Part, own: tuple[str, ...], around: tuple[Standing, ...], place: Place
    ) -> None:
        check = Check(
            kind=kind,
            columns=(*own, *part.named()),
            arguments=part.arguments(),
            references=part.references(),
            place=place,
            **settle(kind, (part, *around)),
        )
        checks.append(check)
        if (wrong := unfit(kind, part)) is not None:
            faults.append(Fault(f"the check `{check.id}` {wrong}", place))

    for name, model in head.columns.items():
        place = document.place("columns", name)
        columns.append(Column(name, model.type, model.description, place, model.sensitive))
        for kind in COLUMN_CHECKS:
            if (part := getattr(model, kind)) is not None:
                at = document.place("columns", name, kind)
                add(kind, part, (name,), (model, *around), at)
    for index, table_check in enumerate(head.checks):
        (kind,) = table_check.model_fields_set
        add(kind, getattr(table_check, kind), (), around, document.place("checks", index))
    if faults:
        raise ProjectError(faults)
    return head, Contract(head.description, tuple(columns), tuple(checks))
