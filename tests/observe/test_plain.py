import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.observe.plain import plain
from thresher.results import Status


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("0.10"), "0.10"),
        (date(2013, 1, 1), "2013-01-01"),
        (datetime(2013, 1, 1, 5, tzinfo=UTC), "2013-01-01T05:00:00+00:00"),
        (PurePosixPath("a/b"), "a/b"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (b"\xff", "ff"),
        ({1: (True, None)}, {"1": [True, None]}),
        ({"b", "a"}, ["a", "b"]),
        ("bad\udcff", r"bad\udcff"),
        (Status.WARNED, "warned"),
        (2**70, 2**70),
    ],
)
def test_values_without_a_type_in_json_become_text(value, expected):
    assert plain(value) == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(anything)
def test_every_value_can_be_written_as_strict_json_in_utf8(value):
    text = json.dumps(plain(value), allow_nan=False, ensure_ascii=False)

    assert json.loads(text.encode("utf-8")) == plain(value)
