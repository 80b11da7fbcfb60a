from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from thresher.engines.duckdb_calls import Call
from thresher.errors import AssetError, DiskFullError, ThresherError, WarehouseError

ENDLESS = "select sum(a.range * b.range) as x from range(10000000) a, range(10000000) b"


def raised(build: Any) -> ThresherError:
    with pytest.raises(ThresherError) as caught:
        build()
    return caught.value


def test_a_query_becomes_one_file(shop: Any) -> None:
    built = shop.sql("clean.n", "select range as n, 'x' || range as t from range(5)")
    assert [(f.name, f.type, f.storage) for f in built.schema] == [
        ("n", "BIGINT", "BIGINT"),
        ("t", "VARCHAR", "VARCHAR"),
    ]
    assert (built.rows, built.files[0].rows) == (5, 5)
    assert pq.read_table(shop.warehouse / built.files[0].path).to_pydict() == {
        "n": [0, 1, 2, 3, 4],
        "t": ["x0", "x1", "x2", "x3", "x4"],
    }


def test_inputs_are_seen_under_their_names(shop: Any) -> None:
    raw = shop.sql("raw.n", "select range as n from range(10)")
    odd = shop.sql("clean.odd", "select n from raw.n where n % 2 = 1", raw)
    assert shop.rows("select sum(n) from clean.odd", odd) == [(25,)]
    with pytest.raises(AssetError, match="even does not exist"):
        shop.rows("from clean.even", odd)


def test_an_empty_result_keeps_its_columns(shop: Any) -> None:
    built = shop.sql("clean.n", "select 1::hugeint as n, 'a' as t where false")
    assert (built.rows, built.files[0].rows) == (0, 0)
    assert shop.rows("select column_name, column_type from (describe clean.n)", built) == [
        ("n", "HUGEINT"),
        ("t", "VARCHAR"),
    ]


def test_parameters_are_bound(shop: Any) -> None:
    params = {"day": dt.date(2013, 1, 1), "text": "it's; -- $day", "some": (1, 2)}
    text = "select $day as day, $text as text, 2 in $some as found, 3 in $some as other"
    built = shop.sql("clean.p", text, params=params)
    assert shop.rows("from clean.p", built) == [(dt.date(2013, 1, 1), "it's; -- $day", True, False)]
    assert shop.rows("select $some as s", params={"some": (1, 2)}) == [([1, 2],)]


def test_the_order_of_rows_is_kept(shop: Any) -> None:
    text = "select hash(range)::hugeint as h from range(500000) order by h desc"
    built = shop.sql("clean.h", text)
    query = (
        "select count(*) from (select h, lag(h) over () as before from clean.h) where before < h"
    )
    assert shop.rows(query, built) == [(0,)]


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as n;",
        "select 1 as n; -- the end;",
        "/* ü; */ select 1 as n -- ; no more",
        "with a as (select 1 as n) select * from a order by n limit 1 ;\n\n",
        "from (values (1)) t(n)",
        "(select 1 as n)",
    ],
)
def test_any_way_to_end_a_query_will_do(shop: Any, text: str) -> None:
    assert shop.rows("from clean.n", shop.sql("clean.n", text)) == [(1,)]
    assert shop.rows("from clean.v", shop.sql("clean.v", text, view=True)) == [(1,)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("select 1 as n; drop schema main", "more than one statement"),
        ("select ';' as n;;", "more than one statement"),
        ("create table t as select 1 as n", "syntax error"),
        ("select 1 as id, 2 as id", "two columns have one name: `id`"),
        ("select 1 as id, 2 as ID", "two columns have one name: `id` and `ID`"),
        ("select * from (select 1 as n) a cross join (select 2 as n) b", "`n`"),
    ],
)
def test_what_makes_no_table_is_refused(shop: Any, text: str, what: str) -> None:
    for view in (False, True):
        error = raised(lambda view=view: shop.sql("clean.n", text, view=view))
        assert isinstance(error, AssetError)
        assert what in error.fault.what


def test_names_are_only_folded_as_duckdb_folds_them(shop: Any) -> None:
    built = shop.sql("clean.n", 'select 1 as "É", 2 as "é", 3 as "a b.""c", 4 as "filename"')
    assert shop.rows('select "É", "é", "a b.""c", "filename" from clean.n', built) == [(1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("select\n  n,\n  m\nfrom raw.numbers", 12, 'column "m" not found', "did you mean `n`?"),
        ("select n\nfrom raw.nubers", 11, "nubers does not exist", "did you mean `numbers`?"),
        ("selec n from raw.numbers", 10, 'syntax error at or near "selec"', None),
        ("select\n\nlenght('a') as n", 12, "lenght does not exist", "did you mean `length`?"),
        (
            "select n,\n cast('x' || n as integer) as m\nfrom raw.numbers",
            11,
            "string 'x0'",
            "`try_cast`",
        ),
        ("select 9223372036854775807 + n as m from raw.numbers", None, "Overflow", "holds more"),
        ("select error('one\ntwo') as m", None, "one", None),
        ("select $a as a", None, "a", "under `params:` in `config.yaml`"),
    ],
)
def test_an_error_names_the_line_of_the_file(
    shop: Any, text: str, line: int | None, what: str, hint: str | None
) -> None:
    raw = shop.sql("raw.numbers", "select range as n from range(3)")
    error = raised(lambda: shop.sql("clean.n", text, raw, first_line=10))
    place = error.fault.place
    assert (place.path, place.asset, place.line) == ("src/clean/n.sql", "clean.n", line)
    assert what in error.fault.what
    assert "\n" not in error.fault.what
    assert (hint or "None") in str(error.fault.hint)


def test_a_query_takes_no_variable_of_python_for_a_table(shop: Any) -> None:
    for name in ("tables", "params", "columns"):
        assert "does not exist" in raised(lambda n=name: shop.rows(f"from {n}")).fault.what


def test_a_view_keeps_its_query_with_literals(shop: Any) -> None:
    raw = shop.sql("raw.n", "select range as n from range(10)")
    text = "select n + $more as m\nfrom raw.n where n < $top -- few"
    view = shop.sql("clean.v", text, raw, params={"more": Decimal("0.5"), "top": 3}, view=True)
    assert (view.files, view.rows) == ((), 3)
    assert "$" not in (view.sql or "$")
    above = shop.sql("clean.above", "select max(m) as m from clean.v", view, raw)
    assert shop.rows("from clean.above", above) == [(Decimal("2.5"),)]


def test_views_stand_on_views(make_shop: Any) -> None:
    shop = make_shop()
    raw = shop.sql("raw.n", "select 1 as n")
    low = shop.sql("clean.z", "select n + 1 as n from raw.n", raw, view=True)
    high = shop.sql("clean.a", "select n + 1 as n from clean.z", low, view=True)
    # Another engine has made none of them yet.
    assert make_shop().rows("from clean.a", high, low, raw) == [(3,)]


def test_an_error_of_a_view_names_the_line_of_the_file(shop: Any) -> None:
    error = raised(
        lambda: shop.sql(
            "clean.v", "select\n $a as a,\n b", params={"a": 1}, view=True, first_line=5
        )
    )
    assert error.fault.place.line == 7


def test_macros_are_made_in_order(shop: Any) -> None:
    macros = {
        "twice": "create or replace macro twice(x) as x * 2",
        "four": "create or replace macro four(x) as twice(twice(x))",
    }
    built = shop.sql("clean.n", "select four(1) as n", macros=macros)
    assert shop.rows("from clean.n", built) == [(4,)]
    changed = {"twice": "create or replace macro twice(x) as x * 3", "four": macros["four"]}
    assert shop.rows(
        "from clean.m", shop.sql("clean.m", "select four(1) as n", macros=changed)
    ) == [(9,)]
    again = shop.sql("clean.o", "select four(1) as n", macros=macros)
    assert shop.rows("from clean.o", again) == [(4,)]


def test_a_broken_macro_is_named(shop: Any) -> None:
    macros = {"twice": "create macro twice(x) as nothing_like(x"}
    error = raised(lambda: shop.sql("clean.n", "select 1 as n", macros=macros))
    assert "macro `twice`" in error.fault.what


def test_a_view_cannot_use_a_macro(shop: Any) -> None:
    macros = {"twice": "create or replace macro twice(x) as x * 2"}
    error = raised(lambda: shop.sql("clean.v", "select twice(1) as n", macros=macros, view=True))
    assert "macro `twice`" in error.fault.what


def test_two_versions_of_a_table_never_meet(shop: Any) -> None:
    versions = [shop.sql("raw.n", f"select {number} as n") for number in range(6)]
    views = [
        shop.sql("clean.v", "select n * 10 as n from raw.n", version, view=True)
        for version in versions
    ]
    queries = list(range(6)) * 10

    def ask(number: int) -> Any:
        query = "select a.n, b.n from raw.n a, clean.v b"
        return shop.rows(query, versions[number], views[number])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, queries)) == [[(n, n * 10)] for n in queries]


def test_many_builds_go_side_by_side(shop: Any) -> None:
    raw = shop.sql("raw.n", "select range as n from range(1000)")

    def build(number: int) -> int:
        built = shop.sql(f"clean.t{number}", f"select n + {number} as n from raw.n", raw)
        return int(shop.rows(f"select min(n) from clean.t{number}", built)[0][0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(build, range(40))) == list(range(40))


def test_a_missing_file_of_the_lake_is_told(shop: Any) -> None:
    raw = shop.sql("raw.n", "select 1 as n")
    (shop.warehouse / raw.files[0].path).unlink()
    error = raised(lambda: shop.sql("clean.n", "from raw.n", raw))
    assert isinstance(error, WarehouseError)
    assert error.fault.place.asset == "raw.n"


def test_a_full_disk_is_told_as_such(shop: Any, tmp_path: Path) -> None:
    asset = shop.asset("clean.n", "select range as n from range(100000)")
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "data.parquet").symlink_to("/dev/full")
    error = raised(lambda: shop.engine.build(shop.job(asset, (), folder=folder)))
    assert isinstance(error, DiskFullError)


def test_too_little_memory_says_what_to_raise(make_shop: Any) -> None:
    shop = make_shop(memory="60MB")
    text = "select list(range order by hash(range)) as l from range(20000000)"
    error = raised(lambda: shop.sql("clean.l", text))
    assert isinstance(error, AssetError)
    assert "`run.memory`" in str(error.fault.hint)


def test_what_does_not_fit_into_memory_is_spilled_and_removed(make_shop: Any) -> None:
    shop = make_shop(memory="60MB")
    text = "select range as n, repeat('x', 40) as t from range(2000000) order by hash(range)"
    assert shop.sql("clean.n", text).rows == 2_000_000
    shop.engine.close()
    assert list((shop.warehouse / "tmp").iterdir()) == []


def test_an_interrupt_stops_what_is_under_way_and_no_more(shop: Any) -> None:
    calls = [lambda: shop.sql("clean.x", ENDLESS), lambda: shop.rows(ENDLESS)]
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(call) for call in calls]
        while len(shop.engine._calls) < 2:
            threading.Event().wait(0.01)
        shop.engine.interrupt()
        for each in running:
            error = each.exception(timeout=30)
            assert isinstance(error, AssetError)
            assert error.fault.what == "interrupted"
    assert shop.rows("select 1") == [(1,)]


def test_a_call_that_was_stopped_begins_nothing_more(plain: duckdb.DuckDBPyConnection) -> None:
    call = Call(plain)
    assert call.fetch("select 1") == [(1,)]
    call.stop()
    for ask in (call.fetch, call.arrow):
        with pytest.raises(AssetError, match="interrupted"):
            ask("select 1")


def test_times_are_in_the_session_s_zone(make_shop: Any) -> None:
    shop = make_shop(timezone="Europe/Rome")
    text = "select date_trunc('day', timestamptz '2024-05-16 23:30:00+00') as day"
    built = shop.sql("clean.t", text)
    assert shop.rows("select day::varchar from clean.t", built) == [("2024-05-17 00:00:00+02",)]


def test_the_first_rows_come_with_their_names(shop: Any) -> None:
    raw = shop.sql("raw.n", "select range as n, 'a' as t from range(10)")
    tables = {"raw.n": raw}
    macros = {"twice": "create or replace macro twice(x) as x * 2"}
    text = "select twice(n) as n, $p as p from raw.n order by n desc;"
    assert shop.engine.head(text, tables, {"p": 7}, macros=macros, limit=2) == (
        ("n", "p"),
        ((18, 7), (16, 7)),
    )


def test_a_query_gives_arrow_and_relations(shop: Any, plain: duckdb.DuckDBPyConnection) -> None:
    raw = shop.sql("raw.n", "select range as n from range(3)")
    text = "select n, n::hugeint * $p as h from raw.n"
    table = shop.engine.arrow(text, {"raw.n": raw}, {"p": 2})
    assert table.to_pydict() == {"n": [0, 1, 2], "h": [Decimal(0), Decimal(2), Decimal(4)]}
    relation = shop.engine.relation("select max(n) as m from raw.n;", {"raw.n": raw})
    assert relation.fetchall() == [(2,)]
    for ask in (shop.engine.arrow, shop.engine.relation):
        assert (
            "nope"
            in raised(lambda ask=ask: ask("select nope from raw.n", {"raw.n": raw})).fault.what
        )


def test_no_extension_is_ever_loaded(shop: Any) -> None:
    query = "select name, value from duckdb_settings() where name like 'auto%known_extensions'"
    assert sorted(shop.rows(query)) == [
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
    ]


def test_the_name_says_which_duckdb(shop: Any) -> None:
    assert shop.engine.name == f"duckdb {duckdb.__version__}"
