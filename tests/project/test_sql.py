"""What is told of queries, macros and conditions; the cases stand in `tests/fixtures/sql`."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from thresher.project import sql
from thresher.project.sql.functions import NOT_REPEATABLE

Known = dict[str, tuple[str, ...]]

CASES = Path(__file__).parents[1] / "fixtures" / "sql"


def lines(name: str) -> list[str]:
    """Read a file of one-line statements."""
    text = (CASES / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("--")]


def pairs(name: str) -> list[tuple[str, str]]:
    """Read a file of pairs of statements, with an empty line between pairs."""
    body = (CASES / name).read_text(encoding="utf-8").partition("\n")[2]
    blocks = [block.strip().removesuffix(";") for block in body.split("\n\n")]
    return [(first, second) for first, second in (block.split(";\n") for block in blocks)]


def headed(name: str) -> list[tuple[str, str]]:
    """Read a file of statements, each under a comment."""
    cases: list[tuple[str, str]] = []
    for line in (CASES / name).read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("--"):
            cases.append((line.removeprefix("--").strip(), ""))
        else:
            heading, body = cases[-1]
            cases[-1] = (heading, f"{body}\n{line}" if body else line)
    return [(heading, body.removesuffix(";")) for heading, body in cases]


def names(marks: tuple[tuple[str, int], ...]) -> list[str]:
    return [name for name, _ in marks]


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute((CASES / "tables.sql").read_text(encoding="utf-8"))
    return connection


@pytest.fixture(scope="module")
def known(database: duckdb.DuckDBPyConnection) -> Known:
    rows = database.execute(
        "select table_schema || '.' || table_name, list(column_name order by ordinal_position) "
        "from information_schema.columns group by all"
    ).fetchall()
    return {name: tuple(columns) for name, columns in rows}


@pytest.mark.parametrize("query", lines("columns.sql"))
def test_columns_are_those_that_duckdb_gives(
    query: str, database: duckdb.DuckDBPyConnection, known: Known
) -> None:
    described = database.execute(query).description
    columns = sql.resolve_columns(sql.parse_query(query), known)
    assert columns == tuple(column[0] for column in described)


@pytest.mark.parametrize("query", lines("unknown_columns.sql"))
def test_columns_that_cannot_be_told_are_not_guessed(query: str, known: Known) -> None:
    assert sql.resolve_columns(sql.parse_query(query), known) is None


def test_columns_of_a_query_need_only_what_its_stars_read() -> None:
    parsed = sql.parse_query("select a.x as y, B from raw.t a, clean.u")
    assert sql.resolve_columns(parsed, {}) == ("y", "B")
    parsed = sql.parse_query("select u.*, n from raw.t, clean.u")
    assert sql.resolve_columns(parsed, {"clean.u": ("p", "q")}) == ("p", "q", "n")
    assert sql.resolve_columns(parsed, {"clean.u": None, "raw.t": ("n",)}) is None


def test_columns_of_a_long_chain_take_as_many_steps_as_it_has_parts() -> None:
    links = [f"t{n} as (from t{n - 1} l join t{n - 1} r using (id))" for n in range(1, 40)]
    parsed = sql.parse_query(f"with t0 as (from raw.t), {', '.join(links)} from t39")
    assert sql.resolve_columns(parsed, {"raw.t": ("id",)}) == ("id",)
    assert len(parsed.outputs) < 200


def test_a_union_of_a_thousand_parts_is_read() -> None:
    text = " union all ".join(f"select {n} as n from raw.t{n}" for n in range(1000))
    parsed = sql.parse_query(text)
    assert len(parsed.inputs) == 1000
    assert sql.resolve_columns(parsed, {}) == ("n",)


@pytest.mark.parametrize(("expected", "query"), headed("inputs.sql"))
def test_inputs(expected: str, query: str) -> None:
    parsed = sql.parse_query(query)
    assert names(parsed.inputs) == expected.split()
    assert (parsed.unqualified, parsed.foreign, parsed.reads_files) == ((), (), ())


def test_inputs_are_the_tables_that_duckdb_names() -> None:
    queries = [query for _, query in headed("inputs.sql")]
    told = {query: named for query in queries if (named := names_by_duckdb(query)) is not None}
    assert len(told) > 30
    assert {query: names(sql.parse_query(query).inputs) for query in told} == told


def names_by_duckdb(query: str) -> list[str] | None:
    """Ask DuckDB for the tables of a query; it cannot tell some without having them."""
    try:
        with duckdb.connect() as connection:
            named = connection.get_table_names(query, qualified=True)
    except duckdb.Error:
        return None
    return sorted({re.split(" (?:AS|TABLESAMPLE) ", name)[0].lower() for name in named})


def test_inputs_have_the_line_of_their_first_mention() -> None:
    parsed = sql.parse_query("select $a,\n$b,\n'x\ny' from\n raw.B, Raw.a\n, raw.b, c.\nd")
    assert parsed.inputs == (("c.d", 6), ("raw.a", 5), ("raw.b", 5))


def test_tables_without_a_schema_and_with_more_are_told_apart() -> None:
    parsed = sql.parse_query(
        "with b as (select * from b), c as (select 1)\n"
        "select * from c, Flights, other.raw.t join (from a.b.c.d) using (x), my_macro(1), b"
    )
    assert parsed.inputs == ()
    assert parsed.unqualified == (("b", 1), ("flights", 2))
    assert parsed.foreign == (("a.b.c.d", 2), ("other.raw.t", 2))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from 'data/*.csv'", "data/*.csv"),
        ('from "flights.parquet" f', "flights.parquet"),
        ("select * from read_csv('a.csv', header = true)", "read_csv('a.csv', header = true)"),
        ("from READ_PARQUET(['a', 'b'])", "READ_PARQUET(['a', 'b'])"),
        ("from t.u where exists (from parquet_scan('x'))", "parquet_scan('x')"),
        ("from glob('*')", "glob('*')"),
        ("from sqlite_scan('x.db', 't')", "sqlite_scan('x.db', 't')"),
        ("from query_table('raw.flights')", "query_table('raw.flights')"),
        ("from query('from raw.flights')", "query('from raw.flights')"),
    ],
)
def test_reading_past_the_project_is_told(query: str, expected: str) -> None:
    assert sql.parse_query(query).reads_files == ((expected, 1),)


def test_an_operator_or_a_column_is_no_function_that_reads_files() -> None:
    parsed = sql.parse_query("select query, a glob ('x*'), r.read_csv from t.u r")
    assert parsed.reads_files == ()


@pytest.mark.parametrize(("first", "second"), pairs("same.sql"))
def test_normal_form_folds_comments_layout_and_case(first: str, second: str) -> None:
    assert first != second
    assert sql.parse_query(first).normal == sql.parse_query(second).normal


@pytest.mark.parametrize(("first", "second"), pairs("different.sql"))
def test_normal_form_keeps_what_may_mean_something(first: str, second: str) -> None:
    assert sql.parse_query(first).normal != sql.parse_query(second).normal


@pytest.mark.parametrize("query", lines("columns.sql"))
def test_normal_form_means_the_same_to_duckdb(
    query: str, database: duckdb.DuckDBPyConnection
) -> None:
    normal = sql.parse_query(query).normal
    asked, answered = database.execute(query), []
    answered.append((asked.description, sorted(map(repr, asked.fetchall()))))
    again = database.execute(normal)
    answered.append((again.description, sorted(map(repr, again.fetchall()))))
    assert answered[0] == answered[1]
    assert sql.parse_query(normal).normal == normal


def test_placeholders() -> None:
    parsed = sql.parse_query(
        "select f($low,$high), '$no', \"$not\", $$ $never $$, ? -- $neither\n"
        'from t.u where a between $low and $High or b = $"a b" or c in ($1,$2)'
    )
    assert parsed.params == (("High", 2), ("a b", 2), ("high", 1), ("low", 1))
    assert parsed.positional == (("$1", 2), ("$2", 2), ("?", 1))


def test_functions_are_told_by_the_name_that_is_written() -> None:
    parsed = sql.parse_query(
        """
        with cte(a) as (select 1)
        select Sum(x), my_macro(1), "Quoted"(2), left(a, 1), if(a, b, c), main.qualified(1),
            a.chained(), [in_list(y) for y in l], list_transform(l, lambda v: in_lambda(v))
        from table_macro(argument(1)) t(a), range(3), cte
        where a in (1) and not (b) and exists (from x.y)
        """
    )
    called = "argument chained if in_lambda in_list left list_transform my_macro"
    called += " qualified quoted range sum table_macro"
    assert " ".join(parsed.functions) == called


def test_every_function_of_duckdb_is_seen_where_it_is_called() -> None:
    rows = duckdb.execute(
        "select distinct function_name from duckdb_functions() "
        "where regexp_full_match(function_name, '[a-z_][a-z0-9_]*') order by all"
    ).fetchall()
    unseen = [name for (name,) in rows if name not in functions_of_calls(name)]
    assert len(rows) > 1000
    assert unseen == []


def functions_of_calls(name: str) -> tuple[str, ...]:
    """Parse a call of a function that nobody knows the arguments of."""
    for arguments in ("a", "a, b", "a, b, c", ""):
        try:
            return sql.parse_query(f"select {name}({arguments})").functions
        except sql.SqlError:
            continue
    return ()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select now(),\n  NOW( ), today()", [("NOW( )", 2), ("now()", 1), ("today()", 2)]),
        ("select current_date, localtimestamp", [("current_date", 1), ("localtimestamp", 1)]),
        ("select current_timestamp()", [("current_timestamp()", 1)]),
        ("from t.u where random() < 0.5", [("random()", 1)]),
        ("select gen_random_uuid(), uuid()", [("gen_random_uuid()", 1), ("uuid()", 1)]),
        ("select nextval('s')", [("nextval('s')", 1)]),
        ("select current_setting('threads')", [("current_setting('threads')", 1)]),
        ("select age(a), age(a, b) from t.u", [("age(a)", 1)]),
        ("from duckdb_settings()", [("duckdb_settings()", 1)]),
        ("from t.u\nusing sample 10%", [("using sample", 2)]),
        ("from t.u tablesample 5 rows", [("tablesample", 1)]),
        ("from t.u using sample 10% (system, 42)", [("using sample", 1)]),
        ("from (select distinct a from t.u) using sample 5 (reservoir, 42)", [("using sample", 1)]),
        (
            "with c as (from t.u) from c tablesample bernoulli(5%) repeatable (1)",
            [("tablesample", 1)],
        ),
        ("from t.u tablesample bernoulli(5%) repeatable (1)", []),
        ("from t.u using sample 5 rows (reservoir, 42)", []),
        ('select t.now, u.current_date, 1 as today, "random" from a.t, a.u', []),
        ("select 1 as current_date, 'now()' -- random()", []),
        ("select date_trunc('day', a), strftime(a, '%Y') from t.u", []),
    ],
)
def test_what_is_not_repeatable(query: str, expected: list[tuple[str, int]]) -> None:
    assert list(sql.parse_query(query).not_repeatable) == sorted(expected)


def test_all_that_duckdb_calls_volatile_is_not_repeatable() -> None:
    rows = duckdb.execute(
        "select distinct function_name from duckdb_functions() "
        "where stability = 'VOLATILE' and function_name != 'error'"
    ).fetchall()
    assert {name for (name,) in rows} <= NOT_REPEATABLE


@pytest.mark.parametrize("drawn", ["(bernoulli, 42)", "(reservoir, 42)"])
def test_a_sample_that_is_called_repeatable_is(drawn: str) -> None:
    with duckdb.connect(config={"threads": 4}) as connection:
        connection.execute(
            "create schema t; create table t.u as select range as i from range(500000)"
        )
        query = f"from t.u using sample 10% {drawn}"
        sums = {
            connection.execute(f"select sum(i) from (from ({query}))").fetchone() for _ in range(5)
        }
    assert len(sums) == 1
    assert sql.parse_query(query).not_repeatable == ()


@pytest.mark.parametrize(("expected", "query"), headed("refused.sql"))
def test_what_is_no_query_is_refused_with_its_place(expected: str, query: str) -> None:
    what, line, column = expected.split(" | ")
    with pytest.raises(sql.SqlError) as caught:
        sql.parse_query(query)
    assert what in caught.value.what
    assert (caught.value.line, caught.value.column) == (int(line), int(column))


@pytest.mark.parametrize("text", ["", "  \n", "-- nothing\n", "/* nothing */ ;;"])
def test_no_sql_is_refused(text: str) -> None:
    with pytest.raises(sql.SqlError, match="no SQL where a query should be"):
        sql.parse_query(text)


def test_several_statements_are_refused() -> None:
    with pytest.raises(sql.SqlError, match=r"not several statements \(line 3, column 2\)"):
        sql.parse_query("select 1;\n-- and\n select 2;")


def test_a_semicolon_at_the_end_changes_nothing() -> None:
    assert sql.parse_query("select 1 ; -- done\n;").normal == sql.parse_query("select 1").normal


@pytest.mark.parametrize("opening", ["(", "[", "coalesce(", "(select "])
def test_what_is_nested_too_deep_is_refused(opening: str) -> None:
    closing = {"[": "]"}.get(opening, ")")
    with pytest.raises(sql.SqlError, match="nested too deep"):
        sql.parse_query("select " + opening * 3000 + "1" + closing * 3000)


def test_the_parser_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(sql.SqlError):
        sql.parse_query("explain select 1")
    assert caplog.records == []


@pytest.mark.parametrize("query", lines("columns.sql") + lines("unknown_columns.sql"))
def test_a_parsed_query_comes_back_from_json_as_it_was(query: str) -> None:
    parsed = sql.parse_query(query)
    assert sql.ParsedQuery.from_json(parsed.to_json()) == parsed


def test_sqlglot_is_loaded_by_parsing_alone() -> None:
    code = (
        "import sys\n"
        "from thresher.project import sql\n"
        "assert sql.PARSER_VERSION.startswith('sqlglot ')\n"
        "parsed = sql.ParsedQuery(normal='', outputs=(('table', ('a.b',), ()),))\n"
        "parsed = sql.ParsedQuery.from_json(parsed.to_json())\n"
        "assert sql.resolve_columns(parsed, {'a.b': ('c',)}) == ('c',)\n"
        "assert sql.literal(1) and sql.quote('a') and sql.valid_type('decimal(3, 1)')\n"
        "assert 'sqlglot' not in sys.modules\n"
        "sql.parse_query('select 1')\n"
        "assert 'sqlglot' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
