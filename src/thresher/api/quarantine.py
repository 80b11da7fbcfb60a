"""Rows that were set aside: what they are, and their way back into their table."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from thresher.api.hands import Hands
from thresher.api.querying import Answer, run_query
from thresher.api.running import Work
from thresher.errors import CommandError, Fault, Place, ProjectError
from thresher.project.asset import is_quarantine, quarantine_of, rejected_of
from thresher.project.corrections import CORRECTIONS
from thresher.project.documents import nearest
from thresher.project.secrets import MASK
from thresher.protocols import Engine
from thresher.quality.separation import ADDED, ID
from thresher.results import Publication, Schema, Snapshot, Split
from thresher.storage.local import write_whole, writing
from thresher.tables import quote_name, quote_table, quote_text
from thresher.warehouse.catalog import Warehouse

#: Endings of files that corrected rows may come in.
READERS = {
    ".csv": "read_csv({path}, all_varchar = true, header = true, allow_quoted_nulls = false)",
    ".parquet": "read_parquet({path}, hive_partitioning = false)",
}
#: Values that do not fit, told at once.
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """The rows of one table that stand in quarantine."""

    asset: str
    rows: int
    published: int
    """Rows of the asset beside them."""
    checks: Mapping[str, int]
    """How many of them break each check."""
    run: str
    """The run that set them aside."""
    at: datetime
    released: int
    """Rows that were published as they were corrected."""
    unmatched: int
    """Corrected rows whose original is no longer built, or that a later correction replaced."""
    rejected: int = 0
    """Records of its input files that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Corrected rows that the project has taken."""

    asset: str
    path: str
    """File of the project that holds them."""
    rows: int


def quarantines(work: Work) -> tuple[QuarantineRow, ...]:
    """List the tables that rows are set aside of; see `thresher quarantine list`."""
    current = _current(work)
    found = []
    for name in sorted(current.snapshots):
        if is_quarantine(name):
            continue
        aside = current.snapshots.get(quarantine_of(name))
        verdict = current.verdicts.get(name)
        split = verdict.split if verdict else None
        unread = current.snapshots.get(rejected_of(name))
        if verdict is None or (split is None and unread is None):
            continue
        rows = current.snapshots[name].rows
        split = split or Split(produced=rows, published=rows, quarantined=0)
        found.append(
            QuarantineRow(
                asset=name,
                rejected=unread.rows if unread else 0,
                rows=split.quarantined,
                published=split.published,
                checks={
                    r.check: r.violations for r in verdict.results if r.status == "quarantined"
                },
                run=aside.run if aside else current.snapshots[name].run,
                at=(aside or current.snapshots[name]).built_at,
                released=split.released,
                unmatched=split.unmatched,
            )
        )
    return tuple(found)


def masked_columns(work: Work, asset: str) -> tuple[str, ...]:
    """Give the columns of an asset whose quarantined values are shown only where that is asked for.

    What is no longer in the project has no contract to say so, and shows none of its values.

    Raises:
        CommandError: no rows of it were set aside.
    """
    columns = [field.name for field in _aside(work, asset).schema if field.name not in ADDED]
    known = work.project.assets.get(asset)
    return tuple(name for name in columns if known is None or known.contract.hides(name))


def quarantined_rows(
    work: Work, asset: str, *, limit: int | None, check: str | None, reveal: bool = False
) -> Answer:
    """Give rows that were set aside; see `thresher quarantine show`.

    Args:
        work: the project.
        asset: whose rows.
        limit: most rows; None for all.
        check: id of a check that they break; None for rows that break any.
        reveal: whether to show the values of sensitive columns.

    Raises:
        CommandError: none were, or the contract had no such check.
    """
    masked = masked_columns(work, asset)
    verdict = _current(work).verdicts.get(asset)
    known = [result.check for result in verdict.results] if verdict else []
    if check is not None and check not in known:
        hint = nearest(check, known) or "`thresher quarantine list` names them"
        raise CommandError(f"`{asset}` was not held against `{check}`", hint=hint)
    return run_query(work, _select(asset, check, () if reveal else masked), {}, limit=limit)


def export_rows(work: Work, asset: str, target: Path, *, reveal: bool = False) -> Answer:
    """Write rows that were set aside to a file, to be corrected there.

    Args:
        work: the project.
        asset: whose rows.
        target: the file.
        reveal: whether to write the values of sensitive columns; without them, the file is to be
            read, and cannot be given back.

    Raises:
        CommandError: none were, or the file's ending is not known.
    """
    masked = masked_columns(work, asset)
    return run_query(work, _select(asset, None, () if reveal else masked), {}, export=target)


def correct(work: Work, asset: str, file: Path) -> Correction:
    """Take corrected rows into the project, for the next run to publish in place of the bad ones.

    Args:
        work: the project.
        asset: whose rows they are.
        file: CSV or Parquet with the column `__id` and all columns of the asset, as exported.

    Raises:
        CommandError: the file is not such a file.
        ProjectError: every value that does not fit its column.
    """
    aside = _aside(work, asset)
    if file.suffix not in READERS:
        hint = f"one of {', '.join(READERS)}, as `thresher quarantine export` writes them"
        raise CommandError(f"`{file}` does not end with a format that can be read", hint=hint)
    if not file.is_file():
        raise CommandError(f"there is no file `{file}`")
    schema = tuple(column for column in aside.schema if column.name not in ADDED)
    hands = Hands(work.project, work.warehouse, work.cache)
    try:
        return _taken(work, hands.engine(), asset, file, schema, aside)
    finally:
        hands.close()


def _taken(
    work: Work, engine: Engine, asset: str, file: Path, schema: Schema, aside: Snapshot
) -> Correction:
    given = f"(from {READERS[file.suffix].format(path=quote_text(str(file.absolute())))})"
    _refuse_columns(engine, given, file, schema)
    _refuse_ids(engine, given, file, asset, aside)
    _refuse_values(engine, given, file, schema, masked_columns(work, asset))
    columns = ", ".join(
        f"cast({quote_name(each.name)} as {each.type}) as {quote_name(each.name)}"
        for each in schema
    )
    with tempfile.TemporaryDirectory(prefix="thresher-") as folder:
        made = Path(folder) / "corrected.parquet"
        written = engine.write(f"select {quote_name(ID)}, {columns} from {given}", {}, made)
        data = made.read_bytes()
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{hashlib.sha256(data).hexdigest()[:6]}.parquet"
    target = work.project.root / CORRECTIONS / asset / name
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, data)
    path = target.relative_to(work.project.root).as_posix()
    return Correction(asset=asset, path=path, rows=written.rows)


def _refuse_columns(engine: Engine, given: str, file: Path, schema: Schema) -> None:
    found, _ = engine.head(f"select * from {given}", {}, limit=0)
    wanted = [ID, *(column.name for column in schema)]
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted and name not in ADDED]
    if missing or extra:
        said = [f"column `{name}` is missing" for name in missing]
        said += [f"there is no column `{name}`" for name in extra]
        hint = nearest(extra[0], wanted) if extra else None
        raise CommandError(
            f"`{file}`: {', '.join(said)}",
            hint=hint or f"it needs `{ID}` and all columns of the table, as exported",
        )


def _refuse_ids(engine: Engine, given: str, file: Path, asset: str, aside: Snapshot) -> None:
    tables = {aside.asset: aside}
    known = f"select {quote_name(ID)} from {quote_table(aside.asset)}"
    name = quote_name(ID)
    rows = engine.rows(
        f"select {name}, count(*), bool_or({name} in ({known})) from {given} group by {name}"
        f" having count(*) > 1 or not coalesce(bool_or({name} in ({known})), false)"
        f" order by {name} limit {_SHOWN}",
        tables,
    )
    if not rows and engine.rows(f"select count(*) from {given}", tables)[0][0]:
        return
    faults = [
        Fault(
            f"`{ID}` {found!r} "
            + ("stands there twice" if there else "is none of the rows in quarantine"),
            Place(str(file)),
            f"its values are masked: `thresher quarantine export {asset} FILE --reveal`"
            if found == MASK
            else "leave the column as it was exported",
        )
        for found, _, there in rows
    ]
    raise ProjectError(faults or [Fault("it holds no row", Place(str(file)))])


def _refuse_values(
    engine: Engine, given: str, file: Path, schema: Schema, masked: Sequence[str]
) -> None:
    faults = []
    for column in schema:
        name = quote_name(column.name)
        rows = engine.rows(
            f"select row, cast({name} as varchar) from (select row_number() over () as row, *"
            f" from {given}) where {name} is not null"
            f" and try_cast({name} as {column.type}) is null limit {_SHOWN}",
            {},
        )
        faults += [
            Fault(
                f"row {row}: `{column.name}` should be {column.type},"
                f" not `{MASK if column.name in masked else value}`",
                Place(str(file)),
            )
            for row, value in rows
        ]
    if faults:
        raise ProjectError(faults)


def _select(asset: str, check: str | None, masked: tuple[str, ...]) -> str:
    """Write the query for quarantined rows; by its id, which is a hash, one could be guessed."""
    hidden = map(quote_name, (ID, *masked) if masked else ())
    parts = [f"if({name} is null, null, {quote_text(MASK)}) as {name}" for name in hidden]
    columns = f"* replace ({', '.join(parts)})" if parts else "*"
    table = quote_table(quarantine_of(asset))
    where = ""
    if check is not None:
        where = f" where list_contains(__checks, {quote_text(check)})"
    return f"select {columns} from {table}{where}"


def _current(work: Work) -> Publication:
    current = Warehouse(work.warehouse).current(work.settings.environment)
    if current is None:
        what = f"nothing is published in the environment `{work.settings.environment}`"
        raise CommandError(what, hint="`thresher run` publishes")
    return current


def _aside(work: Work, asset: str) -> Snapshot:
    """Give the published table of an asset's quarantined rows."""
    current = _current(work)
    if asset not in current.snapshots:
        what = f"`{asset}` is not published in the environment `{work.settings.environment}`"
        raise CommandError(what, hint=nearest(asset, current.snapshots))
    found = current.snapshots.get(quarantine_of(asset))
    if found is None:
        raise CommandError(
            f"no rows of `{asset}` are in quarantine",
            hint="`thresher quarantine list` tells where there are some",
        )
    return found
