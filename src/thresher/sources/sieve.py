"""What a file is sifted into: a copy with the good records alone, and the rejected ones.

The copy holds each record as it stands in the file, so that it is read like the file itself would
be; where each begins, in the copy and in the file, is kept for what is found wrong later.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Self

from thresher.project.contract import Tolerance
from thresher.results import Rejected
from thresher.sources.refusals import RefusedError
from thresher.sources.text_lines import escaped

_CHUNK = 1 << 20
#: Bad records beyond what is tolerated that are counted before a file is given up.
_COUNTED = 100_000

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Sifted:
    """A part after it was sifted."""

    path: Path
    """The copy, in UTF-8."""
    starts: array[int]
    """Byte of the copy at which each record begins, and where the last one ends."""
    lines: array[int]
    """Line of the file at which each record begins."""
    rejected: tuple[Rejected, ...] = ()
    """What was rejected, as far as that may be tolerated."""
    bad: int = 0
    """How many records were rejected."""
    skipped: int = 0
    """Lines before the header that the settings say to skip."""
    blank: int = 0
    """Blank lines, and comments."""

    @property
    def rows(self) -> int:
        """How many good records there are."""
        return len(self.lines)

    def without(self, misfits: Sequence[tuple[int, str, str]]) -> Sifted:
        """Reject more records.

        Args:
            misfits: number of each record in the copy, counted from 1, with reason and column.
        """
        target = self.path.with_name(f"{self.path.name}-fit")
        starts, lines = array("Q"), array("Q")
        found: list[Rejected] = []
        with self.path.open("rb") as source, target.open("wb") as copy:
            _copy(source, copy, self.starts[0])
            row = 0
            for number, reason, column in sorted(misfits):
                self._pass(source, copy, range(row, number - 1), starts, lines)
                size = self.starts[number] - self.starts[number - 1]
                text = source.read(size).decode()[:-1]
                line = self.lines[number - 1]
                found.append(Rejected(line, _last(line, text), reason, column, escaped(text)))
                row = number
            self._pass(source, copy, range(row, self.rows), starts, lines)
            starts.append(copy.tell())
        rejected = tuple(sorted((*self.rejected, *found), key=lambda each: each.line))
        return replace(
            self,
            path=target,
            starts=starts,
            lines=lines,
            rejected=rejected,
            bad=self.bad + len(found),
        )

    def _pass(
        self,
        source: IO[bytes],
        copy: IO[bytes],
        rows: range,
        starts: array[int],
        lines: array[int],
    ) -> None:
        """Copy records that follow each other."""
        shift = copy.tell() - self.starts[rows.start]
        _copy(source, copy, self.starts[rows.stop] - self.starts[rows.start])
        starts.extend(self.starts[row] + shift for row in rows)
        lines.extend(self.lines[rows.start : rows.stop])


@dataclass
class Sieve:
    """Takes records, good ones and others, in the order of the file.

    Args:
        path: the copy to write.
        most: how many rejected records may be tolerated at most; no more of them are kept.
    """

    path: Path
    most: int
    skipped: int = 0
    blank: int = 0
    bad: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    _starts: array[int] = field(default_factory=lambda: array("Q"))
    _lines: array[int] = field(default_factory=lambda: array("Q"))
    _at: int = 0
    _file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self.path.open("wb")
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def head(self, text: str) -> None:
        """Take what stands before all records."""
        self._write(text)

    def keep(self, text: str, line: int) -> None:
        """Take a good record.

        Raises:
            UnicodeEncodeError: it holds what is no text.
        """
        start = self._at
        self._write(text)
        self._starts.append(start)
        self._lines.append(line)

    def reject(
        self,
        lines: tuple[int, int],
        reason: str,
        text: str,
        *,
        column: str | None = None,
        length: int | None = None,
    ) -> None:
        """Take a bad record.

        Raises:
            RefusedError: there are far more than may be tolerated.
        """
        self.bad += 1
        if self.most is not None and self.bad > self.most + _COUNTED:
            bad = f"more than {self.bad - 1:,} rows are bad"
            raise RefusedError(
                f"{bad}; the first: {self.rejected[0].reason}",
                discreet=bad,
                hint="it may be another kind of file: see `format`, `delimiter` and `encoding`",
                line=self.rejected[0].line,
            )
        if len(self.rejected) <= self.most:
            self.rejected.append(Rejected(*lines, reason, column, escaped(text, length)))

    def sifted(self) -> Sifted:
        """Give what came of it; nothing more is taken afterwards."""
        self._starts.append(self._at)
        return Sifted(
            self.path,
            self._starts,
            self._lines,
            tuple(self.rejected),
            self.bad,
            self.skipped,
            self.blank,
        )

    def _write(self, text: str) -> None:
        assert self._file is not None  # noqa: S101  # opened before anything is taken
        self._at += self._file.write(text.encode() + b"\n")


def refuse_beyond(
    parts: Iterable[Sifted],
    tolerate: Tolerance,
    *,
    more: int = 0,
    earliest: tuple[int | None, str] | None = None,
) -> None:
    """Refuse a file in which more records are bad than its source tolerates.

    Args:
        parts: what was sifted.
        tolerate: how many may be bad.
        more: good records that turned out to be bad.
        earliest: line of the first of these, and what is wrong with it.

    Raises:
        RefusedError: there are more.
    """
    several = list(parts)
    bad = sum(part.bad for part in several) + more
    rows = sum(part.rows + part.bad for part in several)
    if tolerate.allows(bad, rows):
        return
    known = [(each.line, each.reason) for part in several for each in part.rejected[:1]]
    firsts = [earliest, *known] if earliest else known
    line, reason = min(firsts, key=lambda each: each[0] or 0, default=(None, ""))
    told = f"; the first: {reason}" if reason else ""
    many = f"{bad:,} of {rows:,} rows are bad, and `tolerate_rows` is {tolerate}"
    raise RefusedError(
        f"{many}{told}",
        discreet=many,
        hint="mend the file, or raise `tolerate_rows` if the others are of use without them",
        line=line,
    )


def _copy(source: IO[bytes], target: IO[bytes], count: int) -> None:
    if count <= _CHUNK:
        target.write(source.read(count))
        return
    left = count
    while left > 0 and (chunk := source.read(min(left, _CHUNK))):
        target.write(chunk)
        left -= len(chunk)


def _last(line: int, text: str) -> int:
    return line + text.count("\n") + text.count("\r") - text.count("\r\n")
