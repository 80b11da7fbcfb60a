"""Configuration, contracts and SQL that are wrong: told before anything runs, or by their line."""

from __future__ import annotations

import pytest
from published_shop import CORES, LARGE_SORT, Case, Shop

NEW = "src/warehouse/new.sql"
ORDERS = "src/clean/orders.sql"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def config(content: str | bytes, *told: str, hints: int = 1) -> Case:
    """A configuration that is wrong, so that nothing runs."""
    return project("config.yaml", content, *told, hints=hints)


def project(path: str, content: str | bytes, *told: str, hints: int = 1) -> Case:
    """A file of the project that is wrong, so that nothing runs."""
    return Case({path: content}, (path, *told), code=2, hints=hints)


def query(text: str, *told: str, hints: int = 1) -> Case:
    """A query that fails when it runs; it begins in the fourth line of its file."""
    head = "/* ---\ndescription: New.\n--- */\n"
    return Case(
        {NEW: head + text},
        ("warehouse.new failed", NEW, *told),
        hints=hints,
        mended={NEW: f"{head}select * from raw.orders"},
        builds=frozenset({"warehouse.new"}),
    )


CONFIGURATIONS = {
    "a list": config("- pipeline: shop\n", "yaml:1", "should be a mapping", "`key: value`"),
    "a text": config("shop\n", "yaml:1", "should be a mapping", "not `shop`"),
    "empty": config("", "`pipeline` is missing", "add it: `pipeline: ...`"),
    "wrong type": config(
        "pipeline: shop\nrun: {workers: many}\n",
        "yaml:2: `run.workers` should be a valid integer, not `many`\n",
        hints=0,
    ),
    "wrong kind": config("pipeline: shop\nrun: [1, 2]\n", "yaml:2: `run` should be a mapping"),
    "unknown key": config("pipeline: shop\nrun:\n  worker: 2\n", "yaml:3", "mean `workers`?"),
    "key twice": config("pipeline: shop\npipeline: x\n", "yaml:2", "first in line 1", "keep one"),
    "Python tag": config(
        "pipeline: !!python/object/apply:os.mkdir [pwned]\n", "yaml:1:11", "is refused", "plain"
    ),
    "alias bomb": config(f"pipeline: shop\n{BOMB}", "yaml:7", "aliases", "write the values out"),
    "alias of itself": config("pipeline: &a [*a]\n", "yaml:1", "refers to itself"),
    "open bracket": config("pipeline: shop\nrun: {workers: 2\n", "yaml:3:1", "not valid YAML"),
    "tab": config("pipeline: shop\nrun:\n\tworkers: 2\n", "yaml:3:1", "with spaces, not tabs"),
    "latin-1": config(b"pipeline: x\nparams: {a: \xf6}\n", "yaml:2", "not UTF-8", "save it as"),
    "NUL byte": config("pipeline: sh\0op\n", "yaml:1: not valid YAML", hints=0),
    "missing": Case({"config.yaml": None}, ("config.yaml", "`thresher init NAME`"), code=2),
    "latin-1 in .env": project(".env", b"NAME=1\nWHO=Zo\xeb\n", ".env:2", "not UTF-8"),
}

PROJECTS = {
    "alias bomb": project("src/raw/x.yaml", BOMB, "yaml:6", "write the values out"),
    "Python tag": project("src/raw/x.yaml", "source: !!python/name:os.mkdir\n", "yaml:1:9"),
    "list": project("src/raw/x.yaml", "[1]\n", "`source` is missing", "such as `source: {files"),
    "empty source": project("src/raw/x.yaml", "", "`source` is missing"),
    "no files": project("src/raw/x.yaml", "source: {}\n", "`source.files` is missing", "add it"),
    "SQL syntax": project(ORDERS, "select *\nfrm raw.orders\n", "sql:2:5", "near `raw`", hints=0),
    "open parenthesis": project(
        ORDERS, "select sum(amount\nfrom raw.orders", "sql:2:1", "`)` is expected", hints=0
    ),
    "open quote": project(ORDERS, "select 'a\nfrom raw.orders", "sql:1:8", "no end", "close it"),
    "empty SQL": project(ORDERS, "", "no SQL where a query should be", "write it"),
    "a comment alone": project(ORDERS, "-- later\n", "no SQL where a query should be"),
    "two statements": project(ORDERS, "select 1 as x;\nselect 2 as x", "sql:2:1", "take all but"),
    "no query": project(ORDERS, "drop table raw.orders", "sql:1:1", "write a `select`"),
    "latin-1 SQL": project(ORDERS, b"select\n'Zo\xeb' as x", "sql:2", "not UTF-8", "save it as"),
    "a picture": project(ORDERS, b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
    "unknown table": project(NEW, "select *\nfrom raw.ordres", "sql:2", "mean `raw.orders`?"),
    "unknown parameter": project(NEW, "select *\nfrom raw.orders\nwhere id > $x", "sql:3", "`x`"),
    "a file for a table": project(NEW, "from read_csv('x.csv')", "sql:1", "raw asset"),
    "open contract": project(NEW, "/* ---\ncolumns: {}\nselect 1 as x", "sql:1", "put `--- */`"),
    "unknown check": project(
        NEW, "/* ---\ncolumns: {id: {uniqe: true}}\n--- */\nfrom raw.orders", "sql:2", "`unique`"
    ),
    "cycle": Case(
        {"src/clean/a.sql": "from clean.b", "src/clean/b.sql": "from clean.a"},
        ("src/clean/a.sql", "a cycle: clean.a -> clean.b -> clean.a", "take one of them out"),
        code=2,
    ),
}

QUERIES = {
    "unknown column": query("select id,\n  amonut\nfrom raw.orders", "sql:5: ", "mean `amount`"),
    "unknown function": query("select summ(id) as x from raw.orders", "sql:4: ", "mean `sum`?"),
    "cast": query("select\n customer::int as x\nfrom raw.orders", "sql:5: ", "'a'", "`try_cast`"),
    "overflow": query("select amount::tinyint * 9::tinyint as x from raw.orders", "Overflow"),
    "own error": query("select error('no ' || id) as x from raw.orders", "sql: no 1", hints=0),
    "types": query("select id + customer as x\nfrom raw.orders", "sql:4: ", "casts", hints=0),
    "group": query(
        "select customer,\n  id\nfrom raw.orders group by 1", "sql:5: ", "GROUP", hints=0
    ),
    "many rows": query("select (select id from raw.orders) as x", "More than one row", hints=0),
    "no column": query("select * exclude (id, customer, amount) from raw.orders", hints=0),
    "two columns of one name": query("select id, amount as ID from raw.orders", "`id` and `ID`"),
    "a type that Parquet lacks": query(
        "select [union_value(n := id)] as x from raw.orders",
        "`x`",
        "UNION",
        "take its members apart",
    ),
    "a number that Parquet lacks": query(
        "select 170141183460469231731687303715884105727::hugeint as x from raw.orders",
        "Parquet holds `hugeint` as `decimal(38,0)`",
    ),
    "too little memory": Case(
        {
            "config.yaml": "pipeline: shop\nrun: {retries: 0, memory: 20MB}\n",
            NEW: "select list(i) as x from range(20000000) t(i), raw.orders",
        },
        (NEW, "raise `run.memory` in `config.yaml`"),
    ),
}


@pytest.mark.parametrize("case", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_bad_configuration_runs_nothing(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)
    assert not (shop.root / "pwned").exists()


@pytest.mark.parametrize("case", PROJECTS.values(), ids=PROJECTS)
def test_a_bad_asset_runs_nothing(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)


@pytest.mark.parametrize("case", QUERIES.values(), ids=QUERIES)
def test_a_bad_query_fails_by_its_line(shop: Shop, case: Case) -> None:
    shop.assert_refuses(case)


def test_a_query_that_is_larger_than_the_memory_is_done_on_disk(shop: Shop) -> None:
    shop.put(LARGE_SORT)
    ended = shop.run()
    assert ended.code == 0, ended.said
    assert shop.rows("warehouse.new") == [(1_500_000 * CORES,)]
    assert shop.left_over() == []
