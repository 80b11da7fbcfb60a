"""Sifting what could not be read as it is: the good records go on, the bad ones are kept apart.

Only files that were refused come here, and only where their source tolerates bad rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from thresher.project.source import FilesSettings
from thresher.sources.csv_files import open_csv
from thresher.sources.csv_sifting import CsvSifter
from thresher.sources.inputs import TEXT_FORMATS, Input, Part
from thresher.sources.json_files import open_json
from thresher.sources.json_sifting import LONGEST_RECORD, sift_lines, sift_records
from thresher.sources.refusals import RefusedError
from thresher.sources.session import Session
from thresher.sources.sieve import Sieve, Sifted
from thresher.sources.table import Table, Target
from thresher.sources.text_lines import Lines, marked
from thresher.sources.texts import Conversion

#: Largest JSON file that is sifted record by record, since it is read as a whole.
_WHOLE = 1 << 28


@dataclass(frozen=True, slots=True)
class SiftedTable:
    """A table over what was sifted; does what [`Table`][thresher.sources.table.Table] says."""

    table: Table
    part: Part
    """The part that was sifted."""
    copy: Part
    """What is left of it."""
    settings: FilesSettings
    """How the copy is read."""
    sifted: Sifted

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(self.table.columns)

    def guess(self, session: Session, *, full: bool) -> dict[str, str]:
        """Give the type of each column, from its first rows or from all of them."""
        return self.table.guess(session, full=full)

    def relation(self, targets: dict[str, Target], session: Session) -> str:
        """Write what stands behind `from`."""
        return self.table.relation(targets, session)

    def convert(self, column: str, target: Target, session: Session) -> Conversion:
        """Say how a column becomes the type that was decided."""
        return self.table.convert(column, target, session)

    def fault(self, session: Session) -> RefusedError | None:
        """Find what is still wrong, whose line is no longer known."""
        found = self.table.fault(session)
        if found is None:
            return None
        what, discreet = (f"it cannot be sifted: {s}" for s in (found.reason, found.discreet))
        return RefusedError(what, hint=found.hint, discreet=discreet)

    def place(self, row: int) -> tuple[int | None, str]:
        """Give the line of the file that a row begins at."""
        return self.sifted.lines[row - 1], ""

    def without(self, misfits: list[tuple[int, str, str]], session: Session) -> SiftedTable:
        """Give the table without some of its rows; each misfit is a row, a reason and a column."""
        sifted = self.sifted.without(misfits)
        copy, table = _opened(self.part, sifted, self.settings, session)
        return replace(self, sifted=sifted, copy=copy, table=table)


def may_be_sifted(found: Input) -> bool:
    """Say whether all parts of a unit are of formats that can be sifted."""
    return all(part.format in TEXT_FORMATS for part in found.parts)


def sift(part: Part, settings: FilesSettings, session: Session) -> SiftedTable:
    """Sift a part, and open what is left.

    Args:
        part: the part.
        settings: how it is to be read.
        session: what reads what is left.

    Raises:
        RefusedError: nothing of it can be read.
    """
    share, count = settings.rows_tolerance.share, settings.rows_tolerance.count
    # No record is shorter than what ends its line.
    most = count if share is None else int(share * part.raw.stat().st_size) + 1
    target = part.raw.with_name(f"{part.raw.name}-sifted")
    with Sieve(target, most) as sieve:
        if part.format == "csv":
            lines = Lines(part.raw, part.encoding, session.check)
            settings = CsvSifter(lines, settings, part.name, sieve).run()
        elif part.format == "ndjson":
            lines = Lines(
                part.raw, part.encoding, session.check, feeds=True, longest=LONGEST_RECORD
            )
            sift_lines(lines, part.encoding, sieve)
        else:
            sift_records(_whole(part), part.encoding, sieve)
    sifted = sieve.sifted()
    copy, table = _opened(part, sifted, settings, session)
    return SiftedTable(table, part, copy, settings, sifted)


def _opened(
    part: Part, sifted: Sifted, settings: FilesSettings, session: Session
) -> tuple[Part, Table]:
    copy = Part(sifted.path, part.format, part.name, sifted.path)
    if part.format == "csv":
        return copy, open_csv(copy, settings, session)
    if not sifted.rows:
        # Without a record there is no column.
        sifted.path.write_text("[]\n")
        copy = replace(copy, format="json")
    return copy, open_json(copy, settings, session)


def _whole(part: Part) -> str:
    if part.raw.stat().st_size > _WHOLE:
        raise RefusedError(
            "it is broken, and too long to be read record by record",
            hint="write one record a line, and say `format: ndjson`",
        )
    return marked(part.raw, part.encoding)
