"""Loading one unit: a statement that writes its rows, and what is wrong where it fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from thresher.project.secrets import MASK
from thresher.sources.csv_files import CsvTable
from thresher.sources.fitting import Fitting, free_name
from thresher.sources.misfits import MisguessedError
from thresher.sources.opening import Opened, inside, unknown
from thresher.sources.refusals import RefusedError
from thresher.sources.table import Table
from thresher.sources.type_lattice import TEXT
from thresher.tables import quote_name, quote_text

#: A share of rows is kept by their hash, in this many steps.
_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first value of a part that does not fit its column."""

    table: Table
    column: str
    row: int
    value: str


@dataclass(frozen=True, slots=True)
class Loader:
    """Writes units as Parquet files.

    Args:
        fitting: how values become those of the columns.
        filename_column: name of the column for the unit's path, if there is one.
        share: share of the rows to keep.
        sure: whether the types were guessed from all rows, or are not to be guessed again.
        sensitive: columns whose values are shown to nobody, in lower case.
    """

    fitting: Fitting
    filename_column: str | None
    share: float | None
    sure: bool
    sensitive: frozenset[str] = frozenset()

    def load(self, opened: Opened, target: Path) -> int:
        """Write a unit, and give its number of rows.

        Raises:
            RefusedError: it is broken, or a value does not fit.
            MisguessedError: a value does not fit a type that was guessed from the first rows.
        """
        self._refuse_joined(opened)
        query = " union all ".join(self._select(opened, table) for table in opened.tables)
        if self.share is not None:
            names = ", ".join(map(quote_name, self.fitting.targets)) or "1"
            kept = round(self.share * _STEPS)
            query = f"select * from ({query}) where hash({names}) % {_STEPS} < {kept}"
        try:
            copied = self.fitting.session.rows(
                f"copy ({query}) to {quote_text(str(target))} (format parquet)"
            )
        except duckdb.Error as error:
            target.unlink(missing_ok=True)
            raise self._diagnosed(opened, error) from None
        return int(copied[0][0])

    def _refuse_joined(self, opened: Opened) -> None:
        for table, part in zip(opened.tables, opened.input.parts, strict=True):
            kinds = {self.fitting.targets[name].type for name in self.fitting.known(table)}
            if isinstance(table, CsvTable) and kinds == {TEXT}:
                wrong = table.joined(self.fitting.session.check)
                if wrong is not None:
                    raise inside(opened.input, part, wrong)

    def _select(self, opened: Opened, table: Table) -> str:
        found = set(table.columns)
        misfits = dict(self.fitting.misfits(table)) if self.fitting.discards else {}
        columns = [
            self.fitting.value(table, name, misfits.get(name))
            if name in found
            else f"cast(null as {decided.storage})"
            for name, decided in self.fitting.targets.items()
        ]
        named = [
            f"{value} as {quote_name(name)}"
            for value, name in zip(columns, self.fitting.targets, strict=True)
        ]
        if self.filename_column:
            path = quote_text(opened.input.unit.path)
            named.append(f"{path} as {quote_name(self.filename_column)}")
        return f"select {', '.join(named) or '1'} from {self.fitting.relation(table)}"

    def _diagnosed(self, opened: Opened, error: duckdb.Error) -> Exception:
        for table, part in zip(opened.tables, opened.input.parts, strict=True):
            if wrong := table.fault(self.fitting.session):
                return inside(opened.input, part, wrong)
        for table, part in zip(opened.tables, opened.input.parts, strict=True):
            if misfit := self._misfit(table):
                decided = self.fitting.targets[misfit.column]
                if not self.sure and not decided.contract:
                    return MisguessedError()
                return inside(opened.input, part, self._refusal(misfit))
        return unknown(error, opened.input.parts[0])

    def _misfit(self, table: Table) -> Misfit | None:
        """Find the first value that does not fit, going through the rows once more."""
        bad = dict(self.fitting.misfits(table))
        if not bad:
            return None
        row = quote_name(free_name("row", table))
        rows = f"(select row_number() over () as {row}, * from {self.fitting.relation(table)})"
        first = ", ".join(f"min({row}) filter ({each})" for each in bad.values())
        firsts = self.fitting.session.rows(f"select {first} from {rows}")[0]
        found = [(at, name) for at, name in zip(firsts, bad, strict=True) if at is not None]
        if not found:
            return None
        at, name = min(found)
        value = self.fitting.session.rows(
            f"select cast({quote_name(name)} as varchar) from {rows} where {row} = {at}"
        )[0][0]
        return Misfit(table, name, at, value)

    def _refusal(self, misfit: Misfit) -> RefusedError:
        decided = self.fitting.targets[misfit.column]
        line, where = misfit.table.place(misfit.row)
        what = self.fitting.told(misfit.column, misfit.value)
        hidden = misfit.column.lower() in self.sensitive
        discreet = self.fitting.told(misfit.column, MASK) if hidden else what
        before = f"{where}: " if where else ""
        hint = "mend the value, or change the column's `type` in the contract"
        if not decided.contract:
            hint = "mend the value, or read all files anew: `thresher run --full-refresh`"
        return RefusedError(
            before + what,
            hint=hint,
            line=line,
            drift=not decided.contract,
            discreet=before + discreet,
        )
