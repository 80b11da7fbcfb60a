"""Rows that a test gives, as a version of the table that they stand for.

The engine itself writes them, by a query that reads every cell as its column's type: a test sees
its inputs in the very form in which a run sees them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.errors import AssetError, ThresherError
from thresher.project import sql
from thresher.project.asset import Asset, SqlBody
from thresher.project.written_rows import Cell, Rows, columns_of, told_type
from thresher.protocols import Engine, Job, Written
from thresher.results import DataFile, Snapshot
from thresher.tables import quote_name

RUN = "test"
"""What stands for the id of a run where there is none."""
_NOTHING = Cell(None, None)


def given_version(
    engine: Engine,
    warehouse: Path,
    name: str,
    rows: Rows,
    types: Mapping[str, str | None],
    *,
    build: str,
) -> Snapshot:
    """Make a version of a table out of rows.

    Args:
        engine: what writes them.
        warehouse: folder that the engine's files are relative to.
        name: the table.
        rows: its rows.
        types: columns that are known of it, with their types; None where the type is not known.
        build: tells this version from others of its name.

    Raises:
        AssetError: a value does not fit its column.
    """
    columns = _typed(rows, types)
    query = _query(columns, "cast")
    given = json.dumps([_record(row.cells, columns) for row in rows], ensure_ascii=False)
    asset = Asset(name=name, path="", body=SqlBody(query, query, None))
    folder = f"lake/{name.replace('.', '/')}/given-{build}"
    job = Job(
        asset=asset,
        root=warehouse,
        folder=warehouse / folder,
        tables={},
        params={"given": given},
        run=RUN,
        run_time=datetime.now(UTC),
    )
    try:
        written = build_asset(engine, job)
    except AssetError as error:
        raise _misfit(engine, name, rows, columns, given) or error from None
    return version_of(name, written, folder, build=build, engine=engine)


def build_asset(engine: Engine, job: Job) -> Written:
    """Build one asset, in a folder that is not there yet; see `Engine.build`."""
    job.folder.mkdir(parents=True)
    return engine.build(job)


def version_of(
    name: str,
    written: Written,
    folder: str,
    *,
    build: str,
    engine: Engine,
    inputs: Mapping[str, str] | None = None,
) -> Snapshot:
    """Give what was built as a version."""
    return Snapshot(
        asset=name,
        fingerprint="test",
        build=build,
        ingredients={},
        schema=written.schema,
        files=tuple(DataFile(f"{folder}/{file}", rows, 0, "") for file, rows in written.files),
        sql=written.sql,
        inputs=inputs or {},
        rows=written.rows,
        built_at=datetime.now(UTC),
        run=RUN,
        engine=engine.name,
    )


def _typed(rows: Rows, types: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Give name and type of each column: as it is known, else as the values tell."""
    cells: dict[str, list[Cell]] = {}
    for row in rows:
        for key, cell in row.cells.items():
            cells.setdefault(key.lower(), []).append(cell)
    known = {name.lower(): kind for name, kind in types.items()}
    extra = [name for name in columns_of(rows) if name.lower() not in known]
    return [
        (name, known.get(name.lower()) or told_type(cells.get(name.lower(), ())))
        for name in (*types, *extra)
    ]


def _record(cells: Mapping[str, Cell], columns: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Give a row as JSON that the query reads."""
    lower = {name.lower(): cell for name, cell in cells.items()}
    found = {}
    for at, (name, kind) in enumerate(columns):
        cell = lower.get(name.lower(), _NOTHING)
        if cell.text is not None:
            nested = cell.nested and not _plain(kind)
            found[f"c{at}"] = json.loads(cell.text) if nested else cell.text
    return found


def _plain(kind: str) -> bool:
    """Say whether a type is read from text: any but lists, structs and maps."""
    return not kind.endswith("]") and not kind.upper().startswith(("STRUCT", "MAP", "UNION"))


def _query(columns: Sequence[tuple[str, str]], cast: str) -> str:
    form = {f"c{at}": "VARCHAR" if _plain(kind) else "JSON" for at, (_, kind) in enumerate(columns)}
    selected = ", ".join(
        f"{cast}(r.c{at} as {sql.normal_type(kind) or kind}) as {quote_name(name)}"
        for at, (name, kind) in enumerate(columns)
    )
    source = f"select unnest(from_json($given, '{json.dumps([form])}')) as r"
    return f"select {selected} from ({source})"


def _misfit(
    engine: Engine, name: str, rows: Rows, columns: Sequence[tuple[str, str]], given: str
) -> AssetError | None:
    """Find the first value that does not fit its column."""
    try:
        read = engine.rows(_query(columns, "try_cast"), {}, {"given": given})
    except ThresherError:
        return None
    for row, values in zip(rows, read, strict=True):
        lower = {key.lower(): cell for key, cell in row.cells.items()}
        for (column, kind), value in zip(columns, values, strict=True):
            cell = lower.get(column.lower(), _NOTHING)
            if value is None and cell.text is not None:
                what = f"`{cell.text}` does not fit the column `{column}` of `{name}`, {kind}"
                return AssetError(what, place=row.place)
    return None
