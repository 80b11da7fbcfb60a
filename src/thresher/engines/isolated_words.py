"""What is said of a process that ended without an answer: how, where, and what it last wrote."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from thresher.engines.python import own_path
from thresher.errors import AssetError, Place
from thresher.sizes import spell_size

_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
_CURRENT = "Current thread"
_HINTS: dict[int, str] = {
    signal.SIGABRT: "what it calls gave up: a library that is not Python found itself broken",
    signal.SIGKILL: "let it take less at a time, such as a `polars.LazyFrame`, or free some memory",
    signal.SIGSEGV: "what it calls crashed: a library that is not Python, or a recursion too deep",
}


def died(code: int, place: Place, last: Sequence[str], *, began: bool) -> AssetError:
    """Say that a process ended.

    Args:
        code: its exit code; minus the signal that ended it.
        place: where it was.
        last: the last lines of its standard error.
        began: whether it had come to the author's code.
    """
    if not began:
        what = "its process could not begin"
        hint = "the Python that runs Thresher must be able to start anew, and find its packages"
    elif code >= 0:
        what = f"it called `os._exit({code})`"
        hint = "raise an error, or return"
    else:
        name = _name(-code)
        killed = -code == signal.SIGKILL
        guess = f"it was killed, probably for want of memory ({name})"
        what = guess if killed else f"its process ended by signal {name}"
        hint = _HINTS.get(-code, "what it last wrote may stand in the log of the run")
    said = f"{what}; it last wrote: {' | '.join(last)}" if last else what
    return AssetError(said, place=place, hint=hint, discreet=what)


def fell_silent(place: Place) -> AssetError:
    """Say that a process had to be ended, since nothing was heard of it any more."""
    return AssetError(
        "its process closed what its answer comes by, and was ended",
        place=place,
        hint="let it close no file that it did not open",
    )


def grew(limit: int, place: Place) -> AssetError:
    """Say that a process used more memory than it may."""
    return AssetError(
        f"it used more than {spell_size(limit)} (`run.memory`)",
        place=place,
        hint="let it take its inputs lazily or in batches, or raise `run.memory`",
    )


def crash_place(crash: Path, place: Place, root: Path) -> Place:
    """Give the line of the project that a crashed process was at, as `faulthandler` wrote it."""
    try:
        text = crash.read_text(errors="replace")
    except OSError:
        return place
    for part in (text.partition(_CURRENT)[2], text):
        for path, line in _FRAME.findall(part):  # the most recent call first
            if own := own_path(path, root):
                return replace(place, path=own, line=int(line))
    return place


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # signals of real time have no names
        return str(number)
