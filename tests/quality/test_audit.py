"""What becomes of what a check finds: tolerance, severity, samples, errors, examples."""

from __future__ import annotations

import json
from datetime import timedelta

import duckdb
import pytest

from thresher.errors import AssetError, RunInterruptedError
from thresher.project.contract import Check, Contract
from thresher.quality.audit import audit, judge_again
from thresher.results import PastVersion, Status

TEN = "select i as id, case when i < 3 then null else i end as value from range(10) as t(i)"


def test_a_contract_without_checks_of_data_asks_nothing(warehouse):
    warehouse.create(TEN)
    verdict = warehouse.audit("columns: {id: bigint, value: bigint}\nchecks: [rows: {equals: 10}]")
    assert verdict.passed
    assert [result.check for result in verdict.results] == [
        "column(id)",
        "type(id)",
        "column(value)",
        "type(value)",
        "rows(10)",
    ]
    assert warehouse.queries == []


def test_an_empty_contract_finds_nothing(warehouse):
    snapshot = warehouse.create(TEN)
    verdict = warehouse.audit("description: nothing to hold")
    assert verdict.results == ()
    assert verdict.passed
    assert (verdict.asset, verdict.version) == (snapshot.asset, snapshot.version)
    assert (verdict.rows, len(verdict.key)) == (10, 16)
    assert warehouse.queries == []


@pytest.mark.parametrize(
    ("policy", "status", "passed"),
    [
        ("", Status.FAILED, False),
        ("severity: critical", Status.FAILED, False),
        ("severity: warning", Status.WARNED, True),
        ("on_violation: warn", Status.WARNED, True),
        ("tolerate: 3", Status.TOLERATED, True),
        ("tolerate: 2", Status.FAILED, False),
        ("tolerate: 30%", Status.TOLERATED, True),
        ("tolerate: 20%", Status.FAILED, False),
        ("tolerate: 2, severity: warning", Status.WARNED, True),
        ("tolerate: 3, severity: critical", Status.TOLERATED, True),
        ("tolerate: 30%, where: id < 3", Status.FAILED, False),
        ("warn_above: 3", Status.TOLERATED, True),
        ("warn_above: 2", Status.WARNED, True),
        ("error_above: 3", Status.WARNED, True),
        ("error_above: 2", Status.FAILED, False),
        ("error_above: 30%", Status.WARNED, True),
        ("tolerate: 3, error_above: 5", Status.TOLERATED, True),
        ("warn_above: 1, error_above: 20%", Status.FAILED, False),
        ("on_violation: quarantine, warn_above: 2", Status.WARNED, True),
        ("tolerate: 100%, where: id < 3", Status.TOLERATED, True),
    ],
)
def test_a_violation_is_weighed_by_its_policy(warehouse, policy, status, passed):
    warehouse.create(TEN)
    verdict = warehouse.audit(f"columns: {{value: {{not_null: {{{policy}}}}}}}")
    assert verdict.results[-1].status is status
    assert verdict.results[-1].violations == 3
    assert verdict.passed is passed
    assert verdict.critical is (policy == "severity: critical")


def test_a_message_says_what_is_tolerated_and_what_the_author_wants_to_say(warehouse):
    warehouse.create(TEN)
    policy = "tolerate: 1, message: not measured"
    verdict = warehouse.audit(f"columns: {{value: {{not_null: {{{policy}}}}}}}")
    expected = "not measured: 3 of 10 rows (30%) have no `value`; up to 1 are tolerated"
    assert verdict.results[-1].message == expected


def test_a_message_says_from_how_many_rows_on_it_warns_and_fails(warehouse):
    warehouse.create(TEN)
    policy = "warn_above: 1, error_above: 20%"
    verdict = warehouse.audit(f"columns: {{value: {{not_null: {{{policy}}}}}}}")
    expected = "3 of 10 rows (30%) have no `value`; more than 1 warn, more than 20% fail"
    assert verdict.results[-1].message == expected


def test_a_check_of_several_lines_is_named_in_one(warehouse):
    warehouse.create(TEN)
    (result,) = warehouse.audit(
        "checks:\n  - query: |\n      from clean.flights\n      limit 0"
    ).results
    assert result.check == "query(from clean.flights limit 0)"


def test_a_result_says_where_its_check_is_written(warehouse):
    warehouse.create(TEN)
    verdict = warehouse.audit(
        "columns:\n  id:\n    not_null: true\nchecks:\n  - rows: {equals: 10}"
    )
    places = [(result.kind, result.path, result.line) for result in verdict.results]
    path = "src/clean/flights.sql"
    assert places == [("column", path, 2), ("not_null", path, 3), ("rows", path, 5)]
    assert all(result.seconds > 0 for result in verdict.results)


def test_a_sample_is_only_warned_about_what_it_lacks(warehouse):
    warehouse.create(TEN)
    warehouse.create("select 1 as id", "clean.others")
    contract = """
    columns: {id: {references: clean.others.id}, value: {not_null: true}}
    checks:
      - rows: {at_least: 11}
      - rows: {matches: clean.others}
      - references: {columns: id, to: clean.gone}
      - query: select * from clean.flights
      - change: {within: 0, after: 1}
      - reconciles: {sum: id, with: clean.others.id}
    """
    past = [PastVersion("v1", 9)]
    verdict = warehouse.audit(contract, lenient=True, past=past)
    by_kind = [(r.kind, r.status.value) for r in verdict.results]
    assert by_kind == [
        ("column", "passed"),
        ("column", "passed"),
        ("references", "warned"),
        ("not_null", "failed"),
        ("rows", "warned"),
        ("rows", "warned"),
        ("references", "error"),
        ("query", "warned"),
        ("change", "warned"),
        ("reconciles", "warned"),
    ]
    strict = [r.status.value for r in warehouse.audit(contract).results[2:6]]
    assert strict == ["failed"] * 4


def test_what_cannot_be_computed_stops_nothing_else(warehouse):
    warehouse.create(TEN)
    contract = """
    columns: {gone: {unique: true}, id: {not_null: true}}
    checks:
      - expression: {sql: nobody_knows(id), severity: warning}
      - expression: id >= 0
    """
    verdict = warehouse.audit(contract)
    assert [result.status.value for result in verdict.results] == [
        "failed",
        "passed",
        "error",
        "passed",
        "error",
        "passed",
    ]
    assert not verdict.passed
    message = verdict.results[4].message
    assert message.startswith("could not be checked: Catalog Error: ")
    assert "nobody_knows" in message
    assert "\n" not in message


def test_an_unknown_check_is_an_error(warehouse):
    warehouse.create(TEN)
    (result,) = warehouse.audit(Contract(checks=(Check("magic", ("id",)),))).results
    assert result.status is Status.ERROR
    assert result.message == "could not be checked: there is no check `magic`"


@pytest.mark.parametrize("error", [duckdb.IOException("lost\nit"), ValueError("lost it")])
def test_whatever_an_engine_raises_is_an_error_of_the_check(warehouse, error):
    snapshot = warehouse.create(TEN)

    def rows(*_):
        raise error

    contract = Contract(checks=(Check("not_null", ("id",)), Check("rows", (), (("equals", 10),))))
    verdict = audit(
        snapshot, contract, key="k", rows=rows, tables=warehouse.tables, now=snapshot.built_at
    )
    assert [result.status.value for result in verdict.results] == ["error", "passed"]
    assert verdict.results[0].message == "could not be checked: lost it"


def test_an_interruption_ends_the_audit(warehouse):
    snapshot = warehouse.create(TEN)

    def rows(*_):
        raise RunInterruptedError(2)

    contract = Contract(checks=(Check("not_null", ("id",)),))
    with pytest.raises(RunInterruptedError):
        audit(snapshot, contract, key="k", rows=rows, tables={}, now=snapshot.built_at)


def test_a_count_stands_even_where_its_rows_cannot_be_shown(warehouse):
    snapshot = warehouse.create(TEN)

    def rows(sql, *given):
        if "limit" in sql:
            raise AssetError("too large")
        return warehouse.rows(sql, *given)

    contract = Contract(checks=(Check("not_null", ("value",)),))
    verdict = audit(
        snapshot, contract, key="k", rows=rows, tables=warehouse.tables, now=snapshot.built_at
    )
    (result,) = verdict.results
    assert (result.status, result.violations, result.examples) == (Status.FAILED, 3, ())


def test_names_that_need_quotes_are_quoted(warehouse):
    warehouse.create('select 1 as "a ""b"" -- c", null as "select"', 'clean.odd "name"; --')
    checks = (
        Check("not_null", ("select",)),
        Check("unique", ('a "b" -- c',)),
        Check(
            "references",
            ('a "b" -- c',),
            (("to", 'clean.odd "name"; --'), ("keys", ('A "B" -- C',))),
            references=('clean.odd "name"; --',),
        ),
    )
    verdict = warehouse.audit(Contract(checks=checks), 'clean.odd "name"; --')
    assert [result.status.value for result in verdict.results] == ["failed", "passed", "passed"]
    assert verdict.results[0].examples == ({'a "b" -- c': 1, "select": None},)


def test_a_referenced_asset_can_be_a_view(warehouse):
    warehouse.create(TEN)
    warehouse.create("select id from clean.flights where id > 0", "clean.few", form="view")
    verdict = warehouse.audit("columns: {id: {references: clean.few.id}}")
    assert verdict.results[-1].violations == 1


def test_there_are_few_examples_and_json_can_hold_them(warehouse):
    warehouse.create(
        "select i as id, repeat('x', 1000) as text, 'nan'::double as number,"
        " 1.50 as cost, timestamp '2013-01-01 10:00:00' as seen, '\\xAB'::blob as bytes,"
        " {'a': [1, null], 'b': date '2013-01-01'} as nested from range(100) as t(i)"
    )
    (result,) = warehouse.audit("checks: [expression: id < 0]").results
    assert [row["id"] for row in result.examples] == [0, 1, 2, 3, 4]
    assert json.loads(json.dumps(result.examples[0], allow_nan=False)) == {
        "id": 0,
        "text": "x" * 199 + "…",
        "number": "nan",
        "cost": "1.50",
        "seen": "2013-01-01T10:00:00",
        "bytes": "ab",
        "nested": {"a": [1, None], "b": "2013-01-01"},
    }


FRESH = """
columns:
  seen: {freshness: 2d}
  day: {freshness: {within: 1d, severity: warning}, not_null: true}
  id: {freshness: 1d}
"""


def test_freshness_is_judged_again_from_its_figure_alone(warehouse):
    warehouse.create("select timestamp '2013-06-14' as seen, date '2013-06-15' as day, 1 as id")
    verdict = warehouse.audit(FRESH)
    contract = warehouse.read(FRESH)
    before = [result.status.value for result in verdict.results if result.kind == "freshness"]
    warehouse.queries.clear()
    later = judge_again(verdict, contract, now=verdict.at + timedelta(days=1))
    after = [result.status.value for result in later.results if result.kind == "freshness"]
    assert before == ["passed", "passed", "error"]
    assert after == ["failed", "warned", "error"]
    assert later.at == verdict.at + timedelta(days=1)
    assert later.results[3].message.endswith("2 d 12 h old; at most 2 d old is expected")
    assert judge_again(later, contract, now=verdict.at) == verdict
    assert warehouse.queries == []


def test_a_change_is_judged_again_only_by_a_past_that_is_given(warehouse):
    warehouse.create(TEN)
    text = "columns: {id: {change: {of: mean, within: 10%, after: 1}}}\nchecks: [change: rows]"
    past = (PastVersion("v1", 10, ("mean(id) = 4.5",)),)
    verdict = warehouse.audit(text, past=past)
    contract = warehouse.read(text)
    warehouse.queries.clear()
    moved = judge_again(
        verdict, contract, now=verdict.at, past=(PastVersion("v2", 10, ("mean(id) = 9.0",)),)
    )
    assert [result.status.value for result in verdict.results[1:]] == ["passed", "passed"]
    assert [result.status.value for result in moved.results[1:]] == ["failed", "passed"]
    assert judge_again(moved, contract, now=verdict.at) is moved
    assert judge_again(moved, contract, now=verdict.at, past=past).results == verdict.results
    assert warehouse.queries == []


def test_a_verdict_without_freshness_is_left_as_it_is(warehouse):
    warehouse.create(TEN)
    text = "columns: {value: {not_null: true}}"
    verdict = warehouse.audit(text)
    again = judge_again(verdict, warehouse.read(text), now=verdict.at + timedelta(days=99))
    assert again is verdict
