"""How the values of parts become those of the asset's columns, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thresher.sources.deciding import Targets
from thresher.sources.opening import Opened
from thresher.sources.refusals import shown
from thresher.sources.session import Session
from thresher.sources.table import Table, Target
from thresher.sources.texts import Conversion
from thresher.sources.type_lattice import TEXT
from thresher.tables import quote_name

_EARLIER = "the asset's columns were decided by earlier files"


@dataclass(frozen=True, slots=True)
class Fitting:
    """How the columns of parts become those that were decided, and which values do not fit.

    Args:
        session: what they are read by.
        targets: what was decided for each column.
        rejects_new: whether rows with a value in a column that was not decided do not fit.
        rejects_changed: whether rows with a value that does not fit what earlier files decided
            are rejected, however many they are.
        discards: whether a value that does not fit what earlier files decided becomes null.
    """

    session: Session
    targets: Targets
    rejects_new: bool = False
    rejects_changed: bool = False
    discards: bool = False

    def new_columns(self, opened: Opened) -> bool:
        """Say whether a unit has columns that were not decided."""
        return any(name not in self.targets for name in opened.columns)

    def contract(self, name: str) -> bool:
        """Say whether a contract gives the type of a column."""
        return name in self.targets and self.targets[name].contract

    def known(self, table: Table) -> list[str]:
        """Give the columns of a part that were decided."""
        return [name for name in table.columns if name in self.targets]

    def waived(self, name: str) -> bool:
        """Say whether rows are rejected for a column without counting them as bad."""
        if name not in self.targets:
            return self.rejects_new
        return self.rejects_changed and not self.contract(name)

    def relation(self, table: Table) -> str:
        """Write what stands behind `from`."""
        here = {name: self.targets[name] for name in self.known(table)}
        if self.rejects_new:
            new = (name for name in table.columns if name not in self.targets)
            here |= {name: Target(TEXT, TEXT, contract=False) for name in new}
        return table.relation(here, self.session)

    def conversion(self, table: Table, name: str) -> Conversion:
        """Say how a column becomes what the file will hold."""
        decided = self.targets[name]
        made = table.convert(name, decided, self.session)
        if decided.storage == decided.type:
            return made
        return Conversion(
            f"cast({made.value} as {decided.storage})",
            f"try_cast({made.attempt} as {decided.storage})",
            made.fits,
        )

    def value(self, table: Table, name: str, misfit: str | None) -> str:
        """Write a column of a part as SQL."""
        value = self.conversion(table, name).value
        if misfit is None or self.contract(name):
            return value
        return f"case when {misfit} then null else {value} end"

    def misfits(self, table: Table) -> Iterator[tuple[str, str]]:
        """Give each column that may hold values that do not fit, and which these are."""
        if self.rejects_new:
            for name in table.columns:
                if name not in self.targets:
                    yield name, f"{quote_name(name)} is not null"
        for name in self.known(table):
            made, x = self.conversion(table, name), quote_name(name)
            if self.targets[name].type != TEXT:
                lost = f" or not ({made.fits})" if made.fits else ""
                yield name, f"{x} is not null and ({made.attempt} is null{lost})"

    def told(self, column: str, value: str) -> str:
        """Say that a value does not fit."""
        if column not in self.targets:
            return f"column `{column}` is new, and holds `{shown(value)}`: {_EARLIER}"
        decided = self.targets[column]
        what = f"`{column}` should be {decided.type}, not `{shown(value)}`"
        return what if decided.contract else f"{what}: {_EARLIER}"


def free_name(name: str, table: Table) -> str:
    """Give a name that no column of a part has."""
    taken = {each.lower() for each in table.columns}
    while name in taken:
        name += "_"
    return name
