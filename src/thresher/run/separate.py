"""Setting rows aside: what a version is published as, and the table of what was not.

The rows that break a check go to a table of their own, with the names of all checks they broke;
the audit is made again on those that are left, until nothing moves. What was built is kept as it
is: another contract, or another environment, begins from it again. Nothing is taken from a number:
rows built, published and set aside are each counted in files of their own, and must add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.errors import AssetError, Place, WarehouseError
from thresher.project.asset import RESERVED_COLUMNS, quarantine_of
from thresher.project.contract import Check, Contract
from thresher.protocols import Engine
from thresher.quality.separation import (
    Corrected,
    broken_rows,
    correcting_rows,
    counts_of,
    left_rows,
    originals,
    quarantine_rows,
    to_set_aside,
    touched_files,
    unmatched_rows,
)
from thresher.quality.subject import Subject, Table
from thresher.results import CheckResult, DataFile, Schema, Snapshot, Split, Status, Verdict
from thresher.run.corrected import read_corrections
from thresher.run.division import Division
from thresher.storage.local import writing
from thresher.warehouse.lake import Draft, Lake

_FILE = "data.parquet"

Audit = Callable[[Snapshot, Mapping[str, Snapshot]], Verdict]
"""Holds a version against its contract, beside these tables."""


@dataclass(frozen=True, slots=True)
class Separated:
    """What a version came to."""

    verdict: Verdict
    snapshot: Snapshot
    """What may be published of it."""
    quarantine: Snapshot | None = None
    """The table of what was set aside, if anything was."""


@dataclass(slots=True)
class Separation:
    """Divides the rows of one version.

    Args:
        engine: writes and counts rows.
        lake: takes the parts.
        rows: the version, whose rows are divided.
        contract: what must hold.
        run: the run that divides it.
        now: time of the run.
        audit: holds what is left against the contract.
    """

    engine: Engine
    lake: Lake
    rows: Division
    contract: Contract
    run: str
    now: datetime
    audit: Audit
    _unmatched: int = 0
    _drafts: dict[str, Draft] = field(default_factory=dict)

    def separate(self, corrections: Sequence[tuple[Path, str, str]] = ()) -> Separated:
        """Set rows aside until what is left breaks no check that sets rows aside.

        Args:
            corrections: file, path and hash of corrected rows, in the order in which they came.

        Raises:
            AssetError: a query failed.
            WarehouseError: a part cannot be written, or the parts do not add up.
        """
        try:
            self._refuse_reserved()
            schema = self.rows.built.schema
            given = read_corrections(self.engine, schema, corrections)
            self._unmatched = given.unmatched
            for each, path in given.fitting:
                self._correct(each, path)
            verdict = self.audit(self.rows.left, self.rows.known())
            found = {result.check: result for result in verdict.results}
            while checks := to_set_aside(self.contract.checks, verdict.results):
                self._set_aside(checks)
                verdict = self.audit(self.rows.left, self.rows.known())
                found |= {r.check: r for r in verdict.results if not found[r.check].violations}
            if not self.rows.parts and not corrections:
                return Separated(verdict, self.rows.built)
            quarantine = self._write_aside()
            published = self._write_left()
            split = self._split(published, quarantine, tuple(sha256 for *_, sha256 in corrections))
            for part in self.rows.parts:
                with writing(self.lake.root / part.path):
                    (self.lake.root / part.path).unlink()
            if quarantine is None:
                self.lake.discard(self._draft(quarantine_of(self.rows.built.asset)))
        except BaseException:
            for draft in self._drafts.values():
                self.lake.discard(draft)
            raise
        results = self._results(verdict, found, quarantine, split)
        verdict = replace(
            verdict, version=published.version, rows=split.produced, results=results, split=split
        )
        return Separated(verdict, published, quarantine)

    def _draft(self, asset: str) -> Draft:
        """Give the draft of a part, which is begun when there is something to put into it."""
        if asset not in self._drafts:
            self._drafts[asset] = self.lake.begin(asset, self.rows.built.fingerprint)
        return self._drafts[asset]

    def _refuse_reserved(self) -> None:
        """Refuse a table with columns of the names that the table of its bad rows would have."""
        for name in self.rows.columns:
            if name.lower() in RESERVED_COLUMNS:
                raise AssetError(
                    f"`{name}` is a column of quarantined rows, so the table cannot have it",
                    place=Place(asset=self.rows.built.asset),
                    hint="give the column another name, or let no check quarantine",
                )

    def _correct(self, given: Corrected, path: str) -> None:
        """Put corrected rows in the place of those that they correct."""
        rows, schema = self.rows, self.rows.built.schema
        query = unmatched_rows(schema, rows.names, given)
        self._unmatched += self.engine.rows(query, rows.known())[0][0]
        draft = self._draft(rows.built.asset)
        target = draft.folder / f"corrected-{len(rows.corrected):04d}.parquet"
        query = correcting_rows(schema, rows.names, given)
        made = self.engine.write(query, rows.known(), target)
        self._take_out(originals(schema, rows.names, given))
        rows.files.append(DataFile(f"{draft.path}/{target.name}", made.rows, 0, ""))
        rows.corrected[rows.files[-1].path] = path
        self._count_left()

    def _set_aside(self, checks: tuple[Check, ...]) -> None:
        """Take out the rows that break some checks."""
        subject = Subject(
            table=Table(self.rows.left),
            tables=self.rows.known(),
            types=self.contract.types,
            now=self.now,
        )
        query = broken_rows(checks, subject, self.rows.names)
        before = len(self.rows.parts)
        self._take_out(query.text, query.params)
        if not self.rows.parts[before].rows:  # they would be counted, and sought, for ever
            raise WarehouseError(
                f"`{checks[0].id}` counts rows that break it, and finds none of them",
                place=Place(asset=self.rows.built.asset),
                hint="nothing was published; please report this",
            )
        self._count_left()

    def _take_out(self, query: str, params: Mapping[str, Any] | None = None) -> None:
        """Write rows, with their positions, that are no longer among those left."""
        rows = self.rows
        draft = self._draft(quarantine_of(rows.built.asset))
        target = draft.folder / f"part-{len(rows.parts):04d}.parquet"
        written = self.engine.write(query, rows.known(), target, params)
        rows.schema = written.schema
        rows.parts.append(DataFile(f"{draft.path}/{target.name}", written.rows, 0, ""))

    def _count_left(self) -> None:
        query = f"select count(*) from ({left_rows(self.rows.columns, self.rows.names)})"
        ((self.rows.rows_left,),) = self.engine.rows(query, self.rows.known())

    def _write_aside(self) -> Snapshot | None:
        """Write the table of quarantined rows, if there are any."""
        rows = self.rows
        draft = self._draft(quarantine_of(rows.built.asset))
        query = quarantine_rows(rows.columns, rows.names, list(rows.inputs()), self.run)
        written = self.engine.write(query, rows.known(), draft.folder / _FILE)
        if written.rows:
            return self._complete(draft, written.schema, list(written.files))
        return None

    def _write_left(self) -> Snapshot:
        """Write the files that rows were taken from anew, and take the others as they are."""
        rows, draft = self.rows, self._draft(self.rows.built.asset)
        files = list(rows.ranges())
        query = touched_files([(low, high) for low, high, _ in files], rows.names)
        touched = {low for (low,) in self.engine.rows(query, rows.known())} if rows.parts else set()
        kept: list[DataFile] = []
        made: list[tuple[str, int]] = []
        for number, (low, high, file) in enumerate(files):
            if low in touched and high > low:
                query = left_rows(rows.columns, rows.names, offset=low)
                target = draft.folder / f"{number:04d}.parquet"
                made += self.engine.write(query, rows.known_of(number), target).files
            elif file.path in rows.corrected:
                made.append((file.path.rpartition("/")[2], file.rows))
            else:
                kept.append(file)
        return self._complete(draft, rows.built.schema, made, tuple(kept))

    def _complete(
        self,
        draft: Draft,
        schema: Schema,
        made: list[tuple[str, int]],
        kept: tuple[DataFile, ...] = (),
    ) -> Snapshot:
        built = self.rows.built
        if draft.asset != built.asset:
            built = replace(built, units=(), rejects=())
        part = replace(
            built,
            schema=schema,
            files=kept,
            rows=sum(rows for _, rows in made) + sum(file.rows for file in kept),
            built_at=datetime.now(UTC),
            run=self.run,
            part_of=built.version,
        )
        return self.lake.complete(draft, part, made)

    def _split(
        self, published: Snapshot, quarantine: Snapshot | None, corrections: tuple[str, ...]
    ) -> Split:
        """Count the parts in their files, and see that they add up."""
        split = Split(
            produced=self._count(self.rows.built.files),
            published=self._count(published.files),
            quarantined=self._count(quarantine.files if quarantine else ()),
            quarantine=quarantine.version if quarantine else None,
            released=self._released(published),
            unmatched=self._unmatched,
            corrections=corrections,
        )
        if split.produced != split.published + split.quarantined:
            raise WarehouseError(
                f"rows do not add up: {split.produced:,} were built, {split.published:,} would be "
                f"published and {split.quarantined:,} were set aside",
                place=Place(asset=self.rows.built.asset),
                hint="nothing was published; please report this",
            )
        return split

    def _released(self, published: Snapshot) -> int:
        """Count the corrected rows that are published."""
        corrected = {
            name
            for number, file in enumerate(self.rows.files)
            if file.path in self.rows.corrected
            for name in (file.path.rpartition("/")[2], f"{number:04d}.parquet")
        }
        own = f"/{published.version}/"
        return self._count(
            [
                file
                for file in published.files
                if own in file.path and file.path.rpartition("/")[2] in corrected
            ]
        )

    def _count(self, files: Sequence[DataFile]) -> int:
        return sum(self.engine.count(files))

    def _results(
        self,
        last: Verdict,
        found: Mapping[str, CheckResult],
        quarantine: Snapshot | None,
        split: Split,
    ) -> tuple[CheckResult, ...]:
        """Say what was found: of all rows by the checks that set rows aside, else of those left."""
        counts: dict[str, int] = {}
        if quarantine is not None:
            tables = {quarantine.asset: quarantine}
            counts = dict(self.engine.rows(counts_of(quarantine), tables))
        checks = {check.id: check for check in self.contract.checks if check.quarantines}
        return tuple(
            _counted(found[each.check], checks[each.check], counts[each.check], split)
            if each.check in checks and each.check in counts
            else each
            for each in last.results
        )


def _counted(result: CheckResult, check: Check, rows: int, split: Split) -> CheckResult:
    """Give a result the number of rows that were set aside for it."""
    blocks = check.blocks and check.weigh(rows, split.produced) is not None
    more = "" if rows == result.violations else f"; {rows:,} in all, once others were set aside"
    return replace(
        result,
        status=Status.FAILED if blocks else Status.QUARANTINED,
        violations=rows,
        rows=split.produced,
        message=f"{result.message}{more}",
    )
