"""The lines of a text file that may be broken: each as text, with what is no text marked in it.

Nothing here refuses a line. A byte that does not belong to the encoding becomes a character that
no text holds, so that whoever reads the line sees it, and the lines after it are read as they are.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Longest line that is kept whole, in characters; DuckDB takes rows of 2 MB.
LONGEST = 2_000_000
#: Characters of a line or a record that are kept of what is rejected.
KEPT = 2_000
_BYTE = 0xDC00
_HANDLER = "thresher-mark"
BOM = "\ufeff"
_CHUNK = 1 << 20
_ENDS = re.compile("\r\n|\n|\r")
_FEED = re.compile("\n")

Check = Callable[[], None]


@dataclass(slots=True)
class Line:
    """A physical line, without what ends it."""

    number: int
    text: str
    end: str
    """What ends it; empty at the end of the file."""
    length: int
    """Characters of the whole line, of which `text` may hold the first alone."""

    @property
    def cut(self) -> bool:
        """Whether it is longer than what is kept of it."""
        return self.length > len(self.text)


class Lines:
    """Gives the lines of a file one by one, and takes back what was given too early.

    Args:
        path: the file.
        encoding: what it is said to be written in.
        check: called now and then; raises when the caller wants to stop.
        feeds: whether a feed alone ends a line; else a return does, too.
        longest: characters of a line that are kept; the others are only counted.
    """

    def __init__(
        self,
        path: Path,
        encoding: str,
        check: Check,
        *,
        feeds: bool = False,
        longest: int = LONGEST,
    ) -> None:
        self._rest = _split(path, encoding, check, _FEED if feeds else _ENDS, longest)
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        while (line := self.next()) is not None:
            yield line

    def next(self) -> Line | None:
        """Give the next line, or None at the end."""
        return self._back.popleft() if self._back else next(self._rest, None)

    def take_back(self, lines: list[Line]) -> None:
        """Give these lines again before all others."""
        self._back.extendleft(reversed(lines))


def marked(path: Path, encoding: str) -> str:
    """Give the whole text of a file, with what is no text marked in it."""
    with path.open(encoding=encoding, errors=_HANDLER, newline="") as file:
        return file.read().removeprefix(BOM)


def _split(
    path: Path, encoding: str, check: Check, ends: re.Pattern[str], longest: int
) -> Iterator[Line]:
    number, head, before = 1, "", 0
    with path.open(encoding=encoding, errors=_HANDLER, newline="") as file:
        chunk = file.read(_CHUNK).removeprefix(BOM)
        while chunk:
            while chunk[-1] == "\r" and (more := file.read(1)):
                chunk += more
            start = 0
            for found in ends.finditer(chunk):
                text = chunk[start : found.start()]
                if before:
                    before += len(text)
                    text = (head + text)[:longest]
                    yield Line(number, text, found[0], before)
                    head, before = "", 0
                else:
                    yield Line(number, text[:longest], found[0], len(text))
                number += 1
                start = found.end()
            # What is left of the chunk begins a line, or goes on with one that is long.
            before += len(chunk) - start
            head = (head + chunk[start:])[: longest + 1] if len(head) <= longest else head
            check()
            chunk = file.read(_CHUNK)
    if before:
        yield Line(number, head[:longest], "", before)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(_BYTE + byte) for byte in wrong), error.end


def first_wrong(text: str) -> int | None:
    """Give the first byte that does not belong to the encoding, if a line holds one."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return ord(text[error.start]) - _BYTE
    return None


def escaped(text: str, length: int | None = None) -> str:
    r"""Give a text as it is kept: what is no text as `\x00`, and no more than is of use.

    Args:
        text: what was read, or the beginning of it.
        length: characters of the whole, where `text` is not all.
    """
    whole = len(text) if length is None else length
    kept = text[:KEPT]
    if not kept.isprintable():
        kept = "".join(map(_escaped, kept))
    return f"{kept}... ({whole:,} characters in all)" if whole > KEPT else kept


def _escaped(char: str) -> str:
    code = ord(char)
    if _BYTE <= code < _BYTE + 0x100:
        return f"\\x{code - _BYTE:02x}"
    if code < 0x20 and char not in "\t\r\n":
        return f"\\x{code:02x}"
    return char if not 0xD800 <= code < 0xE000 else f"\\u{code:04x}"


codecs.register_error(_HANDLER, _mark)
