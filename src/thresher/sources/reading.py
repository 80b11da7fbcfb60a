"""Reading many units as one table: types decided once, and an outcome for every unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from thresher.errors import DriftedError, Place, SourceError
from thresher.project.source import REJECTING, FilesSettings
from thresher.protocols import Extract, Written
from thresher.sources.accounting import Loaded, record_of, refused_record
from thresher.sources.deciding import (
    Targets,
    contract_types,
    decide,
    decided,
    drifted_columns,
    schema_of,
)
from thresher.sources.fitting import Fitting
from thresher.sources.inputs import Opener
from thresher.sources.loading import Loader
from thresher.sources.misfits import MisguessedError, discarded, without_misfits
from thresher.sources.opening import Opened, guess, open_tables, sift_unit
from thresher.sources.refusals import RefusedError, RefusedFilesError
from thresher.sources.session import Session
from thresher.sources.table import refuse_case


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
        drift = self.settings.drift
        fitting = Fitting(
            self.session,
            targets,
            rejects_new=self._later and drift.new_column in REJECTING,
            rejects_changed=self._later and drift.type_change in REJECTING,
        )
        added, share = self.settings.filename_column, self.extract.sample
        sensitive = self.extract.asset.contract.sensitive
        loader = Loader(fitting, added, share, sure=sure, sensitive=sensitive)
        self._loaded.clear()
        for number in list(self._opened):
            self._load(number, loader)

    def _load(self, number: int, loader: Loader) -> None:
        """Load a unit, or as much of it as the source's settings allow, or refuse it."""
        opened = self._opened[number]
        try:
            if loader.fitting.rejects_new and loader.fitting.new_columns(opened):
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
            told = error.told(self.extract.asset.contract)
            raise DriftedError({opened.input.unit.path: (told,)})
        if changed and mode == "discard_value":
            loader = replace(loader, fitting=replace(loader.fitting, discards=True))
            try:
                self._write(number, opened, loader)
            except RefusedError as other:
                error = other
            else:
                return
        self._load_sifted(number, error, loader, sift=changed and loader.fitting.rejects_changed)

    def _load_sifted(self, number: int, error: RefusedError, loader: Loader, *, sift: bool) -> None:
        if not self._opened[number].sifted:
            opened = self._opened[number]
            self._opened[number] = sift_unit(
                opened, error, self.settings, self.session, full=loader.sure, sift=sift
            )
        left = without_misfits(
            self._opened[number], loader.fitting, self.settings.rows_tolerance, sure=loader.sure
        )
        self._write(number, left, loader)

    def _write(self, number: int, opened: Opened, loader: Loader) -> None:
        rows = loader.load(opened, self.extract.folder / _file(number))
        told = discarded(opened, loader.fitting) if loader.fitting.discards else ()
        self._loaded[number] = Loaded(opened, rows, (*self._drifted.get(number, ()), *told))
        opened.input.verify(self.extract.asset.name)

    def _sift_or_refuse(self, number: int, error: RefusedError, *, full: bool = False) -> None:
        """Go on with the good records of a unit that was refused, where bad ones are tolerated."""
        try:
            opened = self._opened[number]
            self._opened[number] = sift_unit(opened, error, self.settings, self.session, full=full)
        except RefusedError as last:
            self._refuse(number, last)

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
        records = tuple(
            refused_record(unit, self._refused[number], self.extract.asset.contract, fine=fine)
            if number in self._refused
            else record_of(unit, self._loaded[number], _file(number), self.extract, self.session)
            for number, unit in units
        )
        if not fine:
            raise RefusedFilesError(self.extract.asset.name, records, self.settings.tolerate)
        return Written(
            schema_of(targets, self.settings.filename_column),
            tuple((_file(number), each.rows) for number, each in self._loaded.items()),
            rows=sum(each.rows for each in self._loaded.values()),
            records=records,
            rejects=tuple((each.rejects, each.rejected) for each in records if each.rejects),
        )


def _file(number: int) -> str:
    return f"{number:04d}.parquet"
