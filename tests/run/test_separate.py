"""Rows divided by a real engine, held against the same division made row by row in Python."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.engines.duckdb import DuckDBEngine
from thresher.errors import WarehouseError
from thresher.project.contract import Check, Contract, OnViolation, Tolerance
from thresher.quality.audit import audit
from thresher.results import Field, Snapshot, Status
from thresher.run.division import Division
from thresher.run.separate import Separation
from thresher.warehouse.lake import Lake

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ASSET = "clean.people"
TYPES = pa.schema([("id", pa.int64()), ("boss", pa.int64()), ("name", pa.string())])
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(1, 6),
        st.none() | st.integers(1, 8),
        st.none() | st.sampled_from(["a", "b", "", "it's"]),
    ),
    max_size=25,
)


def check(kind, *columns, references=(), **arguments):
    return Check(
        kind,
        columns,
        tuple(arguments.items()),
        on_violation=OnViolation.QUARANTINE,
        tolerate=Tolerance(share=1.0),
        references=references,
    )


BOSS = check("references", "boss", to=ASSET, keys=("id",), references=(ASSET,))
ROW_CHECKS = {
    check("not_null", "name"): lambda row, _: row[2] is None,
    check("between", "id", low=2, high=5): lambda row, _: (
        row[0] is not None and not 2 <= row[0] <= 5
    ),
    check("accepted", "name", values=("a", "it's")): lambda row, _: (
        row[2] not in (None, "a", "it's")
    ),
    BOSS: lambda row, rows: row[1] is not None and row[1] not in {other[0] for other in rows},
}
KEY = check("unique", "id")
CHECKS = (*ROW_CHECKS, KEY)


def divided(rows, checks):
    """Divide rows as the documentation says, one by one."""
    left, aside = list(rows), []
    while True:
        broken = [
            (row, [c.id for c in checks if c in ROW_CHECKS and ROW_CHECKS[c](row, left)])
            for row in left
        ]
        if any(names for _, names in broken):
            left = [row for row, names in broken if not names]
        elif KEY in checks:
            seen, broken = set(), []
            for row in sorted(left, key=lambda row: tuple((v is None, v) for v in row)):
                again = row[0] is not None and row[0] in seen
                seen.add(row[0])
                broken.append((row, [KEY.id] if again else []))
            left = [row for row, names in broken if not names]
        aside += [(row, tuple(names)) for row, names in broken if names]
        if not any(names for _, names in broken):
            return Counter(left), Counter(aside)


def version(lake, rows, *, files=1):
    draft = lake.begin(ASSET, "f" * 16)
    made, size = [], -(-len(rows) // files) or 1
    for number, at in enumerate(range(0, max(len(rows), 1), size)):
        part = rows[at : at + size]
        columns = list(zip(*part, strict=True)) if part else [[], [], []]
        table = pa.table(dict(zip(TYPES.names, columns, strict=True)), schema=TYPES)
        pq.write_table(table, draft.folder / f"{number}.parquet")
        made.append((f"{number}.parquet", len(part)))
    return lake.complete(draft, snapshot_of(rows), made)


def snapshot_of(rows):
    kinds = {"id": "BIGINT", "boss": "BIGINT", "name": "VARCHAR"}
    return Snapshot(
        asset=ASSET,
        fingerprint="",
        build="",
        ingredients={},
        schema=tuple(Field(name, kind, kind) for name, kind in kinds.items()),
        rows=len(rows),
        built_at=NOW,
        run="r0",
        engine="",
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = DuckDBEngine(
        warehouse=tmp_path_factory.mktemp("w"),
        threads=2,
        memory=None,
        temp=tmp_path_factory.mktemp("t"),
    )
    yield made
    made.close()


def separated(engine, rows, checks, *, files=1):
    lake = Lake(engine._warehouse)
    contract = Contract(checks=tuple(checks))
    built = version(lake, rows, files=files)

    def held(left, tables):
        return audit(left, contract, key="k", rows=engine.rows, tables=tables, now=NOW)

    division = Division(built, {ASSET: built})
    return Separation(engine, lake, division, contract, "r1", NOW, held).separate()


def rows_of(engine, snapshot):
    paths = [engine._warehouse / file.path for file in snapshot.files]
    tables = [pq.read_table(path) for path in paths]
    return [row for table in tables for row in table.to_pylist()]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS, checks=st.sets(st.sampled_from(CHECKS), min_size=1), files=st.integers(1, 3))
def test_rows_are_divided_as_by_hand(engine, rows, checks, files):
    chosen = [each for each in CHECKS if each in checks]
    found = separated(engine, rows, chosen, files=files)
    left = Counter(tuple(row.values()) for row in rows_of(engine, found.snapshot))
    aside = Counter(
        ((row["id"], row["boss"], row["name"]), tuple(row["__checks"]))
        for row in (rows_of(engine, found.quarantine) if found.quarantine else [])
    )
    assert (left, aside) == divided(rows, chosen)
    told = {r.check: r.violations for r in found.verdict.results}
    named = Counter(name for (_, names), n in aside.items() for name in names for _ in range(n))
    assert told == {each.id: named[each.id] for each in chosen}
    statuses = {r.status for r in found.verdict.results}
    assert statuses <= {Status.PASSED, Status.QUARANTINED}


def test_where_a_row_was_lost_nothing_is_published(engine):
    class Losing:
        """The engine itself, but for one row of what is left."""

        def __getattr__(self, name):
            return getattr(engine, name)

        def write(self, sql, tables, target, params=None):
            if target.name[0].isdigit():
                sql = f"select * from ({sql}) offset 1"
            return engine.write(sql, tables, target, params)

    rows = [(1, None, "a"), (2, None, "a"), (9, None, "a")]
    with pytest.raises(WarehouseError, match="rows do not add up: 3 were built, 1 would be"):
        separated(Losing(), rows, [check("between", "id", low=1, high=5)])
    assert not list(engine._warehouse.glob("lake/quarantine/*/*/part-*"))
