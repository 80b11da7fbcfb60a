"""Excel files, written by openpyxl."""

from __future__ import annotations

import datetime as dt
import io
import sys
from typing import Any

import openpyxl
import pytest
from source_landing import Landing, moment

from thresher.errors import SourceError


def workbook(*rows: list[Any], title: str = "Sheet", before: str | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if before:
        sheet.title = before
        sheet = book.create_sheet(title)
    sheet.title = title
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_cells_have_their_types(landing: Landing) -> None:
    noon = moment("2013-01-01 12:30")
    landing.put(
        "a.xlsx",
        workbook(
            ["i", "f", "s", "d", "t", "b", "c", "none", "mixed"],
            [1, 1.5, "x", dt.date(2013, 1, 1), noon, True, dt.time(5, 6), None, 1],
            [2, 2, None, None, dt.date(2013, 1, 2), False, None, None, "two"],
        ),
    )
    reading = landing.read()
    assert list(reading.types.values()) == [
        "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "BOOLEAN", "TIME", "VARCHAR", "VARCHAR",
    ]  # fmt: skip
    assert reading.rows == [
        (1, 1.5, "x", dt.date(2013, 1, 1), noon, True, dt.time(5, 6), None, "1"),
        (2, 2.0, None, None, moment("2013-01-02"), False, None, None, "two"),
    ]


def test_sheets_join_the_types_of_other_files(landing: Landing) -> None:
    landing.put("1.xlsx", workbook(["a"], [1], [2]))
    landing.put("2.csv", "a\n1.5\n")
    assert landing.read().rows == [(1.0,), (2.0,), (1.5,)]


@pytest.mark.parametrize("sheet", ["Data", 2])
def test_a_sheet_is_chosen_by_name_or_number(landing: Landing, sheet: str | int) -> None:
    landing.put("a.xlsx", workbook(["a"], [1], title="Data", before="Notes"))
    assert landing.read(sheet=sheet).rows == [(1,)]


def test_rows_before_the_header_are_skipped(landing: Landing) -> None:
    landing.put("a.xlsx", workbook(["A report"], [], ["a", "b"], [1, 2]))
    assert landing.read(skip=2).rows == [(1, 2)]


def test_a_sheet_without_header_is_numbered(landing: Landing) -> None:
    landing.put("a.xlsx", workbook([1, "x"]))
    assert landing.read(header=False).types == {"column0": "BIGINT", "column1": "VARCHAR"}


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (workbook(["a"], [1]), {"sheet": "Data"}, "it has no sheet `Data`"),
        (workbook(["a"], [1]), {"sheet": 2}, "it has no sheet `2`"),
        (workbook(["a", "a"], [1, 2]), {}, "two columns are called `a`"),
        (workbook(["a"], [1, 2]), {}, "column 2 has no name"),
        (workbook(), {}, "the sheet is empty"),
        (b"PK\x03\x04 damaged", {}, "it is damaged, or no Excel file"),
        (b"id,name\n", {}, "it is not an Excel workbook: it begins with `id,name`"),
        (b"<html><table>", {}, "it is an HTML page, not an Excel workbook"),
    ],
)
def test_a_broken_file_is_refused(
    landing: Landing, content: bytes, options: dict[str, Any], told: str
) -> None:
    landing.put("a.xlsx", content)
    assert told in (landing.refusal(**options).reason or "")


def test_the_line_of_a_value_is_that_of_the_sheet(landing: Landing) -> None:
    landing.put("a.xlsx", workbook(["title"], ["a"], [1], [1.5]))
    record = landing.refusal(skip=1, types={"a": "int"})
    assert record.reason == "`a` should be INTEGER, not `1.5`"
    assert record.line == 4


def test_without_its_package_the_error_says_what_to_install(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.put("a.xlsx", workbook(["a"], [1]))
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(SourceError) as caught:
        landing.read()
    assert caught.value.fault.hint == "pip install 'thresher[excel]'"
