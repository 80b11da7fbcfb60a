"""Names of types: DuckDB says which there are and how it spells them."""

from __future__ import annotations

import duckdb
import pytest

from thresher.project import sql
from thresher.project.sql.keywords import KEYWORDS

#: Types that DuckDB has, and that no column of a table can have, or that need what we do not read.
LEFT_OUT = {"array", "list", "null", "parquet_variant", "tuple", "type"}

#: Types that need parameters.
NESTED = {"enum", "map", "row", "struct", "union"}

TYPES = [
    "Integer", "  int  ", "DOUBLE  precision", "character varying(10)", "varchar(3)", "text",
    "decimal", "decimal(10)", "DECIMAL ( 10 , 2 )", "numeric(38,38)", "dec(4)",
    "float(24)", "float(25)", "float(53)", "bit(3)", "bit varying",
    "timestamp(0)", "timestamp(3)", "timestamp(4)", "timestamp(6)", "timestamp(7)", "datetime(9)",
    "timestamp with time zone", "TIMESTAMP WITHOUT TIME ZONE", "time with time zone", "timetz",
    "int[]", "int[][]", "int[3]", "int [ 3 ] [ ]", "int array", "int array[3]", "int array array",
    "time with time zone[]", "decimal(3,1)[2]",
    "struct(a int)", "STRUCT(A int, b varchar[])", 'struct("a b" int, "select" int, "a""b" int)',
    "row(a int)", "struct(date date, name text, key int)", "struct(é int, _a1 int)",
    "struct(a struct(b decimal(3,1)[2], c map(varchar, struct(d json))))",
    "map(int, varchar)", "map(varchar, int[])[]", "union(a int, b varchar)",
    "enum('a', 'b')", "enum('it''s', 'A', 'a')",
]  # fmt: skip

NO_TYPES = [
    "", "foo", "integr", "int int", "int(4)", "bigint(20)", "date(1)", "blob(3)", "json(3)",
    "time(3)", "decimal(39,2)", "decimal(5,6)", "decimal(0)", "decimal('3')", "decimal(3.0)",
    "decimal(10", "decimal(-3)", "varchar(3,4)", "float(54)", "float(0)", "timestamp(11)",
    "timestamp('ms')", "timestamp(3) with time zone", "int[0]", "int[-1]", "int[1.5]",
    "int[9999999]", "int]", "[]", "struct()", "struct(int)", "struct(a int, A int)",
    "struct(a: int)", "struct(a foo)", "struct(1a int)", "struct('a' int)", 'struct("" int)',
    "union(a int, a int)", "map(int)", "map", "enum()", "enum", "enum(a)", "enum('a', 'a')",
    "int unsigned", "unsigned int", "xml", "any", "null", "int; drop table x", "int -- why",
    "int /* why */", "int) as x", "int, b int",
]  # fmt: skip


def spelled_by_duckdb(name: str) -> str:
    """Make a table with a column of the type, and tell how DuckDB spells it."""
    duckdb.execute(f"create or replace table spelled (x {name})")
    return str(duckdb.execute("describe spelled").fetchall()[0][1])


@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_spelled_as_duckdb_spells_it(name: str) -> None:
    assert sql.normal_type(name) == spelled_by_duckdb(name)
    assert sql.valid_type(name)


@pytest.mark.parametrize("name", TYPES)
def test_the_normal_form_of_a_type_is_a_type_with_that_normal_form(name: str) -> None:
    normal = sql.normal_type(name) or ""
    assert sql.normal_type(normal) == normal == spelled_by_duckdb(normal)


@pytest.mark.parametrize("name", NO_TYPES)
def test_what_is_no_type_has_no_normal_form(name: str) -> None:
    assert sql.normal_type(name) is None
    assert not sql.valid_type(name)


def test_every_type_of_duckdb_has_a_name() -> None:
    rows = duckdb.execute(
        "select distinct lower(type_name) from duckdb_types() where database_name = 'system'"
    ).fetchall()
    assert {name for (name,) in rows} - LEFT_OUT <= set(sql.TYPE_NAMES)


@pytest.mark.parametrize("name", sorted({*sql.TYPE_NAMES} - NESTED))
def test_every_name_is_that_of_a_type(name: str) -> None:
    assert sql.normal_type(name.upper()) == spelled_by_duckdb(name)


def test_keywords_are_those_of_duckdb() -> None:
    rows = duckdb.execute("select distinct keyword_name from duckdb_keywords()").fetchall()
    assert {name for (name,) in rows} == KEYWORDS


def test_a_type_beyond_all_bounds_is_none() -> None:
    assert sql.normal_type("decimal(" + "9" * 5000 + ")") is None
    assert sql.normal_type("struct(a " * 2000 + "int" + ")" * 2000) is None
