"""One dirty table: the violations that Thresher counts beside the failure cases of Pandera."""

from __future__ import annotations

import random

import pandas as pd
import pandera.pandas as pa
import pytest

import thresher

ROWS = 3000
HEAD = """source: {files: data_raw/dirty.parquet}
defaults: {on_violation: warn}
columns:
  id: {not_null: true, unique: true}
  carrier:
    not_null: true
    accepted: [AA, DL, UA]
    not_blank: true
    length: {at_least: 1, at_most: 2}
  tailnum: {pattern: "N[0-9]+[A-Z]*", forbidden: [N0, N00]}
  delay: {between: [-60, 600], at_least: -100, at_most: 500}
  distance: {at_least: 0, at_most: 5000.5, forbidden: [0]}
  day: {between: [2013-01-01, 2013-12-31]}
  at: {at_most: 2013-12-31 12:00:00}
  stops: {accepted: [0, 1, 2]}
checks:
  - unique: [carrier, tailnum, day]
  - expression: delay <= distance
  - expression: stops = 0 or tailnum <> 'N1'
"""


def dirty(chance: random.Random) -> pd.DataFrame:
    """Make a table with every kind of dirt that a contract of this kind speaks of."""

    def some(*values, nothing=0.03):
        return [None if chance.random() < nothing else chance.choice(values) for _ in range(ROWS)]

    ids = [chance.randint(1, 9 * ROWS) for _ in range(ROWS)]
    ids[7] = None
    days = [pd.Timestamp(2012, 12, 28) + pd.Timedelta(days=d) for d in range(0, 380, 7)]
    noon = pd.Timestamp(2013, 12, 31, 12)
    frame = pd.DataFrame(
        {
            "id": pd.array(ids, dtype="Int64"),
            "carrier": some("AA", "DL", "UA", "aa", "", " ", "\t", "\u00a0", "UAL", "Ö", "O'"),
            "tailnum": some("N1", "N12AB", "N0", "n1", "XN1", "N1 ", "N1\n", "", "N\u0661", "N00"),
            "delay": pd.array(some(-61, -60, 0, 500, 501, 600, 601, -101), dtype="Int64"),
            "distance": some(-0.5, 0.0, -0.0, 17.25, 5000.5, 5000.6, float("inf"), 1e-300),
            "day": pd.Series(some(*days), dtype="datetime64[us]"),
            "at": pd.Series(
                some(noon, noon + pd.Timedelta(microseconds=1)),
                dtype="datetime64[us]",
            ),
            "stops": pd.array(some(0, 1, 2, 3, -1), dtype="Int64"),
        }
    )
    # Of keys with a null, Pandera counts those that are repeated, and SQL compares none of them.
    keys = ["carrier", "tailnum", "day"]
    return frame[frame[keys].notna().all(axis=1) | ~frame.duplicated(keys)].reset_index(drop=True)


def column(dtype, *checks, nullable=True, unique=False):
    return pa.Column(
        dtype, list(checks), nullable=nullable, unique=unique, report_duplicates="exclude_first"
    )


def schema() -> pa.DataFrameSchema:
    """Write the same contract for Pandera; the title of each check is that of Thresher."""
    has = pa.Check
    return pa.DataFrameSchema(
        {
            "id": column("Int64", nullable=False, unique=True),
            "carrier": column(
                str,
                has.isin(["AA", "DL", "UA"], error="accepted(carrier, [AA, DL, UA])"),
                has(lambda texts: texts.str.strip() != "", error="not_blank(carrier)"),
                has.str_length(1, 2, error="length(carrier, >= 1, <= 2)"),
                nullable=False,
            ),
            "tailnum": column(
                str,
                has.str_matches(r"N[0-9]+[A-Z]*\Z", error="pattern(tailnum, N[0-9]+[A-Z]*)"),
                has.notin(["N0", "N00"], error="forbidden(tailnum, [N0, N00])"),
            ),
            "delay": column(
                "Int64",
                has.in_range(-60, 600, error="between(delay, -60, 600)"),
                has.ge(-100, error="at_least(delay, -100)"),
                has.le(500, error="at_most(delay, 500)"),
            ),
            "distance": column(
                float,
                has.ge(0, error="at_least(distance, 0)"),
                has.le(5000.5, error="at_most(distance, 5000.5)"),
                has.notin([0], error="forbidden(distance, [0])"),
            ),
            "day": column(
                "datetime64[us]",
                has.in_range(
                    pd.Timestamp(2013, 1, 1),
                    pd.Timestamp(2013, 12, 31),
                    error="between(day, 2013-01-01, 2013-12-31)",
                ),
            ),
            "at": column(
                "datetime64[us]",
                has.le(pd.Timestamp(2013, 12, 31, 12), error="at_most(at, 2013-12-31 12:00:00)"),
            ),
            "stops": column("Int64", has.isin([0, 1, 2], error="accepted(stops, [0, 1, 2])")),
        },
        checks=[
            has(
                lambda t: ~(t["delay"] > t["distance"]).fillna(value=False),
                error="expression(delay <= distance)",
            ),
            has(
                lambda t: ~((t["stops"] != 0).fillna(value=False) & (t["tailnum"] == "N1")),
                error="expression(stops = 0 or tailnum <> 'N1')",
            ),
        ],
        unique=["carrier", "tailnum", "day"],
        report_duplicates="exclude_first",
    )


def failure_cases(frame: pd.DataFrame) -> dict[str, int]:
    """Count the rows that Pandera finds for each check."""
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        schema().validate(frame, lazy=True)
    cases = caught.value.failure_cases
    own = {
        "not_nullable": "not_null({})",
        "field_uniqueness": "unique({})",
        "multiple_fields_uniqueness": "unique(carrier, tailnum, day)",
    }
    names = [own.get(c, c).format(n) for c, n in zip(cases["check"], cases["column"], strict=True)]
    return cases["index"].groupby(names).nunique().to_dict()


def test_violations_are_the_failure_cases_of_pandera(tmp_path):
    frame = dirty(random.Random(4))
    (tmp_path / "data_raw").mkdir()
    (tmp_path / "src/raw").mkdir(parents=True)
    (tmp_path / "config.yaml").write_text("pipeline: dirty\n")
    (tmp_path / "src/raw/dirty.yaml").write_text(HEAD)
    frame.to_parquet(tmp_path / "data_raw/dirty.parquet")
    result = thresher.open(tmp_path).run()
    assert result.exit_code == 0
    results = result.outcomes[0].verdict.results
    counted = {r.check: r.violations for r in results if r.kind != "column"}
    wanted = failure_cases(frame)
    assert counted == wanted
    assert len(wanted) == 20
    assert all(count < len(frame) for count in wanted.values())
