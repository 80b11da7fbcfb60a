"""Opening a unit: its parts as tables, as they are or without their bad records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import duckdb

from thresher.project.source import FilesSettings
from thresher.results import Rejected
from thresher.sources.csv_files import open_csv
from thresher.sources.excel_files import open_excel
from thresher.sources.inputs import Input, Part
from thresher.sources.json_files import open_json
from thresher.sources.parquet_files import open_parquet
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.sieve import refuse_beyond
from thresher.sources.sifting import SiftedTable, may_be_sifted, sift
from thresher.sources.table import Table
from thresher.sources.type_lattice import join


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
            raise inside(found, part, error) from None
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
            wrong = table.fault(session) or unknown(error, part)
            raise inside(opened.input, part, wrong) from None
        for name, kind in found.items():
            kinds.setdefault(name, []).append(kind)
    types = {name: join(each, session) for name, each in kinds.items()}
    return Opened(opened.input, opened.tables, types)


def sift_unit(
    opened: Opened,
    error: RefusedError,
    settings: FilesSettings,
    session: Session,
    *,
    full: bool,
    sift: bool = False,
) -> Opened:
    """Open a unit that was refused without its bad records, where its source tolerates any.

    Args:
        opened: the unit.
        error: why it was refused.
        settings: how it is to be read.
        session: what it is read by.
        full: whether types are guessed from all rows.
        sift: whether rows are to be rejected, though none is tolerated.

    Raises:
        RefusedError: it may not be sifted, nothing of it can be read, or too much of it is bad.
    """
    allowed = settings.rows_tolerance.share or settings.rows_tolerance.count or sift
    if not allowed or opened.sifted or not may_be_sifted(opened.input):
        raise error
    return guess(open_sifted(opened.input, settings, session), session, full=full)


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
            raise inside(found, part, error) from None
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


def inside(found: Input, part: Part, error: RefusedError) -> RefusedError:
    """Say which part of a unit an error is about, where there are several."""
    if len(found.parts) == 1:
        return error
    return error.inside(part.name)


def _in_zip(part: Part) -> str:
    return f"`{shown(part.name)}` in the zip file"


def unknown(error: duckdb.Error, part: Part) -> RefusedError:
    """Say of a part what DuckDB says of it, where nothing better is known."""
    first = str(error).partition("\n")[0].replace(str(part.path), "the file")
    what = f"it cannot be read ({shown(first)})"
    return RefusedError(what, hint="fetch it again, or mend it", discreet="it cannot be read")
