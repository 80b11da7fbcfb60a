"""What can go wrong, said so that a person can act on it.

Every error that Thresher raises on purpose is a [`ThresherError`][]: it must say *what* happened,
*where*, and *what to do next*, and its type says whether trying again can help and which exit code
the command ends with.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

#: Stands for words that may hold values of sensitive columns.
UNSHOWN = "the rest is not shown, since it may hold values of sensitive columns"
UNSHOWN_HINT = "`thresher query` can ask the tables it reads for the value"
#: How many faults a message lists before it says "and N more".
SHOWN_FAULTS = 50
_PASSING = (ConnectionError, TimeoutError, InterruptedError)
#: A network that is away for a moment, and a file of another machine that was replaced.
_PASSING_NUMBERS = frozenset(
    {
        *(errno.ENETDOWN, errno.ENETUNREACH, errno.ENETRESET),
        *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ESTALE),
    }
)
#: What services answer that are busy, or not there for a moment.
_PASSING_ANSWERS = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Errors inside errors that are looked at.
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: a file with a line, an asset, a row of data; whatever is known."""

    path: str | None = None
    """File, relative to the project where it is inside it."""
    line: int | None = None
    """Line in the file, counted from 1."""
    column: int | None = None
    """Column in the line, counted from 1."""
    asset: str | None = None
    """Name of the asset, such as `clean.flights`."""

    def __str__(self) -> str:
        position = self.path or ""
        if self.path and self.line:
            position += f":{self.line}"
            if self.column:
                position += f":{self.column}"
        if self.asset and position:
            return f"{position} ({self.asset})"
        return position or self.asset or ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a project or an input: what, where, and what to do."""

    what: str
    place: Place = NOWHERE
    hint: str | None = None

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{where}: {self.what}" if where else self.what
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class ThresherError(Exception):
    """Root of all errors that Thresher raises on purpose.

    Attributes:
        fault: what happened, where, and what to do next.
        discreet: what to say instead where values of sensitive columns must not be shown; None
            where no value of data is in it.
    """

    exit_code = 1
    """Exit code of a command that ends with this error."""
    transient = False
    """Whether the same thing may succeed when it is tried again."""

    def __init__(
        self,
        what: str,
        *,
        place: Place = NOWHERE,
        hint: str | None = None,
        discreet: str | None = None,
    ) -> None:
        self.fault = Fault(what, place, hint)
        self.discreet = discreet
        super().__init__(what)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong; one fault unless the error collects several."""
        return (self.fault,)

    def conceal(self) -> None:
        """Take out of the error what may be a value of data."""
        if self.discreet is not None:
            self.fault = Fault(self.discreet, self.fault.place, UNSHOWN_HINT)
            self.args = (self.discreet,)

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change every text of the error in place, such as to mask secrets in it."""
        self.fault = _rewritten(self.fault, change)
        self.args = tuple(change(arg) if isinstance(arg, str) else arg for arg in self.args)

    def __str__(self) -> str:
        return str(self.fault)


class ProjectError(ThresherError):
    """The project is wrong, and nothing was run; holds every fault found, in file order."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        count = len(self._faults)
        super().__init__(f"the project has {count} {'fault' if count == 1 else 'faults'}")

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change every text of the error in place."""
        super().rewrite(change)
        self._faults = tuple(_rewritten(fault, change) for fault in self._faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every fault of the project."""
        return self._faults

    def __str__(self) -> str:
        return _listed(self._faults)


class CommandError(ThresherError):
    """The command cannot be carried out as it was given, and nothing was run."""

    exit_code = 2


class AssetError(ThresherError):
    """An asset could not be built: its SQL or its function failed, or gave back the wrong thing."""


class TimedOutError(AssetError):
    """An attempt at an asset took longer than it may.

    What took too long once takes as long again: who wants another attempt gives it more time.
    """


class SourceError(ThresherError):
    """Input could not be read: no file, or files that are not what the source says."""

    def __init__(
        self,
        what: str,
        *,
        place: Place = NOWHERE,
        hint: str | None = None,
        faults: Iterable[Fault] = (),
        discreet: str | None = None,
    ) -> None:
        super().__init__(what, place=place, hint=hint, discreet=discreet)
        self._faults = tuple(faults)

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change every text of the error in place."""
        super().rewrite(change)
        self._faults = tuple(_rewritten(fault, change) for fault in self._faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The fault of each file that could not be read, or the one fault of the source."""
        return self._faults or (self.fault,)


class DriftedError(SourceError):
    """Inputs hold what the columns of their asset do not, and these are to be decided anew.

    Attributes:
        drifted: what is new, by the path of each input.
    """

    def __init__(self, drifted: dict[str, tuple[str, ...]]) -> None:
        self.drifted = drifted
        super().__init__("the columns of its inputs have to be decided anew")


class TransientError(ThresherError):
    """Something outside failed that may work in a moment; raised by sources and by user code."""

    transient = True


class ChangedWhileReadError(TransientError):
    """An input file changed while it was being read."""


class WarehouseError(ThresherError):
    """The warehouse could not be read or written."""


class DiskFullError(WarehouseError):
    """No space left for what the run writes."""


class OutdatedError(ThresherError):
    """A document does not say what the project says."""


class RepositoryError(ThresherError):
    """Git is not there, or did not do what it was asked for."""


class StorageError(ThresherError):
    """An object could not be stored, read, checked or removed."""


class MissingObjectError(StorageError):
    """There is no such object, or no such bucket."""


class ChecksumError(StorageError):
    """What arrived is not what was sent: a checksum differs, and nothing of it was kept."""


class TransferError(StorageError):
    """Some files of a transfer failed, each with a fault of its own; the others are there."""

    def __init__(self, what: str, faults: Iterable[Fault], *, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self._faults = tuple(faults)

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change every text of the error in place."""
        super().rewrite(change)
        self._faults = tuple(_rewritten(fault, change) for fault in self._faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The fault of each file that failed."""
        return self._faults

    def __str__(self) -> str:
        return _listed(self._faults)


class UnreachableError(TransientError):
    """A service did not answer, or asked to be left alone for a moment."""


class HeldError(ThresherError):
    """The environment is held by another run.

    Attributes:
        run: the other run; None where it has not said yet who it is.
        since: since when it holds the environment.
    """

    exit_code = 5

    def __init__(
        self,
        what: str,
        *,
        place: Place = NOWHERE,
        hint: str | None = None,
        run: str | None = None,
        since: datetime | None = None,
    ) -> None:
        self.run = run
        self.since = since
        super().__init__(what, place=place, hint=hint)

    def after(self, waited: timedelta) -> HeldError:
        """Give the error of a run that has waited for its turn in vain."""
        what, place, hint = self.fault.what, self.fault.place, self.fault.hint
        told = f"{what}, and still is after a wait of {waited.total_seconds():,g} s"
        return HeldError(told, place=place, hint=hint, run=self.run, since=self.since)


class CrontabError(ThresherError):
    """The crontab could not be read or written; it is as it was."""


class CredentialsError(ThresherError):
    """Credentials are missing or were refused."""

    exit_code = 4


class Terminated(KeyboardInterrupt):  # an interruption, as its base is
    """The process was asked to end; like Ctrl-C, so that no handler of errors swallows it.

    Attributes:
        signal_number: the signal.
        received: every signal of this process, for where the exception gets lost on its way.
    """

    received: ClassVar[list[int]] = []

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        self.received.append(signal_number)
        super().__init__()


class RunInterruptedError(ThresherError):
    """The run was stopped by a signal; nothing of it was published.

    Attributes:
        signal_number: the signal.
        exit_code: 128 + the signal's number.
    """

    def __init__(self, signal_number: int, *, publication: int | None = None) -> None:
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
        done = "nothing was published" if publication is None else f"published {publication} before"
        super().__init__(
            "the run was interrupted",
            hint=f"{done}; `thresher run` goes on from what was finished",
        )


def interruption(error: BaseException) -> BaseException | None:
    """Give the interruption that an error is, or that a library made another error of.

    DuckDB's Python package makes a `RuntimeError` of whatever a handler of signals raises while the
    main thread is in one of its calls.
    """
    if isinstance(error, (KeyboardInterrupt, RunInterruptedError)):
        return error
    if isinstance(error, RuntimeError) and str(error) == "Query interrupted":
        received = Terminated.received
        return Terminated(received[-1]) if received else KeyboardInterrupt()
    return None


def _listed(faults: tuple[Fault, ...]) -> str:
    shown = "\n".join(str(fault) for fault in faults[:SHOWN_FAULTS])
    left = len(faults) - SHOWN_FAULTS
    return f"{shown}\n... and {left} more" if left > 0 else shown


def _rewritten(fault: Fault, change: Callable[[str], str]) -> Fault:
    place = fault.place
    if place.path:
        place = replace(place, path=change(place.path))
    return Fault(change(fault.what), place, change(fault.hint) if fault.hint else None)


def is_transient(error: BaseException) -> bool:
    """Say whether trying again can help: told by the type, for our own errors and Python's."""
    if isinstance(error, ThresherError):
        return error.transient
    if isinstance(error, _PASSING):
        return True
    return isinstance(error, OSError) and _may_pass(error)


def _may_pass(error: OSError) -> bool:
    """Say whether an error of the system may pass, or one that stands for what a service said."""
    socket = sys.modules.get("socket")
    if socket is not None and isinstance(error, socket.gaierror):
        return bool(error.errno == socket.EAI_AGAIN)
    if error.errno is not None:
        return error.errno in _PASSING_NUMBERS
    answer = getattr(error, "response", None)
    status = getattr(error, "code", getattr(answer, "status_code", None))
    if isinstance(status, int):
        return status in _PASSING_ANSWERS
    # `urllib` and `requests` put what happened into errors of their own, some of them twice.
    inner, seen = _inside(error), 0
    while inner is not None and seen < _DEEPEST:
        if isinstance(inner, _PASSING):
            return True
        inner, seen = _inside(inner), seen + 1
    return False


def _inside(error: BaseException) -> BaseException | None:
    """Give the error that another was made of."""
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
