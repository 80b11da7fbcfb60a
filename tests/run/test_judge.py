"""Which versions are judged by their footers, seen by what the engine is still asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import thresher
from thresher.engines.duckdb import DuckDBEngine
from thresher.quality.statistics import WORTH_READING
from thresher.run.judge import Judge
from thresher.warehouse.lake import Lake

HEAD = "/* ---\ncolumns: {id: {not_null: true, unique: true, at_least: 0}}\n--- */\n"


class RecordingEngine(DuckDBEngine):
    """DuckDB, with a list of every query that it was asked."""

    def rows(self, sql, *given):
        self.__dict__.setdefault("asked", []).append(sql)
        return super().rows(sql, *given)


def questions(root: Path, rows: int) -> list[str]:
    (root / "src/clean").mkdir(parents=True)
    (root / "config.yaml").write_text("pipeline: shop\n")
    (root / "src/clean/numbers.sql").write_text(f"{HEAD}select range as id from range({rows})\n")
    project = thresher.open(root)
    assert project.run().ok
    lake = Lake(project.warehouse)
    snapshot = lake.latest("clean.numbers")
    for verdict in project.warehouse.rglob("_audit-*.json"):
        verdict.unlink()
    engine = RecordingEngine(warehouse=lake.root, threads=1, memory=None, temp=root / "tmp")
    judge = Judge(engine=lambda: engine, lake=lake, root=root, run="r1", now=datetime.now(UTC))
    asset = project.project.assets["clean.numbers"]
    verdict = judge.judge(asset, snapshot, {"clean.numbers": snapshot}).verdict
    engine.close()
    assert verdict.passed
    assert [result.rows for result in verdict.results[1:]] == [rows] * 3
    return engine.asked


@pytest.mark.parametrize(("rows", "questions_asked"), [(WORTH_READING, 1), (WORTH_READING - 1, 3)])
def test_footers_are_read_where_that_is_worth_it(tmp_path, rows, questions_asked):
    assert len(questions(tmp_path, rows)) == questions_asked
