"""Files of corrected rows, as they stand to the table as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from thresher.errors import AssetError, Place
from thresher.protocols import Engine
from thresher.quality.separation import ID, Corrected, repeated_ids, rows_in, types_given, types_in
from thresher.results import Schema

_HINT = "put the file back as it was, or remove it: its rows are set aside again then"


@dataclass(frozen=True, slots=True)
class Corrections:
    """What the files of corrections of a table come to."""

    fitting: tuple[tuple[Corrected, str], ...] = ()
    """Each file whose rows are such as the table has, with its path in the project."""
    unmatched: int = 0
    """Rows of the others: the table has other columns now, so no row of it is one of theirs."""


def read_corrections(
    engine: Engine, schema: Schema, files: Sequence[tuple[Path, str, str]]
) -> Corrections:
    """Look at files of corrected rows before they are used.

    Args:
        engine: reads them.
        schema: the columns of the table.
        files: file, path in the project and hash of each, in the order in which they came.

    Raises:
        AssetError: one cannot be read, or corrects a row twice.
    """
    fitting: list[tuple[str, str]] = []
    unmatched = 0
    for file, path, _ in files:
        given = str(file.absolute())
        if _fits(engine, schema, given, path):
            fitting.append((given, path))
        else:
            unmatched += engine.rows(rows_in(given), {})[0][0]
    names = tuple(given for given, _ in fitting)
    return Corrections(
        tuple((Corrected(g, names[n + 1 :]), path) for n, (g, path) in enumerate(fitting)),
        unmatched,
    )


def _fits(engine: Engine, schema: Schema, given: str, path: str) -> bool:
    """Say whether a file has the columns of a table, and their types."""
    try:
        found = dict(engine.rows(types_in(given), {}))
    except AssetError:
        what = f"the corrected rows in `{path}` cannot be read: it is no whole Parquet file"
        raise AssetError(what, place=Place(path), hint=_HINT) from None
    if found.get(ID) != "VARCHAR":
        what = f"`{path}` does not say which rows it corrects: it has no texts in `{ID}`"
        raise AssetError(what, place=Place(path), hint=_HINT)
    for (twice,) in engine.rows(repeated_ids(given), {}):
        raise AssetError(
            f"`{path}` corrects the row `{twice}` more than once", place=Place(path), hint=_HINT
        )
    if not {column.name for column in schema} <= found.keys():
        return False
    types = dict(engine.rows(types_given(schema, given), {}))
    return all(types[column.name] == column.type for column in schema)
