"""Which type holds the values of several."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.errors import NOWHERE
from thresher.sources.session import Session, Stop
from thresher.sources.type_lattice import join, settled, storage

KINDS = [
    '"NULL"', "BOOLEAN", "TINYINT", "UTINYINT", "INTEGER", "BIGINT", "UBIGINT", "FLOAT", "DOUBLE",
    "DECIMAL(4,1)", "DECIMAL(36,33)", "DECIMAL(38,0)", "DATE", "TIMESTAMP", "TIMESTAMP_NS",
    "TIMESTAMP WITH TIME ZONE", "TIME", "VARCHAR", "JSON", "BIGINT[]", '"NULL"[]', "DOUBLE[]",
    "STRUCT(p BIGINT)", "STRUCT(q VARCHAR, p DOUBLE)", "STRUCT(p DOUBLE, q VARCHAR)",
]  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("spill")
    found = Session(threads=1, memory=None, temp=folder, timezone="UTC", stop=Stop(NOWHERE))
    yield found
    found.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
def test_order_and_repetition_change_nothing(session: Session, kinds: list[str]) -> None:
    joined = join(kinds, session)
    assert {join(order, session) for order in itertools.permutations(kinds)} == {joined}
    assert join([*kinds, *kinds], session) == joined
    assert join([joined, *kinds], session) == joined


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["TINYINT", "UTINYINT"], "SMALLINT"),
        (["UINTEGER", "INTEGER"], "BIGINT"),
        (["UBIGINT", "TINYINT"], "DECIMAL(38,0)"),
        (["DECIMAL(4,1)", "DECIMAL(5,3)"], "DECIMAL(6,3)"),
        (["DECIMAL(38,0)", "DECIMAL(38,1)"], "DOUBLE"),
        (["BIGINT", "DOUBLE"], "DOUBLE"),
        (["DATE", "TIMESTAMP"], "TIMESTAMP"),
        (["DATE", "TIME"], "VARCHAR"),
        (["BIGINT", "BOOLEAN"], "VARCHAR"),
        (["BIGINT[]", '"NULL"[]'], "BIGINT[]"),
        (["STRUCT(b BIGINT, a BIGINT)", '"NULL"'], "STRUCT(b BIGINT, a BIGINT)"),
        (["STRUCT(b BIGINT)", "STRUCT(z DATE, b DOUBLE)"], "STRUCT(b DOUBLE, z DATE)"),
        (["STRUCT(z BIGINT)", "STRUCT(b DATE, a DOUBLE)"], "STRUCT(a DOUBLE, b DATE, z BIGINT)"),
        (['STRUCT("x y" BIGINT)', 'STRUCT("x y" DOUBLE)'], 'STRUCT("x y" DOUBLE)'),
        (["STRUCT(b BIGINT)", "BIGINT[]"], "JSON"),
        (["MAP(VARCHAR, BIGINT)", "MAP(VARCHAR, DOUBLE)"], "JSON"),
    ],
)
def test_join(session: Session, kinds: list[str], expected: str) -> None:
    assert join(kinds, session) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ('"NULL"', "VARCHAR"),
        ('"NULL"[]', "JSON[]"),
        ('STRUCT("NULL" BIGINT, b "NULL")', 'STRUCT("NULL" BIGINT, b JSON)'),
    ],
)
def test_what_no_value_told_is_settled(kind: str, expected: str) -> None:
    assert settled(kind) == expected


@pytest.mark.parametrize(
    "kind",
    [
        *KINDS, "HUGEINT", "UHUGEINT", "BIT", "BIGNUM", "INTERVAL", "TIME WITH TIME ZONE",
        "TIMESTAMP_S", "TIMESTAMP_MS", "ENUM('a', 'b')", "BIGINT[3]", "UUID", "BLOB",
        "MAP(VARCHAR, BIGINT)", "STRUCT(a HUGEINT)", "UNION(a INTEGER)", "HUGEINT[]",
    ],
)  # fmt: skip
def test_what_is_stored_comes_back(tmp_path: Path, kind: str) -> None:
    """Parquet gives back the storage type, and casting there and back changes no type."""
    kind = settled(kind)
    held = storage(kind)
    if held is None:
        assert kind in ("STRUCT(a HUGEINT)", "UNION(a INTEGER)", "HUGEINT[]")
        return
    path = tmp_path / "a.parquet"
    with duckdb.connect() as database:
        database.execute(f"copy (select cast(cast(null as {kind}) as {held}) as x) to '{path}'")
        found = database.execute(f"describe from '{path}'").fetchall()[0][1]
        assert found == held
        database.execute(f"select cast(x as {kind}) from '{path}'").fetchall()
