"""Inferred contracts: valid, true of their own data, and no bolder than their thresholds."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_tables import TABLE

from thresher.project.contracts import read_head
from thresher.project.documents import parse_document
from thresher.project.drafts import write_draft
from thresher.quality.formats import FORMATS as KNOWN_FORMATS
from thresher.quality.inference import ENOUGH, FORMATS, infer, rounded_outward
from thresher.results import Status

SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(lake, table, **options):
    snapshot = lake.write(table)
    return write_draft(infer(snapshot, {TABLE: snapshot}, lake.rows, **options), ["a", "", "b"])


def proposed(lake, values, type_=None):
    """Give what is proposed for one column, by key."""
    table = pa.table({"x": pa.array(values, type_)})
    found = parse_document(written(lake, table), "c.yaml").value["columns"]["x"]
    return {key: value for key, value in found.items() if key not in ("description", "type")}


def times(values, number=ENOUGH):
    return [values[at % len(values)] for at in range(number)]


#: Columns with few and with many different values, of every family of types.
VALUES = [
    (st.integers(-(2**63), 2**63 - 1), pa.int64()),
    (st.integers(0, 3), pa.int8()),
    (st.floats(), pa.float64()),
    (st.floats(width=32), pa.float32()),
    (st.decimals(-(10**20), 10**20, places=3), pa.decimal128(38, 3)),
    (st.decimals(-9, 9, places=2), pa.decimal128(5, 2)),
    (st.dates(), pa.date32()),
    (st.datetimes(), pa.timestamp("us")),
    (st.datetimes(), pa.timestamp("us", tz="UTC")),
    (st.booleans(), pa.bool_()),
    (st.text(max_size=5), pa.string()),
    (st.sampled_from(["yes", "no", "null", "1", "2013-01-01", "a: b", "#", "\x85", "\n"]), None),
    (st.from_regex(r"[A-Z]{2}-[0-9]{1,4}", fullmatch=True), pa.string()),
    (st.from_regex(r"N[0-9]{3}\.\$[a-z]", fullmatch=True), pa.string()),
    (st.uuids().map(str), pa.string()),
    (st.emails(), pa.string()),
    (st.ip_addresses().map(str), pa.string()),
    (st.dates().map(str), pa.string()),
]


@st.composite
def tables(draw):
    columns, names = (
        [],
        draw(
            st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique_by=str.lower)
        ),
    )
    number = draw(st.sampled_from([0, 1, ENOUGH, ENOUGH + 31]))
    for _ in names:
        values, type_ = draw(st.sampled_from(VALUES))
        some = draw(st.lists(values, min_size=1, max_size=40))
        if draw(st.booleans()):
            some = [*some, None]
        columns.append(pa.array(times(some, number), type_ or pa.string()))
    return pa.table(columns, names=[name.replace("\x00", "_") for name in names])


@SETTINGS
@given(tables())
def test_an_inferred_contract_is_valid_and_holds_for_its_own_data(lake, table):
    if len({name.lower() for name in table.column_names}) < len(table.column_names):
        return
    text = written(lake, table)
    head, contract = read_head(parse_document(text, "c.yaml"))
    assert [column.name for column in contract.columns] == table.column_names
    assert head.description == ""
    verdict = lake.audit(contract)
    assert [r for r in verdict.results if r.status is not Status.PASSED] == [], text


def test_the_formats_are_those_that_can_be_checked():
    assert set(FORMATS) <= set(KNOWN_FORMATS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (list(range(ENOUGH)), {"not_null": True, "unique": True}),
        (list(range(ENOUGH - 1)), {}),
        ([*range(ENOUGH), None], {"between": [0, 99]}),
        (times([3, 1272]), {"not_null": True, "between": [0, 1300]}),
        (times([-43, 1301]), {"not_null": True, "between": [-100, 1400]}),
        (times([0.25, 0.75]), {"not_null": True, "between": [0.25, 0.75]}),
        (times([0.251, 0.7501]), {"not_null": True, "between": [0.25, 0.76]}),
        (times([1.0, float("nan")]), {"not_null": True}),
        (times([1e16, 1.0]), {"not_null": True}),
        (times(["b", "a"]), {"not_null": True, "accepted": ["a", "b"]}),
        (times(["b", "a", None], 200), {"accepted": ["a", "b"]}),
        (times([f"value {chr(97 + at)}" for at in range(21)], 210), {"not_null": True}),
        ([*times(["a"]), "b", "b", "b", "b"], {"not_null": True}),
        ([*times(["a"]), *["b"] * 5], {"not_null": True, "accepted": ["a", "b"]}),
        (times(["x" * 61, "y"]), {"not_null": True}),
        (times([True, False]), {"not_null": True}),
        (
            [f"N{at:03}" for at in range(ENOUGH)],
            {"not_null": True, "unique": True, "pattern": "[A-Z][0-9]{3}"},
        ),
        (
            [f"ab.{at}" for at in range(ENOUGH)],
            {"not_null": True, "unique": True, "pattern": r"[a-z]+\.[0-9]+"},
        ),
        (
            [f"user{at}@example.org" for at in range(ENOUGH)],
            {"not_null": True, "unique": True, "format": "email"},
        ),
        (
            [str(uuid.UUID(int=at)) for at in range(ENOUGH)],
            {"not_null": True, "unique": True, "format": "uuid"},
        ),
        ([chr(0x4E00 + at) for at in range(ENOUGH)], {"not_null": True, "unique": True}),
        (
            times([dt.date(2013, 5, 1), dt.date(2014, 2, 3)]),
            {"not_null": True, "at_least": dt.date(2013, 1, 1)},
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_proposed(lake, values, expected):
    assert proposed(lake, values) == expected


def test_one_value_of_another_form_is_seen_behind_the_first_thousand(lake):
    values = [f"u{at}@example.org" for at in range(1500)]
    assert proposed(lake, values)["format"] == "email"
    assert "format" not in proposed(lake, [*values, "nobody"])


def test_a_timestamp_with_a_zone_may_lie_in_the_year_before(lake):
    at = dt.datetime(2013, 1, 1, 0, 30, tzinfo=dt.UTC)
    found = proposed(lake, times([at]), pa.timestamp("us", tz="UTC"))
    assert found["at_least"] == dt.date(2012, 1, 1)


def test_no_value_of_a_hidden_column_is_written(lake):
    table = pa.table({"Name": times(["secret-a", "secret-b"]), "age": times([4711, 9000])})
    text = written(lake, table, hidden=frozenset({"name", "age"}))
    assert "secret" not in text
    assert "47" not in text
    assert "not_null: true" in text


@given(
    st.decimals(-(10**9), 10**9, places=4),
    st.decimals(0, 10**9, places=4),
    st.booleans(),
)
def test_bounds_are_rounded_outward_and_not_far(low, distance, whole):
    if whole:
        low, distance = low.to_integral_value(), distance.to_integral_value()
    high = low + distance
    down, up = rounded_outward(low, high, whole=whole)
    assert down <= low <= high <= up
    assert down >= 0 or low < 0
    reach = distance or max(abs(low), Decimal(1))
    assert up - down <= Decimal("1.2") * reach + 2
