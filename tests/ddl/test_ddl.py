"""What `thresher ddl` prints: golden files, and each of them held against something else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlglot
from postgres_databases import Postgres
from shop_project import FIXTURES, open_shop
from sqlglot import exp
from sqlglot.errors import ErrorLevel

import thresher
from thresher.api.ddl import ddl
from thresher.docs.ddl.dialects import DIALECTS
from thresher.docs.ddl.names import RESERVED
from thresher.errors import CommandError, ProjectError


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> thresher.OpenProject:
    return open_shop(tmp_path_factory.mktemp("shop"))


def project(folder: Path, config: str = "", **files: str) -> thresher.OpenProject:
    """Write a project whose files are named `raw__orders_yaml` for `src/raw/orders.yaml`."""
    (folder / "config.yaml").write_text(f"pipeline: small\n{config}")
    for name, text in files.items():
        path = folder / "src" / name.replace("__", "/").replace("_yaml", ".yaml")
        path = path if path.suffix else path.with_suffix(".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return thresher.open(folder)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_prints_what_it_printed(dialect: str, shop: thresher.OpenProject) -> None:
    expected = (FIXTURES / f"{dialect}.sql").read_text(encoding="utf-8")
    assert str(ddl(shop, dialect=dialect)) == expected


@pytest.mark.parametrize("dialect", ["spark", "snowflake", "bigquery"])
def test_sqlglot_reads_every_statement_in_its_dialect(
    dialect: str, shop: thresher.OpenProject
) -> None:
    made = ddl(shop, dialect=dialect)
    parsed = sqlglot.parse(str(made), read=dialect, error_level=ErrorLevel.RAISE)
    assert len(parsed) == len(made.statements)
    for tree, statement in zip(parsed, made.statements, strict=True):
        assert isinstance(tree, exp.Create | exp.Comment | exp.Alter), statement
        tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
        if statement.kind == "table":
            assert isinstance(tree, exp.Create)
            columns = list(tree.this.find_all(exp.ColumnDef))
            types = {kind.this for column in columns if (kind := column.kind)}
            assert columns
            assert exp.DType.USERDEFINED not in types, statement
            assert exp.DType.UNKNOWN not in types, statement


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_check_is_lost(dialect: str, shop: thresher.OpenProject) -> None:
    made = ddl(shop, dialect=dialect)
    told = {(each.asset, each.check.id) for each in made.not_enforced}
    for name, asset in shop.project.assets.items():
        own = [each for each in made.statements if each.asset == name]
        text = "\n".join(each.sql for each in own)
        notes = [note for each in own for note in each.notes if note.startswith("not enforced")]
        checks = asset.contract.checks
        assert len(notes) == len([check for check in checks if (name, check.id) in told])
        held = [check for check in checks if (name, check.id) not in told]
        for check in held:
            word = {"not_null": "not null", "primary_key": "primary key", "unique": "unique"}
            word |= {"references": "references"}
            named = f"_{check.kind}"
            assert word.get(check.kind, named) in text or "unique" in text, (name, check.id)


def test_postgres_takes_it(shop: thresher.OpenProject, postgres: Postgres) -> None:
    database = postgres.database()
    done = postgres.run(str(ddl(shop, dialect="postgres")), database)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("NOTICE") == done.stderr.count("will be truncated")
    asked = "select count(*) from pg_constraint where contype = 'f'"
    assert postgres.ask(asked, database).strip() == "5"


def test_duckdb_takes_it(shop: thresher.OpenProject) -> None:
    connection = duckdb.connect()
    connection.execute(str(ddl(shop)))
    found = connection.execute(
        "select column_name, data_type from duckdb_columns() where table_name = 'kinds'"
    ).fetchall()
    (kinds,) = [a for n, a in shop.project.assets.items() if n == "raw.kinds"]
    expected = [
        (column.name, thresher.project.sql.normal_type(column.type or ""))
        for column in kinds.contract.columns
    ]
    assert [tuple(row) for row in found] == expected


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("a_tinyint", "-128", "128"),
        ("a_utinyint", "255", "-1"),
        ("a_usmallint", "65535", "65536"),
        ("a_uinteger", "4294967295", "4294967296"),
        ("a_ubigint", "18446744073709551615", "18446744073709551616"),
        ("a_hugeint", "-170141183460469231731687303715884105728", "'x'"),
        ("a_uhugeint", "340282366920938463463374607431768211455", "'x'"),
        ("a_decimal", "999999999999999.999", "1000000000000000"),
        ("a_wide_decimal", "123456789012345678.12345678901234567891", "1e18"),
        ("a_bit", "B'10110'", "'12'"),
        ("a_blob", r"'\x00ff'", "3"),
        ("a_uuid", "'00000000-0000-0000-0000-000000000001'", "'x'"),
        ("a_json", """'{"a": 1, "a": 2}'""", "'{'"),
        ("an_interval", "'14 months 3 days 00:00:01.5'", "'x'"),
        ("a_time_with_time_zone", "'12:00:00.000001+05:30'", "'25:00'"),
        ("a_timestamp", "'290000-01-01 00:00:00.000001'", "'x'"),
        ("a_timestamptz", "'2020-01-01 00:00:00+02'", "'x'"),
        ("an_array", "'{1,2,3}'", "'{1,2}'"),
        ("an_enum", "'it''s'", "'other'"),
        ("a_list", """'{a,"b,c",null}'""", "'a'"),
        ("a_struct", """'{"city": "x", "Zip Code": 1}'""", "'{'"),
        ("a_bignum", "1" + "0" * 60, "'x'"),
        ("a_float", "3.4028235e38", "1e39"),
    ],
)
def test_postgres_holds_the_values_of_a_type_and_no_others(
    column: str, good: str, bad: str, postgres: Postgres, shop: thresher.OpenProject
) -> None:
    script = "begin;" + str(ddl(shop, select=["raw.kinds"], dialect="postgres"))
    insert = f"insert into raw.kinds ({column}) values"
    assert postgres.run(f"{script}{insert} ({good}), (null); rollback;").returncode == 0
    refused = postgres.run(f"{script}{insert} ({bad}); rollback;")
    assert refused.returncode != 0
    assert "INSERT" not in refused.stdout


def test_words_that_databases_reserve_are_quoted(postgres: Postgres) -> None:
    asked = "select word from pg_get_keywords() where catcode in ('R', 'T')"
    reserved = set(postgres.ask(asked).split())
    rows = duckdb.execute(
        "select keyword_name from duckdb_keywords() "
        "where keyword_category in ('reserved', 'column_name', 'type_function')"
    ).fetchall()
    needed = {word for (word,) in rows if not _is_a_name(word)}
    assert reserved - RESERVED - {"binary", "overlaps"} == set()
    assert needed - RESERVED == set()
    for name in sqlglot.dialects.BigQuery.Generator.RESERVED_KEYWORDS:
        assert name in RESERVED, name


def _is_a_name(word: str) -> bool:
    try:
        duckdb.execute(f"create or replace temp table words ({word} integer)")
        duckdb.execute(f"select {word} from words where {word} > 0")
    except duckdb.Error:
        return False
    return True


def test_columns_without_a_type_are_told_all_at_once(tmp_path: Path) -> None:
    small = project(
        tmp_path,
        raw__orders_yaml="source: {files: data_raw/*.csv}\ncolumns:\n  id: bigint\n  note:\n  x:\n",
        clean__orders="select id, note from raw.orders",
        clean__all="select * from raw.orders",
    )
    with pytest.raises(ProjectError) as raised:
        ddl(small)
    told = [(f.what, str(f.place)) for f in raised.value.faults]
    assert ("`raw.orders.note` has no type", "src/raw/orders.yaml:4") in told
    assert ("`raw.orders.x` has no type", "src/raw/orders.yaml:5") in told
    unknown = "cannot be told: it reads `raw.orders`, whose types are not known"
    assert (f"the types of `clean.all` {unknown}", "src/clean/all.sql") in told
    assert len(told) == 4
    assert all("thresher run" in str(fault.hint) for fault in raised.value.faults)


def test_what_is_published_tells_the_types_that_the_contract_does_not(tmp_path: Path) -> None:
    small = project(
        tmp_path,
        raw__orders_yaml="source: {files: data_raw/*.csv}\ncolumns:\n  id: {not_null: true}\n",
        clean__orders="select id, upper(note) as note from raw.orders",
    )
    (tmp_path / "data_raw").mkdir()
    (tmp_path / "data_raw" / "orders.csv").write_text("id,note,at\n1,a,2020-01-01\n")
    assert small.run().ok
    made = str(ddl(small, dialect="postgres"))
    assert '    id bigint not null,\n    note text,\n    "at" date\n' in made
    assert "types that the contract does not give are those of publication 1" in made
    assert "create table clean.orders (\n    id bigint,\n    note text\n)" in made


def test_a_query_tells_its_types_before_anything_was_run(tmp_path: Path) -> None:
    small = project(
        tmp_path,
        raw__orders_yaml="source: {files: x.csv}\ncolumns: {id: integer, day: date}\n",
        macros__tools="create macro doubled(x) as x * 2;",
        clean__orders="select doubled(id) as twice, day + interval 1 day as next from raw.orders",
        clean__days="select next, count(*) as n, avg(twice) as mean from clean.orders group by 1",
    )
    made = str(ddl(small))
    assert "    twice integer,\n    next timestamp\n" in made
    assert "    next timestamp,\n    n bigint,\n    mean double\n" in made


def test_one_table_alone_says_what_its_reference_needs(shop: thresher.OpenProject) -> None:
    made = str(ddl(shop, select=["clean.labels"], dialect="postgres"))
    assert made.count("create table") == 1
    assert (
        "`clean.boxes` is not selected; where it is there: alter table clean.labels add constraint "
        "labels_box_fkey foreign key (box) references clean.boxes (id);"
    ) in made


def test_a_dialect_that_is_not_known_names_the_nearest(shop: thresher.OpenProject) -> None:
    with pytest.raises(CommandError) as raised:
        ddl(shop, dialect="postgre")
    assert "did you mean `postgres`?" in str(raised.value)


def test_a_secret_in_a_view_is_not_printed(tmp_path: Path) -> None:
    small = project(
        tmp_path,
        "params: {api_token: hunter2-in-config}\n",
        clean__a="select 'x' as t",
        clean__v="/* ---\nmaterialized: view\n--- */\nselect t from clean.a where t = $api_token",
    )
    for dialect in DIALECTS:
        made = str(ddl(small, dialect=dialect))
        assert "create view" in made
        assert "hunter2" not in made
