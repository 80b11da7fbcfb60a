"""Conditions for PostgreSQL, held against PostgreSQL: the same rows satisfy them there and here."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from postgres_databases import Postgres

from thresher.project import sql
from thresher.project.sql import SqlError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ddl"
COLUMNS = {
    "k": ("integer", "integer"),
    "i": ("integer", "integer"),
    "b": ("bigint", "bigint"),
    "u": ("utinyint", "smallint"),
    "n": ("decimal(10, 2)", "numeric(10, 2)"),
    "x": ("double", "double precision"),
    "f": ("float", "real"),
    "s": ("varchar", "text"),
    "t": ("varchar", "text"),
    "d": ("date", "date"),
    "ts": ("timestamp", "timestamp"),
    "ts2": ("timestamp", "timestamp"),
    "tm": ("time", "time"),
    "ok": ("boolean", "boolean"),
    "id": ("uuid", "uuid"),
    "tz": ("timestamptz", "timestamptz"),
    "order date": ("bigint", "bigint"),
    "l": ("integer[]", "integer[]"),
    "st": ("struct(a integer)", "jsonb"),
    "mood": ("enum('happy', 'sad')", "text"),
}
NUMBERS = "(null), (0), (1), (3), (5), (-7), (255)"
TEXTS = (
    *("", "abc", "ABC", "a", "b", "B", " abc", "abc\t", "\u00a0abc\u2003", "a%", "a\\%", "a\\"),
    *("a\nb", "x_y", "Ä", "ß", "é", "日本語", "abcabc", "A 1", "%", "_b_", "abc\u200b"),
)


def lines(name: str) -> list[str]:
    return [
        line
        for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("-- ")
    ]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """Make rows of every odd value, each beside others, in DuckDB and as CSV."""
    connection = duckdb.connect()
    columns = ", ".join(f'"{name}" {kinds[0]}' for name, kinds in COLUMNS.items())
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"create table data ({columns})")
    texts = [None, *TEXTS]
    numbers = [None, 0, 1, 3, 5, -7, 255]
    floats = [None, 0.0, -0.0, 0.1, 1.5, 3.0, -2.25, 1e300, "nan", "inf", "-inf", 2.0]
    decimals = [None, "12.50", "0.00", "-1.01", "99999999.99", "3.00", "12.00"]
    days = [None, "2020-02-29", "2020-01-01", "2019-12-31", "2021-06-15", "1999-02-01"]
    times = [
        *(None, "2020-02-29 23:59:30", "2020-02-29 23:59:59", "2020-03-01 00:00:10"),
        *("2021-01-01 00:00:00", "2020-01-01 00:00:00", "2020-01-01 00:59:59.999999"),
    ]
    for k in range(4 * 7 * 23):
        number = numbers[k % 7]
        value = (
            *(k, number, numbers[(k // 2) % 7], abs(number) if number is not None else None),
            *(decimals[k % 7], floats[k % 12], None if k % 12 == 7 else floats[k % 12]),
            *(texts[k % 24], texts[(k * 5 + k // 24) % 24], days[k % 6]),
            *(times[k % 7], times[(k // 3) % 7]),
            (None, "00:00:00", "11:59:59", "12:00:00", "23:30:00")[k % 5],
            (None, True, False)[k % 3],
            f"00000000-0000-0000-0000-{k % 12:012x}" if k % 5 else None,
            (None, "2020-01-01 00:00:00+00", "2020-06-01 12:00:00+02")[k % 3],
            *(k % 4, [k] if k % 2 else None, {"a": k}, ("happy", "sad")[k % 2]),
        )
        marks = ", ".join("?" * len(value))
        connection.execute(f"insert into data values ({marks})", value)
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    written = ", ".join(
        {"l": "l", "st": "to_json(st) as st"}.get(name, f'"{name}"') for name in COLUMNS
    ).replace("l, to_json", "replace(replace(l::varchar, '[', '{'), ']', '}') as l, to_json")
    connection.execute(
        f"copy (select {written} from data) to '{path}' "
        "(format csv, header, nullstr '\\N', quote '\"', force_quote *)"
    )
    return connection, path


@pytest.fixture(scope="module")
def database(postgres: Postgres, rows: tuple[duckdb.DuckDBPyConnection, Path]) -> str:
    """Give a database of PostgreSQL that holds the same rows."""
    name = postgres.database()
    columns = ", ".join(f'"{name}" {kinds[1]}' for name, kinds in COLUMNS.items())
    postgres.ask(f"create table data ({columns})", name)
    assert postgres.copy("data", rows[1], name) == ""
    return name


def translated(condition: str) -> str:
    types = {}
    for name, (kind, _) in COLUMNS.items():
        tree = sql.parse_type(kind)
        assert tree is not None
        types[name] = tree
    return sql.postgres_condition(condition, types, {name: f'"{name}"' for name in COLUMNS})


@pytest.mark.parametrize("condition", lines("conditions.sql"))
def test_the_same_rows_satisfy_it(
    condition: str,
    postgres: Postgres,
    database: str,
    rows: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    asked = "case when ({}\n) then 1 when not ({}\n) then 0 else -1 end"
    here = rows[0].execute(f"select {asked.format(condition, condition)} from data order by k")
    text = translated(condition)
    there = postgres.ask(f"select {asked.format(text, text)} from data order by k", database)
    found = [row[0] for row in here.fetchall()]
    assert len(found) == 644
    assert [int(each) for each in there.split()] == found, text


@pytest.mark.parametrize("line", lines("refused_conditions.sql"))
def test_what_may_mean_something_else_is_refused_by_name(line: str) -> None:
    condition, _, reason = line.rpartition(";")
    with pytest.raises(SqlError) as raised:
        translated(condition.strip())
    assert reason.strip() in raised.value.what


@pytest.mark.parametrize("condition", ["s < 'b'", "s between 'A' and t", "'b' >= s"])
def test_texts_are_ordered_by_their_bytes_whatever_the_database_sorts_by(condition: str) -> None:
    # the wheel's PostgreSQL knows no other order, so there is nothing to hold this against
    assert '"s" collate "C"' in translated(condition)
