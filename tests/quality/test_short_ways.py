"""Short ways to a figure: the same results as by single queries, and how little is asked."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_tables import by_duckdb, by_pyarrow, by_pyarrow_without_statistics

from thresher.errors import AssetError
from thresher.project.contract import Check, Contract
from thresher.results import Snapshot

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("small", pa.int32()),
        ("text", pa.string()),
        ("code", pa.string()),
        ("real", pa.float64()),
        ("cost", pa.decimal128(9, 2)),
        ("day", pa.date32()),
        ("seen", pa.timestamp("us")),
    ]
)
CODES = ["INV-007", "INV-008", "INV-009", "INV-010", "INV-7", "INV-0x1", "INV- 07", "INV-٣"]
REALS = [0.0, -0.0, 1.5, -2.5, 2.0, math.inf, -math.inf]
DAYS = st.dates(date(2013, 6, 1), date(2013, 6, 15))
ROW = {
    "number": st.integers(-3, 9),
    "small": st.integers(0, 3),
    "text": st.sampled_from(["N1", "N2", "N7", "", " N1", "é"]),
    "code": st.sampled_from(CODES),
    "real": st.sampled_from(REALS),
    "cost": st.decimals(-3, 3, places=2),
    "day": DAYS,
    "seen": DAYS.map(lambda day: datetime(day.year, day.month, day.day, 7)),  # noqa: DTZ001
}


def check(kind, *columns, where=None, **arguments) -> Check:
    references = (arguments["to"],) if "to" in arguments else ()
    return Check(kind, columns, tuple(arguments.items()), where=where, references=references)


def partner(*columns, to="clean.partners", keys, where=None) -> Check:
    return check("references", *columns, where=where, to=to, keys=keys)


def repeated(*keys):
    present = " and ".join(f"{key} is not null" for key in keys)
    groups = f"select count(*) n from t where {present} group by {', '.join(keys)}"
    return f"select coalesce(sum(n - 1), 0) from ({groups})"


def violating(condition):
    return f"select count(*) from t where {condition}"


#: Each check with the query that counts its violations, as one would write it by hand.
QUERIES = {
    **{check("not_null", name): violating(f"{name} is null") for name in SCHEMA.names},
    check("not_null", "number", "text"): violating("number is null or text is null"),
    check("between", "number", low=-2, high=7): violating("number not between -2 and 7"),
    check("between", "number", low=-2.5, high=7.5): violating("number not between -2.5 and 7.5"),
    check("between", "text", low="N1", high="N7"): violating("text not between 'N1' and 'N7'"),
    check("at_least", "real", bound=-2.5): violating("real < -2.5"),
    check("at_most", "real", bound=2): violating("real > 2"),
    check("at_most", "cost", bound=2.5): violating("cost > 2.5"),
    check("at_least", "day", bound=date(2013, 6, 2)): violating("day < date '2013-06-02'"),
    check("at_most", "seen", bound=date(2013, 6, 14)): violating("seen > date '2013-06-14'"),
    check("at_most", "seen", bound="2013-06-14"): violating("seen > timestamp '2013-06-14'"),
    check("accepted", "small", values=(0, 1, 2)): violating("small not in (0, 1, 2)"),
    check("accepted", "text", values=("N1", "N2")): violating("text not in ('N1', 'N2')"),
    check("pattern", "text", regex="N[0-9]"): violating("not regexp_full_match(text, 'N[0-9]')"),
    check("unique", "number"): repeated("number"),
    check("unique", "code"): repeated("code"),
    check("unique", "real"): repeated("real"),
    check("unique", "number", "small"): repeated("number", "small"),
    check("unique", "number", "text"): repeated("number", "text"),
    check("primary_key", "code"): f"select ({repeated('code')}) + ({violating('code is null')})",
    partner("number", keys=("id",)): violating(
        "number is not null and number not in (select id from p where id is not null)"
    ),
    partner("number", "text", keys=("id", "name")): violating(
        "number is not null and text is not null"
        " and not exists (from p where p.id = number and p.name = text)"
    ),
    partner("number", to="clean.flights", keys=("small",)): violating(
        "number is not null and not exists (from t as u where u.small = t.number)"
    ),
    check("expression", sql="number > 0 or real < 2"): violating("not (number > 0 or real < 2)"),
    check("unique", "code", where="number >= 1"): repeated("code").replace(
        "where", "where number >= 1 and"
    ),
    check("not_null", "text", where="number >= 1"): violating("number >= 1 and text is null"),
    partner("number", keys=("id",), where="small = 1"): violating(
        "small = 1 and number is not null and not exists (from p where p.id = number)"
    ),
}
FRESH = (check("freshness", "day", within=86400), check("freshness", "seen", within=86400))
WRITERS = st.sampled_from([by_duckdb, by_pyarrow, by_pyarrow_without_statistics])


def comparable(result):
    """Give what must be the same; which of many violating rows are shown may differ."""
    return replace(result, seconds=0, examples=()), len(result.examples)


@st.composite
def tables(draw):
    """Give the files of a table; half of them without nulls, and with a key that may be unique."""
    clean = draw(st.booleans())
    values = ROW if clean else {name: st.none() | value for name, value in ROW.items()}
    unique = draw(st.sampled_from([None, "number", "code"]))
    rows = st.lists(
        st.fixed_dictionaries(values),
        max_size=9,
        unique_by=(lambda r: r[unique]) if unique else None,
    )
    parts = draw(st.lists(rows, min_size=1, max_size=3))
    return [pa.Table.from_pylist(part, SCHEMA) for part in parts]


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    parts=tables(),
    partners=st.lists(st.none() | st.integers(-3, 9), max_size=16),
    writers=st.lists(WRITERS, min_size=1, max_size=2),
)
def test_results_are_those_of_single_queries(lake, parts, partners, writers):
    names = [None if number is None else f"N{number}" for number in partners]
    other = pa.table({"id": pa.array(partners, pa.int64()), "name": pa.array(names, pa.string())})
    lake.write(*parts, writers=writers)
    lake.write(other, name="clean.partners", writers=writers)
    contract = Contract(checks=(*QUERIES, *FRESH))
    short, long = lake.audit(contract).results, lake.audit(contract, short=False).results
    assert list(map(comparable, short)) == list(map(comparable, long))
    with duckdb.connect() as connection:
        given = pa.concat_tables(parts)
        connection.register("given", given)
        connection.register("given_partners", other)
        connection.execute("create table t as from given; create table p as from given_partners")
        found = {each.id: connection.execute(sql).fetchone()[0] for each, sql in QUERIES.items()}
    assert {result.check: result.violations for result in short if result.kind != "freshness"} == (
        found
    )


FORTY = """
columns:
  id:       {not_null: true, unique: true}
  invoice:  {not_null: true, unique: true}
  store:    {not_null: true, references: clean.stores.store}
  receipt:  {not_null: true}
  cost:     {not_null: true, between: [0, 1000]}
  rating:   {accepted: [1, 2, 3]}
  day:      {at_least: 2013-01-01, at_most: 2013-12-31, freshness: 365d}
  code:     {pattern: "[A-Z]{2}"}
checks:
  - unique: [store, receipt]
  - rows: {at_least: 1}
"""
GOOD = """
select i::bigint as id, 'INV-' || lpad((i * 7 % 100)::varchar, 6, '0') as invoice,
  (i % 5)::integer as store, (i // 5)::integer as receipt, (i / 3)::decimal(9, 2) as cost,
  (i % 3 + 1)::tinyint as rating, date '2013-06-01' + (i % 9)::integer as day,
  ['AA', 'BB'][i % 2 + 1] as code
from range(100) as t(i)
"""


def test_what_statistics_settle_is_not_asked(lake):
    lake.query(GOOD)
    lake.query("select range as store from range(5)", name="clean.stores")
    verdict = lake.audit(FORTY)
    assert verdict.passed
    assert not any(result.violations for result in verdict.results)
    kinds = ["bitstring_agg" if "bitstring_agg" in sql else sql[:40] for sql in lake.queries]
    assert kinds == [
        *["bitstring_agg"] * 3,  # id, invoice, store in stores
        'select coalesce(sum("__rows"), 0) from (',  # each code once
        "bitstring_agg",  # store and receipt
    ]
    long = lake.audit(FORTY, short=False)
    assert len(lake.queries) == 15
    assert [result.message for result in verdict.results] == [
        result.message for result in long.results
    ]


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        ("id", "case when id = 50 then 51 else id end"),
        ("id", "nullif(id, 50)"),
        ("invoice", "case when id = 50 then 'INV-000007' else invoice end"),
        ("invoice", "case when id = 50 then 'INV-00000x' else invoice end"),
        ("store", "case when id = 50 then 9 else store end"),
        ("receipt", "case when id = 51 then 11 else receipt end"),
        ("cost", "case when id = 50 then 1001 else cost end"),
        ("rating", "case when id = 50 then 4 else rating end"),
        ("day", "case when id = 50 then date '2014-06-01' else day end"),
        ("code", "case when id = 50 then 'aa' else code end"),
    ],
)
def test_one_bad_row_is_found_and_shown_as_by_single_queries(lake, column, bad):
    lake.query(f"select * replace ({bad} as {column}) from ({GOOD})")
    lake.query("select range as store from range(5)", name="clean.stores")
    short, long = lake.audit(FORTY), lake.audit(FORTY, short=False)
    assert list(map(comparable, short.results)) == list(map(comparable, long.results))
    wrong = [result for result in short.results if result.violations]
    assert wrong or bad.endswith("'INV-00000x' else invoice end")
    assert all(result.examples for result in wrong)


def test_an_engine_that_cannot_prove_is_asked_in_the_plain_way(lake):
    lake.query(GOOD)
    lake.query("select range as store from range(5)", name="clean.stores")

    def without_bits(sql, *given):
        if "bitstring_agg" in sql:
            raise AssetError("there is no function `bitstring_agg`")
        return lake.rows(sql, *given)

    verdict = lake.audit(FORTY, rows=without_bits)
    assert verdict.passed
    assert [result.message for result in verdict.results] == [
        result.message for result in lake.audit(FORTY).results
    ]


def test_keys_far_apart_take_no_map_of_bits(lake):
    lake.query("select i * 1000 as id from range(100) as t(i)")
    assert lake.audit("columns: {id: {unique: true}}").passed
    assert not any("bitstring_agg" in sql for sql in lake.queries)


def test_few_keys_are_not_looked_for_among_many_numbers(lake):
    lake.query("select i as id from range(100) as t(i)")
    lake.query("select i * 99 as id from range(2) as t(i)", name="clean.partners")
    result = lake.audit("columns: {id: {references: clean.partners.id}}").results[-1]
    assert result.violations == 98
    assert not any("bitstring_agg" in sql for sql in lake.queries)


def test_one_key_missing_among_many_is_found(lake):
    lake.query("select i as id from range(100) as t(i)")
    lake.query("select i as id from range(200) as t(i) where i <> 50", name="clean.partners")
    result = lake.audit("columns: {id: {references: clean.partners.id}}").results[-1]
    assert (result.violations, result.examples) == (1, ({"id": 50},))


def test_a_view_is_asked_for_everything(lake):
    base = lake.query(GOOD, name="raw.flights")
    lake.query("select range as store from range(5)", name="clean.stores")
    lake.tables["clean.flights"] = Snapshot(
        asset="clean.flights", fingerprint="v", build="1", ingredients={}, schema=base.schema,
        sql='select * from "raw"."flights"', inputs={"raw.flights": base.version}, rows=base.rows,
        built_at=base.built_at, run="r1", engine="duckdb",
    )  # fmt: skip
    assert lake.audit(FORTY).passed
    assert len(lake.queries) == 15


def test_a_reference_to_a_view_is_joined(lake):
    stores = lake.query("select range as store from range(5)", name="raw.stores")
    lake.query(GOOD)
    lake.tables["clean.stores"] = Snapshot(
        asset="clean.stores", fingerprint="v", build="1", ingredients={}, schema=stores.schema,
        sql='select * from "raw"."stores" where store > 0', rows=4,
        inputs={"raw.stores": stores.version}, built_at=stores.built_at, run="r1", engine="duckdb",
    )  # fmt: skip
    result = lake.audit("columns: {store: {references: clean.stores.store}}").results[-1]
    assert result.violations == 20
