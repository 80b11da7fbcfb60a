"""Columns marked `sensitive`: a project that fails in many ways, and no value of them anywhere."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from thresher.api.quarantine import correct, export_rows, quarantined_rows
from thresher.errors import ProjectError
from thresher.project.contract import Contract
from thresher.project.reader import read_project

SECRET = "zq7secret4711"
NUMBER = 7319046825
"""A number whose digits stand nowhere else."""
MASK = "***"

PEOPLE = "".join(f"{n},{SECRET}{n},{NUMBER},2011-03-0{2 * n},x\n" for n in range(1, 5))
FILES = {
    "config.yaml": "pipeline: p\nenvironments: {dev: {}}\nrun: {retries: 1, backoff: 1ms}\n",
    "data_raw/people.csv": f"id,name,number,born,kind\n{PEOPLE}5,,{NUMBER},,x\n",
    "src/raw/people.yaml": """
source: {files: data_raw/people.csv}
columns:
  name: {type: varchar, sensitive: true}
  number: {type: bigint, sensitive: true}
  born: {type: date, sensitive: true}
""",
    "data_raw/quote-1.csv": f'id,name\n1,"{SECRET}"x\n',
    "data_raw/quote-2.csv": "id,name\n1,a\n",
    "src/raw/quote.yaml": "source: {files: data_raw/quote-*.csv, tolerate: 5}\n"
    "columns: {name: {sensitive: true}}\n",
    "data_raw/misfit.csv": f"id,pin\n1,5\n2,{SECRET}\n",
    "src/raw/misfit.yaml": "source: {files: data_raw/misfit.csv}\n"
    "columns: {pin: {type: integer, sensitive: true}}\n",
    "data_raw/lines.ndjson": f'{{"pin": "a"}}\n"{SECRET}"\n',
    "src/raw/lines.yaml": "source: {files: data_raw/lines.ndjson}\n"
    "columns: {pin: {sensitive: true}}\n",
    "src/clean/people.sql": """/* ---
columns:
  name: {pattern: "[a-z]", accepted: [a], length: {at_most: 3}, unique: true, not_null: true,
         min: {at_least: zz}, expression: "cast(name as integer) > 0"}
  number: {between: [1, 2], mean: [1, 2], unique: true, increasing: born, no_gap: true,
           sum: {at_most: 3}, max: {at_most: 3}, quantile: {at: 50%, at_most: 3},
           reconciles: raw.people.id, change: {of: mean, over: 1, after: 1, within: 1}}
  born: {freshness: 2d, min: {at_least: 2020-01-01}, no_gap: day}
checks:
  - query: select upper(name) as other, number + 1 as more from clean.people
  - query: select cast(name as integer) from clean.people
  - expression: kind = 'y'
  - primary_key: [name]
  - references: {columns: [name], to: clean.aside, keys: [name]}
--- */
select * from raw.people""",
    "src/clean/aside.sql": """/* ---
columns: {name: {pattern: {regex: "[a-z]", on_violation: quarantine}}}
--- */
select * from raw.people""",
    "src/clean/cast.sql": "select cast(name as integer) as a from raw.people",
    "src/warehouse/renamed.sql": """/* ---
columns: {other: {sensitive: true, pattern: {regex: "[a-z]", severity: warning}}}
--- */
select name as other from clean.aside union all select name from raw.people""",
    "src/clean/function.py": """
import pandas as pd
from thresher import asset

@asset(inputs={"people": "raw.people"}, columns={"name": {"sensitive": True}})
def function(people: pd.DataFrame) -> pd.DataFrame:
    raise ValueError(f"bad value {people['name'].max()}")
""",
}


@pytest.fixture
def secretive(shop):
    shop.write(dict.fromkeys(path.relative_to(shop.root).as_posix() for path in _files(shop)))
    return shop.write(FILES)


def _files(shop):
    return [path for path in shop.root.rglob("*") if path.is_file()]


def call(shop, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=shop.root,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def leaks(shop):
    """Name every file but the data itself that holds a secret."""
    data = ("data_raw", "data_clean", ".parquet")
    return [
        path.relative_to(shop.root).as_posix()
        for path in _files(shop)
        if not any(part in path.relative_to(shop.root).as_posix() for part in data)
        and any(secret in path.read_bytes() for secret in (SECRET.encode(), str(NUMBER).encode()))
    ]


def shown(*ended):
    return any(
        secret.lower() in text.lower()
        for each in ended
        for text in (each.stdout, each.stderr)
        for secret in (SECRET, str(NUMBER), f"{NUMBER:,}", "2011-03-0")
    )


def test_no_value_of_a_sensitive_column_is_shown_anywhere(secretive):
    ran = [
        call(secretive, "run", "--debug"),
        call(secretive, "run", "--format", "json"),
        call(secretive, "runs"),
        call(secretive, "runs", "show", "latest"),
        call(secretive, "failures"),
        call(secretive, "failures", "--format", "json"),
        call(secretive, "plan"),
    ]
    assert [each.returncode for each in ran] == [1, 1, 0, 0, 0, 0, 0], ran[0].stderr
    assert "Traceback" not in ran[1].stderr
    assert not shown(*ran)
    assert [path for path in leaks(secretive) if not path.endswith(".sqlite-wal")] == []
    assert not [path for path in leaks(secretive) if "history" in path]
    report = json.loads((secretive.root / "reports/latest/report.json").read_text())
    seen = {check["check"]: check for check in report["checks"] if check["asset"] == "clean.people"}
    assert seen["pattern(name, [a-z])"]["examples"][0] == {
        "id": 1,
        "name": MASK,
        "number": MASK,
        "born": MASK,
        "kind": "x",
    }
    assert seen["not_null(name)"]["examples"][0]["name"] is None
    assert seen["expression(kind = 'y')"]["examples"][0]["kind"] == "x"
    assert f"is {MASK}" in seen["mean(number, >= 1, <= 2)"]["message"]
    assert seen["mean(number, >= 1, <= 2)"]["figure"] == MASK
    told = json.dumps(report)
    for fact in (
        f"`pin` should be INTEGER, not `{MASK}`",
        "a quote is not closed",
        "a row is no object",
        "Conversion Error: the rest is not shown",
        "ValueError: the rest is not shown",
    ):
        assert fact in told
    # Every kind of check must have found something, or there was nothing to hide.
    kinds = {check["kind"] for check in seen.values() if check["status"] in ("failed", "error")}
    assert kinds >= {
        *("pattern", "accepted", "length", "unique", "min", "expression", "between", "mean"),
        *("no_gap", "sum", "max", "quantile", "reconciles", "freshness", "query", "references"),
    }


def test_the_same_project_without_the_word_shows_them(secretive):
    for name, text in FILES.items():
        if name.startswith("src/") and name.endswith((".yaml", ".sql")):
            secretive.write({name: text.replace("sensitive: true", "description: x")})
    secretive.write({"src/clean/function.py": None})
    ran = call(secretive, "run")
    assert shown(ran)
    found = leaks(secretive)
    written = ("report.json", "report.html", "report.md", "report.sarif", "junit.xml", ".log")
    for name in (*written, "history.sqlite"):
        assert any(path.endswith(name) for path in found), name


def aside_only(shop):
    gone = [
        n for n in FILES if n.startswith("src/") and "people.yaml" not in n and "aside" not in n
    ]
    shop.write(dict.fromkeys(gone))
    assert shop.run().exit_code == 0
    return shop


def test_quarantine_is_masked_unless_it_is_to_be_revealed(secretive):
    shop = aside_only(secretive)
    masked = call(shop, "quarantine", "show", "clean.aside")
    assert not shown(masked)
    assert "masked, since sensitive: `name`, `number`, `born`; `--reveal`" in masked.stderr
    assert SECRET in call(shop, "quarantine", "show", "clean.aside", "--reveal").stdout
    work = shop.open().work
    answer = quarantined_rows(work, "clean.aside", limit=None, check=None)
    row = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert (row["id"], row["name"], row["kind"], row["__id"]) == (1, MASK, "x", MASK)
    told = call(shop, "quarantine", "export", "clean.aside", "bad.csv")
    assert "a masked file cannot be given back" in told.stderr
    assert SECRET not in (shop.root / "bad.csv").read_text()


def test_a_masked_file_cannot_be_given_back(secretive):
    shop = aside_only(secretive)
    work = shop.open().work
    export_rows(work, "clean.aside", shop.root / "bad.csv")
    with pytest.raises(ProjectError) as raised:
        correct(work, "clean.aside", shop.root / "bad.csv")
    assert "quarantine export clean.aside FILE --reveal" in str(raised.value)
    export_rows(work, "clean.aside", shop.root / "all.csv", reveal=True)
    text = (shop.root / "all.csv").read_text()
    assert SECRET in text
    (shop.root / "all.csv").write_text(text.replace(str(NUMBER), f"no{NUMBER}"))
    with pytest.raises(ProjectError) as raised:
        correct(work, "clean.aside", shop.root / "all.csv")
    assert f"`number` should be BIGINT, not `{MASK}`" in str(raised.value)
    (shop.root / "all.csv").write_text(text.replace(SECRET, "a"))
    assert correct(work, "clean.aside", shop.root / "all.csv").rows == 4


def test_what_is_read_under_the_same_name_is_sensitive_too(shop):
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv}\n"
            "columns: {customer: {sensitive: true}, amount: {sensitive: true}}\n",
            "src/warehouse/by_customer.sql": "/* ---\ncolumns: {amount: {sensitive: false}}\n--- */"
            "select customer, amount from clean.orders",
        }
    )
    assets = read_project(shop.root).assets
    assert assets["clean.orders"].contract.sensitive == {"customer", "amount"}
    assert assets["warehouse.by_customer"].contract.sensitive == {"customer"}
    assert assets["clean.customers"].contract == Contract()
    assert "clean.orders.amount" in assets["warehouse.by_customer"].contract.hidden


def test_a_table_is_audited_anew_when_a_column_becomes_sensitive(shop):
    shop.run()
    shop.write({"src/raw/customers.yaml": "source: {files: data_raw/customers.csv}\n"
                "columns: {name: {sensitive: true}}\n"})  # fmt: skip
    assert shop.plan()["clean.customers"] == ("audit", "contract changed")
    assert shop.plan()["raw.orders"][0] == "keep"


@pytest.mark.parametrize("value", ["yes please", "1", "[a]"])
def test_sensitive_is_true_or_false(shop, value):
    shop.write({"src/clean/customers.sql": f"/* ---\ncolumns: {{name: {{sensitive: {value}}}}}\n"
                "--- */ select * from raw.customers"})  # fmt: skip
    with pytest.raises(ProjectError, match="sensitive"):
        read_project(shop.root)


def with_database(shop, source, *, sensitive="true"):
    """Make the project one that reads the table `t` of a SQLite file."""
    files = [path.relative_to(shop.root).as_posix() for path in _files(shop)]
    shop.write({name: None for name in files if name.startswith("src/")})
    return shop.write(
        {
            "config.yaml": "pipeline: p\nenvironments: {dev: {}}\nrun: {retries: 1, backoff: 1ms}\n"
            "connections: {shop: {sqlite: data_raw/shop.sqlite}}\n",
            "src/raw/t.yaml": f"source: {source}\ncolumns: {{x: {{sensitive: {sensitive}}}}}\n",
        }
    )


def execute(shop, *statements):
    with closing(sqlite3.connect(shop.root / "data_raw/shop.sqlite")) as connection:
        connection.executescript(";".join(statements))


def test_how_far_a_sensitive_cursor_has_come_is_not_shown(shop):
    with_database(shop, "{database: shop, table: t, refresh: {cursor: x}}")
    execute(shop, "create table t (x text)", f"insert into t values ('{SECRET}1')")
    ran = [call(shop, "run", "--debug"), call(shop, "plan")]
    assert "unchanged" in ran[1].stdout
    execute(shop, f"insert into t values ('{SECRET}2')")
    ran += [call(shop, "plan"), call(shop, "run", "--format", "json")]
    assert "data changed: shop/t" in ran[2].stdout
    ran += [call(shop, "runs"), call(shop, "runs", "show", "latest"), call(shop, "failures")]
    assert [each.returncode for each in ran] == [0] * len(ran)
    assert not shown(*ran)
    assert leaks(shop) == []  # the manifests neither: a unit is known by a hash
    assert sorted(shop.open().query("from raw.t").rows) == [(f"{SECRET}1",), (f"{SECRET}2",)]


#: What a value may hold so that the error that names it reads like another one.
WORDS = (
    "",
    "invalid password",
    "no such table: t",
    'relation "t" does not exist',
    "timed out",
    "objects created in a thread can only be used in that same thread",
)


@pytest.mark.parametrize(
    ("words", "beside"),
    [*((words, "") for words in WORDS), ("invalid password", ", refresh: {cursor: x}")],
)
def test_what_a_database_says_of_a_sensitive_table_is_not_shown(shop, words, beside):
    execute(shop, "create table t (x text)", f"insert into t values ('{SECRET} {words}')")
    query = "select json_extract('{}', x) as x from t"
    source = f'{{database: shop, query: "{query}"{beside}}}'
    with_database(shop, source)
    ran = [call(shop, "run", "--debug"), call(shop, "plan")]
    assert ran[0].returncode in (1, 4)
    assert "the rest is not shown" in ran[0].stdout + ran[0].stderr
    assert not shown(*ran)
    assert leaks(shop) == []
    with_database(shop, source, sensitive="false")
    assert shown(call(shop, "run"))
