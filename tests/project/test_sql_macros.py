"""What is told of macros, and of the conditions of a contract."""

from __future__ import annotations

import duckdb
import pytest

from thresher.project import sql


def test_macros() -> None:
    scalar, table, overloaded = sql.parse_macro(
        "-- shared\n"
        "create macro Delay(a, b := 2) as a + b;\n\n"
        "create or replace temp macro late_flights(least, most integer := f(9)) as table\n"
        "  select Id, (carrier) as c from Raw.flights where delay(dep) between least and most;\n"
        "create function both(a) as a, (a, b := [1, 2]) as a + b + random();"
    )
    assert (scalar.name, scalar.line, scalar.inputs) == ("delay", 2, ())
    assert scalar.normal == "Delay ( a , b := 2 ) as a + b"
    assert (table.name, table.line, table.inputs) == ("late_flights", 4, (("raw.flights", 5),))
    assert table.functions == ("delay", "f")
    assert overloaded.functions == ("random",)
    assert overloaded.not_repeatable == (("random()", 6),)
    assert sql.ParsedMacro.from_json(table.to_json()) == table


def test_a_named_argument_in_a_macro_is_no_default() -> None:
    (macro,) = sql.parse_macro(
        "create macro m(a := f(x := 1)) as table\n"
        "select struct_pack(b := (select max(x) from raw.t)) as s, g(y := 2) as t from clean.u"
    )
    assert macro.inputs == (("clean.u", 2), ("raw.t", 2))
    assert macro.functions == ("f", "g", "max", "struct_pack")


def test_the_statement_of_a_macro_can_be_run_again() -> None:
    macros = sql.parse_macro(
        "create macro if not exists tripled(n, times := 3) as n * times;\n"
        "CREATE TEMPORARY MACRO carriers(least) AS TABLE\n"
        "  select carrier from planes where id >= least"
    )
    with duckdb.connect() as connection:
        connection.execute("create table planes as select 1 as id, 'UA' as carrier")
        for macro in macros * 2:
            connection.execute(macro.statement)
        answer = connection.execute("select tripled(2), tripled(2, times := 4), * from carriers(1)")
        assert answer.fetchall() == [(6, 8, "UA")]


def test_normal_form_of_a_macro_leaves_out_how_it_is_created() -> None:
    first, second, third = (
        sql.parse_macro(text)[0].normal
        for text in (
            "create macro f(a) as a + 1",
            "CREATE OR REPLACE MACRO f (a) -- why\nAS a+1;",
            "create macro f(a) as a + 2",
        )
    )
    assert first == second != third


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("create macro f(a) as a;\nselect 1", "only `create macro` statements can stand here", 2),
        ("create table f as select 1", "only `create macro` statements can stand here", 1),
        ("create", "only `create macro` statements can stand here", 1),
        ("create macro s.f(a) as a", "without a schema", 1),
        ("create macro f as 1", "needs a name and a list of arguments", 1),
        ("create macro f(a) as\n a +", "SQL syntax error", 2),
        ("create macro f(a)", "the macro cannot be read", 1),
    ],
)
def test_what_is_no_macro_is_refused(text: str, what: str, line: int) -> None:
    with pytest.raises(sql.SqlError) as caught:
        sql.parse_macro(text)
    assert what in caught.value.what
    assert caught.value.line == line


def test_a_file_without_macros_has_none() -> None:
    assert sql.parse_macro("-- none yet\n") == ()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("distance > 0", ["distance"]),
        ("arr_time is null or Dep_time is not null", ["Dep_time", "arr_time"]),
        ('"a b" between 1 and x + current_date', ["a b", "x"]),
        ("s.field > 1 and s.deep.er = 2 and t.upper() = 'X'", ["s", "t"]),
        ("len(list_filter(l, lambda v: v.a > low)) = 0", ["l", "low"]),
        ("[v.a for v in l if v.b > low] = m", ["l", "low", "m"]),
        ("a in (select b from clean.x where c > 1)", ["a"]),
        ("case when a then b else not c end", ["a", "b", "c"]),
        ("{'k': a}.k = 1 and l[i] = 2", ["a", "i", "l"]),
    ],
)
def test_columns_of_a_condition(text: str, columns: list[str]) -> None:
    assert list(sql.check_expression(text).columns) == columns


def test_what_a_condition_uses() -> None:
    parsed = sql.check_expression("a = $p and f(b) < now()\n or a in (select x from clean.y)")
    assert parsed.inputs == (("clean.y", 2),)
    assert parsed.functions == ("f", "now")
    assert parsed.not_repeatable == (("now()", 1),)
    assert parsed.params == (("p", 1),)
    assert (
        parsed.normal
        == sql.check_expression("a=$p AND F(b)<NOW() or a IN (SELECT x FROM clean.y) -- so").normal
    )
    assert sql.ParsedExpression.from_json(parsed.to_json()) == parsed


@pytest.mark.parametrize(
    "text", ["", "a >", "a b", "a as b", "a, b", "a; b", "select 1", "from t", "*", "t.*", "a)"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(sql.SqlError):
        sql.check_expression(text)
