"""Counts of violations, held against what pandas counts in the same random dirty table."""

from __future__ import annotations

import math

import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.project.contract import Check, Contract

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("other", pa.int64()),
        ("text", pa.string()),
        ("real", pa.float64()),
    ]
)
TEXTS = ["a@b.org", "  ", "N1", "N2", "N7", "n1", "", " N1", "N1\n", "O'Hare", "é"]
REALS = [0.0, -0.0, 1.5, -2.5, 2.0, math.nan, math.inf, -math.inf]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.integers(-3, 3),
            "other": st.none() | st.integers(-3, 3),
            "text": st.none() | st.sampled_from(TEXTS),
            "real": st.none() | st.sampled_from(REALS),
        }
    ),
    max_size=40,
)
PARTNERS = pa.table({"name": ["N1", "N2", "N2", None, "O'Hare"]})


def check(kind, *columns, where=None, **arguments) -> Check:
    return Check(kind, columns, tuple(arguments.items()), where=where)


def missing(frame, *columns):
    return frame[list(columns)].isna().any(axis=1).sum()


def surplus(frame, *columns):
    return frame.dropna(subset=list(columns)).duplicated(list(columns)).sum()


def values(frame, column):
    return frame[column].dropna().astype(object)


def pandas_frame(rows):
    """Give the rows as pandas sees them; each float as a pair, which sorts NaN above infinity."""
    reals = [row["real"] for row in rows]
    pairs = [None if r is None else (math.isnan(r), 0 if math.isnan(r) else r) for r in reals]
    return pd.DataFrame(
        {
            "number": pd.array([row["number"] for row in rows], dtype="Int64"),
            "other": pd.array([row["other"] for row in rows], dtype="Int64"),
            "text": pd.Series([row["text"] for row in rows], dtype=object),
            "real": pd.Series(pairs, dtype=object),
        }
    )


def positive(frame):
    return frame[frame["number"].fillna(0) >= 1]


def broken_expression(frame):
    known = frame.dropna(subset=["number", "text"])
    return ((known["number"] <= 0) & (known["text"] != "N1")).sum()


def against_the_order(frame, value, order, within=None, *, wrong):
    """Count the values that are wrong beside one that stands before them."""
    groups = [part for _, part in frame.groupby(within, dropna=False)] if within else [frame]
    return sum(
        any(wrong(mine, before) for at, before in pairs if at < place)
        for part in groups
        for pairs in [list(part[[order, value]].dropna().itertuples(index=False, name=None))]
        for place, mine in pairs
    )


def overlaps(frame, *, closed):
    """Count, one interval after another, those that begin before an earlier one has ended."""
    count = 0
    for _, part in frame.groupby("text", dropna=False):
        low = part["number"].astype("Float64").fillna(-math.inf)
        high = part["other"].astype("Float64").fillna(math.inf)
        pairs = sorted(zip(low, high, strict=True))
        reached = -math.inf
        some = False
        for start, end in pairs:
            if end < start or (start == end and not closed):
                count += end < start
                continue
            open_start = some and start == -math.inf
            count += open_start or (some and (start <= reached if closed else start < reached))
            reached, some = max(reached, end), True
    return count


COUNTS = {
    check("not_null", "number"): lambda f: missing(f, "number"),
    check("not_null", "real"): lambda f: missing(f, "real"),
    check("unique", "number"): lambda f: surplus(f, "number"),
    check("unique", "text", "number"): lambda f: surplus(f, "text", "number"),
    check("primary_key", "text", "number"): lambda f: (
        surplus(f, "text", "number") + missing(f, "text", "number")
    ),
    check("accepted", "text", values=("N1", "O'Hare", "é")): lambda f: sum(
        v not in {"N1", "O'Hare", "é"} for v in values(f, "text")
    ),
    check("forbidden", "number", values=(0, 2)): lambda f: values(f, "number").isin([0, 2]).sum(),
    check("between", "number", low=-1, high=2): lambda f: sum(
        not -1 <= v <= 2 for v in values(f, "number")
    ),
    check("between", "real", low=-1, high=2): lambda f: sum(
        not (0, -1) <= v <= (0, 2) for v in values(f, "real")
    ),
    check("at_least", "real", bound=0): lambda f: sum(v < (0, 0) for v in values(f, "real")),
    check("at_most", "real", bound=0): lambda f: sum(v > (0, 0) for v in values(f, "real")),
    check("pattern", "text", regex="N[0-9]"): lambda f: (
        ~values(f, "text").astype(str).str.fullmatch("N[0-9]").astype(bool)
    ).sum(),
    check("not_blank", "text"): lambda f: (values(f, "text").astype(str).str.strip() == "").sum(),
    check("length", "text", least=1, most=2): lambda f: sum(
        not 1 <= size <= 2 for size in values(f, "text").astype(str).str.len()
    ),
    check("length", "text", exactly=2): lambda f: sum(len(v) != 2 for v in values(f, "text")),
    check("format", "text", format="email"): lambda f: sum("@" not in v for v in values(f, "text")),
    check("increasing", "real", order=("number",)): lambda f: against_the_order(
        f, "real", "number", wrong=lambda mine, before: mine < before
    ),
    check("increasing", "other", order=("number",), group=("text",), strictly=True): lambda f: (
        against_the_order(f, "other", "number", "text", wrong=lambda mine, before: mine <= before)
    ),
    check("decreasing", "text", order=("number",)): lambda f: against_the_order(
        f, "text", "number", wrong=lambda mine, before: mine > before
    ),
    check("decreasing", "number", order=("other",), strictly=True): lambda f: against_the_order(
        f, "number", "other", wrong=lambda mine, before: mine >= before
    ),
    check("no_overlap", "number", "other", group=("text",)): lambda f: overlaps(f, closed=False),
    check("no_overlap", "number", "other", group=("text",), closed=True): lambda f: overlaps(
        f, closed=True
    ),
    check("references", "text", to="clean.partners", keys=("name",)): lambda f: (
        ~values(f, "text").isin(["N1", "N2", "O'Hare"])
    ).sum(),
    check("expression", sql="number > 0 or text = 'N1'"): broken_expression,
    check("not_null", "text", where="number >= 1"): lambda f: missing(positive(f), "text"),
    check("unique", "text", where="number >= 1"): lambda f: surplus(positive(f), "text"),
}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS)
def test_violations_are_those_that_pandas_counts(warehouse, rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    frame = pandas_frame(rows)
    warehouse.database.register("given", table)
    warehouse.database.register("partners", PARTNERS)
    warehouse.create("from given", form="or replace table")
    warehouse.create("from partners", "clean.partners", form="or replace table")
    results = warehouse.audit(Contract(checks=tuple(COUNTS))).results
    expected = {check.id: int(count(frame)) for check, count in COUNTS.items()}
    assert {result.check: result.violations for result in results} == expected
    assert {r.rows for r in results if "where" not in r.check} == {len(rows)}
    assert {r.rows for r in results if "where" in r.check} == {len(positive(frame))}
    assert all((r.status.value == "passed") is (r.violations == 0) for r in results)
