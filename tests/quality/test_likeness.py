"""A written value is what it stands for, and nothing is rounded to make it so."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from thresher.quality.likeness import same

NOON = dt.datetime.fromisoformat("2024-01-31 12:00")
MIDNIGHT = dt.datetime.fromisoformat("2024-01-31")
ROME = dt.timezone(dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, None),
        (Decimal("12.60"), "12.6"),
        (Decimal("12.60"), 12.6),
        (5, "5"),
        (5, 5.0),
        (5, Decimal("5.0")),
        (1_000, "1_000"),
        ("012", "012"),
        ("5", 5),
        ("true", True),
        (True, "yes"),
        (False, "f"),
        (0.1 + 0.2, "0.3"),
        (0.1 + 0.2, 0.3),
        (1 / 3, "0.3333333"),
        (float("nan"), "nan"),
        (dt.date(2024, 1, 31), "2024-01-31"),
        (dt.date(2024, 1, 31), MIDNIGHT),
        (NOON, "2024-01-31 12:00"),
        (MIDNIGHT, "2024-01-31"),
        (MIDNIGHT, dt.date(2024, 1, 31)),
        (NOON.replace(tzinfo=ROME), "2024-01-31 12:00"),
        (NOON.replace(tzinfo=ROME), "2024-01-31 11:00+00:00"),
        (dt.time(12, 30), "12:30:00"),
        (dt.timedelta(hours=1, minutes=2), "01:02:00"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (b"\x00a", r"\x00a"),
        ([1, 2], "[1, 2]"),
        ({"a": 0.3, "b": [None]}, {"a": 0.1 + 0.2, "b": [None]}),
    ],
)
def test_these_are_the_same(found, expected):
    assert same(found, expected)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, ""),
        ("", None),
        (0, None),
        (2, "1.5"),
        (2, 1.5),
        (Decimal("12.60"), "12.604"),
        (Decimal("1234567.89"), 1234567.9),
        (1, True),
        (True, 1),
        ("12", 12.0),
        (dt.date(2024, 1, 31), "2024-01-31 12:00"),
        (dt.date(2024, 1, 31), NOON),
        (NOON.replace(tzinfo=ROME), "2024-01-31 12:00+00:00"),
        (0.3, "0.3001"),
        (5, "five"),
        ([1], [1, 2]),
        ({"a": 1}, {"b": 1}),
        ("a", "A"),
        ("a ", "a"),
    ],
)
def test_these_are_not(found, expected):
    assert not same(found, expected)


def test_the_tolerance_is_relative():
    assert same(1001.0, 1000.0, rtol=0.01)
    assert not same(1001.0, 1000.0)
