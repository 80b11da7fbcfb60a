"""What goes to a process of its own, and what comes back from it.

There goes one pickled order, of values that are ours. Back come lines of JSON: whatever the
author's code did to its process, nothing that it made is run here.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import thresher.errors
from thresher.errors import NOWHERE, UNSHOWN, AssetError, Fault, Place, ThresherError
from thresher.protocols import Job, Written
from thresher.results import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to build, and with what."""

    job: Job
    engine: Mapping[str, Any]
    """Arguments of its engine."""
    level: int
    """Least level of what it logs."""
    parent: int
    """Id of the process that waits for it."""
    crash: Path
    """File that it writes where it was into, if it crashes."""


class RemoteTracebackError(Exception):
    """Stands for an error of another process, and shows its traceback."""

    def __init__(self, trace: str) -> None:
        self.trace = trace
        super().__init__(f"in a process of its own:\n{trace}")


def line(message: Mapping[str, Any]) -> bytes:
    """Write a message as a line."""
    return json.dumps(message).encode() + b"\n"


def written_message(written: Written) -> dict[str, Any]:
    """Tell what was written."""
    fields = [(field.name, field.type, field.storage) for field in written.schema]
    return {"written": {"schema": fields, "files": written.files, "rows": written.rows}}


def read_written(told: Mapping[str, Any]) -> Written:
    """Give what was written, as a message tells it."""
    schema = tuple(Field(*field) for field in told["schema"])
    files = tuple((str(name), int(rows)) for name, rows in told["files"])
    return Written(schema, files, rows=told["rows"])


def error_message(error: BaseException) -> dict[str, Any]:
    """Tell of an error: its kind by the nearest class that is ours, its words and its traceback."""
    trace = "".join(traceback.format_exception(error.__cause__ or error))
    if not isinstance(error, ThresherError):
        # Not even `Exception` may be: what would end a process ends this one alone.
        what = f"{type(error).__name__}: {error}".removesuffix(": ")
        discreet = f"{type(error).__name__}: {UNSHOWN}"
        error = AssetError(what, discreet=discreet)
    told = {
        "kind": _kind(error),
        "fault": asdict(error.fault),
        "faults": [asdict(fault) for fault in error.faults],
        "discreet": error.discreet,
        "trace": trace,
    }
    return {"error": told}


def read_error(told: Mapping[str, Any], place: Place) -> ThresherError:
    """Make the error that a message tells of.

    Args:
        told: the message.
        place: where it is, if the message does not say.
    """
    kind: type[ThresherError] = getattr(thresher.errors, told["kind"])
    fault = _fault(told["fault"])
    at = place if fault.place == NOWHERE else fault.place
    # Some kinds are made from other things than words, and keep the faults that these come to.
    error = kind.__new__(kind)
    ThresherError.__init__(error, fault.what, place=at, hint=fault.hint, discreet=told["discreet"])
    if kind.faults is not ThresherError.faults:
        vars(error)["_faults"] = tuple(map(_fault, told["faults"]))
    error.__cause__ = RemoteTracebackError(told["trace"])
    return error


def _kind(error: ThresherError) -> str:
    module = thresher.errors.__name__
    return next(each.__name__ for each in type(error).__mro__ if each.__module__ == module)


def _fault(told: Mapping[str, Any]) -> Fault:
    return Fault(told["what"], Place(**told["place"]), told["hint"])
