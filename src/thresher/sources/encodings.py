"""Text files as UTF-8: checked for what is no text, and rewritten where they are not UTF-8.

Lines and byte offsets that are told are those of the original file.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path

from thresher.sources.refusals import RefusedError, shown

_CHUNK = 1 << 20
_BOMS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
#: Marks at the beginning of texts; that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
#: Bytes that tell an encoding, and the share of letters among them that have a NUL in UTF-16.
_SEEN = 4096
_LATIN = 0.5

Check = Callable[[], None]


def is_utf8(encoding: str) -> bool:
    """Say whether files of an encoding can be read as they are."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def seen_encoding(path: Path) -> str:
    """See the encoding of a text file in its first bytes: UTF-16 or UTF-32, else UTF-8.

    What is not UTF-8 then is refused, as anything else would be a guess: every byte is a letter in
    some encoding.
    """
    with path.open("rb") as file:
        head = file.read(_SEEN)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    even, odd = head[::2], head[1::2]
    if not odd.count(0) and even.count(0) > len(even) * _LATIN:
        return "utf-16-be"
    if not even.count(0) and odd.count(0) > len(odd) * _LATIN:
        return "utf-16-le"
    return "utf-8"


def transcode(path: Path, target: Path, encoding: str, check: Check) -> None:
    """Write a text file anew as UTF-8.

    Raises:
        RefusedError: it is not text in this encoding.
    """
    with target.open("w", encoding="utf-8", newline="") as plain:
        for text in _decode(path, encoding, check):
            plain.write(text)


def utf8_fault(path: Path, check: Check) -> RefusedError | None:
    """Find the first byte of a file that is not UTF-8, if there is one."""
    try:
        for _ in _decode(path, "utf-8", check):
            pass
    except RefusedError as error:
        return error
    return None


def has_returns(path: Path, check: Check) -> bool:
    """Say whether a text file holds carriage returns, having looked at all of it.

    Raises:
        RefusedError: it holds a NUL byte, which no text does.
    """
    offset, found = 0, False
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            if (nul := chunk.find(b"\0")) >= 0:
                raise _nul(path, offset + nul, 1 + lines_before(path, offset + nul))
            found = found or b"\r" in chunk
            offset += len(chunk)
            check()
    return found


def _decode(path: Path, encoding: str, check: Check) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset, line = 0, 1
    with path.open("rb") as file:
        chunk = b"-"
        while chunk:
            chunk = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise _undecodable(error, encoding, offset - held, line) from None
            except UnicodeError as error:
                # UTF-16 without the mark that tells the order of its bytes, for example.
                raise RefusedError(
                    f"it is not text in `{encoding}`: {shown(error)}",
                    hint="say with `encoding:` what it is written in",
                    discreet=f"it is not text in `{encoding}`",
                ) from None
            yield text
            line += text.count("\n")
            offset += len(chunk)
            check()


def _undecodable(error: UnicodeDecodeError, encoding: str, offset: int, line: int) -> RefusedError:
    other = "windows-1252" if is_utf8(encoding) else "utf-8"
    return RefusedError(
        f"it is not `{encoding}`: byte {offset + error.start + 1:,} "
        f"is 0x{error.object[error.start]:02x}",
        hint=f"say what it is written in, such as `encoding: {other}`",
        line=line,
        discreet=f"it is not `{encoding}`: byte {offset + error.start + 1:,}",
    )


def lines_before(path: Path, offset: int) -> int:
    """Count the line breaks before a byte."""
    count = 0
    with path.open("rb") as file:
        while offset > 0 and (chunk := file.read(min(offset, _CHUNK))):
            count += chunk.count(b"\n")
            offset -= len(chunk)
    return count


def _nul(path: Path, offset: int, line: int) -> RefusedError:
    with path.open("rb") as file:
        head = file.read(2)
    if encoding := _BOMS.get(head):
        return RefusedError("it is UTF-16, not UTF-8", hint=f"say `encoding: {encoding}`")
    if head.count(0) == 1:
        encoding = "utf-16-be" if head[0] == 0 else "utf-16-le"
        what = "every other byte at its beginning is NUL, as in UTF-16 without its mark"
        return RefusedError(what, hint=f"say `encoding: {encoding}`")
    return RefusedError(
        f"it holds a NUL byte (byte {offset + 1:,}), which is no text",
        hint="it may be damaged, or no text file at all; fetch it again",
        line=line,
    )
