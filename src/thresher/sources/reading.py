"""Reading many units as one table: types decided once, and an outcome for every unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from thresher.errors import Place, SourceError
from thresher.project.source import FilesSettings
from thresher.protocols import Extract, Written
from thresher.results import Unit, UnitOutcome, UnitRecord
from thresher.sources.deciding import (
    Targets,
    contract_types,
    decide,
    decided,
    refuse_drift,
    schema_of,
)
from thresher.sources.inputs import Opener
from thresher.sources.loading import Loader, MisguessedError, Opened, guess, open_tables
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
    _loaded: dict[int, int] = field(default_factory=dict)

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
                self._refuse(number, error)

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
        for number, opened in list(self._opened.items()):
            try:
                refuse_drift(opened.columns, targets)
            except RefusedError as error:
                self._refuse(number, error)
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
                self._refuse(number, error)

    def _load_all(self, targets: Targets, *, sure: bool) -> None:
        loader = Loader(
            self.session,
            targets,
            self.settings.filename_column,
            self.extract.sample,
            sure=sure,
            sensitive=self.extract.asset.contract.sensitive,
        )
        self._loaded.clear()
        for number, opened in list(self._opened.items()):
            try:
                self._loaded[number] = loader.load(opened, self.extract.folder / _file(number))
            except RefusedError as error:
                self._refuse(number, error)
            else:
                opened.input.verify(self.extract.asset.name)

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
            tuple((_file(number), rows) for number, rows in self._loaded.items()),
            rows=sum(self._loaded.values()),
            records=records,
        )

    def _record(self, number: int, unit: Unit, *, fine: bool) -> UnitRecord:
        error = self._refused.get(number)
        if error is None:
            return UnitRecord(unit, UnitOutcome.LOADED, self._loaded[number], _file(number))
        outcome = UnitOutcome.SET_ASIDE if fine else UnitOutcome.FAILED
        reason = error.told(self.extract.asset.contract)
        return UnitRecord(unit, outcome, reason=reason, hint=error.hint, line=error.line)


def _file(number: int) -> str:
    return f"{number:04d}.parquet"
