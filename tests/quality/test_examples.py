from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from thresher.quality.examples import plain, plain_rows


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("1.50"), "1.50"),
        (date(2013, 1, 31), "2013-01-31"),
        (datetime(2013, 1, 31, 10, tzinfo=UTC), "2013-01-31T10:00:00+00:00"),
        (time(10, 30), "10:30:00"),
        (timedelta(days=1, seconds=2), "1 day, 0:00:02"),
        (b"\x00\xff", "00ff"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ([1, (Decimal(2), None)], [1, ["2", None]]),
        ({1: {"a": b"\x01"}}, {"1": {"a": "01"}}),
        (list(range(100)), list(range(20))),
    ],
)
def test_a_value_becomes_plain(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


def test_nothing_is_large():
    assert len(plain(b"\x00" * 1_000_000)) <= 200
    assert len(plain(dict.fromkeys(range(1000), "x" * 1000))) == 20


def test_rows_have_their_labels():
    assert plain_rows(("a", "count(*)"), [(1, 2), ("x", 3)]) == (
        {"a": 1, "count(*)": 2},
        {"a": "x", "count(*)": 3},
    )


def test_rows_without_labels_bring_their_names():
    wide = {f"c{number}": Decimal(number) for number in range(30)}
    assert plain_rows((), [(wide,)]) == ({name: str(value) for name, value in wide.items()},)
