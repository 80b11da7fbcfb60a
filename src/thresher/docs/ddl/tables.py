"""What the DDL of a table is made from, and what it comes to: frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from thresher.project.asset import Asset
from thresher.project.contract import Check
from thresher.project.sql import TypeTree


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table that shall be made."""

    name: str
    type: TypeTree
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """A table that shall be made, with all its columns."""

    asset: Asset
    columns: tuple[TableColumn, ...]
    view: str | None = None
    """Query of a view, every parameter a literal; None for a table."""
    origin: str = ""
    """Where types come from that the contract does not give, in words."""

    @property
    def types(self) -> dict[str, TypeTree]:
        """Type of each column, by its name in lower case."""
        return {column.name.lower(): column.type for column in self.columns}

    def spelled(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Give names of columns as the table spells them."""
        known = {column.name.lower(): column.name for column in self.columns}
        return tuple(dict.fromkeys(known.get(name.lower(), name) for name in names))


@dataclass(frozen=True, slots=True)
class Key:
    """Columns that tell the rows of a table apart."""

    columns: tuple[str, ...]
    primary: bool
    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns whose values are those of another table's key."""

    columns: tuple[str, ...]
    to: str
    """Asset that is referred to."""
    keys: tuple[str, ...]
    name: str
    check: Check


@dataclass(frozen=True, slots=True)
class NotEnforced:
    """A check that the database cannot hold rows to."""

    asset: str
    check: Check
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of the DDL, with the comments that stand above it."""

    kind: str
    """`schema`, `table`, `view`, `comment` or `reference`."""
    asset: str | None
    """Whose it is; None for a schema."""
    sql: str
    """Without the semicolon behind it."""
    notes: tuple[str, ...] = ()
    """Lines above it, without the dashes."""

    def __str__(self) -> str:
        notes = "".join(f"-- {' '.join(note.split())}\n" for note in self.notes)
        return f"{notes}{self.sql};"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ddl:
    """The statements that make an environment's tables, in the order in which they can be run."""

    dialect: str
    heading: tuple[str, ...]
    """Lines above all statements, without the dashes."""
    statements: tuple[Statement, ...]
    not_enforced: tuple[NotEnforced, ...]

    def __str__(self) -> str:
        parts = ["\n".join(f"-- {' '.join(line.split())}" for line in self.heading)]
        before = ""
        for statement in self.statements:
            joined = statement.kind == before and statement.kind in ("comment", "schema")
            joined = joined or statement.kind == "comment"
            parts.append(("\n" if joined else "\n\n") + str(statement))
            before = statement.kind
        return "".join(parts) + "\n"
