from __future__ import annotations

import pytest

from thresher.quality.wording import duration, listed, percent, rows_that, shortened


@pytest.mark.parametrize(
    ("violations", "rows", "expected"),
    [
        (50_094, 336_776, "50,094 of 336,776 rows (14.9%) have no `x`"),
        (1, 3, "1 of 3 rows (33.3%) has no `x`"),
        (1, 1, "1 of 1 row (100%) has no `x`"),
        (0, 1000, "0 of 1,000 rows have no `x`"),
        (0, 0, "0 of 0 rows have no `x`"),
    ],
)
def test_rows_are_counted_in_words(violations, rows, expected):
    assert rows_that(violations, rows, "have no `x`") == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (1, 10_000_000, "<0.1%"),
        (9_999_999, 10_000_000, ">99.9%"),
        (1, 2, "50%"),
        (1, 8, "12.5%"),
        (7, 7, "100%"),
    ],
)
def test_a_share_that_is_not_nothing_or_all_does_not_read_so(part, whole, expected):
    assert percent(part, whole) == expected


def test_what_is_listed_has_a_bound():
    assert listed("abcde") == "`a`, `b`, `c`, `d`, `e`"
    assert listed(range(1000)) == "`0`, `1`, `2`, `3`, `4` and 995 more"
    assert len(shortened("a\n  b" * 1000)) == 400
    assert shortened(" a\n  b ") == "a b"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (90_061, "1 d 1 h"), (86_400 * 1000, "1,000 d")],
)
def test_a_duration_has_two_units(seconds, expected):
    assert duration(seconds) == expected
