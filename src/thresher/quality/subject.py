"""What checks are written about: a version with its columns, and the versions it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from thresher.errors import AssetError
from thresher.quality.column_types import spelled
from thresher.results import Field, PastVersion, Snapshot
from thresher.tables import quote_name, quote_table


@dataclass(frozen=True, slots=True)
class Table:
    """A version as SQL names it; columns are found whatever their case, as SQL does."""

    snapshot: Snapshot
    alias: str | None = None
    """Name that a query gives it, where that is not its own."""

    @property
    def sql(self) -> str:
        """Its name, quoted."""
        return quote_name(self.alias) if self.alias else quote_table(self.snapshot.asset)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(field.name for field in self.snapshot.schema)

    def has(self, name: str) -> bool:
        """Say whether it has a column."""
        return name.lower() in map(str.lower, self.columns)

    def name(self, name: str) -> str:
        """Give the name of a column as the table spells it.

        Raises:
            AssetError: it has no such column.
        """
        return self._field(name).name

    def column(self, name: str) -> str:
        """Give the name of a column, quoted.

        Raises:
            AssetError: it has no such column.
        """
        return quote_name(self._field(name).name)

    def type(self, name: str) -> str:
        """Give the type of a column, in its one spelling.

        Raises:
            AssetError: it has no such column.
        """
        return spelled(self._field(name).type)

    def _field(self, name: str) -> Field:
        for field in self.snapshot.schema:
            if field.name.lower() == name.lower():
                return field
        raise AssetError(f"`{self.snapshot.asset}` has no column `{name}`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Everything that a check may look at."""

    table: Table
    """The version that is audited."""
    tables: Mapping[str, Snapshot]
    """Every version that can be named in a query, the audited one among them."""
    types: Mapping[str, str]
    """Type that the contract gives each column, where it gives one."""
    now: datetime
    past: tuple[PastVersion, ...] = ()
    """Versions of the table that were published before, the oldest first."""
    hidden: frozenset[str] = frozenset()
    """Columns, here and of other assets (`raw.people.mail`), whose values are shown to nobody."""

    def hides(self, column: str, asset: str | None = None) -> bool:
        """Say whether the values of a column are shown to nobody."""
        name = column.lower()
        return (f"{asset}.{name}" if asset else name) in self.hidden

    def other(self, name: str) -> Table:
        """Give an asset that a check refers to.

        Raises:
            AssetError: there is no version of it.
        """
        if name not in self.tables:
            raise AssetError(f"there is no `{name}` to compare with")
        return Table(self.tables[name])
