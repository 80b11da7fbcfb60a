"""`refresh:` and `$name` of a database source."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from thresher.project.database import Refresh, parse_refresh
from thresher.project.placeholders import change_code, placeholders


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("always", Refresh("always")),
        ("manual", Refresh("manual")),
        ("90m", Refresh("every", every=timedelta(minutes=90))),
        ({"cursor": "updated_at"}, Refresh("cursor", cursor="updated_at")),
    ],
)
def test_refresh_has_four_forms(given, expected):
    assert parse_refresh(given) == expected


@pytest.mark.parametrize(
    ("every", "moment", "same", "next_"),
    [
        ("1d", "2024-03-31 00:00", "2024-03-31 23:59", "2024-04-01 00:00"),
        ("1h", "2024-03-31 05:00", "2024-03-31 05:59", "2024-03-31 06:00"),
        ("15m", "2024-03-31 05:15", "2024-03-31 05:29", "2024-03-31 05:30"),
        ("1w", "2024-04-01 00:00", "2024-04-07 23:59", "2024-04-08 00:00"),
    ],
)
def test_a_stretch_begins_where_people_expect_it(every, moment, same, next_):
    refresh = parse_refresh(every)
    assert refresh is not None
    times = [refresh.grain(datetime.fromisoformat(each)) for each in (moment, same, next_)]
    assert times[0] == times[1] == datetime.fromisoformat(moment).isoformat()
    assert times[2] == datetime.fromisoformat(next_).isoformat()


def test_always_is_another_moment_each_time_and_by_hand_none():
    one, other = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2024-01-02")
    assert Refresh("always").grain(one) != Refresh("always").grain(other)
    assert Refresh("manual").grain(one) == Refresh("manual").grain(other)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("select $a, $b_2\nfrom t where x = $a", [("a", 1), ("b_2", 1), ("a", 2)]),
        ("select '$a', 'it''s $b', \"$c\", `$d`", []),
        ("select 1 -- $a\n, $b /* $c\n$d */, $e", [("b", 2), ("e", 3)]),
        ("select $$ $a $$, $tag$ $b $tag$, $c::date", [("c", 1)]),
        ("select a$b, $1, $2a, cost$, $x$", []),
        ("select 'never closed $a", []),
    ],
)
def test_a_placeholder_is_found_where_it_is_code(query, found):
    expected = [(name, line) for name, line in found]
    told = [(each.name, each.line) for each in placeholders(query)]
    assert told == expected or query == "select 'never closed $a"
    for each in placeholders(query):
        assert query[each.start : each.end] == f"${each.name}"


def test_code_is_changed_and_nothing_else():
    query = "a '%' b -- %\n% \"%\""
    assert change_code(query, lambda code: code.replace("%", "%%")) == "a '%' b -- %\n%% \"%\""
