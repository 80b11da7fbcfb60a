"""Why an input was not loaded: one reason for each, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable

from thresher.errors import Fault, Place, SourceError
from thresher.project.contract import Contract
from thresher.results import UnitOutcome, UnitRecord

#: How much of a value, a line or a name a reason shows.
SHOWN = 100


class RefusedError(Exception):
    """One input cannot be loaded; never leaves this package.

    Attributes:
        reason: what is wrong with it.
        hint: what to do about it.
        line: line of the input at fault, if one is.
        drift: whether a value does not fit what earlier inputs decided, and nothing else is wrong.
        discreet: the reason without values of the data; the same where none is in it.
    """

    def __init__(
        self,
        reason: str,
        *,
        hint: str | None = None,
        line: int | None = None,
        drift: bool = False,
        discreet: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.line = line
        self.drift = drift
        self.discreet = reason if discreet is None else discreet

    def told(self, contract: Contract) -> str:
        """Give the reason as it may be told of an asset with this contract."""
        return self.discreet if contract.discreet else self.reason

    def inside(self, member: str) -> RefusedError:
        """Give the same of a file in a zip file."""
        where = f"`{shown(member)}` in the zip file: "
        discreet = where + self.discreet
        return RefusedError(
            where + self.reason,
            hint=self.hint,
            line=self.line,
            drift=self.drift,
            discreet=discreet,
        )


class RefusedFilesError(SourceError):
    """More inputs were refused than the source tolerates.

    Attributes:
        records: what became of every input, in the order in which they were asked for.
    """

    def __init__(self, asset: str, records: Iterable[UnitRecord], tolerate: str) -> None:
        self.records = tuple(records)
        failed = [r for r in self.records if r.outcome is UnitOutcome.FAILED]
        super().__init__(
            f"{len(failed)} of {len(self.records)} files were refused",
            place=Place(asset=asset),
            hint=f"mend or remove them, or let some be set aside: `tolerate` is {tolerate}",
            faults=[
                Fault(
                    record.reason or "",
                    Place(record.unit.path, record.line, asset=asset),
                    record.hint,
                )
                for record in failed
            ],
        )


def shown(value: object) -> str:
    """Give the beginning of a value in one line that can be printed whatever it holds."""
    text = str(value)
    cut = text[:SHOWN] + "..." if len(text) > SHOWN else text
    return "".join(char if char.isprintable() else _escaped(char) for char in cut)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode()
