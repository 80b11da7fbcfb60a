"""Excel and OpenDocument sheets: read by calamine, and put into a Parquet file of their own.

Sheets know numbers, but no integers, and a formula that failed comes as an empty cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from thresher.errors import SourceError
from thresher.project.source import FilesSettings
from thresher.sources.inputs import Part
from thresher.sources.parquet_files import ParquetTable, open_parquet
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.table import refuse_names
from thresher.sources.values import array_of, text_of

#: Floats up to here that have no fraction are integers.
_EXACT = 2**53


def open_excel(part: Part, settings: FilesSettings, session: Session) -> ParquetTable:
    """Read a sheet; what it holds is checked like any Parquet file.

    Raises:
        RefusedError: it is damaged, or has no such sheet or no header.
        SourceError: the extra that reads it is not installed.
    """
    cells = _cells(part.path, settings.sheet)
    rows = cells[settings.skip :]
    if not rows:
        raise RefusedError("the sheet is empty", hint="say with `sheet:` which one to read")
    while len(rows) > 1 and all(cell == "" for cell in rows[-1]):
        rows.pop()
    columns = [list(column) for column in zip(*rows, strict=True)]
    while len(columns) > 1 and all(cell == "" for cell in columns[-1]):
        columns.pop()
    names = _names([column[0] for column in columns], settings)
    arrays = [_column(column[1:] if settings.header else column) for column in columns]
    target = part.path.with_name(f"{part.path.name}-cells")
    pq.write_table(pa.Table.from_arrays(arrays, names=names), target)
    first = settings.skip + 1 + settings.header
    blank = len(cells) - settings.skip - len(rows)
    return open_parquet(target, session, first_line=first, sheet=(len(cells), blank))


def _cells(path: Path, sheet: str | int | None) -> list[list[Any]]:
    try:
        from python_calamine import (
            CalamineError,
            CalamineWorkbook,
            PasswordError,
        )
    except ImportError as error:
        raise SourceError(
            "Excel files need another package", hint="pip install 'thresher[excel]'"
        ) from error
    try:
        with path.open("rb") as file:
            workbook = CalamineWorkbook.from_filelike(file)
            name = _sheet(sheet, workbook.sheet_names)
            found: list[list[Any]] = workbook.get_sheet_by_name(name).to_python(
                skip_empty_area=False
            )
            return found
    except PasswordError:
        raise RefusedError("it has a password", hint="save it without one") from None
    except (CalamineError, OSError, ValueError) as error:
        raise RefusedError(
            f"it is damaged, or no Excel file ({shown(error)})", hint="open it and save it anew"
        ) from None


def _sheet(sheet: str | int | None, names: Sequence[str]) -> str:
    if sheet is None and names:
        return names[0]
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return names[sheet - 1]
    if sheet in names:
        return str(sheet)
    known = ", ".join(f"`{shown(name)}`" for name in names)
    raise RefusedError(f"it has no sheet `{sheet}`", hint=f"its sheets are {known or 'none'}")


def _names(first: list[Any], settings: FilesSettings) -> list[str]:
    if not settings.header:
        return [f"column{number}" for number in range(len(first))]
    names = [text_of(_whole(cell)) for cell in first]
    refuse_names(names, line=settings.skip + 1)
    return names


def _column(cells: list[Any]) -> pa.Array:
    """Make a column of cells; where all numbers are whole, or texts stand beside, as integers."""
    values = [None if cell == "" else cell for cell in cells]
    whole = [_whole(value) for value in values]
    kinds = set(map(type, whole)) - {type(None)}
    return array_of(values if kinds == {int, float} else whole)


def _whole(value: Any) -> Any:
    exact = isinstance(value, float) and abs(value) <= _EXACT and value.is_integer()
    return int(value) if exact else value
