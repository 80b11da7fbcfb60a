"""Whether what was read anew holds the rows that a version has: then that version is kept.

Only the same columns with the same types, the same outcome of every input and exactly the same rows
count as unchanged; the order of the rows does not matter, since a database promises none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from thresher.protocols import Engine
from thresher.results import DataFile, Snapshot
from thresher.tables import quote_name

_BEFORE, _NOW = "before", "now"


def holds_same(before: Snapshot, now: Snapshot, engine: Callable[[], Engine]) -> bool:
    """Say whether two versions of a source hold the same.

    Args:
        before: the version that is there.
        now: what was read, its files in place, though their checksums may be missing.
        engine: gives the engine, which compares rows.
    """
    if (before.schema, before.rows) != (now.schema, now.rows) or before.sql or now.sql:
        return False
    if _outcomes(before) != _outcomes(now):
        return False
    shared = {file.path for file in before.files} & {file.path for file in now.files}
    old = _beside(before.files, shared)
    new = _beside(now.files, shared)
    if not any(file.rows for file in (*old, *new)):
        return True
    return _same_rows(
        replace(before, files=old, build=f"{before.build}-{now.build}"),
        replace(now, files=new),
        engine(),
    )


def _beside(files: Iterable[DataFile], shared: set[str]) -> tuple[DataFile, ...]:
    return tuple(file for file in files if file.path not in shared)


def _outcomes(snapshot: Snapshot) -> list[tuple[object, ...]]:
    """Give what became of each input, wherever its rows are."""
    return sorted(
        (
            *(r.unit.path, r.outcome, r.rows, r.reason or "", r.line or 0),
            # Rejected records are not compared: another file may have others.
            r.unit.sha256 if r.rejected else "",
        )
        for r in snapshot.units
    )


def _same_rows(before: Snapshot, now: Snapshot, engine: Engine) -> bool:
    table = before.asset.partition(".")[2]
    names = [f"{_BEFORE}.{quote_name(table)}", f"{_NOW}.{quote_name(table)}"]
    tables = {f"{_BEFORE}.{table}": before, f"{_NOW}.{table}": now}
    columns = ", ".join(quote_name(column.name) for column in before.schema)
    # Cheap, and tells nearly always what is not the same; what may be is compared row by row.
    sums = ", ".join(
        f"(select (count(*), sum(hash({columns})::hugeint)) from {name})" for name in names
    )
    one, other = engine.rows(f"select {sums}", tables)[0]
    if one != other:
        return False
    differences = f"(from {names[0]} except all from {names[1]})"
    return engine.rows(f"select count(*) from {differences}", tables) == [(0,)]
