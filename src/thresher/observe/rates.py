"""How many checks of each asset passed in past runs, from the run history."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from thresher.observe.recorder import SCHEMA_VERSION

#: Past runs that are looked at of each asset.
MOST_RUNS = 20


@dataclass(frozen=True, slots=True)
class PastRate:
    """The checks of one asset in one run."""

    run: str
    started: str
    """When the run began: ISO 8601, in UTC."""
    passed: int
    checks: int


def pass_rates(path: Path, environment: str, *, besides: str) -> Mapping[str, tuple[PastRate, ...]]:
    """Give by asset its last runs that audited it, the oldest first.

    A history that is not there, is broken or was written by another version tells nothing: nothing
    may depend on it.

    Args:
        path: the SQLite file.
        environment: whose runs.
        besides: a run to leave out.
    """
    if not path.exists():
        return {}
    query = """
        select asset, run, started, passed, checks from (
            select steps.asset, steps.run, runs.started, passed, checks, row_number() over (
                partition by steps.asset order by runs.started desc, runs.rowid desc) as back
            from steps join runs on runs.id = steps.run
            where environment = ? and runs.id <> ? and sample is null and checks > 0
        ) where back <= ? order by asset, back desc
    """
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=1)) as connection:
            if connection.execute("pragma user_version").fetchone()[0] != SCHEMA_VERSION:
                return {}
            rows = connection.execute(query, (environment, besides, MOST_RUNS)).fetchall()
    except sqlite3.Error:
        return {}
    found: dict[str, list[PastRate]] = {}
    for asset, *values in rows:
        found.setdefault(asset, []).append(PastRate(*values))
    return {asset: tuple(rates) for asset, rates in found.items()}
