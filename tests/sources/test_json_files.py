"""JSON files, written by Python's own `json` module and held against pandas."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pandas as pd
import pytest
from source_landing import Landing

RECORDS = [
    {"id": n, "x": n / 3, "name": f'né "{n}"', "ok": n % 2 == 0, "day": "2013-01-01"}
    for n in range(200)
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(RECORDS)),
        ("a.json", json.dumps(RECORDS, indent=2)),
        ("a.json", "".join(json.dumps(each, indent=1) for each in RECORDS)),
        ("a.ndjson", "\n\n".join(json.dumps(each) for each in RECORDS)),
        ("a.jsonl", "".join(json.dumps(each) + "\r\n" for each in RECORDS)),
        ("a.json", "\ufeff" + json.dumps(RECORDS)),
    ],
    ids=["array", "pretty", "concatenated", "ndjson", "crlf", "bom"],
)
def test_records_are_what_pandas_holds(landing: Landing, name: str, text: str) -> None:
    landing.put(name, text)
    reading = landing.read()
    found = reading.table.to_pandas()
    found["day"] = found["day"].astype(str)
    pd.testing.assert_frame_equal(found, pd.DataFrame(RECORDS), check_dtype=False)
    assert list(reading.types.values()) == ["BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "DATE"]


def test_a_key_of_the_last_record_is_a_column(landing: Landing) -> None:
    lines = ['{"a": 1}\n'] * 30_000 + ['{"b": 2}\n']
    landing.put("a.ndjson", "".join(lines))
    reading = landing.read()
    assert reading.types == {"a": "BIGINT", "b": "BIGINT"}
    assert reading.rows[-1] == (None, 2)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("1", "2.5", "DOUBLE"),
        ("1", '"x"', "VARCHAR"),
        ("1", "true", "VARCHAR"),
        ("1", "null", "BIGINT"),
        ("18446744073709551615", "1", "DECIMAL(38,0)"),
        ('"2013-01-01"', '"2013-01-01 05:00:00"', "TIMESTAMP"),
        ('"12"', "12", "VARCHAR"),
        ('"12"', '"13"', "VARCHAR"),
        ("[1]", "[2.5]", "DOUBLE[]"),
        ("[]", "[1]", "BIGINT[]"),
        ("[[]]", "[]", "JSON[][]"),
        ('{"p": 1}', '{"p": 2}', "STRUCT(p BIGINT)"),
        ('{"p": 1}', '{"q": "x"}', "STRUCT(p BIGINT, q VARCHAR)"),
        ('{"p": [1]}', '{"p": {"x": 1}}', "STRUCT(p JSON)"),
        ('{"p": 1}', "[1]", "JSON"),
        ('{"p": 1}', "1", "JSON"),
    ],
)
def test_types_hold_for_all_files_in_any_order(
    landing: Landing, first: str, second: str, kind: str
) -> None:
    for one, other in itertools.permutations([first, second]):
        landing.put("1.json", f'[{{"x": {one}}}]')
        landing.put("2.json", f'{{"x": {other}}}')
        assert landing.read().types == {"x": kind}


def test_what_disagrees_keeps_its_json(landing: Landing) -> None:
    landing.put("1.json", '[{"x": {"b": 1, "a": [1.5, "é"]}}, {"x": [1]}]')
    landing.put("2.json", '[{"x": "text"}]')
    found = [json.loads(value) for (value,) in landing.read().rows]
    assert found == [{"b": 1, "a": [1.5, "é"]}, [1], "text"]


def test_texts_and_numbers_of_one_column_are_texts(landing: Landing) -> None:
    landing.put("1.json", '[{"x": 1}, {"x": "two"}, {"x": true}]')
    assert landing.read().rows == [("1",), ("two",), ("true",)]


def test_late_values_count(landing: Landing) -> None:
    lines = ['{"a": 1, "d": "2013-01-01"}\n'] * 30_000 + ['{"a": 1.5, "d": "never"}\n']
    landing.put("a.ndjson", "".join(lines))
    reading = landing.read()
    assert reading.types == {"a": "DOUBLE", "d": "VARCHAR"}
    assert reading.rows[-1] == (1.5, "never")


def test_a_contract_takes_what_loses_nothing(landing: Landing) -> None:
    landing.put("a.json", '[{"n": 7.0, "d": "2013-01-02", "s": 5}]')
    reading = landing.read(types={"n": "int", "d": "date", "s": "varchar"})
    assert reading.rows == [(7, dt.date(2013, 1, 2), "5")]


@pytest.mark.parametrize(
    ("name", "text", "line", "told"),
    [
        ("a.json", '[{"n": 1}, {"n": 7.5}]', None, "record 2: `n` should be INTEGER, not `7.5`"),
        ("a.ndjson", '{"n": 1}\n\n{"n": 7.5}\n', 3, "`n` should be INTEGER, not `7.5`"),
        ("a.ndjson", '{"n": "x"}\n', 1, "`n` should be INTEGER, not `x`"),
    ],
)
def test_a_value_that_does_not_fit_is_told(
    landing: Landing, name: str, text: str, line: int | None, told: str
) -> None:
    landing.put(name, text)
    record = landing.refusal(types={"n": "int"})
    assert (record.reason or "").startswith(told)
    assert record.line == line


@pytest.mark.parametrize(
    ("name", "text", "line", "told"),
    [
        ("a.json", '[{"a": 1},', 1, "not valid JSON"),
        ("a.json", '[{"a": 1},\n{"a": 2}', 2, "not valid JSON"),
        ("a.json", '{"a": 1}\n{"a":\n', 3, "not valid JSON"),
        ("a.ndjson", '{"a": 1}\n{"a": }\n{"a": 2}\n', 2, "not valid JSON: Expecting value, column"),
        ("a.json", "[1, 2]", None, "record 1: `1` is no object"),
        ("a.ndjson", '{"a": 1}\n3\n', 2, "`3` is no object"),
        ("a.json", '[{"a": 1, "a": 2}]', None, "has the key `a` twice"),
        ("a.json", '[{"a": 1, "A": 2}]', None, "in case alone"),
        ("a.json", '{"a": 1}\n{"A": 2}', None, "in case alone"),
        ("a.json", "<html></html>", None, "it is an HTML page, not a JSON file"),
        ("a.json", "id,name\n", 1, "not valid JSON"),
        ("a.json", "{}", None, "does not hold objects with keys"),
        ("a.json", '[{"": 1}]', None, "an object has an empty key"),
        ("a.json", "  \n", None, "nothing but blanks"),
    ],
)
def test_a_broken_file_is_refused(
    landing: Landing, name: str, text: str, line: int | None, told: str
) -> None:
    landing.put(name, text)
    record = landing.refusal()
    assert told in (record.reason or "")
    assert record.line == line


def test_a_key_that_looks_renamed_may_be_real(landing: Landing) -> None:
    landing.put("a.json", '[{"a": 1, "a_1": 2}]')
    assert landing.read().rows == [(1, 2)]


def test_an_empty_array_gives_no_rows(landing: Landing) -> None:
    landing.put("1.json", "[ ]")
    landing.put("2.json", '[{"a": 1}]')
    reading = landing.read()
    assert reading.rows == [(1,)]
    assert [record.rows for record in reading.written.records] == [0, 1]


def test_a_new_key_in_a_later_file_is_drift(landing: Landing) -> None:
    landing.put("1.json", '[{"a": 1, "s": {"p": 1}}]')
    schema = landing.read().written.schema
    landing.put("1.json", '[{"a": 1, "s": {"p": 1}}, {"a": 2, "s": {"p": 1}, "new": 3}]')
    assert "column `new` is new" in (landing.refusal(schema=schema).reason or "")
    landing.put("1.json", '[{"a": 1, "s": {"p": 1, "q": 2}}]')
    assert "`s` should be STRUCT(p BIGINT)" in (landing.refusal(schema=schema).reason or "")
