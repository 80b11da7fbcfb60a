"""The rows that a check of the table names: as many as its violations, and enough to mend it."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.project.contract import NAMING_KINDS
from thresher.quality.checks import CATALOGUE
from thresher.quality.kinds import TableCheck, names_rows
from thresher.quality.subject import Subject, Table

TABLE = "clean.flights"
NOW = datetime(2013, 6, 15, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("k", pa.int64()),
        ("t", pa.string()),
        ("x", pa.float64()),
        ("a", pa.int64()),
        ("b", pa.int64()),
    ]
)
SMALL = st.none() | st.integers(-2, 6)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "k": SMALL,
            "t": st.none() | st.sampled_from(["", "a", "A"]),
            "x": st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf")]),
            "a": SMALL,
            "b": SMALL,
        }
    ),
    max_size=25,
)
CONTRACTS = [
    "checks: [unique: [k]]",
    "checks: [unique: [x]]",
    "checks: [unique: {columns: [k, t], keep: first by a desc}]",
    "checks: [unique: {columns: [k], keep: 'last by a, x desc', where: b > 1}]",
    "checks: [primary_key: [k]]",
    "checks: [primary_key: {columns: [t, x], where: t <> ''}]",
    "columns: {x: {increasing: a}}",
    "columns: {k: {increasing: {by: [a desc, t], within: [t, b], strictly: true}}}",
    "columns: {t: {decreasing: {by: a, where: b > 0}}}",
    "columns: {x: {decreasing: {by: a, within: k, strictly: true}}}",
    "checks: [no_overlap: {start: a, end: b}]",
    "checks: [no_overlap: {start: a, end: b, within: t, closed: true}]",
    "checks: [no_overlap: {start: b, end: a, within: [k, t], where: x > 0}]",
]


def named(warehouse, contract):
    """Give the check, and the position of each row that it names."""
    (check,) = warehouse.read(contract).checks
    subject = Subject(
        table=Table(warehouse.tables[TABLE]), tables=warehouse.tables, types={}, now=NOW
    )
    kind = CATALOGUE[check.kind]
    assert isinstance(kind, TableCheck)
    assert kind.violating_rows is not None
    expression = kind.violating_rows(check, subject)
    query = f"select {expression.text} from {subject.table.sql}"
    found = [row[0] for row in warehouse.rows(query, {}, expression.params or None)]
    assert set(found) <= {True, False}
    return check, sum(found), f"select * exclude (__bad) from (select *, {expression.text} as __bad"


@pytest.mark.parametrize("contract", CONTRACTS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS)
def test_the_rows_named_are_as_many_as_the_violations_and_without_them_the_check_holds(
    warehouse, contract, rows
):
    warehouse.database.register("given", pa.Table.from_pylist(rows, SCHEMA))
    warehouse.create("from given", form="or replace table")
    result = warehouse.audit(contract).results[-1]
    _, count, query = named(warehouse, contract)
    assert count == result.violations
    rest = f"{query} from given) where not __bad"
    warehouse.create(rest, form="or replace table")
    mended = warehouse.audit(contract).results[-1]
    assert (mended.status.value, mended.violations) == ("passed", 0)


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("", (1, 3)),
        (", keep: first by seen", (2, 3)),
        (", keep: first by seen desc", (1, 5)),
        (", keep: last by seen", (1, 5)),
        (", keep: 'first by note, seen desc'", (3, 4)),
    ],
)
def test_the_row_that_is_kept_is_the_one_that_is_asked_for(warehouse, keep, kept):
    """Without an order it is the smallest by all columns; what is null is never preferred."""
    warehouse.create(
        "select * from (values (7, 1, 5, 'z'), (7, 2, 3, 'z'), (7, 3, 4, 'a'), (7, 4, null, 'z'),"
        " (8, 5, 9, 'b'), (8, 4, 1, 'a'), (8, 3, 1, 'b')) as t(id, n, seen, note)"
    )
    _, _, query = named(warehouse, f"checks: [unique: {{columns: [id]{keep}}}]")
    rows = warehouse.database.execute(f"{query} from {TABLE}) where not __bad order by id")
    assert tuple(row[1] for row in rows.fetchall()) == kept


def test_the_kinds_that_can_name_rows_are_those_that_may_set_them_apart():
    assert {name for name, kind in CATALOGUE.items() if names_rows(kind)} == NAMING_KINDS
