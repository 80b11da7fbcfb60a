"""CSV files: read as texts by DuckDB, strictly, and made values by `texts.py`."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb

from thresher.project.source import FilesSettings
from thresher.sources.csv_layout import NO_CSV, Layout, lay_out
from thresher.sources.encodings import lines_before, utf8_fault
from thresher.sources.inputs import Part
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.table import Target
from thresher.sources.texts import Conversion, Texts
from thresher.tables import quote_name, quote_path, quote_text

#: Broken rows that are looked at to find the first one.
_REJECTS = 1_000
#: Blank lines before a broken row that are looked at, in bytes.
_BLANK = 1 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file whose header was read."""

    layout: Layout
    settings: FilesSettings
    texts: Texts
    kinds: dict[str, str] = field(default_factory=dict)
    """What [`guess`][] said of each column."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return self.layout.columns

    def guess(self, session: Session, *, full: bool) -> dict[str, str]:
        """Give the type of each column, from its first rows or from all of them."""
        self.kinds.update(self.texts.guess(session.rows, self._read(), self.columns, full=full))
        return dict(self.kinds)

    def relation(self, targets: dict[str, Target], session: Session) -> str:  # noqa: ARG002
        """Write what stands behind `from`: every column as text."""
        return self._read()

    def convert(self, column: str, target: Target, session: Session) -> Conversion:  # noqa: ARG002
        """Say how a text becomes the type that was decided."""
        return self.texts.convert(
            quote_name(column),
            target.type,
            contract=target.contract,
            guess=self.kinds.get(column),
        )

    def fault(self, session: Session) -> RefusedError | None:
        """Find the first row that is broken."""
        wrong = utf8_fault(self.layout.path, session.check)
        if wrong is not None:
            line = None if wrong.line is None else wrong.line + self.layout.first_line - 1
            return RefusedError(wrong.reason, hint=wrong.hint, line=line, discreet=wrong.discreet)
        session.rows("drop table if exists broken; drop table if exists broken_scans")
        rejects = (
            "store_rejects = true, rejects_table = 'broken', rejects_scan = 'broken_scans', "
            f"rejects_limit = {_REJECTS}"
        )
        try:
            session.rows(f"select max(columns(*)) from {self._read(rejects)}")
            found = session.rows(
                "select error_type, line_byte_position, csv_line from broken "
                "order by line_byte_position, byte_position limit 1"
            )
        except duckdb.Error:
            return RefusedError("it cannot be read as CSV", hint=NO_CSV)
        return self._broken(*found[0]) if found else None

    def joined(self, check: Callable[[], None]) -> RefusedError | None:
        """Find out whether files were put together: a header, or a byte order mark, inside.

        Only where every column is text would either be taken for values.
        """
        with self.layout.path.open("rb") as file:
            header = file.readline(_BLANK).removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
            if len(self.columns) < 2 or not self.settings.header or b'"' in header:
                header = b""
            needles = [b"\n" + codecs.BOM_UTF8, *([b"\n" + header] if header else [])]
            longest = max(map(len, needles)) + 1
            file.seek(0)
            at, chunk = 0, file.read(_CHUNK)
            while chunk:
                for needle in needles:
                    found = chunk.find(needle)
                    while found >= 0:
                        end = chunk[found + len(needle) : found + len(needle) + 1]
                        if needle is needles[0] or end in (b"\r", b"\n", b""):
                            return self._put_together(at + found + 1, mark=needle is needles[0])
                        found = chunk.find(needle, found + 1)
                check()
                more = file.read(_CHUNK)
                kept = chunk[-longest:] if more else b""
                at += len(chunk) - len(kept)
                chunk = kept + more if more else b""
        return None

    def _put_together(self, position: int, *, mark: bool) -> RefusedError:
        what = "begins with a byte order mark" if mark else "repeats the header"
        return RefusedError(
            f"a row {what}: files were put together",
            hint="take it out, or have such rows rejected: `tolerate_rows`",
            line=lines_before(self.layout.path, position) + self.layout.first_line,
        )

    def place(self, row: int) -> tuple[int | None, str]:
        """Give the line that a row begins at."""
        left = row + self.settings.header
        line = 0
        with self.layout.path.open(encoding="utf-8-sig", newline="") as file:
            rows = self.layout.dialect.rows(file)
            try:
                for fields in rows:
                    left -= self._counts(fields)
                    if left == 0:
                        return line + self.layout.first_line, ""
                    line = rows.line_num
            except csv.Error:
                pass
        return None, f"row {row:,}"

    def _counts(self, fields: Sequence[str]) -> bool:
        # DuckDB passes over blank lines, but where a row has one field they are rows.
        if self.layout.dialect.is_comment(fields):
            return False
        return bool(fields) or len(self.columns) == 1

    def _read(self, rejects: str = "ignore_errors = false") -> str:
        columns = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in self.columns)
        dialect = self.layout.dialect
        nulls = ", ".join(map(quote_text, self.settings.null))
        return (
            f"read_csv({quote_path(str(self.layout.path))}, columns = {{{columns}}}, "
            "auto_detect = false, strict_mode = true, null_padding = false, "
            "hive_partitioning = false, compression = 'none', encoding = 'utf-8', "
            f"header = {str(self.settings.header).lower()}, "
            f"delim = {quote_text(dialect.delimiter)}, "
            f"quote = {quote_text(dialect.quote)}, "
            f"escape = {quote_text(dialect.escape if dialect.quote else '')}, "
            + (f"nullstr = [{nulls}], " if nulls else "")
            + (f"comment = {quote_text(dialect.comment)}, " if dialect.comment else "")
            + f"{rejects})"
        )

    def _broken(self, kind: str, position: int, text: str) -> RefusedError:
        line = self._line(position)
        expected = len(self.columns)
        if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
            lines = text.strip("\r\n").splitlines(keepends=True)
            try:
                found = len(next(self.layout.dialect.rows(lines)))
            except csv.Error:
                # There are too many fields before the last, whose quote is never closed.
                kind = "UNQUOTED VALUE"
            else:
                fields = "field" if found == 1 else "fields"
                return RefusedError(
                    f"the row has {found} {fields} instead of {expected}",
                    hint="mend the row; a field that holds the delimiter must stand in quotes",
                    line=line,
                )
        if kind == "UNQUOTED VALUE":
            what = f"a quote is not closed, or more follows it: {shown(text.strip())}"
            return RefusedError(
                what,
                hint="double each quote that belongs to a value",
                line=line,
                discreet="a quote is not closed, or more follows it",
            )
        if kind == "LINE SIZE OVER MAXIMUM":
            what = "the row is longer than 2 MB"
            return RefusedError(what, hint="perhaps a quote is never closed", line=line)
        return RefusedError(f"the row is broken ({kind.lower()})", hint=NO_CSV, line=line)

    def _line(self, position: int) -> int:
        """Give the line of a row by where DuckDB says that it begins, counted from 1."""
        with self.layout.path.open("rb") as file:
            file.seek(position - 1)
            blank = file.read(_BLANK)
        skipped = len(blank) - len(blank.lstrip(b"\r\n"))
        return lines_before(self.layout.path, position - 1 + skipped) + self.layout.first_line


def open_csv(part: Part, settings: FilesSettings, session: Session) -> CsvTable:
    """Open a CSV file.

    Raises:
        RefusedError: it is no CSV file, or its header is broken.
    """
    texts = Texts(
        settings.decimal, settings.thousands, settings.date_format, settings.timestamp_format
    )
    return CsvTable(lay_out(part, settings, session.check), settings, texts)
