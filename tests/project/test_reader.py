"""Whole projects, read from files; every fault of one is told at once."""

import json

import pytest

from thresher.errors import CommandError, ProjectError
from thresher.project.asset import Kind, Materialized
from thresher.project.cache import ParseCache
from thresher.project.reader import find_root, read_project

GOOD = {
    "config.yaml": "pipeline: p\nparams: {start: 2013-01-01}\n",
    "src/raw/flights.yaml": "source: {files: 'data_raw/*.csv'}\n",
    "src/macros/late.sql": "create macro is_late(x) as x > 15;\n",
    "src/clean/flights.sql": """/* ---
description: Departures.
tags: [daily]
columns:
  id: {type: bigint, unique: true}
  late: {type: boolean}
--- */
-- only what is recent
select id, is_late(delay) as late from raw.flights where day >= $start
""",
    "src/warehouse/late.sql": """/* ---
materialized: view
--- */
select * from clean.flights where late""",
    "src/warehouse/counts.py": """from thresher import asset
import pyarrow as pa

@asset(inputs={"late": "warehouse.late"})
def counts(late: pa.Table) -> pa.Table:
    return late
""",
}


@pytest.fixture
def write(tmp_path):
    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


def told(root, **options) -> list[str]:
    with pytest.raises(ProjectError) as caught:
        read_project(root, variables={}, **options)
    return [str(fault) for fault in caught.value.faults]


def test_a_project_is_read_as_one_value(write):
    project = read_project(write(GOOD), variables={})
    assert list(project.assets) == [
        "raw.flights",
        "clean.flights",
        "warehouse.late",
        "warehouse.counts",
    ]
    flights = project.assets["clean.flights"]
    assert (flights.kind, flights.inputs, flights.params) == (
        Kind.SQL,
        ("raw.flights",),
        ("start",),
    )
    assert flights.body.macros == ("is_late",)
    assert flights.body.columns == ("id", "late")
    assert flights.tags == ("daily",)
    assert project.assets["warehouse.late"].materialized is Materialized.VIEW
    assert project.assets["warehouse.late"].body.columns == ("id", "late")
    assert project.stages == {
        "raw.flights": 1,
        "clean.flights": 2,
        "warehouse.late": 3,
        "warehouse.counts": 4,
    }


def test_the_body_of_a_query_keeps_the_lines_of_its_file(write):
    files = GOOD | {
        "src/clean/flights.sql": "/* ---\ntags: [x]\n--- */\n\nselect id frm raw.flights x y"
    }
    assert told(write(files))[0].startswith("src/clean/flights.sql:5:")


def test_a_second_reading_parses_no_sql(write, tmp_path):
    root = write(GOOD)
    cache = ParseCache(tmp_path / "cache.json")
    first = read_project(root, variables={}, cache=cache)
    cache.save()
    assert json.loads((tmp_path / "cache.json").read_text())["parsed"]
    again = ParseCache(tmp_path / "cache.json")
    again.remember = lambda kind, text, parse, *, dump, load: ParseCache.remember(
        again, kind, text, pytest.fail, dump=dump, load=load
    )
    assert read_project(root, variables={}, cache=again).assets == first.assets


def test_a_damaged_cache_is_read_as_an_empty_one(write, tmp_path):
    root = write(GOOD)
    for damage in ("", "{", '{"version": 1}', '{"version": "1/", "parsed": 3, "hashes": {}}'):
        (tmp_path / "cache.json").write_text(damage)
        read_project(root, variables={}, cache=ParseCache(tmp_path / "cache.json"))


def test_every_fault_of_the_whole_project_at_once(write):
    files = {
        "config.yaml": "pipeline: p\nretires: 3\nparams: {start: 1}\n",
        "src/raw/a.yaml": "source: {files: x.csv, fromat: csv}\ncolumns: {x: {not_nul: true}}\n",
        "src/raw/b.yaml": "description: no source\n",
        "src/raw/c.yaml": "source: {files: c.csv}\n",
        "src/clean/c.sql": "select x from raw.cc",
        "src/clean/d.sql": "select * from warehouse.e",
        "src/warehouse/e.sql": "select * from clean.c, f",
        "src/warehouse/g.sql": "select * from warehouse.h",
        "src/warehouse/h.sql": "select * from warehouse.g",
        "src/warehouse/i.sql": "select * frm x",
        "src/warehouse/j.yaml": "source: {files: j.csv}\n",
        "src/warehouse/c.sql": "select 1 as x",
        "src/warehouse/k.sql": "select now() as t from raw.c",
        "src/warehouse/c.py": "from thresher import asset\n@asset\ndef c(): ...\n",
        "src/else/x.sql": "select 1",
        "src/clean/Bad Name.sql": "select 1",
    }
    faults = "\n".join(told(write(files)))
    for part in (
        "config.yaml:2: unknown key `retires`",
        "src/raw/a.yaml:1: unknown key `source.fromat`\n  hint: did you mean `format`?",
        "src/raw/a.yaml:2: unknown key `columns.x.not_nul`\n  hint: did you mean `not_null`?",
        "src/raw/b.yaml:1: `source` is missing",
        "src/clean/c.sql:1: `clean.c` reads `raw.cc`, which does not exist",
        "did you mean `raw.c`?",
        "against the direction of the layers",
        "`f` is named without its layer",
        "a cycle: warehouse.",
        "src/warehouse/i.sql:1:",
        "a source belongs into the layer `raw`",
        "src/warehouse/k.sql:1: `now()` gives another result each time",
        "already made by `src/warehouse/c.py`",
        "src/else/x.sql: it is in no layer",
        "src/clean/Bad Name.sql: `Bad Name` cannot name a table",
    ):
        assert part.lower() in faults.lower(), part


def test_a_parameter_that_nobody_defines(write):
    files = GOOD | {
        "src/clean/flights.sql": "select id, true as late\nfrom raw.flights where d > $strat"
    }
    (fault,) = told(write(files))
    assert fault.startswith("src/clean/flights.sql:2: nobody defines the parameter `strat`\n")
    assert fault.endswith("hint: did you mean `start`?")


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("columns: {idd: {type: bigint}}", "gives no column `idd`\n  hint: did you mean `id`?"),
        ("columns: {id: {type: bigimt}}", "`bigimt` is not a type\n  hint: did you mean `bigint`?"),
        ("columns: {id: {references: clean.plane.id}}", "needs `clean.plane`, which does not"),
        ("columns: {id: {references: plane}}", "should name a column as `layer.asset.column`"),
        ("checks: [{expression: 'idd > 0'}]", "names no column of the table: `idd`"),
        ("checks: [{expression: 'id >'}]", "`id >`"),
        ("checks: [{unique: [id, nix]}]", "gives no column `nix`"),
        ("columns: {id: {unique: {keep: first by seen}}}", "gives no column `seen`"),
        (
            "checks: [{unique: {columns: id, keep: last by idd}}]",
            "gives no column `idd`",
        ),
        ("columns: {id: {increasing: [id, seen desc]}}", "gives no column `seen`"),
        ("columns: {id: {decreasing: {by: id, within: k}}}", "gives no column `k`"),
        ("columns: {id: {no_gap: {within: k}}}", "gives no column `k`"),
        ("checks: [{no_overlap: {start: id, end: til}}]", "gives no column `til`"),
        ("checks: [{no_overlap: {start: id, end: id, within: k}}]", "gives no column `k`"),
        ("columns: {id: {reconciles: clean.flight.id}}", "needs `clean.flight`, which does not"),
        ("columns: {id: {reconciles: clean.flights.idd}}", "`clean.flights` gives no column `idd`"),
        (
            "checks: [{reconciles: {sum: id, with: clean.flights.id, by: k}}]",
            "`warehouse.x` gives no column `k`",
        ),
        ("checks: [{reconciles: {sum: x, with: clean.flights.id}}]", "gives no column `x`"),
        ("checks: [{query: select 1 from clean.flighs}]", "needs `clean.flighs`, which does not"),
        ("checks: [{query: select 1 from flights}]", "without its layer\n  hint: did you mean"),
        ("checks: [{query: select from}]", "not valid SQL"),
        ("checks: [{query: drop table clean.flights}]", "write a `select`"),
        ("checks: [{query: from clean.flights where id = $x}]", "uses the parameter `x`"),
        ("checks: [{query: \"from read_csv('x.csv')\"}]", "which is no asset"),
        ("checks: [{query: select now() from clean.flights}]", "gives another result each time"),
        ("checks: [{rows: {at_least: 1, where: idd > 0}}]", "names no column of the table: `idd`"),
        (
            "checks: [{references: {columns: [id], to: clean.flights, keys: [id, late]}}]",
            "as many keys",
        ),
        ("renamed_from: raw.flights", "`raw.flights` is still there"),
        ("materialized: view\nvolatile: run", "a view cannot be volatile"),
        ("volatil: run", "did you mean `volatile`?"),
    ],
)
def test_faults_of_a_contract(write, head, fault):
    files = GOOD | {"src/warehouse/x.sql": f"/* ---\n{head}\n--- */\nselect id from clean.flights"}
    faults = told(write(files))
    assert faults[0].startswith("src/warehouse/x.sql:2")
    assert fault in faults[0]
    assert len(faults) == (2 if "by: k" in head else 1)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("select random() as x from raw.flights", "gives another result each time"),
        ("select $run_time as x from raw.flights", "uses the time of the run"),
        ("select * from read_csv('x.csv')", "reads past the project"),
        ("select * from 'x.parquet'", "reads past the project"),
        ("select * from other.db.t", "is outside the warehouse"),
        ("select * from raw.flights where id = ?", "placeholder without a name"),
        ("insert into x values (1)", "not valid SQL"),
        ("select 1; select 2", "not valid SQL"),
        ("", "not valid SQL"),
    ],
)
def test_faults_of_a_query(write, query, fault):
    faults = told(write(GOOD | {"src/warehouse/x.sql": query}))
    assert fault in "\n".join(faults)


def test_what_is_volatile_may_ask_the_time(write):
    text = "/* ---\nvolatile: day\n--- */\nselect now() as x, $run_time as y from raw.flights"
    project = read_project(write(GOOD | {"src/warehouse/x.sql": text}), variables={})
    assert project.assets["warehouse.x"].uses_run_time


def test_a_check_that_needs_what_waits_for_it_is_a_fault(write):
    files = GOOD | {
        "src/clean/flights.sql": "/* ---\ncolumns: {id: {references: warehouse.late.id}}\n--- */\n"
        "select id, true as late from raw.flights"
    }
    (fault,) = told(write(files))
    assert "needs a table that itself reads `clean.flights`" in fault


def test_what_the_query_of_a_check_reads_joins_the_audit(write):
    query = "with a as (from CLEAN.flights) select 1 from a, warehouse.late, warehouse.x"
    head = f"/* ---\nchecks: [{{query: '{query}'}}]\n--- */\nselect id from clean.flights"
    project = read_project(write(GOOD | {"src/warehouse/x.sql": head}), variables={})
    assert project.assets["warehouse.x"].contract.references == ("clean.flights", "warehouse.late")


def test_assets_may_refer_to_each_other(write):
    head = "/* ---\ncolumns: {id: {references: clean.%s.id}}\n--- */\nselect 1 as id"
    files = GOOD | {"src/clean/a.sql": head % "b", "src/clean/b.sql": head % "a"}
    assert "clean.a" in read_project(write(files), variables={}).assets


def test_the_root_is_found_from_below_and_its_lack_is_told(write, tmp_path):
    root = write(GOOD)
    assert find_root(root / "src" / "raw") == root
    with pytest.raises(CommandError, match=r"there is no `config\.yaml`"):
        find_root(tmp_path.parent)
