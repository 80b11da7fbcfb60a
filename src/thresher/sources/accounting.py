"""The account of a unit: what a second reader counted in it, and what became of all that.

What was loaded is what DuckDB wrote, what was rejected stands in a file of its own, and what the
input holds is counted by `counting.py`. None of these is made from the others, and they must add
up: a unit for which they do not is not published.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from thresher.errors import Place, SourceError
from thresher.project.contract import Contract
from thresher.project.source import FilesSettings
from thresher.protocols import Extract
from thresher.results import Rejected, Unit, UnitOutcome, UnitRecord
from thresher.sources.counting import (
    Count,
    count_csv,
    count_json_lines,
    count_json_records,
    count_lines,
    count_plain_csv,
)
from thresher.sources.csv_files import CsvTable
from thresher.sources.inputs import Part
from thresher.sources.json_files import JsonTable
from thresher.sources.opening import Opened
from thresher.sources.parquet_files import ParquetTable
from thresher.sources.refusals import RefusedError
from thresher.sources.session import Session
from thresher.sources.sifting import SiftedTable
from thresher.sources.table import Table

_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("last_line", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("column", pa.string()),
        pa.field("text", pa.string(), nullable=False),
    ]
)


Check = Callable[[], None]

LINES, RECORDS, ROWS = "lines", "records", "rows"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A unit that was written."""

    opened: Opened
    """What was written of it."""
    rows: int
    drifted: tuple[str, ...] = ()
    """How it differs from what earlier units decided."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a unit holds, and what became of it."""

    lines: int | None
    """What a reader of its own counted; None where it cannot be counted so."""
    counted: str = LINES
    """What was counted."""
    header: int = 0
    blank: int = 0
    continuation: int = 0
    rejected: int = 0


def write_rejects(rejected: Sequence[Rejected], unit: str, target: Path) -> None:
    """Write the rejected records of a unit as a Parquet file."""
    rows = [
        (unit, each.line, each.last_line, each.reason, each.column, each.text) for each in rejected
    ]
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(values, kind.type) for values, kind in zip(columns, _SCHEMA, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), target)


def record_of(
    unit: Unit, loaded: Loaded, file: str, extract: Extract, session: Session
) -> UnitRecord:
    """Give the record of a unit that was loaded, and write its rejected records.

    Args:
        unit: the unit.
        loaded: what was written of it.
        file: name of the file that holds its rows.
        extract: what was asked for.
        session: tells when to stop.

    Raises:
        SourceError: what it holds, and what became of that, do not add up.
    """
    rejected = loaded.opened.rejected
    name = file.replace(".parquet", "-rejected.parquet") if rejected else None
    target = extract.folder / name if name else None
    if target:
        write_rejects(rejected, unit.path, target)
    record = UnitRecord(
        unit, UnitOutcome.LOADED, loaded.rows, file, rejects=name, drift=loaded.drifted
    )
    if extract.sample is not None:
        # What is no whole cannot add up to one.
        return replace(record, rejected=len(rejected))
    found = account(loaded.opened, loaded.rows, target, session.check)
    return replace(
        record,
        rejected=found.rejected,
        lines=found.lines,
        counted=found.counted,
        header=found.header,
        blank=found.blank,
        continuation=found.continuation,
    )


def refused_record(
    unit: Unit, error: RefusedError, contract: Contract, *, fine: bool
) -> UnitRecord:
    """Give the record of a unit that was not loaded.

    Args:
        unit: the unit.
        error: why.
        contract: of its asset, which may have columns whose values are shown to nobody.
        fine: whether the source tolerates it.
    """
    outcome = UnitOutcome.SET_ASIDE if fine else UnitOutcome.FAILED
    reason = error.told(contract)
    return UnitRecord(unit, outcome, reason=reason, hint=error.hint, line=error.line)


def account(opened: Opened, rows: int, rejects: Path | None, check: Check) -> Account:
    """Count what a unit holds, and hold it against what became of that.

    Args:
        opened: the unit, as it was loaded.
        rows: how many of its rows were written.
        rejects: file of its rejected records, if there are any.
        check: called now and then; raises when the caller wants to stop.

    Raises:
        SourceError: they do not add up.
    """
    rejected, further = _rejected(rejects)
    found = [
        _counted(part, table, rows if len(opened.tables) == 1 else None, check)
        for part, table in zip(opened.input.parts, opened.tables, strict=True)
    ]
    kinds = {kind for kind, _, _ in found}
    if any(count is None for _, count, _ in found):
        return Account(None, rejected=rejected)
    counts = [count for _, count, _ in found if count is not None]
    records = sum(count.records for count in counts)
    lines = sum(total for _, _, total in found)
    header, blank = (sum(getattr(c, name) for c in counts) for name in ("header", "blank"))
    continuation = sum(count.continuation for count in counts)
    if LINES in kinds:
        continuation += further
    told = rows + rejected + header + blank + continuation
    if records != rows or (len(kinds) == 1 and lines != told):
        raise SourceError(
            f"it does not add up: {lines:,} {kinds.pop()} with {records:,} records to load were "
            f"counted; {rows:,} were loaded and {rejected:,} rejected, beside {header:,} of the "
            f"header, {blank:,} blank and {continuation:,} continued",
            place=Place(opened.input.unit.path),
            hint="nothing was published; please report this with the file",
        )
    if len(kinds) > 1:
        return Account(None, rejected=rejected)
    return Account(lines, kinds.pop(), header, blank, continuation, rejected)


def _rejected(path: Path | None) -> tuple[int, int]:
    """Count rejected records, and their further lines, in their file."""
    if path is None:
        return 0, 0
    table = pq.read_table(path, columns=["line", "last_line"])
    spans = zip(table["line"].to_pylist(), table["last_line"].to_pylist(), strict=True)
    return table.num_rows, sum(last - line for line, last in spans)


def _counted(
    part: Part, table: Table, rows: int | None, check: Check
) -> tuple[str, Count | None, int]:
    """Count a part: in what, what is to be loaded, and all that it holds."""
    if isinstance(table, SiftedTable):
        return _counted_sifted(table, rows, check)
    if isinstance(table, CsvTable):
        count = _counted_csv(table, part.path, table.settings, rows, check)
        return LINES, count, count.lines
    if isinstance(table, JsonTable):
        if table.layout == "newline_delimited":
            count = count_json_lines(part.path)
            return LINES, count, count.lines
        records = count_json_records(part.path, "utf-8", check)
        return RECORDS, None if records is None else Count(records, records), records or 0
    if isinstance(table, ParquetTable):
        records = pq.read_metadata(table.path).num_rows
        if table.sheet is None:
            return ROWS, Count(records, records), records
        height, blank = table.sheet
        header = (table.first_line or 1) - 1
        return ROWS, Count(height, records, header, blank), height
    return ROWS, None, 0


def _counted_sifted(
    table: SiftedTable, rows: int | None, check: Check
) -> tuple[str, Count | None, int]:
    """Count the lines of a part that was sifted, and the records of what is left of it."""
    part, sifted = table.part, table.sifted
    _, count, _ = _counted(table.copy, table.table, rows, check)
    if part.format == "json":
        records = count_json_records(part.raw, part.encoding, check)
        return RECORDS, None if records is None else count, records or 0
    total = count_lines(part.raw, part.encoding, check, feeds=part.format == "ndjson")
    if count is not None:
        header, blank = count.header + sifted.skipped, count.blank + sifted.blank
        count = Count(count.lines, count.records, header, blank, count.continuation)
    return LINES, count, total


def _counted_csv(
    table: CsvTable, path: Path, settings: FilesSettings, rows: int | None, check: Check
) -> Count:
    columns = len(table.columns)
    count = count_plain_csv(path, settings, columns, check)
    if count is None or (rows is not None and count.records != rows):
        # Quotes in the midst of a field, for example, are none to buffers.
        return count_csv(path, settings, table.layout.dialect.delimiter, columns)
    return count
