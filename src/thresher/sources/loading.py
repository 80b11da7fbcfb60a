"""Loading one unit: a statement that writes its rows, and what is wrong where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from thresher.project.secrets import MASK
from thresher.project.source import FilesSettings
from thresher.sources.csv_files import open_csv
from thresher.sources.deciding import Targets
from thresher.sources.excel_files import open_excel
from thresher.sources.inputs import Input, Part
from thresher.sources.json_files import open_json
from thresher.sources.parquet_files import open_parquet
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.table import Table
from thresher.sources.texts import Conversion
from thresher.sources.type_lattice import TEXT, join
from thresher.tables import quote_name, quote_text

#: A share of rows is kept by their hash, in this many steps.
_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A unit whose parts are open."""

    input: Input
    tables: tuple[Table, ...] = ()
    guess: dict[str, str] = field(default_factory=dict)
    """What its values were guessed to be."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(self.tables[0].columns)


class MisguessedError(Exception):
    """A value does not fit a type that was guessed from the first rows; all must be looked at."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first value of a part that does not fit its column."""

    table: Table
    column: str
    row: int
    value: str


def open_tables(found: Input, settings: FilesSettings, session: Session) -> Opened:
    """Open the parts of a unit.

    Raises:
        RefusedError: one cannot be read, or they have different columns.
    """
    tables = []
    for part in found.parts:
        try:
            tables.append(_open(part, settings, session))
        except RefusedError as error:
            raise _inside(found, part, error) from None
        if set(tables[-1].columns) != set(tables[0].columns):
            names = " and ".join(f"`{shown(each.name)}`" for each in (found.parts[0], part))
            raise RefusedError(
                f"{names} in the zip file have different columns", hint="pack them apart"
            )
    return Opened(found, tuple(tables))


def guess(opened: Opened, session: Session, *, full: bool) -> Opened:
    """Guess the types of a unit's columns, from its first rows or from all.

    Raises:
        RefusedError: its rows cannot be read.
    """
    kinds: dict[str, list[str]] = {}
    for table, part in zip(opened.tables, opened.input.parts, strict=True):
        try:
            found = table.guess(session, full=full)
        except duckdb.Error as error:
            wrong = table.fault(session) or _unknown(error, part)
            raise _inside(opened.input, part, wrong) from None
        for name, kind in found.items():
            kinds.setdefault(name, []).append(kind)
    types = {name: join(each, session) for name, each in kinds.items()}
    return Opened(opened.input, opened.tables, types)


@dataclass(frozen=True, slots=True)
class Loader:
    """Writes units as Parquet files.

    Args:
        session: what they are written by.
        targets: what was decided for each column.
        filename_column: name of the column for the unit's path, if there is one.
        share: share of the rows to keep.
        sure: whether the types were guessed from all rows, or are not to be guessed again.
        sensitive: columns whose values are shown to nobody, in lower case.
    """

    session: Session
    targets: Targets
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
        query = " union all ".join(self._select(opened, table) for table in opened.tables)
        if self.share is not None:
            names = ", ".join(map(quote_name, self.targets)) or "1"
            kept = round(self.share * _STEPS)
            query = f"select * from ({query}) where hash({names}) % {_STEPS} < {kept}"
        try:
            copied = self.session.rows(
                f"copy ({query}) to {quote_text(str(target))} (format parquet)"
            )
        except duckdb.Error as error:
            target.unlink(missing_ok=True)
            raise self._diagnosed(opened, error) from None
        return int(copied[0][0])

    def _select(self, opened: Opened, table: Table) -> str:
        found = set(table.columns)
        columns = [
            self._conversion(table, name).value
            if name in found
            else f"cast(null as {decided.storage})"
            for name, decided in self.targets.items()
        ]
        named = [
            f"{value} as {quote_name(name)}"
            for value, name in zip(columns, self.targets, strict=True)
        ]
        if self.filename_column:
            path = quote_text(opened.input.unit.path)
            named.append(f"{path} as {quote_name(self.filename_column)}")
        return f"select {', '.join(named) or '1'} from {self._relation(table)}"

    def _conversion(self, table: Table, name: str) -> Conversion:
        decided = self.targets[name]
        made = table.convert(name, decided, self.session)
        if decided.storage == decided.type:
            return made
        return Conversion(
            f"cast({made.value} as {decided.storage})",
            f"try_cast({made.attempt} as {decided.storage})",
            made.fits,
        )

    def _relation(self, table: Table) -> str:
        here = {name: self.targets[name] for name in table.columns}
        return table.relation(here, self.session)

    def _diagnosed(self, opened: Opened, error: duckdb.Error) -> Exception:
        for table, part in zip(opened.tables, opened.input.parts, strict=True):
            if wrong := table.fault(self.session):
                return _inside(opened.input, part, wrong)
        for table, part in zip(opened.tables, opened.input.parts, strict=True):
            if misfit := self._misfit(table):
                decided = self.targets[misfit.column]
                if not self.sure and not decided.contract:
                    return MisguessedError()
                return _inside(opened.input, part, self._refusal(misfit))
        return _unknown(error, opened.input.parts[0])

    def _misfit(self, table: Table) -> Misfit | None:
        """Find the first value that does not fit, going through the rows once more."""
        bad = dict(self._misfits(table))
        if not bad:
            return None
        row = quote_name(_free("row", table))
        rows = f"(select row_number() over () as {row}, * from {self._relation(table)})"
        first = ", ".join(f"min({row}) filter ({each})" for each in bad.values())
        firsts = self.session.rows(f"select {first} from {rows}")[0]
        found = [(at, name) for at, name in zip(firsts, bad, strict=True) if at is not None]
        if not found:
            return None
        at, name = min(found)
        value = self.session.rows(
            f"select cast({quote_name(name)} as varchar) from {rows} where {row} = {at}"
        )[0][0]
        return Misfit(table, name, at, value)

    def _misfits(self, table: Table) -> Iterator[tuple[str, str]]:
        for name in table.columns:
            made, x = self._conversion(table, name), quote_name(name)
            if self.targets[name].type != TEXT:
                lost = f" or not ({made.fits})" if made.fits else ""
                yield name, f"{x} is not null and ({made.attempt} is null{lost})"

    def _refusal(self, misfit: Misfit) -> RefusedError:
        decided = self.targets[misfit.column]
        line, where = misfit.table.place(misfit.row)
        should = f"`{misfit.column}` should be {decided.type}, not "
        hint = "mend the value, or change the column's `type` in the contract"
        why = ""
        if not decided.contract:
            why = ": the asset's columns were decided by earlier files"
            hint = "mend the value, or read all files anew: `thresher run --full-refresh`"
        before = f"{where}: {should}" if where else should
        what = f"{before}`{shown(misfit.value)}`{why}"
        hidden = misfit.column.lower() in self.sensitive
        discreet = f"{before}`{MASK}`{why}" if hidden else what
        return RefusedError(what, hint=hint, line=line, discreet=discreet)


def _open(part: Part, settings: FilesSettings, session: Session) -> Table:
    if part.format == "csv":
        return open_csv(part, settings, session)
    if part.format == "excel":
        return open_excel(part, settings, session)
    if part.format == "parquet":
        return open_parquet(part.path, session)
    return open_json(part, settings, session)


def _free(name: str, table: Table) -> str:
    taken = {each.lower() for each in table.columns}
    while name in taken:
        name += "_"
    return name


def _inside(found: Input, part: Part, error: RefusedError) -> RefusedError:
    if len(found.parts) == 1:
        return error
    return error.inside(part.name)


def _unknown(error: duckdb.Error, part: Part) -> RefusedError:
    first = str(error).partition("\n")[0].replace(str(part.path), "the file")
    what = f"it cannot be read ({shown(first)})"
    return RefusedError(what, hint="fetch it again, or mend it", discreet="it cannot be read")
