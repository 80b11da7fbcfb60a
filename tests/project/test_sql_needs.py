"""Which columns a query needs of a table: those that can be nothing else, and no guesses."""

from __future__ import annotations

import pytest

from thresher.project import sql


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("select a, lower(B) as l from raw.x where c > 1", {"raw.x": "abc"}),
        ("from raw.x select a", {"raw.x": "a"}),
        (
            "select f.a, g.b from raw.x as f join raw.y g on f.k = g.k",
            {"raw.x": "ak", "raw.y": "bk"},
        ),
        ("with q as (select a from raw.x where b) select * from q", {"raw.x": "ab"}),
        ("select a from (select a, b from raw.x where c)", {"raw.x": "abc"}),
        ("select a from raw.x union all select b from raw.y", {"raw.x": "a", "raw.y": "b"}),
        # of which table is not said, or it may be a table further out
        ("select a from raw.x, raw.y", {}),
        ("select a from raw.x where (select max(z) from raw.y where k = a)", {"raw.x": "a"}),
        ("select x.a from raw.x, (select b from raw.y where k = a)", {"raw.x": "a"}),
        # an item of the list may be meant
        ("select a + 1 as b, b * 2 as c from raw.x", {"raw.x": "a"}),
        ("select count(*) from raw.x", {}),
    ],
)
def test_what_a_query_needs(query, needed):
    found = sql.columns_needed(query).columns
    assert {table: "".join(sorted(names)) for table, names in found.items()} == needed


@pytest.mark.parametrize(
    ("query", "taken"),
    [
        ("select * from raw.x", True),
        ("from raw.x", True),
        ("select x.* exclude (a) from raw.x", True),
        ("select columns('c.*') from raw.x", True),
        ("select y.* from raw.y, raw.x where x.a", False),
        ("pivot raw.x on a using sum(b)", True),
        ("summarize raw.x", True),
        ("select a from raw.x natural join raw.y", True),
        ("select a from raw.x", False),
        ("select count(*) from raw.x", False),
        ("select other from raw.y join raw.x using (k)", True),  # it is mentioned
    ],
)
def test_a_column_that_is_not_named_can_matter(query, taken):
    assert sql.columns_needed(query).may_take("raw.x", "other") is taken
