"""From the checks of a contract to what a database holds rows to, and why it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from thresher.docs.ddl import names
from thresher.docs.ddl.column_types import ColumnType, column_type
from thresher.docs.ddl.dialects import (
    NOT_NULL,
    PRIMARY_KEY,
    REFERENCES,
    UNIQUE,
    VALUES,
    Dialect,
    Support,
)
from thresher.docs.ddl.tables import Key, NotEnforced, Reference, TableShape
from thresher.docs.ddl.values import NotSaidError, condition, type_conditions
from thresher.project.contract import Check

#: Which constraint a check asks for; those that are not here are none.
_ASKS = {
    "not_null": NOT_NULL,
    "primary_key": PRIMARY_KEY,
    "unique": UNIQUE,
    "references": REFERENCES,
    **dict.fromkeys(
        ("accepted", "forbidden", "between", "at_least", "at_most", "pattern", "expression"), VALUES
    ),
}
_NEVER = {
    "rows": "it speaks of the table as a whole",
    "freshness": "it depends on the time of the run",
}
_LACKS = {
    NOT_NULL: "not null",
    PRIMARY_KEY: "primary keys",
    UNIQUE: "unique constraints",
    REFERENCES: "foreign keys",
    VALUES: "check constraints",
}
_BASE = re.compile(r"[^(<\[]+")


@dataclass(slots=True)
class Constraints:
    """What a table's rows are held to, and what they are not."""

    not_null: set[str] = field(default_factory=set)
    """Columns, as the table spells them."""
    keys: list[Key] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    """References that are still to be held against the keys of other tables."""
    conditions: list[tuple[str, str]] = field(default_factory=list)
    """Name and condition of each check."""
    told: list[NotEnforced] = field(default_factory=list)


def constraints_of(
    shape: TableShape, dialect: Dialect, *, taken: set[str], timezone: str
) -> Constraints:
    """Sort the checks of a table by what becomes of them.

    Args:
        shape: the table.
        dialect: the dialect.
        taken: names of constraints that its schema has already; more are added.
        timezone: time zone of values that have none.
    """
    made = Constraints()
    types = {c.name: column_type(c.type, dialect.name, str) for c in shape.columns}
    maker = _Maker(shape, dialect, types, taken, made)
    for check in shape.asset.contract.checks:
        reason = policy(check)
        if reason is None:
            try:
                maker.add(check, timezone)
                continue
            except NotSaidError as error:
                reason = str(error)
        made.told.append(NotEnforced(shape.asset.name, check, reason))
    if dialect.support[VALUES] is not Support.NONE:
        maker.narrow_types()
    return made


def policy(check: Check) -> str | None:
    """Say why a check is no constraint in any database, if it is none."""
    if check.kind in _NEVER:
        return _NEVER[check.kind]
    if not check.blocks:
        return "it only warns"
    if check.quarantines:
        return f"it looks only at rows where {check.where}" if check.where else None
    if check.warn_above is not None or check.error_above is not None:
        return f"some rows may violate it: {check.limits}"
    if check.tolerate.count or check.tolerate.share:
        unit = " of the rows" if check.tolerate.share is not None else " rows"
        return f"up to {check.tolerate}{unit} may violate it"
    if check.where:
        return f"it looks only at rows where {check.where}"
    return None


@dataclass(slots=True)
class _Maker:
    shape: TableShape
    dialect: Dialect
    types: Mapping[str, ColumnType]
    taken: set[str]
    made: Constraints

    def add(self, check: Check, timezone: str) -> None:
        columns = self.shape.spelled(check.columns)
        for column in columns:
            if column not in self.types:
                raise NotSaidError(f"there is no column `{column}`")
        if check.kind == "primary_key":  # what it asks of each column can be held without a key
            self._never_null(columns)
            self.made.not_null.update(columns)
        self._refuse_lacking(check)
        match check.kind:
            case "not_null":
                self._never_null(columns)
                self.made.not_null.update(columns)
            case "primary_key" | "unique":
                self._key(columns, check.kind)
            case "references":
                keys = tuple(check.argument("keys"))
                to = check.argument("to")
                name = self._name(*columns, "fkey")
                self.made.references.append(Reference(columns, to, keys, name, check))
            case kind:
                written = condition(check, self.shape, self.dialect, timezone=timezone)
                self.made.conditions.append((self._name(*columns, kind), written))

    def narrow_types(self) -> None:
        """Hold columns whose type is wider than the contract's to what that takes."""
        for column, kind in self.types.items():
            written = names.identifier(column, self.dialect)
            for word, narrow in type_conditions(written, kind).items():
                self.made.conditions.append((self._name(column, word), narrow))

    def _refuse_lacking(self, check: Check) -> None:
        asked = _ASKS.get(check.kind)
        if asked is None:
            raise NotSaidError(f"{self.dialect.title} has nothing like it")
        if self.dialect.support[asked] is Support.NONE:
            also = "; its columns are not null" if asked == PRIMARY_KEY else ""
            raise NotSaidError(f"{self.dialect.title} has no {_LACKS[asked]}{also}")

    def _key(self, columns: tuple[str, ...], kind: str) -> None:
        for column in columns:
            base = base_type(self.types[column])
            nested = base.endswith("]") or self.types[column].text.endswith("]")
            if base in self.dialect.no_keys or (nested and self.dialect.name == "duckdb"):
                lost = self.types[column].text
                raise NotSaidError(f"{self.dialect.title} has no keys of type `{lost}`")
        if len(columns) > self.dialect.most_key_columns:
            most = self.dialect.most_key_columns
            raise NotSaidError(f"{self.dialect.title} has keys of at most {most} columns")
        is_key = kind == "primary_key"
        first = is_key and not any(key.primary for key in self.made.keys)
        same = next((k for k in self.made.keys if set(k.columns) == set(columns)), None)
        if not first and same is None and self.dialect.support[UNIQUE] is Support.NONE:
            raise NotSaidError(f"{self.dialect.title} has one primary key a table, and no others")
        if same is not None and not first:
            return
        if same is not None:
            self.made.keys.remove(same)
        name = self._name("pkey") if first else self._name(*columns, "key")
        self.made.keys.append(Key(columns, first, name))

    def _never_null(self, columns: tuple[str, ...]) -> None:
        for column in columns:
            if base_type(self.types[column]) in self.dialect.no_not_null:
                kind = self.types[column].text
                raise NotSaidError(f"{self.dialect.title} takes nulls in columns of type `{kind}`")

    def _name(self, *parts: str) -> str:
        given = [self.shape.asset.table, *parts]
        return names.constraint_name(given, self.taken, self.dialect.longest)


def base_type(kind: ColumnType) -> str:
    """Give the word that a type begins with, without its parameters."""
    match = _BASE.match(kind.text)
    return match[0] if match else kind.text


def fit_references(
    made: Mapping[str, Constraints], shapes: Mapping[str, TableShape], dialect: Dialect
) -> Iterator[NotEnforced]:
    """Keep the references that go to a key of a table of the same type; tell all others.

    Args:
        made: constraints by asset; their references are changed.
        shapes: tables by asset.
        dialect: the dialect.
    """
    for asset, constraints in made.items():
        fitting = []
        for reference in constraints.references:
            try:
                fitting.append(_fitted(reference, shapes[asset], made, shapes, dialect))
            except NotSaidError as error:
                yield NotEnforced(asset, reference.check, str(error))
        constraints.references = fitting


def _fitted(
    reference: Reference,
    shape: TableShape,
    made: Mapping[str, Constraints],
    shapes: Mapping[str, TableShape],
    dialect: Dialect,
) -> Reference:
    """Give a reference with its columns in the order of the key that they refer to."""
    to = shapes.get(reference.to)
    if to is None:
        what = f"`{reference.to}` is not selected"
        if dialect.alters:
            table = names.table_name(shape.asset.name, dialect)
            what += f"; where it is there: alter table {table} add {clause(reference, dialect)};"
        raise NotSaidError(what)
    if to.view is not None:
        raise NotSaidError(f"`{reference.to}` is a view")
    if not dialect.across_schemas and to.asset.layer != shape.asset.layer:
        raise NotSaidError(f"{dialect.title} has no foreign keys across schemas")
    pairs = dict(zip(to.spelled(reference.keys), reference.columns, strict=False))
    if len(pairs) < len(reference.columns):
        raise NotSaidError("it names a key twice")
    key = next((k for k in made[reference.to].keys if set(k.columns) == set(pairs)), None)
    if key is None:
        raise NotSaidError(f"{_columns(tuple(pairs))} is no key of `{reference.to}` here")
    if not key.primary and not dialect.refers_to_unique:
        raise NotSaidError(f"{dialect.title} refers to primary keys alone")
    for theirs, ours in pairs.items():
        here, there = shape.types[ours.lower()], to.types[theirs.lower()]
        if not _comparable(here.name, there.name, dialect) and here != there:
            mine, other = here.written(str.lower), there.written(str.lower)
            raise NotSaidError(f"`{ours}` is `{mine}`, and `{reference.to}.{theirs}` `{other}`")
    columns = tuple(pairs[theirs] for theirs in key.columns)
    return Reference(columns, reference.to, key.columns, reference.name, reference.check)


def clause(reference: Reference, dialect: Dialect) -> str:
    """Write a reference as a constraint of its table."""
    columns, keys = (
        ", ".join(names.identifier(each, dialect) for each in listed)
        for listed in (reference.columns, reference.keys)
    )
    to = names.table_name(reference.to, dialect)
    name = names.identifier(reference.name, dialect)
    written = f"constraint {name} foreign key ({columns}) references {to} ({keys})"
    return f"{written}{dialect.not_enforced}"


def _comparable(here: str, there: str, dialect: Dialect) -> bool:
    """Say whether a database refers from one type to the other."""
    return dialect.name == "postgres" and {here, there} <= _INTEGERS


_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}


def _columns(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{column}`" for column in columns)
