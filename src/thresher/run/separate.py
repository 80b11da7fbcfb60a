"""Setting rows aside: what a version is published as, and the table of what was not.

The rows that break a check go to a table of their own, with the names of all checks they broke;
the audit is made again on those that are left, until nothing moves. What was built is kept as it
is: another contract, or another environment, begins from it again. Nothing is taken from a number:
rows built, published and set aside are each counted in files of their own, and must add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from thresher.errors import Place, WarehouseError
from thresher.project.asset import quarantine_of
from thresher.project.contract import Check, Contract
from thresher.protocols import Engine
from thresher.quality.separation import (
    Parts,
    broken_rows,
    counts_of,
    left_rows,
    quarantine_rows,
    to_set_aside,
    touched_files,
)
from thresher.quality.subject import Subject, Table
from thresher.results import CheckResult, DataFile, Schema, Snapshot, Split, Status, Verdict
from thresher.warehouse.lake import Draft, Lake

#: Schema, reserved, of the tables that stand for parts of a version while it is divided.
_SCHEMA = "thresher"
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
    """One version while its rows are divided.

    Args:
        engine: writes and counts rows.
        lake: takes the parts.
        produced: the version as it was built.
        contract: what must hold.
        tables: every version that a check may need, by name.
        run: the run that divides it.
        now: time of the run.
        audit: holds what is left against the contract.
    """

    engine: Engine
    lake: Lake
    produced: Snapshot
    contract: Contract
    tables: Mapping[str, Snapshot]
    run: str
    now: datetime
    audit: Audit
    _schema: Schema = ()
    _parts: list[DataFile] = field(default_factory=list)
    _rows_left: int = 0

    def separate(self, verdict: Verdict) -> Separated:
        """Set rows aside until what is left breaks no check that sets rows aside.

        Args:
            verdict: of the version as it was built.

        Raises:
            AssetError: a query failed.
            WarehouseError: a part cannot be written, or the parts do not add up.
        """
        aside = self.lake.begin(quarantine_of(self.produced.asset), self.produced.fingerprint)
        left = self.lake.begin(self.produced.asset, self.produced.fingerprint)
        try:
            found = {result.check: result for result in verdict.results}
            while checks := to_set_aside(self.contract.checks, verdict.results):
                self._set_aside(checks, aside)
                verdict = self.audit(self._left(), self._known())
                found |= {r.check: r for r in verdict.results if not found[r.check].violations}
            quarantine = self._write_aside(aside)
            published = self._write_left(left)
            for part in self._parts:
                (self.lake.root / part.path).unlink()
        except BaseException:
            self.lake.discard(aside)
            self.lake.discard(left)
            raise
        verdict = self._verdict(verdict, found, published, quarantine)
        return Separated(verdict, published, quarantine)

    def _set_aside(self, checks: tuple[Check, ...], draft: Draft) -> None:
        """Write the rows that break some checks, of those that are left."""
        subject = Subject(
            table=Table(self._left()),
            tables=self._known(),
            types=self.contract.types,
            now=self.now,
        )
        query = broken_rows(checks, subject, self._names)
        target = draft.folder / f"part-{len(self._parts)}.parquet"
        written = self.engine.write(query.text, self._known(), target, query.params)
        self._schema = written.schema
        self._parts.append(DataFile(f"{draft.path}/{target.name}", written.rows, 0, ""))
        known = self._known()
        (self._rows_left,) = self.engine.rows(
            f"select count(*) from ({known[self.produced.asset].sql})", known
        )[0]

    @property
    def _names(self) -> Parts:
        produced = f"{_SCHEMA}.{quarantine_of(self.produced.asset).partition('.')[2]}"
        return Parts(produced, quarantine_of(self.produced.asset), begun=bool(self._parts))

    def _known(self, produced: Snapshot | None = None) -> dict[str, Snapshot]:
        """Give the tables that a query may read, the parts as they are now among them."""
        names = self._names
        known = {**self.tables, names.produced: produced or self.produced}
        if self._parts:
            known[names.aside] = replace(
                self.produced,
                asset=names.aside,
                build=f"{self.produced.build}-{len(self._parts)}",
                schema=self._schema,
                files=tuple(self._parts),
                rows=sum(file.rows for file in self._parts),
            )
        if produced is None:
            known[self.produced.asset] = self._left()
        return known

    def _left(self) -> Snapshot:
        """Give what is left as a view over the parts."""
        if not self._parts:
            return self.produced
        names = self._names
        return replace(
            self.produced,
            build=f"{self.produced.build}-left-{len(self._parts)}",
            sql=left_rows(self._columns, names),
            files=(),
            inputs={names.produced: "", names.aside: ""},
            rows=self._rows_left,
        )

    @property
    def _columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.produced.schema)

    def _write_aside(self, draft: Draft) -> Snapshot:
        """Write the table of quarantined rows."""
        query = quarantine_rows(self._columns, self._names, list(self._spans()), self.run)
        written = self.engine.write(query, self._known(), draft.folder / _FILE)
        return self._complete(draft, written.schema, list(written.files))

    def _write_left(self, draft: Draft) -> Snapshot:
        """Write the files that rows were taken from anew, and take the others as they are."""
        files = list(self._files())
        query = touched_files([(low, high) for low, high, _ in files], self._names)
        touched = {low for (low,) in self.engine.rows(query, self._known())}
        kept = tuple(file for low, _, file in files if low not in touched)
        made: list[tuple[str, int]] = []
        for number, (low, _, file) in enumerate(files):
            if low in touched:
                build = f"{self.produced.build}-file-{number}"
                piece = replace(self.produced, build=build, files=(file,))
                target = draft.folder / f"{number:04d}.parquet"
                rows = left_rows(self._columns, self._names, offset=low)
                made += self.engine.write(rows, self._known(piece), target).files
        return self._complete(draft, self.produced.schema, made, kept)

    def _complete(
        self,
        draft: Draft,
        schema: Schema,
        made: list[tuple[str, int]],
        kept: tuple[DataFile, ...] = (),
    ) -> Snapshot:
        rows = sum(rows for _, rows in made) + sum(file.rows for file in kept)
        part = replace(
            self.produced,
            schema=schema,
            files=kept,
            rows=rows,
            built_at=datetime.now(UTC),
            run=self.run,
            part_of=self.produced.version,
        )
        return self.lake.complete(draft, part, made)

    def _files(self) -> Iterator[tuple[int, int, DataFile]]:
        """Give each file of the version with the rows before it, and up to its end."""
        low = 0
        for file in self.produced.files:
            yield low, low + file.rows, file
            low += file.rows

    def _spans(self) -> Iterator[tuple[int, int, str]]:
        """Give the rows that came from each input file."""
        inputs = {record.file: record.unit.path for record in self.produced.units}
        for low, high, file in self._files():
            if (path := inputs.get(file.path)) is not None:
                yield low, high, path

    def _verdict(
        self,
        last: Verdict,
        found: Mapping[str, CheckResult],
        published: Snapshot,
        quarantine: Snapshot,
    ) -> Verdict:
        """Say what was found, of all rows by the checks that set rows aside."""
        split = Split(
            produced=rows_in_files(self.lake, self.produced),
            published=rows_in_files(self.lake, published),
            quarantined=rows_in_files(self.lake, quarantine),
            quarantine=quarantine.version,
        )
        if split.produced != split.published + split.quarantined:
            raise WarehouseError(
                f"rows do not add up: {split.produced:,} were built, {split.published:,} would be "
                f"published and {split.quarantined:,} were set aside",
                place=Place(asset=self.produced.asset),
                hint="nothing was published; please report this",
            )
        name = quarantine.asset
        counts = dict(self.engine.rows(counts_of(quarantine), {name: quarantine}))
        checks = {check.id: check for check in self.contract.checks if check.quarantines}
        results = tuple(
            _counted(found[each.check], checks[each.check], counts.get(each.check, 0), split)
            if each.check in checks
            else each
            for each in last.results
        )
        return replace(
            last, version=published.version, rows=split.produced, results=results, split=split
        )


def rows_in_files(lake: Lake, snapshot: Snapshot) -> int:
    """Count the rows of a version in its files.

    Raises:
        WarehouseError: a file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(pq.read_metadata(lake.root / file.path).num_rows for file in snapshot.files)
    except (OSError, pa.ArrowException) as error:
        place = Place(asset=snapshot.asset)
        raise WarehouseError(f"its rows cannot be counted: {error}", place=place) from error


def _counted(result: CheckResult, check: Check, rows: int, split: Split) -> CheckResult:
    """Give a result the number of rows that were set aside for it."""
    if result.status is Status.ERROR or not rows:
        return result
    within = check.tolerate.allows(rows, split.produced)
    more = "" if rows == result.violations else f"; {rows:,} in all, once others were set aside"
    return replace(
        result,
        status=Status.QUARANTINED if within else Status.FAILED,
        violations=rows,
        rows=split.produced,
        message=f"{result.message}{more}",
    )
