"""Loading one unit: a statement that writes its rows, and what is wrong where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from thresher.project.contract import Tolerance
from thresher.project.source import FilesSettings
from thresher.results import Rejected
from thresher.sources.csv_files import CsvTable, open_csv
from thresher.sources.deciding import Targets
from thresher.sources.excel_files import open_excel
from thresher.sources.inputs import Input, Part
from thresher.sources.json_files import open_json
from thresher.sources.parquet_files import open_parquet
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.sieve import refuse_beyond
from thresher.sources.sifting import SiftedTable, sift
from thresher.sources.table import Table, Target
from thresher.sources.texts import Conversion
from thresher.sources.type_lattice import TEXT, join
from thresher.tables import quote_name, quote_text

#: A share of rows is kept by their hash, in this many steps.
_STEPS = 1_000_000
_EARLIER = "the asset's columns were decided by earlier files"


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

    @property
    def sifted(self) -> tuple[SiftedTable, ...]:
        """Its parts, if they were sifted."""
        return tuple(table for table in self.tables if isinstance(table, SiftedTable))

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """Its records that were rejected, each with the name of the part that it is in."""
        several = len(self.sifted) > 1
        return tuple(
            replace(each, reason=f"{_in_zip(table.part)}: {each.reason}") if several else each
            for table in self.sifted
            for each in table.sifted.rejected
        )


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
    return _together(found, tables)


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
        rejects_new: whether rows with a value in a column that was not decided do not fit.
        rejects_changed: whether rows with a value that does not fit what earlier files decided
            are rejected, however many they are.
        discards: whether a value that does not fit what earlier files decided becomes null.
    """

    session: Session
    targets: Targets
    filename_column: str | None
    share: float | None
    sure: bool
    rejects_new: bool = False
    rejects_changed: bool = False
    discards: bool = False

    def load(self, opened: Opened, target: Path) -> int:
        """Write a unit, and give its number of rows.

        Raises:
            RefusedError: it is broken, or a value does not fit.
            MisguessedError: a value does not fit a type that was guessed from the first rows.
        """
        self._refuse_joined(opened)
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

    def _refuse_joined(self, opened: Opened) -> None:
        for table, part in zip(opened.tables, opened.input.parts, strict=True):
            kinds = {self.targets[name].type for name in self._known(table)}
            if isinstance(table, CsvTable) and kinds == {TEXT}:
                wrong = table.joined(self.session.check)
                if wrong is not None:
                    raise _inside(opened.input, part, wrong)

    def discarded(self, opened: Opened) -> tuple[str, ...]:
        """Tell how many values of each column were left out because they do not fit."""
        told = []
        for table in opened.tables:
            for name, bad in self._misfits(table):
                query = f"select count(*) from {self._relation(table)} where {bad}"
                count = 0 if self._contract(name) else self.session.rows(query)[0][0]
                if count:
                    kind = self.targets[name].type
                    told.append(f"{count:,} values of `{name}` are no {kind}, and are left out")
        return tuple(told)

    def new_columns(self, opened: Opened) -> bool:
        """Say whether a unit has columns that were not decided."""
        return any(name not in self.targets for name in opened.columns)

    def without_misfits(self, opened: Opened, tolerate: Tolerance) -> Opened:
        """Reject the records of a sifted unit whose values do not fit.

        Raises:
            RefusedError: more is bad than is tolerated.
            MisguessedError: a value does not fit a type that was guessed from the first rows.
        """
        sifted = opened.sifted
        queries = [self._all_misfits(table) for table in sifted]
        found = [self._summed(query) for query in queries]
        columns = [name for each in found for name, *_ in each]
        if not self.sure and not all(map(self._contract, columns)):
            raise MisguessedError
        more, earliest = 0, None
        for table, query, several in zip(sifted, queries, found, strict=True):
            bad = [(at, count) for name, count, at in several if not self._waived(name)]
            more += sum(count for _, count in bad)
            if bad and earliest is None:
                first = min(bad)[0]
                select = f"select which, value from ({query}) where at_row = {first}"
                ((name, value),) = self.session.rows(select)
                earliest = (table.place(first)[0], self._told(name, value))
        refuse_beyond((each.sifted for each in sifted), tolerate, more=more, earliest=earliest)
        tables: list[Table] = []
        for table, query, several in zip(sifted, queries, found, strict=True):
            rows = self.session.rows(query) if several else []
            misfits = [(row, self._told(name, value), name) for row, name, value in rows]
            tables.append(table.without(misfits, self.session) if misfits else table)
        return replace(opened, tables=tuple(tables))

    def _waived(self, name: str) -> bool:
        """Say whether rows are rejected for a column without counting them as bad."""
        if name not in self.targets:
            return self.rejects_new
        return self.rejects_changed and not self._contract(name)

    def _all_misfits(self, table: Table) -> str:
        """Write a query for the rows of a part with a value that does not fit, and for that."""
        bad = {
            name: each
            for name, each in self._misfits(table)
            if not self.discards or self._contract(name)
        }
        row = quote_name(_free("row", table))
        which = "".join(f" when {each} then {quote_text(name)}" for name, each in bad.items())
        value = "".join(
            f" when {each} then cast({quote_name(name)} as varchar)" for name, each in bad.items()
        )
        none = " when false then null"
        any_ = " or ".join(f"({each})" for each in bad.values()) or "false"
        return (
            f"select {row} as at_row, case{which or none} end as which, "
            f"case{value or none} end as value "
            f"from (select row_number() over () as {row}, * from {self._relation(table)}) "
            f"where {any_}"
        )

    def _summed(self, query: str) -> list[tuple[str, int, int]]:
        """Give each column with values that do not fit, how many, and the first row with one."""
        found = self.session.rows(
            f"select which, count(*), min(at_row) from ({query}) group by all"
        )
        return [(str(name), int(count), int(first)) for name, count, first in found]

    def _select(self, opened: Opened, table: Table) -> str:
        found = set(table.columns)
        misfits = dict(self._misfits(table)) if self.discards else {}
        columns = [
            self._value(table, name, misfits.get(name))
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

    def _value(self, table: Table, name: str, misfit: str | None) -> str:
        value = self._conversion(table, name).value
        if misfit is None or self._contract(name):
            return value
        return f"case when {misfit} then null else {value} end"

    def _contract(self, name: str) -> bool:
        return name in self.targets and self.targets[name].contract

    def _known(self, table: Table) -> list[str]:
        """Give the columns of a part that were decided."""
        return [name for name in table.columns if name in self.targets]

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
        here = {name: self.targets[name] for name in self._known(table)}
        if self.rejects_new:
            new = (name for name in table.columns if name not in self.targets)
            here |= {name: Target(TEXT, TEXT, contract=False) for name in new}
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
        if self.rejects_new:
            for name in table.columns:
                if name not in self.targets:
                    yield name, f"{quote_name(name)} is not null"
        for name in self._known(table):
            made, x = self._conversion(table, name), quote_name(name)
            if self.targets[name].type != TEXT:
                lost = f" or not ({made.fits})" if made.fits else ""
                yield name, f"{x} is not null and ({made.attempt} is null{lost})"

    def _refusal(self, misfit: Misfit) -> RefusedError:
        decided = self.targets[misfit.column]
        line, where = misfit.table.place(misfit.row)
        what = self._told(misfit.column, misfit.value)
        hint = "mend the value, or change the column's `type` in the contract"
        if not decided.contract:
            hint = "mend the value, or read all files anew: `thresher run --full-refresh`"
        told = f"{where}: {what}" if where else what
        return RefusedError(told, hint=hint, line=line, drift=not decided.contract)

    def _told(self, column: str, value: str) -> str:
        """Say that a value does not fit."""
        if column not in self.targets:
            return f"column `{column}` is new, and holds `{shown(value)}`: {_EARLIER}"
        decided = self.targets[column]
        what = f"`{column}` should be {decided.type}, not `{shown(value)}`"
        return what if decided.contract else f"{what}: {_EARLIER}"


def open_sifted(found: Input, settings: FilesSettings, session: Session) -> Opened:
    """Open the parts of a unit without the records that cannot be read.

    Raises:
        RefusedError: nothing of a part can be read, or more is bad than is tolerated.
    """
    tables = []
    for part in found.parts:
        try:
            tables.append(sift(part, settings, session))
        except RefusedError as error:
            raise _inside(found, part, error) from None
    refuse_beyond((table.sifted for table in tables), settings.rows_tolerance)
    return _together(found, tables)


def _together(found: Input, tables: Sequence[Table]) -> Opened:
    for table, part in zip(tables, found.parts, strict=True):
        if set(table.columns) != set(tables[0].columns):
            names = " and ".join(f"`{shown(each.name)}`" for each in (found.parts[0], part))
            raise RefusedError(
                f"{names} in the zip file have different columns", hint="pack them apart"
            )
    return Opened(found, tuple(tables))


def _open(part: Part, settings: FilesSettings, session: Session) -> Table:
    if part.fault is not None:
        raise part.fault
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
    reason = f"{_in_zip(part)}: {error.reason}"
    return RefusedError(reason, hint=error.hint, line=error.line)


def _in_zip(part: Part) -> str:
    return f"`{shown(part.name)}` in the zip file"


def _unknown(error: duckdb.Error, part: Part) -> RefusedError:
    first = str(error).partition("\n")[0].replace(str(part.path), "the file")
    return RefusedError(f"it cannot be read ({shown(first)})", hint="fetch it again, or mend it")
