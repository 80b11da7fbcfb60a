"""What is told while a run goes: which events make a line, and the lines as a pipe gets them.

Built tables, retries, warnings, files set aside and failures make a line each; unchanged assets
make one line together, and so do all files that an asset fails by. The display for terminals is in
`console.py` and shows the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, TextIO

from thresher.events import (
    AssetFinished,
    AttemptFailed,
    CheckTold,
    Event,
    FileRefused,
    RunFinished,
    RunStarted,
    TookOver,
    Waiting,
)
from thresher.observe.telling import heading, tell, unchanged
from thresher.observe.wording import counted, duration, one_line, width
from thresher.results import UnitOutcome

#: Longest name that the column of names makes room for.
WIDEST_NAME = 40
_TONES = {"failed": "bad", "error": "bad", "blocked": "bad", "stopped": "bad", "built": "good"}
_CALM = ("built", "reused", "audited")


class Progress(Protocol):
    """A listener that shows a run while it goes.

    It is a context manager: leaving it, or `close`, must give the stream back as it was, however
    the run ended; doing so twice is harmless.
    """

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""
        ...

    def close(self) -> None:
        """Stop showing."""
        ...

    def __enter__(self) -> Self:
        """Give itself."""
        ...

    def __exit__(self, *error: object) -> None:
        """Close."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the progress."""

    label: str
    asset: str
    text: str
    tone: str = "plain"
    """`plain`, `good`, `warned` or `bad`."""


def line(event: Event) -> Line | None:
    """Give the line of an event, or None for one that makes none."""
    if isinstance(event, AssetFinished) and event.status == "kept":
        return None
    if not isinstance(event, (AssetFinished, AttemptFailed, FileRefused, CheckTold)):
        return None
    if isinstance(event, FileRefused) and event.outcome == UnitOutcome.FAILED:
        return None  # the line of its asset, which fails with it, names the first such file
    told = tell(event)
    tone = _TONES.get(told.label, "plain" if isinstance(event, AssetFinished) else "warned")
    return Line(told.label, one_line(event.asset), _text(event) or one_line(told.text), tone)


def notice(event: Event) -> str | None:
    """Give the line of an event that is about the whole run and no asset, such as a wait."""
    return one_line(tell(event).sentence) if isinstance(event, (Waiting, TookOver)) else None


def _text(event: Event) -> str:
    """Say an event shorter than the log does: the summary at the end says all of it."""
    if isinstance(event, CheckTold):
        return one_line(event.message)
    if not isinstance(event, AssetFinished):
        return ""
    if event.error:
        said = one_line(event.error.strip().partition("\n")[0])
        more = f" (and {event.faults - 1:,} more)" if event.faults > 1 else ""
        return said.replace(f" ({event.asset})", "", 1) + more
    if event.status in _CALM:
        rows = "" if event.rows_out is None else counted(event.rows_out, "row")
        if event.rows_out == 1:
            rows += " "  # so that the figures stand below one another
        tries = f"   {event.attempts} attempts" if event.attempts > 1 else ""
        return f"{rows:>18}  {duration(event.seconds):>9}{tries}"
    return ""


def name_width(event: RunStarted) -> int:
    """Tell how wide the column of names must be for the assets that something is done to."""
    names = (width(asset) for asset, action in event.steps if action != "keep")
    return min(max(names, default=0), WIDEST_NAME)


class PlainProgress:
    """Progress for pipes and log files: plain lines, no control characters."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._names = 0
        self._lost = False

    def __call__(self, event: Event) -> None:
        """Write the event's line, if it makes one."""
        if isinstance(event, RunStarted):
            self._names = name_width(event)
            self._write(one_line(heading(event)))
            if kept := unchanged(event):
                self._write(f"  {kept}")
        elif isinstance(event, RunFinished):
            self.close()
        elif told := notice(event):
            self._write(told)
        elif made := line(event):
            blanks = " " * max(self._names - width(made.asset), 0)
            self._write(f"  {made.label:<9} {made.asset}{blanks}  {made.text}".rstrip())

    def close(self) -> None:
        """Hand on what was written."""
        if not self._lost:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._lost = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _write(self, text: str) -> None:
        if self._lost:
            return
        encoding = self._stream.encoding or "utf-8"
        safe = text.encode(encoding, "backslashreplace").decode(encoding)
        try:
            self._stream.write(safe + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads any more (`thresher run | head`); the run itself must go on.
            self._lost = True
