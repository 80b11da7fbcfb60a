"""Counting what a file holds, by a reader of its own: it knows nothing of who loads or sifts it.

Lines of CSV files are counted from their bytes. Where a file is plain, as most are, whole buffers
are counted at once: line ends, and which of them stand inside quotes. Where it is not, or where
that count is in doubt, every record is matched by a pattern.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from thresher.project.source import FilesSettings

_CHUNK = 1 << 22
#: What stays near the processor while it is looked at several times.
_BUFFER = 1 << 18
_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r|\Z)")
_BLANK = re.compile(rb"\n[ \t\r]*+(?=\n|\Z)")
#: What a blank line begins with, and what comes before it.
_ODD = (b"\n\n", b"\n\r", b"\n ", b"\n\t")

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Count:
    """What a reader of its own found in a file; `lines` is the sum of the others."""

    lines: int
    records: int
    header: int = 0
    """Lines of the header, and those before it that the settings say to skip."""
    blank: int = 0
    """Blank lines and comments."""
    continuation: int = 0
    """Further lines of records, and of the header."""


def count_lines(path: Path, encoding: str, check: Check, *, feeds: bool = False) -> int:
    """Count the physical lines of a text file, whatever else is wrong with it.

    Args:
        path: the file.
        encoding: what it is written in.
        check: called now and then; raises when the caller wants to stop.
        feeds: whether a feed alone ends a line; else a return does, too.
    """
    count, last = 0, "\n"
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        text = file.read(_CHUNK).removeprefix("\ufeff")
        while text:
            count += text.count("\n")
            if not feeds:
                count += text.count("\r") - text.count("\r\n")
                # A return and its feed may stand in two buffers.
                count -= last == "\r" and text[0] == "\n"
            last = text[-1]
            check()
            text = file.read(_CHUNK)
    return count + (last != "\n" and (feeds or last != "\r"))


def count_csv(path: Path, settings: FilesSettings, delimiter: str, columns: int) -> Count:
    """Count the records of a CSV file in UTF-8 one by one.

    Args:
        path: the file.
        settings: how it is to be read.
        delimiter: what stands between its fields.
        columns: how many there are; where there is one, a blank line is a record.
    """
    record = _record(settings, delimiter)
    comment = re.compile(b" *" + re.escape((settings.comment or "").encode()))
    found = dict.fromkeys(("lines", "records", "header", "blank", "continuation"), 0)
    begun, named = False, not settings.header
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        at = len(_BOM) if text[:3] == _BOM else 0
        while at < len(text):
            pattern, kind = _LINE, "blank"
            if found["header"] < settings.skip:
                kind = "header"
            elif text[at] in b"\r\n" and begun and columns == 1:
                kind = "records"
            elif text[at] not in b"\r\n" and not (settings.comment and comment.match(text, at)):
                pattern, kind = record, "records" if named else "header"
                begun = named = True
            match = pattern.match(text, at) or _LINE.match(text, at)
            end = match.end() if match else len(text)
            lines = _lines_of(text[at:end])
            found["lines"] += lines
            found[kind] += 1
            found["continuation"] += lines - 1
            at = end
    return Count(**found)


def count_plain_csv(
    path: Path, settings: FilesSettings, columns: int, check: Check
) -> Count | None:
    """Count the records of a CSV file in UTF-8 by whole buffers; None where it is not plain.

    A blank line that stands elsewhere than at the end is taken for a record, so there are too many
    of them, and never too few: to look for such lines would take as long as all the rest.
    """
    quote = settings.quote.encode()
    doubled = not quote or settings.escape in ("", settings.quote)
    if not doubled or len(quote) > 1 or settings.comment or settings.skip:
        return None
    others = bytes(set(range(256)) - {*b"\n", *quote})
    body, ends = _body(path)
    feeds, inside, quoted = 0, 0, False
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(min(_BUFFER, body - file.tell())):
            if chunk.endswith(b"\r"):
                chunk += file.read(1)
            if b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n"):
                return None
            if quote and (quoted or quote in chunk):
                # Two quotes that follow each other change nothing for what stands behind them.
                chunk = chunk.translate(None, others).replace(quote * 2, b"")
                pieces = chunk.split(quote)
                inside += b"".join(pieces[1 - quoted :: 2]).count(b"\n")
                quoted ^= len(pieces) % 2 == 0
            feeds += chunk.count(b"\n")
            check()
    blank = max(ends - 1, 0) if columns > 1 else 0
    lines = feeds + max(ends, 1)
    header = int(settings.header)
    return Count(lines, lines - header - blank - inside, header, blank, inside)


def count_json_lines(path: Path) -> Count:
    """Count the records of a file that holds one a line."""
    if not path.stat().st_size:
        return Count(0, 0)
    lines, blank, at = 1, 0, 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        # What follows the last feed is no line.
        size = len(text) - (text[-1:] == b"\n")
        while at < size or at == 0:
            end = text.find(b"\n", at + _CHUNK, size)
            end = size if end < 0 else end
            chunk = text[at:end]
            lines += chunk.count(b"\n")
            # Each chunk but the first begins with the feed that ends the one before.
            chunk = chunk if at else b"\n" + chunk
            ends = chunk.rstrip(b" \t\r").endswith(b"\n")
            if ends or at == 0 or any(odd in chunk for odd in _ODD):
                blank += len(_BLANK.findall(chunk))
            at = max(end, 1)
    return Count(lines, lines - blank, blank=blank)


def count_json_records(path: Path, encoding: str, check: Check) -> int | None:
    """Count the elements of a JSON array, or the objects that follow each other.

    Strings are taken out, and brackets that hold no others are folded together until only what
    stands at the top is left; None where they are nested too deep for that.
    """
    count, seen, rest, quoted, array = 0, False, b"", False, None
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        while text := file.read(_CHUNK >> 2):
            while text.endswith("\\") and (more := file.read(1)):
                text += more
            chunk = text.encode()
            if array is None:
                chunk = chunk.removeprefix(_BOM).lstrip()
                if not chunk:
                    continue
                array = chunk.startswith(b"[")
                chunk = chunk[array:]
            chunk = chunk.replace(rb"\\", b"").replace(rb"\"", b"")
            pieces = chunk.split(b'"')
            outside = b"v" * quoted + b"v".join(pieces[quoted::2])
            quoted ^= len(pieces) % 2 == 0
            folded = _folded(rest + outside.translate(_STRUCTURE, b" \t\r\n:"))
            if folded is None:
                return None
            top = _TOP.match(folded)
            found = top[0] if top else b""
            rest = folded[len(found) :]
            seen = seen or bool(found.strip(b","))
            count += found.count(b"," if array else b"o")
            check()
    return count + 1 if array and seen else count


#: What is left of JSON without strings and blanks: brackets, commas, and `v` for values.
_STRUCTURE = bytes(byte if byte in b"{}[]," else ord("v") for byte in range(256))
_INNERMOST = re.compile(rb"\{[vo,]*+\}|\[[vo,]*+\]")
_TOP = re.compile(rb"[vo,]*+")
_DEEPEST = 2_000


def _folded(text: bytes) -> bytes | None:
    for _ in range(_DEEPEST):
        text, count = _INNERMOST.subn(b"o", text)
        if not count:
            return text
    return None


def _record(settings: FilesSettings, delimiter: str) -> re.Pattern[bytes]:
    """Write the pattern of a record, and of what ends it."""
    quote, apart = re.escape(settings.quote.encode()), re.escape(delimiter.encode())
    comment = re.escape((settings.comment or "").encode())
    plain = field = _many(_none_of(b"\\r", b"\\n", apart, comment))
    if quote:
        escape = re.escape(settings.escape.encode()) or quote
        held = _many(_none_of(quote) + rb"+|" + quote * 2)
        if escape != quote:
            held = _many(escape + rb".|" + _none_of(quote, escape) + rb"+")
        field = rb"(?: *" + quote + held + quote + rb" *|" + plain + rb")"
    rest = rb"(?:" + comment + rb"[^\r\n]*+)?" if comment else b""
    whole = field + _many(apart + field) + rest + rb"(?:\r\n|\n|\r|\Z)"
    return re.compile(whole, re.DOTALL)


def _many(pattern: bytes) -> bytes:
    """Write the pattern of as many as there are, none of which is given back.

    An atomic group, for Python 3.11.0 to 3.11.4 match too much where a group is possessive.
    """
    return rb"(?>(?:" + pattern + rb")*)"


def _none_of(*characters: bytes) -> bytes:
    """Write the pattern of a byte that begins none of these characters."""
    several = [each for each in characters if each]
    if all(len(each) == 1 or (len(each) == 2 and each[:1] == b"\\") for each in several):
        return b"[^" + b"".join(several) + b"]"
    return b"(?:(?!" + b"|".join(several) + b").)"


def _lines_of(text: bytes) -> int:
    breaks = text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
    return breaks + (not text.endswith((b"\n", b"\r")))


def _body(path: Path) -> tuple[int, int]:
    """Give where the line ends begin that a file ends with, and how many feeds are among them."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(-min(size, _BUFFER), os.SEEK_END)
        tail = file.read()
    kept = tail.rstrip(b"\r\n")
    return size - len(tail) + len(kept), tail.count(b"\n", len(kept))
