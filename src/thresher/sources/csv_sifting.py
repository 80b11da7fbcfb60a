"""Sifting a CSV file: line by line, by the rules that DuckDB reads strict files by.

A record whose quotes are closed is one record, however many lines it has. Where a quote is never
closed, or more follows it, the line at which the record begins is rejected alone, and reading goes
on with the line after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from thresher.project.source import FilesSettings
from thresher.sources.csv_layout import DELIMITERS, header_columns, seen_delimiter
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.sieve import Sieve
from thresher.sources.text_lines import BOM, LONGEST, Line, Lines, first_wrong

_CLOSED, _OPEN, _BROKEN, _NEXT = "closed", "open", "broken", "next"
TOO_LONG = "it is longer than 2 MB"


@dataclass
class Rules:
    """How the fields of a record are told apart, a line at a time."""

    delimiter: str
    quote: str
    escape: str
    comment: str | None
    _opens: re.Pattern[str] = field(init=False)
    _inside: re.Pattern[str] = field(init=False)
    _after: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        ends = rf"{delimiter}|{re.escape(self.comment)}" if self.comment else delimiter
        if self.escape in ("", self.quote):
            inside = rf"(?>(?:[^{quote}]|{quote}{quote})*)"
        else:
            escape = re.escape(self.escape)
            inside = rf"(?>(?:[^{quote}{escape}]|{escape}.|{escape}\Z)*)"
        self._opens = re.compile(f" *{quote}")
        self._inside = re.compile(inside, re.DOTALL)
        self._after = re.compile(rf"{quote} *(?:{ends}|\Z)")

    def is_comment(self, text: str) -> bool:
        """Say whether a line that begins a record is a comment."""
        return bool(self.comment) and text.lstrip(" ").startswith(self.comment or "")

    def fields(self, text: str, *, inside: bool = False) -> tuple[str, int]:
        """Count the fields of a line.

        Args:
            text: the line.
            inside: whether it begins inside quotes, in a record that goes on.

        Returns:
            Whether its quotes are closed, open or broken at its end, and the delimiters outside
            quotes.
        """
        if not inside and not (self.quote and self.quote in text):
            if self.comment:
                text = text.partition(self.comment)[0]
            return _CLOSED, text.count(self.delimiter)
        count, at = 0, 0
        while True:
            opened = None if inside else self._opens.match(text, at)
            if inside or opened:
                status, at = self._closed(text, opened.end() if opened else at)
                inside = False
            else:
                status, at = self._plain(text, at)
            if status != _NEXT:
                return status, count
            count += 1

    def _closed(self, text: str, begin: int) -> tuple[str, int]:
        """Read a field in quotes to its end: what comes then, and where that begins."""
        found = self._inside.match(text, begin)
        at = found.end() if found else begin
        if at >= len(text):
            return _OPEN, at
        after = self._after.match(text, at)
        if after is None:
            return _BROKEN, at
        return (_NEXT if after[0].endswith(self.delimiter) else _CLOSED), after.end()

    def _plain(self, text: str, at: int) -> tuple[str, int]:
        """Read a field without quotes around it to its end."""
        end = text.find(self.delimiter, at)
        stop = text.find(self.comment, at) if self.comment else -1
        if end < 0 or 0 <= stop < end:
            return _CLOSED, len(text)
        return _NEXT, end + len(self.delimiter)


@dataclass
class CsvSifter:
    """Sifts the lines of one CSV file.

    Args:
        lines: the lines.
        settings: how the file is to be read.
        name: what it is called, which may tell its delimiter.
        sieve: takes the records.
    """

    lines: Lines
    settings: FilesSettings
    name: str
    sieve: Sieve
    _rules: Rules = field(init=False)
    _header: str = ""
    _columns: int = 0

    def run(self) -> FilesSettings:
        """Sift all lines, and say how the copy is to be read.

        Raises:
            RefusedError: it has no header that can be read, so nothing of it can.
        """
        self._begin()
        for line in self.lines:
            self._record(line)
        return self.settings.model_copy(update={"delimiter": self._rules.delimiter, "skip": 0})

    def _begin(self) -> None:
        """Find the delimiter and the columns."""
        for number in range(self.settings.skip):
            if self.lines.next() is None:
                what = f"it has {number} lines, and `skip` says {self.settings.skip}"
                raise RefusedError(what, hint="lower `skip`")
            self.sieve.skipped += 1
        passed: list[Line] = []
        delimiter = self.settings.delimiter
        for line in self.lines:
            if delimiter is None and line.text.strip():
                delimiter = seen_delimiter(line.text, self.name, self.settings.quote)
            passed.append(line)
            comment = self.settings.comment
            if line.text and not (comment and line.text.lstrip(" ").startswith(comment)):
                break
        else:
            raise RefusedError("it holds nothing but blank lines", hint="fetch it again")
        self.sieve.blank += len(passed) - 1
        settings = self.settings
        self._rules = Rules(
            delimiter or DELIMITERS[0], settings.quote, settings.escape, settings.comment
        )
        self._first(passed[-1])

    def _first(self, line: Line) -> None:
        """Read the first row, which nothing can be read without."""
        status, text, count, last = self._whole(line)
        fault = None if status == _CLOSED else "a quote is not closed, or more follows it"
        if fault := fault or _wrong(text, self.settings.encoding, cut=line.cut):
            raise RefusedError(f"its first row is broken: {fault}", line=line.number)
        if not self.settings.header:
            self._columns = count + 1
            self.lines.take_back(last)
            return
        self._columns = len(header_columns(text, self._rules.delimiter, self.settings, line.number))
        self._header = text
        self.sieve.head(text)

    def _record(self, line: Line) -> None:
        if not line.text and self._columns > 1:
            self.sieve.blank += 1
            return
        if self._rules.is_comment(line.text):
            self.sieve.blank += 1
            return
        if self._repeats(line.text):
            self._reject(line, "it repeats the header")
            return
        if line.text.startswith(BOM):
            self._reject(line, "it begins with a byte order mark: files were put together")
            return
        if line.cut:
            self._reject(line, TOO_LONG)
            return
        status, text, count, lines = self._whole(line)
        if status != _CLOSED:
            what = "is not closed" if status == _OPEN else "is followed by more, or is not closed"
            self.lines.take_back(lines[1:])
            self._reject(line, f"a quote {what}")
            return
        fault = self._miscounted(text, count) or _wrong(text, self.settings.encoding)
        if fault is None:
            self.sieve.keep(text, line.number)
        else:
            self.sieve.reject((line.number, lines[-1].number), fault, text)

    def _whole(self, line: Line) -> tuple[str, str, int, list[Line]]:
        """Read a record to its end: its quotes, its text, its delimiters and its lines."""
        status, count = self._rules.fields(line.text)
        if status != _OPEN:
            return status, line.text, count, [line]
        lines, length = [line], line.length
        while status == _OPEN:
            more = self.lines.next()
            if more is None:
                break
            lines.append(more)
            length += more.length + 1
            if length > LONGEST:
                break
            status, further = self._rules.fields(more.text, inside=True)
            count += further
        return (
            status,
            "".join(f"{each.text}{each.end}" for each in lines[:-1]) + lines[-1].text,
            count,
            lines,
        )

    def _repeats(self, text: str) -> bool:
        if not self._header or self._columns == 1:
            return False
        text = text.removeprefix(BOM)
        if text == self._header:
            return True
        quote = self._rules.quote
        if not quote or (quote not in text and quote not in self._header):
            return False
        return text.replace(quote, "") == self._header.replace(quote, "")

    def _miscounted(self, text: str, count: int) -> str | None:
        """Say what is wrong with the number of fields."""
        found, wanted = count + 1, self._columns
        # DuckDB takes a delimiter at the end of a row for the end of its last field.
        if found == wanted or (found == wanted + 1 and text.endswith(self._rules.delimiter)):
            return None
        what = f"{found} {'field' if found == 1 else 'fields'} instead of {wanted}"
        others = (each for each in DELIMITERS if each != self._rules.delimiter)
        other = next((each for each in others if text.count(each) + 1 == wanted), None)
        if other and wanted > 1:
            what += f": it may be delimited by `{shown(other)}`"
        return what

    def _reject(self, line: Line, reason: str) -> None:
        self.sieve.reject((line.number, line.number), reason, line.text, length=line.length)


def _wrong(text: str, encoding: str, *, cut: bool = False) -> str | None:
    """Say what is no text in a record."""
    if cut:
        return TOO_LONG
    if "\0" in text:
        return "it holds a NUL byte"
    if not text.isascii() and (byte := first_wrong(text)) is not None:
        return f"it is not `{encoding}`: it holds the byte 0x{byte:02x}"
    return None
