"""Sifting JSON files: line by line, or record by record where what is left can be read.

In an array, and among objects that follow each other, a broken record is passed over where its
brackets are closed and what follows them is what follows a record; else the file is refused, since
nothing tells where the next record begins.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from thresher.sources.refusals import RefusedError, shown
from thresher.sources.sieve import Sieve
from thresher.sources.text_lines import BOM, Lines, first_wrong

_BLANKS = re.compile(r"[ \t\r\n]*")
_CLOSING = {"{": "}", "[": "]"}
_PIECES = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|[{}\[\]"\\]', re.DOTALL)
#: Longest record that DuckDB takes.
LONGEST_RECORD = 1 << 24
_TOO_LONG = "it is longer than 16 MB"
_FETCH = "fetch it again, or mend it"


class _KeyFaultError(Exception):
    """An object cannot be a row, whatever its values are."""


@dataclass
class Records:
    """Tells which records can be rows of one table."""

    encoding: str
    _names: dict[str, str] = field(default_factory=dict)
    _decoder: json.JSONDecoder = field(
        default_factory=lambda: json.JSONDecoder(object_pairs_hook=_unique)
    )

    def fault(self, text: str) -> str | None:
        """Say why a text is no record."""
        if "\0" in text:
            return "it holds a NUL byte"
        if not text.isascii() and (byte := first_wrong(text)) is not None:
            return f"it is not `{self.encoding}`: it holds the byte 0x{byte:02x}"
        if text.startswith(BOM):
            return "it begins with a byte order mark: files were put together"
        try:
            value, end = self._decoder.raw_decode(text)
        except (_KeyFaultError, RecursionError, ValueError) as error:
            return _told(error)
        if end < len(text):
            return f"more follows the record, column {end + 1}"
        return self._no_row(value, text)

    def end(self, text: str, at: int) -> int | None:
        """Give where a record ends that begins at some place; None if it is broken."""
        try:
            return self._decoder.raw_decode(text, at)[1]
        except _KeyFaultError:
            return skipped(text, at)
        except (ValueError, RecursionError):
            return None

    def _no_row(self, value: Any, text: str) -> str | None:
        if not isinstance(value, dict):
            return f"`{shown(text)}` is no object"
        if "\\u" in text.lower():
            try:
                json.dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                return "a text in it holds half of a character"
        for name in value:
            known = self._names.setdefault(name.lower(), name)
            if known != name:
                return f"the key `{shown(name)}` is called `{shown(known)}` in records before it"
        return None


def sift_lines(lines: Lines, encoding: str, sieve: Sieve) -> None:
    """Sift a file that holds one record a line."""
    records = Records(encoding)
    for line in lines:
        text = line.text.strip(" \t\r")
        if not text:
            sieve.blank += 1
            continue
        fault = _TOO_LONG if line.cut else records.fault(text)
        if fault is None:
            sieve.keep(text, line.number)
        else:
            sieve.reject((line.number, line.number), fault, line.text, length=line.length)


def sift_records(text: str, encoding: str, sieve: Sieve) -> None:
    """Sift a file that holds one array, or records one after another.

    Raises:
        RefusedError: it is broken in a way that leaves no telling where the next record begins.
    """
    records = Records(encoding)
    at = _blanks(text, 0)
    array = text.startswith("[", at)
    at = _blanks(text, at + array)
    line, counted = 1, 0
    while at < len(text) and not (array and text.startswith("]", at)):
        line += _feeds(text, counted, at)
        counted = at
        end = None
        if array or text[at] == "{":
            end = records.end(text, at) or skipped(text, at)
        after = None if end is None else _after(text, end, array=array)
        if end is None or after is None:
            raise RefusedError(
                "it is broken, and nothing tells where its next record begins",
                hint=_FETCH,
                line=line,
            )
        record = text[at:end]
        fault = records.fault(record)
        if fault is None:
            sieve.keep(record, line)
        else:
            sieve.reject((line, line + _feeds(text, at, end)), fault, record)
        at = after
    if array and text[at:].strip(" \t\r\n") != "]":
        raise RefusedError("more follows the array, or it is cut short", hint=_FETCH)


def skipped(text: str, at: int) -> int | None:
    """Give where a broken record ends, by its brackets alone; None if they are not closed."""
    open_: list[str] = []
    if text[at : at + 1] not in _CLOSING:
        return None
    for piece in _PIECES.finditer(text, at):
        char = piece[0]
        if char in ('"', "\\"):
            # A quote that is not closed, or an escape outside of quotes: what follows is not sure.
            return None
        if char in _CLOSING:
            open_.append(_CLOSING[char])
        elif char[0] != '"':
            if open_.pop() != char:
                return None
            if not open_:
                return piece.end()
    return None


def _after(text: str, end: int, *, array: bool) -> int | None:
    """Give where the next record begins, if what follows is what follows a record."""
    at = _blanks(text, end)
    if not array:
        return at if at == len(text) or text[at] == "{" else None
    if text.startswith(",", at):
        begin = _blanks(text, at + 1)
        # An array that ends after a comma is cut short.
        return None if text[begin : begin + 1] in ("", "]") else begin
    return at if text.startswith("]", at) else None


def _blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _feeds(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end)


def _told(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is not valid JSON: {error.msg}, column {error.colno}"
    if isinstance(error, RecursionError):
        return "its values are nested too deep"
    return str(error) if isinstance(error, _KeyFaultError) else f"it cannot be read: {shown(error)}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for key, value in pairs:
        if not key:
            raise _KeyFaultError("an object has an empty key")
        if key.lower() in seen:
            raise _KeyFaultError(f"an object has the key `{shown(key)}` twice")
        seen.add(key.lower())
        found[key] = value
    return found
