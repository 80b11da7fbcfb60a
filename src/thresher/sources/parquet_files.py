"""Parquet files: types come from their footers, values from DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.table import Target, refuse_names
from thresher.sources.texts import Conversion, Texts, cast, retyped
from thresher.sources.type_lattice import JSON, NULL, TEXT, is_nested, join
from thresher.tables import quote_name, quote_path

_FETCH = "fetch it again, or have it written anew"
#: Digits of a decimal number that DuckDB holds.
_WIDEST = 38


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A Parquet file whose footer was read."""

    path: Path
    kinds: dict[str, str]
    first_line: int | None = None
    """Line of the input that the first row stands in, where it has lines."""
    sheet: tuple[int, int] | None = None
    """Rows of the sheet that it was made of, and how many at its end were blank."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(self.kinds)

    def guess(self, session: Session, *, full: bool) -> dict[str, str]:  # noqa: ARG002
        """Give the type of each column."""
        return dict(self.kinds)

    def relation(self, targets: dict[str, Target], session: Session) -> str:  # noqa: ARG002
        """Write what stands behind `from`."""
        return f"read_parquet({quote_path(str(self.path))}, hive_partitioning = false)"

    def convert(self, column: str, target: Target, session: Session) -> Conversion:
        """Say how a column becomes the type that was decided."""
        return convert_typed(quote_name(column), self.kinds[column], target, session)

    def fault(self, session: Session) -> RefusedError | None:
        """Find out whether its pages can be read."""
        try:
            # Counting would be answered by the footer.
            session.rows(f"select bit_xor(hash(columns(*))) from {self.relation({}, session)}")
        except duckdb.Error as error:
            return RefusedError(f"it is damaged ({_reason(error, self.path)})", hint=_FETCH)
        return None

    def place(self, row: int) -> tuple[int | None, str]:
        """Give the line of a row, or its number."""
        if self.first_line is not None:
            return self.first_line + row - 1, ""
        return None, f"row {row:,}"


def open_parquet(
    path: Path,
    session: Session,
    *,
    first_line: int | None = None,
    sheet: tuple[int, int] | None = None,
) -> ParquetTable:
    """Read the footer of a Parquet file.

    Raises:
        RefusedError: it is damaged, or its columns cannot be told apart.
    """
    try:
        with pq.ParquetFile(path) as file:
            fields = list(file.schema_arrow)
        refuse_names([each.name for each in fields])
        for each in fields:
            if wide := _too_wide(each.type):
                raise RefusedError(
                    f"column `{shown(each.name)}` is {wide}: DuckDB would round it",
                    hint="have it written with at most 38 digits, or as text",
                )
        kinds = session.types(
            f"select * from read_parquet({quote_path(str(path))}, hive_partitioning = false)"
        )
    except (pa.ArrowException, OSError) as error:
        raise RefusedError(f"it is damaged ({_reason(error, path)})", hint=_FETCH) from None
    except duckdb.Error as error:
        raise RefusedError(f"it cannot be read ({_reason(error, path)})", hint=_FETCH) from None
    # DuckDB before 2.0 takes columns without a type for integers.
    kinds |= {each.name: NULL for each in fields if pa.types.is_null(each.type)}
    return ParquetTable(path, kinds, first_line, sheet)


def convert_typed(x: str, source: str, target: Target, session: Session) -> Conversion:
    """Say how a value of one type becomes another, so that nothing is lost."""
    if source == NULL:
        return retyped(x, source, target.type)
    if source == target.type:
        return cast(x, source)
    if source == TEXT and not is_nested(target.type):
        return Texts().convert(x, target.type, contract=target.contract)
    if source == TEXT and target.contract:
        return cast(x, target.type)
    if target.type == JSON:
        return Conversion(f"to_json({x})", f"to_json({x})")
    if join((source, target.type), session) == target.type:
        return cast(x, target.type)
    return retyped(x, source, target.type)


def _too_wide(kind: pa.DataType) -> pa.DataType | None:
    """Find a decimal number in a type that DuckDB would take for a `DOUBLE`."""
    if pa.types.is_decimal256(kind) and kind.precision > _WIDEST:
        return kind
    members = (kind.field(n).type for n in range(kind.num_fields))
    return next(filter(None, map(_too_wide, members)), None)


def _reason(error: Exception, path: Path) -> str:
    first = str(error).partition("\n")[0].replace(str(path), "the file")
    return shown(first.removeprefix("Invalid Input Error: ").removeprefix("IO Error: "))
