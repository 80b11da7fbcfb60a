"""How a CSV file is laid out: where its header stands, what delimits it, how its lines end.

DuckDB guesses all this, and guesses otherwise for a file that is broken; so it is settled before,
and the file is rewritten where it is not in the plain form that DuckDB reads safely.
"""

from __future__ import annotations

import codecs
import csv
import io
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.project.source import FilesSettings
from thresher.sources.encodings import has_returns, lines_before, utf8_fault
from thresher.sources.inputs import Part
from thresher.sources.refusals import RefusedError
from thresher.sources.table import refuse_names

#: How far the header may reach into a file.
_HEAD = 1 << 20
_CHUNK = 1 << 20
DELIMITERS = (",", ";", "\t", "|")
#: Longest field that is read here; DuckDB's longest row.
_LONGEST = 2_000_000
NO_CSV = "it may be no CSV file: say with `format:` what it is, or fetch it again"

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the fields of a CSV file stand apart."""

    delimiter: str
    quote: str
    escape: str
    comment: str | None

    def rows(self, lines: Iterable[str]) -> Any:
        """Read rows as Python's own module does, which tells the physical line."""
        return csv.reader(lines, strict=True, **self._options)

    def writer(self, file: Any) -> Any:
        """Write rows so that [`rows`][] reads them, each ended by a line feed."""
        # Left to itself, Python 3.11 writes a carriage return without quotes.
        quoting = csv.QUOTE_ALL if self.quote else csv.QUOTE_NONE
        return csv.writer(file, lineterminator="\n", **self._options | {"quoting": quoting})

    @property
    def _options(self) -> dict[str, Any]:
        doubled = self.escape in ("", self.quote)
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "doublequote": doubled,
            "escapechar": None if doubled or not self.quote else self.escape,
        }

    def is_comment(self, row: Sequence[str]) -> bool:
        """Say whether a row is none, but a comment."""
        return bool(self.comment and row and row[0].startswith(self.comment))


@dataclass(frozen=True, slots=True)
class Layout:
    """A CSV file in the form that DuckDB reads safely."""

    path: Path
    columns: tuple[str, ...]
    dialect: Dialect
    first_line: int
    """Line of the original file at which `path` begins."""


def lay_out(part: Part, settings: FilesSettings, check: Check) -> Layout:
    """Read the first row of a CSV file, and rewrite the file where it must be.

    Raises:
        RefusedError: it is no CSV file, or its header is broken.
    """
    returns = has_returns(part.path, check)
    _refuse_long(part.path, check)
    text = _head(part.path, check)
    start, line = _skip(text, settings)
    delimiter = settings.delimiter or seen_delimiter(text[start:], part.name, settings.quote)
    dialect = Dialect(delimiter, settings.quote, settings.escape, settings.comment)
    first, before, skipped = _first_row(text[start:], dialect, line)
    line += skipped
    columns = _columns(first, line, header=settings.header)
    path = part.path
    if start + before:
        path = _without_beginning(path, text[: start + before])
    if returns and not _all_crlf(path, check):
        path = _with_plain_endings(path, dialect, line, check)
    return Layout(path, columns, dialect, line)


def _refuse_long(path: Path, check: Check) -> None:
    """Refuse a file with a line that is too long: DuckDB passes over the longest without a word.

    Raises:
        RefusedError: it has one (2.0.1 takes lines of up to 2 MB).
    """
    length = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            ends = [at for end in (b"\n", b"\r") if (at := chunk.find(end)) >= 0]
            length += min(ends, default=len(chunk))
            if length > _LONGEST:
                raise RefusedError(
                    "the row is longer than 2 MB",
                    hint="perhaps a quote is never closed",
                    line=lines_before(path, file.tell() - len(chunk)) + 1,
                )
            if ends:
                length = len(chunk) - 1 - max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            check()


def header_columns(
    text: str, delimiter: str, settings: FilesSettings, line: int
) -> tuple[str, ...]:
    """Give the columns that the first row of a file names.

    Raises:
        RefusedError: it is broken, or its columns cannot be told apart.
    """
    dialect = Dialect(delimiter, settings.quote, settings.escape, settings.comment)
    fields, *_ = _first_row(text, dialect, line)
    return _columns(fields, line, header=settings.header)


def _head(path: Path, check: Check) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        rest = file.read(1)
    try:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        return decoder.decode(head, final=not rest)
    except UnicodeDecodeError:
        raise utf8_fault(path, check) or RefusedError("it is not UTF-8") from None


def _skip(text: str, settings: FilesSettings) -> tuple[int, int]:
    """Give where the lines to skip end, and the number of the line after them."""
    lines = io.StringIO(text, newline="")
    for number in range(settings.skip):
        if not lines.readline():
            raise RefusedError(
                f"it has {number} lines, and `skip` says {settings.skip}", hint="lower `skip`"
            )
    return lines.tell(), settings.skip + 1


def seen_delimiter(text: str, name: str, quote: str) -> str:
    """See what delimits the fields of a file in its name, or in its first row."""
    if name.lower().removesuffix(".gz").removesuffix(".zip").endswith(".tsv"):
        return "\t"
    line = next((each for each in io.StringIO(text, newline=None) if each.strip()), "")
    unquoted = "".join(line.split(quote)[::2]) if quote else line
    return max(DELIMITERS, key=unquoted.count)


def _first_row(text: str, dialect: Dialect, line: int) -> tuple[list[str], int, int]:
    """Read the first row; give its fields, and the characters and lines before it."""
    source = io.StringIO(text, newline="")
    rows = dialect.rows(iter(source.readline, ""))
    try:
        while True:
            before, skipped = source.tell(), rows.line_num
            fields = next(rows)
            if fields and not dialect.is_comment(fields):
                break
    except StopIteration:
        raise RefusedError("it holds nothing but blank lines", hint="fetch it again") from None
    except csv.Error as error:
        raise RefusedError(
            f"its first row is broken ({error})", hint=NO_CSV, line=line + skipped
        ) from None
    if source.tell() >= _HEAD - 4:
        raise RefusedError("its first row is longer than 1 MB", hint=NO_CSV, line=line + skipped)
    return fields, before, skipped


def _columns(first: list[str], line: int, *, header: bool) -> tuple[str, ...]:
    if not header:
        return tuple(f"column{number}" for number in range(len(first)))
    refuse_names(first, line=line)
    return tuple(first)


def _without_beginning(path: Path, text: str) -> Path:
    target = path.with_name(f"{path.name}-body")
    with path.open("rb") as source, target.open("wb") as body:
        if source.read(3) != codecs.BOM_UTF8:
            source.seek(0)
        source.seek(len(text.encode()), 1)
        shutil.copyfileobj(source, body)
    return target


def _all_crlf(path: Path, check: Check) -> bool:
    """Say whether every line break of a file, quoted or not, is a carriage return with a feed."""
    returns = feeds = pairs = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if chunk.endswith(b"\r"):
                chunk += file.read(1)
            returns += chunk.count(b"\r")
            feeds += chunk.count(b"\n")
            pairs += chunk.count(b"\r\n")
            check()
    return returns == feeds == pairs


def _with_plain_endings(path: Path, dialect: Dialect, line: int, check: Check) -> Path:
    r"""Write a file anew with `\n` at the end of every row; what stands in quotes stays as it is.

    DuckDB settles on one ending for a file. Rows that end otherwise are an error at best; far into
    a file of `\r\n`, a row that ends with `\n` is lost without a word (2.0.1).
    """
    target = path.with_name(f"{path.name}-lines")
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as plain,
    ):
        rows = dialect.rows(source)
        writer = dialect.writer(plain)
        try:
            for row in rows:
                # A comment stays one, so that lines keep their numbers.
                if dialect.is_comment(row):
                    plain.write(f"{dialect.comment}\n")
                else:
                    writer.writerow(row)
                check()
        except UnicodeDecodeError:
            raise utf8_fault(path, check) or RefusedError("it is not UTF-8") from None
        except csv.Error as error:
            raise RefusedError(
                f"a quote is not closed, or more follows it ({error})",
                hint="double each quote that belongs to a value",
                line=line + rows.line_num - 1,
            ) from None
    return target
