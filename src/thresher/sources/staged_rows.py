"""One unit whose rows were staged: its types decided, and its rows written as one Parquet file."""

from __future__ import annotations

from thresher.errors import Place, SourceError
from thresher.protocols import Extract, Written
from thresher.results import Unit, UnitOutcome, UnitRecord
from thresher.sources.deciding import contract_types, decide, schema_of
from thresher.sources.fitting import Fitting
from thresher.sources.inputs import Input, Part
from thresher.sources.loading import Loader
from thresher.sources.misfits import MisguessedError
from thresher.sources.opening import Opened, guess
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.staging import Stage

FILE = "0001.parquet"


def write_staged(
    extract: Extract,
    unit: Unit,
    stage: Stage,
    session: Session,
    *,
    dates: bool,
    filename_column: str | None = None,
) -> Written:
    """Write what was staged into the folder of a reading.

    Args:
        extract: what is asked for.
        unit: where the rows come from.
        stage: the rows.
        session: what they are written by.
        dates: whether texts may stand for dates and times.
        filename_column: name of a column to add that holds the unit's path.

    Raises:
        SourceError: a value does not fit the type that the contract gives.
    """
    contract = contract_types(extract.asset, session)
    try:
        table = stage.table(session, dates=dates)
        part = Part(stage.folder, "parquet", unit.path, stage.folder)
        opened = Opened(Input(unit, None, None, (part,)), (table,))
        sure = False
        while True:
            opened = guess(opened, session, full=sure)
            targets = decide([opened.guess], contract, session)
            fitting = Fitting(session, targets)
            sensitive = extract.asset.contract.sensitive
            loader = Loader(
                fitting, filename_column, extract.sample, sure=sure, sensitive=sensitive
            )
            try:
                rows = loader.load(opened, extract.folder / FILE)
                break
            except MisguessedError:
                sure = True
    except RefusedError as error:
        raise refused(extract, unit, error) from None
    record = UnitRecord(unit, UnitOutcome.LOADED, rows, FILE)
    schema = schema_of(targets, filename_column)
    return Written(schema, ((FILE, rows),), rows=rows, records=(record,))


def refused(extract: Extract, unit: Unit, error: RefusedError) -> SourceError:
    """Say why a unit cannot be loaded, as an error of the asset that it is for."""
    asset = extract.asset
    return SourceError(
        f"`{shown(unit.path)}`: {error.told(asset.contract)}",
        place=Place(asset.path, asset=asset.name),
        hint=error.hint,
    )
