"""Rows on their way: batches put into Parquet files of the reading's own, then read as one table.

Rows that come from elsewhere come once and in order, and what type holds them all is known only
after the last. So they are staged: a file goes on as long as its types hold what comes, and where
they do not, the next one begins. Memory holds one batch, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from thresher.sources.parquet_files import ParquetTable, convert_typed, open_parquet
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.table import Target, refuse_names
from thresher.sources.texts import Conversion, Texts, cast
from thresher.sources.type_lattice import JSON, NULL, TEXT, decimal, is_nested, join
from thresher.sources.values import array_of, unwritable
from thresher.tables import quote_name, quote_path

_TEXTS = Texts(scalars=False)
UNBOUNDED = "NUMERIC"
"""Hint for exact numbers that come as texts, when nothing but their values tells their size."""
_NUMBER = r"-?\d+(\.\d+)?"
#: Digits that decimals are given room for, whose type nothing but their values tells.
_ROOM = (18, 38)


@dataclass
class Stage:
    """Takes rows in batches.

    Args:
        folder: empty folder of its own.
        names: of the columns.
        typed: whether whoever gives the rows knows their types; else their values tell.
        hints: types of columns whose values come as texts.

    Raises:
        RefusedError: the columns cannot be told apart by name.
    """

    folder: Path
    names: Sequence[str]
    typed: bool = False
    hints: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    _parts: list[Path] = field(default_factory=list)
    _schema: pa.Schema | None = None
    _writer: pq.ParquetWriter | None = None

    def __post_init__(self) -> None:
        refuse_names(self.names)
        self.folder.mkdir(parents=True, exist_ok=True)

    def add_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take rows of Python values.

        Raises:
            RefusedError: a text is none that can be written.
        """
        known = self._schema.types if self._schema else [None] * len(self.names)
        columns = zip(*rows, strict=True) if rows else ([] for _ in self.names)
        arrays = []
        for name, values, kind in zip(self.names, columns, known, strict=True):
            try:
                arrays.append(array_of(values, kind))
            except UnicodeEncodeError:
                raise self._no_text(name, values) from None
        self.add(pa.RecordBatch.from_arrays(arrays, names=list(self.names)))

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch; its columns are those of the stage, in order."""
        if self._schema is not None:
            batch = _as_before(batch, self._schema)
        if self._writer is None or batch.schema != self._schema:
            self._begin(batch.schema)
        assert self._writer is not None  # noqa: S101  # just begun
        self._writer.write_batch(batch)
        self.rows += batch.num_rows

    def close(self) -> None:
        """End the file under way."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def table(self, session: Session, *, dates: bool) -> StagedTable:
        """Give what was staged as one table; nothing more is taken afterwards.

        Args:
            session: what it is read by.
            dates: whether texts may stand for dates and times.
        """
        if not self._parts:
            self.add_rows([])
        self.close()
        parts = tuple(open_parquet(path, session) for path in self._parts)
        kinds = {name: join((p.kinds[name] for p in parts), session) for name in self.names}
        return StagedTable(parts, kinds, typed=self.typed, dates=dates, hints=self.hints)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give back what was staged; nothing more is taken afterwards."""
        if not self._parts:
            self.add_rows([])
        self.close()
        for path in self._parts:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches() if file.metadata.num_rows else [_empty(file)]

    def _begin(self, schema: pa.Schema) -> None:
        self.close()
        path = self.folder / f"{len(self._parts):05d}.parquet"
        self._parts.append(path)
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="lz4")

    def _no_text(self, name: str, values: Sequence[Any]) -> RefusedError:
        position, value = unwritable(values) or (0, "")
        return RefusedError(
            f"row {self.rows + position + 1:,}: `{shown(name)}` holds a text that is not UTF-8: "
            f"`{shown(value)}`",
            hint="mend the value where it comes from",
            discreet=f"row {self.rows + position + 1:,}: `{shown(name)}` holds a text that is not"
            " UTF-8",
        )


@dataclass(frozen=True, slots=True)
class StagedTable:
    """All that was staged; does what [`Table`][thresher.sources.table.Table] says."""

    parts: tuple[ParquetTable, ...]
    kinds: dict[str, str]
    typed: bool
    dates: bool
    hints: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(self.kinds)

    def guess(self, session: Session, *, full: bool) -> dict[str, str]:
        """Give the type of each column: that of its values, or what its texts stand for."""
        found = dict(self.kinds)
        if not self.typed:
            found = {name: _roomy(kind) for name, kind in found.items()}
        for name, kind in self.hints.items():
            counted = kind == UNBOUNDED or (full and kind != JSON)
            found[name] = self._number(name, session) if counted else kind
        texts = [name for name, kind in found.items() if kind == TEXT and self.dates]
        if texts:
            found |= _TEXTS.guess(session.rows, self._relation(session), texts, full=full)
        return found

    def relation(self, targets: dict[str, Target], session: Session) -> str:  # noqa: ARG002
        """Write what stands behind `from`."""
        return self._relation(session)

    def convert(self, column: str, target: Target, session: Session) -> Conversion:
        """Say how a column becomes the type that was decided."""
        kind, name = self.kinds[column], quote_name(column)
        if self.hints.get(column) == JSON == target.type:
            return cast(name, JSON)
        if kind == TEXT and not is_nested(target.type):
            return _TEXTS.convert(name, target.type, contract=target.contract)
        return convert_typed(name, kind, target, session)

    def fault(self, session: Session) -> RefusedError | None:  # noqa: ARG002
        """Nothing: the files are our own."""
        return None

    def place(self, row: int) -> tuple[int | None, str]:
        """Give the number of a row."""
        return None, f"row {row:,}"

    def _number(self, name: str, session: Session) -> str:
        """Give the type of numbers without a bound, that come as texts."""
        x = quote_name(name)
        wrong, whole, scale = session.rows(
            f"select count_if(not regexp_full_match({x}, '{_NUMBER}')), "
            f"coalesce(max(strlen(split_part(ltrim({x}, '-'), '.', 1))), 1), "
            f"coalesce(max(strlen(split_part({x}, '.', 2))), 0) from {self._relation(session)}"
        )[0]
        if wrong:
            return "DOUBLE"
        return _roomy(f"DECIMAL({whole + scale},{scale})") if whole + scale <= _ROOM[-1] else TEXT

    def _relation(self, session: Session) -> str:
        if len(self.parts) == 1:
            return _read(self.parts)
        selects = [
            f"select {', '.join(self._columns(alike[0], session))} from {_read(alike)}"
            for alike in _runs(self.parts)
        ]
        return f"({' union all '.join(selects)})"

    def _columns(self, part: ParquetTable, session: Session) -> Iterator[str]:
        for name, kind in self.kinds.items():
            quoted, found = quote_name(name), part.kinds[name]
            value = quoted
            if found == NULL != kind:
                value = f"cast(null as {kind})"
            elif found != kind:
                value = convert_typed(
                    quoted, found, Target(kind, kind, contract=False), session
                ).value
            yield f"{value} as {quoted}"


def _empty(file: pq.ParquetFile) -> pa.RecordBatch:
    schema = file.schema_arrow
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)


def _read(parts: Iterable[ParquetTable]) -> str:
    paths = ", ".join(quote_path(str(part.path)) for part in parts)
    return f"read_parquet([{paths}], hive_partitioning = false)"


def _runs(parts: Sequence[ParquetTable]) -> Iterator[list[ParquetTable]]:
    """Give the parts in order, those that follow each other with the same types together."""
    alike: list[ParquetTable] = []
    for part in parts:
        if alike and alike[-1].kinds != part.kinds:
            yield alike
            alike = []
        alike.append(part)
    yield alike


def _as_before(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give a batch the types of what came before, where these are all that it lacks."""
    if batch.schema == schema:
        return batch
    arrays = []
    for array, before in zip(batch.columns, schema.types, strict=True):
        made = array
        if array.type != before and pa.types.is_null(array.type):
            with suppress(pa.ArrowException):
                made = pa.nulls(len(array), before)
        arrays.append(made)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _roomy(kind: str) -> str:
    """Give a decimal type room for larger values, so that it does not change with each of them."""
    shape = decimal(kind)
    if shape is None:
        return kind
    width = next(width for width in _ROOM if width >= shape[0])
    return f"DECIMAL({width},{shape[1]})"
