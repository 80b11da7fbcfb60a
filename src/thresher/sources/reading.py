"""Reading many units as one table: types decided once, and an outcome for every unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from thresher.errors import DriftedError, Place, SourceError
from thresher.project.source import REJECTING, FilesSettings
from thresher.protocols import Extract, Written
from thresher.results import Unit, UnitOutcome, UnitRecord
from thresher.sources.accounting import account, write_rejects
from thresher.sources.deciding import (
    Targets,
    contract_types,
    decide,
    decided,
    drifted_columns,
    schema_of,
)
from thresher.sources.inputs import Opener
from thresher.sources.loading import (
    Loader,
    MisguessedError,
    Opened,
    guess,
    open_sifted,
    open_tables,
)
from thresher.sources.refusals import RefusedError, RefusedFilesError
from thresher.sources.session import Session
from thresher.sources.sifting import may_be_sifted
from thresher.sources.table import refuse_case


@dataclass(frozen=True, slots=True)
class Loaded:
    """A unit that was written."""

    opened: Opened
    """What was written of it."""
    rows: int
    drifted: tuple[str, ...] = ()
    """How it differs from what earlier units decided."""


@dataclass
class Reading:
    """One reading of units, from their files to what is written.

    Args:
        extract: what is asked for.
        settings: how the files are to be read.
        session: what they are read by.
        temp: folder for what is unpacked.
        fetched: where the units are that were fetched, or why they were not.
    """

    extract: Extract
    settings: FilesSettings
    session: Session
    temp: Path
    fetched: Mapping[str, Path | RefusedError] = field(default_factory=dict)
    _opened: dict[int, Opened] = field(default_factory=dict)
    _refused: dict[int, RefusedError] = field(default_factory=dict)
    _loaded: dict[int, Loaded] = field(default_factory=dict)
    _drifted: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def run(self) -> Written:
        """Read all units.

        Raises:
            SourceError: more of them were refused than is tolerated, or none could be loaded.
            ChangedWhileReadError: a file changed.
        """
        contract = contract_types(self.extract.asset, self.session)
        self._open_all()
        if self.extract.schema is None:
            targets = self._decide_and_load(contract)
        else:
            targets = self._load_more(contract)
        return self._written(targets)

    def _open_all(self) -> None:
        opener = Opener(
            self.extract.root,
            self.temp,
            self.settings,
            self.extract.asset.name,
            self.session.check,
            self.fetched,
        )
        for number, unit in enumerate(self.extract.units, 1):
            try:
                found = opener.open(number, unit)
            except RefusedError as error:
                self._refused[number] = error
                continue
            self._opened[number] = Opened(found)
            try:
                self._opened[number] = open_tables(found, self.settings, self.session)
            except RefusedError as error:
                self._sift_or_refuse(number, error)

    def _decide_and_load(self, contract: Mapping[str, str]) -> Targets:
        """Decide the types by all files that can be read, and load these."""
        self._refuse_other_case([])
        self._guess_all(full=False)
        sure = False
        while True:
            targets = self._targets(contract)
            try:
                self._load_all(targets, sure=sure)
            except MisguessedError:
                self._guess_all(full=True)
                sure = True
                continue
            # A file that was refused has no say in the types of the others.
            if self._targets(contract) == targets:
                return targets

    def _load_more(self, contract: Mapping[str, str]) -> Targets:
        """Load files by the types that were decided when earlier ones were read."""
        targets = decided(self.extract.schema or (), contract)
        targets.pop(self.settings.filename_column or "", None)
        self._refuse_other_case(targets)
        anew: dict[str, tuple[str, ...]] = {}
        for number, opened in list(self._opened.items()):
            try:
                told, evolves = drifted_columns(opened.columns, targets, self.settings.drift)
            except RefusedError as error:
                self._refuse(number, error)
                continue
            self._drifted[number] = told
            if evolves:
                anew[opened.input.unit.path] = told
        if anew:
            raise DriftedError(anew)
        self._guess_all(full=False)
        self._load_all(targets, sure=True)
        return targets

    def _targets(self, contract: Mapping[str, str]) -> Targets:
        guesses = [opened.guess for opened in self._opened.values()]
        targets = decide(guesses, contract, self.session)
        added = self.settings.filename_column
        if added and added.lower() in {name.lower() for name in targets}:
            raise SourceError(
                f"the files have a column `{added}` of their own",
                place=Place(self.extract.asset.path, asset=self.extract.asset.name),
                hint="choose another name for `filename_column`",
            )
        return targets

    def _refuse_other_case(self, known: Targets | list[str]) -> None:
        names = dict.fromkeys(known)
        for number, opened in list(self._opened.items()):
            try:
                refuse_case(opened.columns, names)
                names.update(dict.fromkeys(opened.columns))
            except RefusedError as error:
                self._refuse(number, error)

    def _guess_all(self, *, full: bool) -> None:
        for number, opened in list(self._opened.items()):
            try:
                self._opened[number] = guess(opened, self.session, full=full)
            except RefusedError as error:
                self._sift_or_refuse(number, error, full=full)

    def _load_all(self, targets: Targets, *, sure: bool) -> None:
        loader = Loader(
            self.session,
            targets,
            self.settings.filename_column,
            self.extract.sample,
            sure=sure,
            rejects_new=self._later and self.settings.drift.new_column in REJECTING,
            rejects_changed=self._later and self.settings.drift.type_change in REJECTING,
        )
        self._loaded.clear()
        for number in list(self._opened):
            self._load(number, loader)

    def _load(self, number: int, loader: Loader) -> None:
        """Load a unit, or as much of it as the source's settings allow, or refuse it."""
        opened = self._opened[number]
        try:
            if loader.rejects_new and loader.new_columns(opened):
                what = f"{', '.join(self._drifted[number])}, and rows of its kind are not rejected"
                hint = "only rows of CSV and JSON files are: read all anew, or choose another mode"
                error = RefusedError(what, hint=hint)
                self._load_sifted(number, error, loader, sift=True)
                return
            try:
                self._write(number, opened, loader)
            except RefusedError as error:
                self._mend(number, error, loader)
        except RefusedError as last:
            self._refuse(number, last)

    def _mend(self, number: int, error: RefusedError, loader: Loader) -> None:
        """Load what can be loaded of a unit that was refused."""
        opened, mode = self._opened[number], self.settings.drift.type_change
        changed = error.drift and self._later
        if changed and mode == "evolve":
            raise DriftedError({opened.input.unit.path: (error.reason,)})
        if changed and mode == "discard_value":
            loader = replace(loader, discards=True)
            try:
                self._write(number, opened, loader)
            except RefusedError as other:
                error = other
            else:
                return
        self._load_sifted(number, error, loader, sift=changed and loader.rejects_changed)

    def _load_sifted(self, number: int, error: RefusedError, loader: Loader, *, sift: bool) -> None:
        if not self._opened[number].sifted:
            self._opened[number] = self._sifted(number, error, full=loader.sure, sift=sift)
        tolerate = self.settings.rows_tolerance
        self._write(number, loader.without_misfits(self._opened[number], tolerate), loader)

    def _write(self, number: int, opened: Opened, loader: Loader) -> None:
        rows = loader.load(opened, self.extract.folder / _file(number))
        told = loader.discarded(opened) if loader.discards else ()
        self._loaded[number] = Loaded(opened, rows, (*self._drifted.get(number, ()), *told))
        opened.input.verify(self.extract.asset.name)

    def _sift_or_refuse(self, number: int, error: RefusedError, *, full: bool = False) -> None:
        """Go on with the good records of a unit that was refused, where bad ones are tolerated."""
        try:
            self._opened[number] = self._sifted(number, error, full=full)
        except RefusedError as last:
            self._refuse(number, last)

    def _sifted(
        self, number: int, error: RefusedError, *, full: bool, sift: bool = False
    ) -> Opened:
        """Sift a unit that was refused.

        Raises:
            RefusedError: it may not be sifted, or nothing of it can be read.
        """
        opened, tolerate = self._opened[number], self.settings.rows_tolerance
        allowed = tolerate.share or tolerate.count or sift
        if not allowed or opened.sifted or not may_be_sifted(opened.input):
            raise error
        sifted = open_sifted(opened.input, self.settings, self.session)
        return guess(sifted, self.session, full=full)

    @property
    def _later(self) -> bool:
        """Whether earlier units have decided the types."""
        return self.extract.schema is not None

    def _refuse(self, number: int, error: RefusedError) -> None:
        # What is still being written looks broken, and is read again.
        self._opened.pop(number).input.verify(self.extract.asset.name)
        self._refused[number] = error

    def _written(self, targets: Targets) -> Written:
        units = list(enumerate(self.extract.units, 1))
        kept = self.extract.kept
        tolerated = self.settings.tolerance.allows(len(self._refused), len(units) + kept)
        fine = tolerated and bool(self._loaded or kept)
        records = tuple(self._record(number, unit, fine=fine) for number, unit in units)
        if not fine:
            raise RefusedFilesError(self.extract.asset.name, records, self.settings.tolerate)
        return Written(
            schema_of(targets, self.settings.filename_column),
            tuple((_file(number), each.rows) for number, each in self._loaded.items()),
            rows=sum(each.rows for each in self._loaded.values()),
            records=records,
            rejects=tuple((each.rejects, each.rejected) for each in records if each.rejects),
        )

    def _record(self, number: int, unit: Unit, *, fine: bool) -> UnitRecord:
        error = self._refused.get(number)
        if error is None:
            return self._loaded_record(number, unit)
        outcome = UnitOutcome.SET_ASIDE if fine else UnitOutcome.FAILED
        return UnitRecord(unit, outcome, reason=error.reason, hint=error.hint, line=error.line)

    def _loaded_record(self, number: int, unit: Unit) -> UnitRecord:
        """Give the record of a unit that was loaded, with its rejected lines in their file."""
        loaded, rejects = self._loaded[number], f"{number:04d}-rejected.parquet"
        record = UnitRecord(
            unit, UnitOutcome.LOADED, loaded.rows, _file(number), drift=loaded.drifted
        )
        rejected = loaded.opened.rejected
        target = self.extract.folder / rejects if rejected else None
        if target:
            write_rejects(rejected, unit.path, target)
        if self.extract.sample is not None:
            # What is no whole cannot add up to one.
            return replace(record, rejects=rejects if target else None, rejected=len(rejected))
        found = account(loaded.opened, loaded.rows, target, self.session.check)
        return replace(
            record,
            rejects=rejects if target else None,
            rejected=found.rejected,
            lines=found.lines,
            counted=found.counted,
            header=found.header,
            blank=found.blank,
            continuation=found.continuation,
        )


def _file(number: int) -> str:
    return f"{number:04d}.parquet"
