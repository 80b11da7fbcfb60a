from datetime import datetime, timedelta, timezone

import pytest

from thresher.observe.wording import (
    count,
    counted,
    duration,
    moment,
    one_line,
    percent,
    took,
    visible,
    width,
)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0.00 s"),
        (0.094, "0.09 s"),
        (0.5, "0.5 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (125, "2 min 5 s"),
        (3599.6, "1 h"),
        (3725, "1 h 2 min"),
    ],
)
def test_duration_reads_as_people_say_it(seconds, expected):
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 10, "0%"),
        (10, 10, "100%"),
        (1, 3, "33.33%"),
        (1, 10_000_000, "<0.01%"),
        (9_999_999, 10_000_000, ">99.99%"),
        (1, 2, "50%"),
        (0, 0, "100%"),
        (1, 0, ""),
    ],
)
def test_percent_never_rounds_to_nothing_or_all(part, whole, expected):
    assert percent(part, whole) == expected


def test_counts_have_separators():
    assert count(1_234_567) == "1,234,567"
    assert count(None) == ""
    assert counted(1, "table") == "1 table"
    assert counted(2_000, "table") == "2,000 tables"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain äöü 漢", "plain äöü 漢"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\rb", r"a\rb"),
        ("left\u202eright", r"left\u202eright"),
        ("broken\udcff", r"broken\udcff"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_nothing_from_data_steers_a_terminal(text, expected):
    assert visible(text) == expected


def test_a_line_is_one_line():
    assert one_line("  a\n\tb\r\n c\x00") == r"a b c\x00"


def test_width_counts_columns_of_a_terminal():
    assert width("abc") == 3
    assert width("漢字") == 4
    assert width("e\u0301") == 1


def test_a_moment_is_told_in_utc_to_the_second():
    at = datetime(2026, 11, 24, 23, 2, 51, 910_000, tzinfo=timezone(timedelta(hours=1)))

    assert moment(at) == "2026-11-24 22:02:51"


def test_what_has_no_end_took_nothing_that_could_be_told():
    assert (took(None), took(0.5)) == ("", "0.5 s")
