"""CSV files, held against Python's own `csv` module and pandas."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_landing import Landing, moment

#: More rows than types are guessed from.
MANY = 30_000
FIELDS = st.text(st.sampled_from(list("ab1 ,;\"'\n\r\t|éß日#\\")), max_size=6)


def test_rows_are_what_pandas_reads(landing: Landing) -> None:
    text = "id,name,x,day,at,ok\n" + "".join(
        f'{n},"name, {n}",{n / 7},2013-01-{n % 28 + 1:02d},2013-01-01 05:{n % 60:02d}:00,true\n'
        for n in range(1000)
    )
    landing.put("a.csv", text)
    reading = landing.read()
    expected = pd.read_csv(io.StringIO(text), parse_dates=["day", "at"])
    found = reading.table.to_pandas()
    found["day"] = pd.to_datetime(found["day"])
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)
    assert list(reading.types.values()) == [
        "BIGINT", "VARCHAR", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN",
    ]  # fmt: skip


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=6),
    ending=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_texts_are_what_pythons_module_wrote(
    landing: Landing, rows: list[tuple[str, str]], ending: str, delimiter: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([("left", "right"), *rows])
    landing.put("a.csv", buffer.getvalue())
    reading = landing.read(types={"left": "varchar", "right": "varchar"})
    assert reading.rows == [tuple(field or None for field in row) for row in rows]


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["1", "-2", " 3 "], "BIGINT", [1, -2, 3]),
        (["1", "2.5", "1e3", ".5", "-inf"], "DOUBLE", [1.0, 2.5, 1000.0, 0.5, -math.inf]),
        (["9223372036854775808", "1"], "DECIMAL(38,0)", [9223372036854775808, 1]),
        (["00123", "9"], "VARCHAR", ["00123", "9"]),
        (["+41", "1"], "VARCHAR", ["+41", "1"]),
        (["0x1F"], "VARCHAR", ["0x1F"]),
        (["1_000"], "VARCHAR", ["1_000"]),
        (["true", "FALSE"], "BOOLEAN", [True, False]),
        (["true", "1"], "VARCHAR", ["true", "1"]),
        (["yes", "t"], "VARCHAR", ["yes", "t"]),
        (["2013-02-28"], "DATE", [dt.date(2013, 2, 28)]),
        (["2013-02-30"], "VARCHAR", ["2013-02-30"]),
        (["01/02/2013"], "VARCHAR", ["01/02/2013"]),
        (
            ["2013-01-01", "2013-01-01T05:06"],
            "TIMESTAMP",
            [moment("2013-01-01"), moment("2013-01-01 05:06")],
        ),
        (
            ["2013-01-01T05:00:00Z", "2013-01-01 05:00:00+02:00"],
            "TIMESTAMP WITH TIME ZONE",
            [dt.datetime(2013, 1, 1, 5, tzinfo=dt.UTC), dt.datetime(2013, 1, 1, 3, tzinfo=dt.UTC)],
        ),
        (["2013-01-01T05:00:00Z", "2013-01-01 05:00"], "VARCHAR", None),
        (["2013-01-01 05:00:00.1234567"], "VARCHAR", None),
        (["05:06:07"], "TIME", [dt.time(5, 6, 7)]),
        (["05:06"], "VARCHAR", ["05:06"]),
        (["", ""], "VARCHAR", [None, None]),
    ],
)
def test_a_guess_never_changes_what_a_text_says(
    landing: Landing, texts: list[str], kind: str, values: list[Any] | None
) -> None:
    landing.put("a.csv", "x,y\n" + "".join(f"{text},-\n" for text in texts))
    reading = landing.read()
    assert reading.types["x"] == kind
    assert [value for value, _ in reading.rows] == (texts if values is None else values)


@pytest.mark.parametrize(
    ("late", "kind"),
    [("1.5", "DOUBLE"), ("007", "VARCHAR"), ("x", "VARCHAR"), ("1e3", "DOUBLE"), ("", "BIGINT")],
)
def test_a_late_value_counts_as_much_as_an_early_one(
    landing: Landing, late: str, kind: str
) -> None:
    landing.put("a.csv", "x,y\n" + "1,1\n" * MANY + f"{late},1\n")
    reading = landing.read()
    assert reading.types == {"x": kind, "y": "BIGINT"}
    assert str(reading.rows[-1][0] or "") in (late, "1000.0")
    assert reading.written.rows == MANY + 1


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("int", "007", 7),
        ("int", "+7.0", 7),
        ("bigint", "7.5", None),
        ("smallint", "70000", None),
        ("decimal(4,1)", "12.50", 12.5),
        ("decimal(4,1)", "12.55", None),
        ("double", "1e3", 1000.0),
        ("boolean", "yes", True),
        ("date", "2013-1-2 00:00:00", dt.date(2013, 1, 2)),
        ("date", "2013-01-02 05:00", None),
        ("timestamp", "2013-01-02T05:00:00Z", moment("2013-01-02 05:00")),
        ("timestamp", "2013-01-02 05:00+02", None),
        ("timestamp_ms", "2013-01-02 05:00:00.1234", None),
        ("varchar", "007", "007"),
    ],
)
def test_a_contract_takes_all_that_loses_nothing(
    landing: Landing, kind: str, text: str, expected: object
) -> None:
    landing.put("a.csv", f"x,y\n,1\n{text},2\n")
    if expected is not None:
        assert landing.read(types={"x": kind}).rows[1][0] == expected
        return
    record = landing.refusal(types={"x": kind})
    assert f"not `{text}`" in (record.reason or "")
    assert record.line == 3


def test_long_values_are_shown_in_part(landing: Landing) -> None:
    landing.put("a.csv", f"x\n{'9' * 5000}x\n")
    record = landing.refusal(types={"x": "int"})
    assert "9" * 100 + "...`" in (record.reason or "")
    assert "9" * 101 not in (record.reason or "")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a,b\n1,2\n3\n", 3, "1 field instead of 2"),
        ("a,b\n1,2\n3\n\n\n", 3, "1 field instead of 2"),
        ("a,b\n1,2\n3,4,5\n", 3, "3 fields instead of 2"),
        ('a,b\n"x\ny",2\n\n3,4,5\n', 5, "3 fields instead of 2"),
        ("a,b\r\n1,2\r\n3,4,5\r\n", 3, "3 fields instead of 2"),
        ("\ufeffa,b\n1,2\n3,4,5\n", 3, "3 fields instead of 2"),
        ("\n\na,b\n3,4,5\n", 4, "3 fields instead of 2"),
        ('a,b\n1,2\n3,"x\n4,5\n', 3, "a quote is not closed"),
        ('a,b\n1,"x"y\n', 2, "a quote is not closed"),
        ('a,b\n1,"x"y\r\n', 2, "a quote is not closed"),
        ('a,b\n1,2,3,"x\n', 2, "a quote is not closed"),
        ('a,"b\n', 1, "its first row is broken"),
        ("a,b,a\n1,2,3\n", 1, "two columns are called `a`"),
        ("a,B,b\n1,2,3\n", 1, "the columns `B` and `b` differ in case alone"),
        ("a,,b\n1,2,3\n", 1, "column 2 has no name"),
        ("a,b\n1,\0\n", 2, "NUL byte (byte 7)"),
        ("", None, "the file is empty"),
        ("\n \n", 2, "column 1 has no name"),
        ("\n\n", None, "nothing but blank lines"),
        ("\x89PNG\r\n\x1a\n", None, "not a CSV file"),
        ("<!DOCTYPE html>\n<html>", None, "it is an HTML page"),
        ("PK\x03\x04", None, "it is a zip file"),
    ],
)
def test_a_broken_file_is_refused(landing: Landing, text: str, line: int | None, told: str) -> None:
    landing.put("a.csv", text.encode("latin-1") if text.startswith("\x89") else text)
    record = landing.refusal()
    assert told in (record.reason or "")
    assert record.line == line


def test_the_line_of_a_broken_row_far_into_a_file_is_right(landing: Landing) -> None:
    rows = [f'{n},"line\n{n}"\n' for n in range(MANY)]
    rows[MANY - 5] = "broken\n"
    landing.put("a.csv", "a,b\n" + "".join(rows))
    assert landing.refusal().line == 2 + 2 * (MANY - 5)


def test_the_line_of_a_value_is_that_of_its_row(landing: Landing) -> None:
    landing.put("a.csv", 'a,b\n\n"x\ny",1\n# no comment,2\nz,wrong\n')
    assert landing.refusal(types={"b": "int"}).line == 6


def test_a_header_alone_gives_no_rows(landing: Landing) -> None:
    landing.put("a.csv", "a,b")
    reading = landing.read()
    assert reading.rows == []
    assert reading.types == {"a": "VARCHAR", "b": "VARCHAR"}
    assert reading.table.column_names == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,b\r\n1,"x\ny"\r\n2,z\r\n', [(1, "x\ny"), (2, "z")]),
        ("a,b\r\n1,x\r\n2,y\n3,z\r\n", [(1, "x"), (2, "y"), (3, "z")]),
        ("a,b\n1,x\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("a,b\r1,x\r2,y\r", [(1, "x"), (2, "y")]),
        ('a,b\n1,"\r"\n2,"x\r\ny"\n', [(1, "\r"), (2, "x\r\ny")]),
        ("a,b\r\n1,x\r\n2,y", [(1, "x"), (2, "y")]),
    ],
)
def test_lines_may_end_as_they_like(
    landing: Landing, text: str, rows: list[tuple[Any, ...]]
) -> None:
    landing.put("a.csv", text)
    assert landing.read().rows == rows


def test_no_row_is_lost_where_endings_change_far_into_a_file(landing: Landing) -> None:
    # Past DuckDB's first buffer of 32 MB it no longer sees that they do.
    rows = f"1,{'x' * 2_000}\r\n" * 17_000
    landing.put("a.csv", "a,b\r\n" + rows + "2,y\n3,z\r\n")
    assert landing.read().written.rows == 17_002


@pytest.mark.parametrize(
    ("text", "options", "rows"),
    [
        ("a;b\n1;x,y\n", {}, [(1, "x,y")]),
        ("a:b\n1:x\n", {"delimiter": ":"}, [(1, "x")]),
        ("a,b\n1,'x,y'\n", {"quote": "'"}, [(1, "x,y")]),
        ('a,b\n1,"x\n', {"quote": ""}, [(1, '"x')]),
        ('a,b\n1,"x\\"y"\n', {"escape": "\\"}, [(1, 'x"y')]),
        ("1,x\n2,y\n", {"header": False}, [(1, "x"), (2, "y")]),
        ("It's \"odd\n\na,b\n1,x\n", {"skip": 1}, [(1, "x")]),
        ("# top\na,b\n#mid\n1,x\n", {"comment": "#"}, [(1, "x")]),
        ("a,b\nNA,x\n-,y\n1,\n", {"null": ["NA", "-"]}, [(None, "x"), (None, "y"), (1, "")]),
        ("a;b\n1,5;1.234,5\n", {"decimal": ",", "thousands": "."}, [(1.5, 1234.5)]),
        ("a;b\n1,5;1.5\n", {"decimal": ","}, [(1.5, "1.5")]),
        ("a;b\n1'234;1'23\n", {"thousands": "'"}, [(1234, "1'23")]),
        ("a\n31/12/2013\n", {"date_format": "%d/%m/%Y"}, [(dt.date(2013, 12, 31),)]),
        (
            "a\n31.12.2013 05h\n",
            {"timestamp_format": "%d.%m.%Y %Hh"},
            [(moment("2013-12-31 05:00"),)],
        ),
    ],
)
def test_options(
    landing: Landing, text: str, options: dict[str, Any], rows: list[tuple[Any, ...]]
) -> None:
    landing.put("a.csv", text)
    assert landing.read(**options).rows == rows


def test_columns_without_header_are_numbered(landing: Landing) -> None:
    landing.put("a.csv", "1,x\n")
    assert list(landing.read(header=False).types) == ["column0", "column1"]


def test_a_tsv_file_is_split_at_tabs(landing: Landing) -> None:
    landing.put("a.tsv", "name, first\tage\nx\t1\n")
    assert list(landing.read().types) == ["name, first", "age"]


def test_names_of_columns_are_harmless(landing: Landing) -> None:
    names = ["it's", 'a "b"', "semi;--", "row", "é ü", "x[1]", "select"]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([names, range(len(names))])
    landing.put("a.csv", buffer.getvalue())
    reading = landing.read(types={"row": "int"})
    assert list(reading.types) == names
    assert reading.rows == [tuple(range(len(names)))]


def test_dates_and_timestamps_of_several_files_keep_their_formats(landing: Landing) -> None:
    landing.put("a.csv", "x\n31/12/2013\n")
    landing.put("b.csv", "x\n31/12/2013 05:06\n")
    reading = landing.read(date_format="%d/%m/%Y", timestamp_format="%d/%m/%Y %H:%M")
    assert reading.rows == [(moment("2013-12-31"),), (moment("2013-12-31 05:06"),)]
