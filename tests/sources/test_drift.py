"""Later files that are not what earlier ones decided, and what `drift` does about each."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest
from source_landing import Landing, Reading, parquet

from thresher.errors import DriftedError
from thresher.results import Field

SCHEMA = (Field("a", "BIGINT", "BIGINT"), Field("b", "VARCHAR", "VARCHAR"))
NEW = "a,b,zip\n1,x,\n2,y,10\n"
CHANGED = "a,b\n1,x\n1.5,y\n2,z\nq,w\n"


def rejects(reading: Reading) -> list[tuple[int, str]]:
    return [
        (row["line"], row["column"])
        for name, _ in reading.written.rejects
        for row in pq.read_table(reading.folder / name).to_pylist()
    ]


@pytest.mark.parametrize(
    ("key", "mode", "text", "rows", "told", "bad"),
    [
        ("new_column", "discard_value", NEW, [(1, "x"), (2, "y")], "column `zip` is new", []),
        ("new_column", "discard_row", NEW, [(1, "x")], "column `zip` is new", [(3, "zip")]),
        ("new_column", "quarantine", NEW, [(1, "x")], "column `zip` is new", [(3, "zip")]),
        ("missing_column", "discard_value", "a\n1\n", [(1, None)], "column `b` is missing", []),
        ("missing_column", "evolve", "a\n1\n", [(1, None)], "column `b` is missing", []),
        (
            "type_change",
            "discard_value",
            CHANGED,
            [(1, "x"), (None, "y"), (2, "z"), (None, "w")],
            "values of `a` that are no BIGINT are left out: 2",
            [],
        ),
        ("type_change", "discard_row", CHANGED, [(1, "x"), (2, "z")], None, [(3, "a"), (5, "a")]),
        ("type_change", "quarantine", CHANGED, [(1, "x"), (2, "z")], None, [(3, "a"), (5, "a")]),
    ],
)
def test_what_drifted_is_done_as_the_source_says(
    landing: Landing,
    key: str,
    mode: str,
    text: str,
    rows: list[Any],
    told: str | None,
    bad: list[tuple[int, str]],
) -> None:
    landing.put("a.csv", text)
    reading = landing.read(schema=SCHEMA, drift={key: mode})
    record = reading.record("a.csv")
    assert reading.rows == rows
    assert record.drift == ((told,) if told else ())
    assert rejects(reading) == bad
    assert reading.written.schema == SCHEMA


@pytest.mark.parametrize(
    ("key", "mode", "text"),
    [
        ("new_column", "freeze", NEW),
        ("missing_column", "freeze", "a\n1\n"),
        ("missing_column", "discard_row", "a\n1\n"),
        ("missing_column", "quarantine", "a\n1\n"),
        ("type_change", "freeze", CHANGED),
    ],
)
def test_what_is_frozen_is_refused(landing: Landing, key: str, mode: str, text: str) -> None:
    landing.put("a.csv", text)
    record = landing.refusal(schema=SCHEMA, drift={key: mode})
    assert "the asset's columns were decided by earlier files" in (record.reason or "")


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("new_column", NEW, "column `zip` is new"),
        ("type_change", CHANGED, "`a` should be BIGINT, not `1.5`"),
    ],
)
def test_what_evolves_has_all_files_read_anew(
    landing: Landing, key: str, text: str, told: str
) -> None:
    landing.put("a.csv", text)
    with pytest.raises(DriftedError) as caught:
        landing.read(schema=SCHEMA, drift={key: "evolve"})
    assert caught.value.drifted["a.csv"][0].startswith(told)


def test_a_contract_does_not_drift(landing: Landing) -> None:
    landing.put("a.csv", CHANGED)
    drift = {"type_change": "discard_value"}
    record = landing.refusal(schema=SCHEMA, types={"a": "bigint"}, drift=drift)
    assert record.reason == "`a` should be BIGINT, not `1.5`"


def test_rows_are_rejected_in_json_too_and_not_in_parquet(landing: Landing) -> None:
    landing.put("a.ndjson", '{"a": 1, "b": "x"}\n{"a": 2, "b": "y", "zip": {"p": 1}}\n')
    reading = landing.read(schema=SCHEMA, drift={"new_column": "quarantine"})
    assert (reading.rows, rejects(reading)) == ([(1, "x")], [(2, "zip")])
    (landing.root / "a.ndjson").unlink()
    landing.put("a.parquet", parquet({"a": [1], "b": ["x"], "zip": [1]}))
    record = landing.refusal(schema=SCHEMA, drift={"new_column": "quarantine"})
    assert "column `zip` is new" in (record.reason or "")


def test_bad_rows_are_tolerated_beside_those_that_drifted(landing: Landing) -> None:
    landing.put("a.csv", CHANGED + "5\n")
    drift = {"type_change": "quarantine"}
    assert landing.refusal(schema=SCHEMA, drift=drift).line == 6
    reading = landing.read(schema=SCHEMA, drift=drift, tolerate_rows=1)
    assert reading.rows == [(1, "x"), (2, "z")]
    assert [line for line, _ in rejects(reading)] == [3, 5, 6]
