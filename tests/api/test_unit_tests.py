"""Unit tests of assets, run on the real engine: what passes, what fails, and what is wrong."""

from __future__ import annotations

import duckdb
import pytest

from thresher.api.unit_tests import find_tests, run_tests
from thresher.errors import CommandError, ProjectError
from thresher.observe.unit_tests import failure_text

FLIGHTS = {
    "config.yaml": "pipeline: p\nparams: {least: 10, names: [a, b]}\ntimezone: Europe/Rome\n",
    "src/raw/flights.yaml": "source: {files: data_raw/*.csv}\n"
    "columns: {id: {type: bigint}, zip: {type: varchar}, delay: {type: 'decimal(8, 2)'},\n"
    "  flew: {type: timestamp}, tags: {type: 'varchar[]'}, open: {type: boolean}}\n",
    "src/raw/loose.yaml": "source: {files: data_raw/*.csv}\n",
    "src/clean/flights.sql": "select id, zip, delay, flew, tags, open, delay / 3 as third\n"
    "from raw.flights where delay is null or delay >= $least",
}


@pytest.fixture
def bench(shop):
    """Give what runs the tests of one file, beside the assets that are given."""
    for path in (*shop.root.rglob("*.sql"), *shop.root.rglob("*.yaml")):
        path.unlink()
    shop.write(FLIGHTS)

    def run(text, file="tests/clean/flights.yaml", files=None):
        shop.write({**(files or {}), file: text})
        return run_tests(shop.open())

    run.shop = shop
    return run


def only(results):
    (result,) = results
    return result


def faults(shop):
    return [str(fault) for fault in find_tests(shop.open()).faults]


def test_values_are_read_as_the_type_of_their_column(bench):
    result = only(
        bench("""
- name: as written
  given:
    raw.flights:
      - {id: 1, zip: 012, delay: 12.60, flew: 2024-01-31 12:30, tags: [a, NO], open: yes}
      - {id: 2, zip: NO, delay: "99.99"}
      - {zip: 12:30:00}
  expect:
    - {id: 2, zip: NO, delay: 99.990, flew: , tags: , open: ~, third: 33.33}
    - id: 1
      zip: 012
      delay: 12.6
      flew: 2024-01-31 12:30:00
      tags: [a, "NO"]
      open: true
      third: 4.2
    - {id: , zip: "12:30:00", delay: , flew: , tags: , open: , third: }
""")
    )
    assert result.passed, failure_text(result)


def test_only_named_columns_count_and_their_rows_all_do(bench):
    given = "given: {raw.flights: [{id: 1, delay: 20}, {id: 2, delay: 30}, {id: 3, delay: 5}]}"
    passed, less, more = bench(
        f"- name: all\n  {given}\n  expect: [{{ID: 2}}, {{ID: 1}}]\n"
        f"- name: one less\n  {given}\n  expect: [{{id: 1}}]\n"
        f"- name: one more\n  {given}\n  expect: [{{id: 1}}, {{id: 2}}, {{id: 4}}]\n"
    )
    assert passed.passed
    assert (less.difference.missing, less.difference.unexpected) == ((), ((2,),))
    assert more.difference.missing == ((4,),)


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ("{rows: 2}", True),
        ("{rows: 1}", False),
        ("[]", False),
        ("{error: anything}", False),
        ("[{id: 1}, {id: 2}]", True),
        ("[{id: 2}, {id: 1}]\n  ordered: true", False),
        ("[{id: 1}, {id: 2}]\n  ordered: true", True),
        ("[{id: 1}, {id: 2.5}]", False),
        ("[{id: 1}, {id: two}]", False),
        ("{file: resources/two.csv}", True),
        ("{file: resources/two.json}", True),
    ],
)
def test_what_can_be_expected(bench, expect, passes):
    result = only(
        bench(
            "- name: x\n  given: {raw.flights: [{id: 1, delay: 20}, {id: 2, delay: 30}]}\n"
            f"  expect: {expect}\n",
            files={
                "tests/resources/two.csv": "id,delay\n2,30\n1,20.00\n",
                "tests/resources/two.json": '[{"id": 2, "delay": 30.0}, {"id": 1, "delay": 20}]',
            },
        )
    )
    assert result.passed is passes, failure_text(result)


def test_given_files_are_read_as_rows_are(bench):
    resources = bench.shop.root / "tests" / "resources"
    resources.mkdir(parents=True)
    duckdb.sql(
        "copy (select 1::bigint as id, '012' as zip, 20.5::decimal(8, 2) as delay, ['a'] as tags) "
        f"to '{resources}/f.parquet'"
    )
    results = bench(
        "".join(
            f"- name: {name}\n  given: {{raw.flights: {{file: resources/f.{name}}}}}\n"
            "  expect: [{id: 1, zip: 012, delay: 20.5}]\n"
            for name in ("csv", "json", "parquet")
        ),
        files={
            "tests/resources/f.csv": "id,zip,delay\n1,012,20.5\n",
            "tests/resources/f.json": '[{"id": 1, "zip": "012", "delay": 20.5}]',
        },
    )
    assert [failure_text(result) for result in results if not result.passed] == []
    assert len(results) == 3


def test_params_of_a_test_replace_those_of_the_project(bench):
    given = "given: {raw.flights: [{id: 1, delay: 5}]}"
    passed, other = bench(
        f"- name: lower\n  params: {{least: 5}}\n  {given}\n  expect: [{{id: 1}}]\n"
        f"- name: as it is\n  {given}\n  expect: []\n"
    )
    assert passed.passed
    assert other.passed


CLOCK = """/* ---
volatile: {grain}
--- */
select current_date as today, now() as instant, $run_time as run, id from raw.flights
where flew < localtimestamp"""


@pytest.mark.parametrize(
    ("grain", "run"), [("run", "2013-06-02 00:30+02:00"), ("day", "2013-06-02 00:00+02:00")]
)
@pytest.mark.parametrize("time", ["2013-06-01 22:30:00Z", "2013-06-02 00:30"])
def test_the_clock_of_a_test_stands_still(bench, grain, run, time):
    text = f"""
- name: midnight is past
  time: {time}
  given: {{raw.flights: [{{id: 1, flew: 2013-06-02 00:29}}, {{id: 2, flew: 2013-06-02 00:31}}]}}
  expect: [{{id: 1, today: 2013-06-02, instant: "2013-06-02 00:30+02:00", run: "{run}"}}]
"""
    asset = {"src/clean/clock.sql": CLOCK.replace("{grain}", grain)}
    result = only(bench(text, "tests/clean/clock.yaml", asset))
    assert result.passed, failure_text(result)


def test_a_python_asset_has_its_frames_its_time_and_its_parameters(bench):
    asset = """
import polars as pl
from thresher import Context, asset

@asset(inputs={"flights": "clean.flights"}, volatile="run")
def late(flights: pl.LazyFrame, ctx: Context) -> pl.DataFrame:
    if ctx.params["least"] < 0:
        raise ValueError("least is negative")
    rows = flights.filter(pl.col("delay") > ctx.params["least"]).collect()
    return rows.select("id", day=pl.lit(ctx.run_time.date()))
"""
    text = """
- name: late
  time: 2013-06-01 12:00
  params: {least: 20}
  given: {clean.flights: [{id: 1, delay: 20}, {id: 2, delay: 20.01}]}
  expect: [{id: 2, day: 2013-06-01}]
- name: its error
  given: {clean.flights: []}
  params: {least: -1}
  expect: {error: Least is negative}
- name: its other error
  given: {clean.flights: []}
  params: {least: -1}
  expect: {error: no such words}
"""
    late, error, other = bench(text, "tests/warehouse/late.yaml", {"src/warehouse/late.py": asset})
    assert late.passed, failure_text(late)
    assert error.passed, failure_text(error)
    assert "failed with another error" in failure_text(other)
    assert "src/warehouse/late.py:8" in failure_text(other)


VIEWS = {
    "src/clean/seen.sql": "/* ---\nmaterialized: view\n--- */\n"
    "select id, delay * 2 as twice from clean.flights where delay > $least",
    "src/warehouse/both.sql": "select s.id, twice, zip\n"
    "from clean.seen s join clean.flights using (id)",
}


def test_views_are_tested_given_and_made_of_what_is_given(bench):
    own = bench(
        "- name: v\n  given: {clean.flights: [{id: 1, delay: 11}, {id: 2, delay: 9}]}\n"
        "  expect: [{id: 1, twice: 22}]\n",
        "tests/clean/seen.yaml",
        VIEWS,
    )
    assert only(own).passed, failure_text(only(own))
    bench.shop.write({"tests/clean/seen.yaml": None})
    given, made = bench(
        "- name: given\n  given:\n    clean.seen: [{id: 1, twice: 5}]\n"
        "    clean.flights: [{id: 1, zip: 012}, {id: 2}]\n"
        "  expect: [{id: 1, twice: 5, zip: 012}]\n"
        "- name: made\n  given: {clean.flights: [{id: 1, zip: 012, delay: 11}, {id: 2}]}\n"
        "  expect: [{id: 1, twice: 22, zip: 012}]\n",
        "tests/warehouse/both.yaml",
    )
    assert given.passed, failure_text(given)
    assert made.passed, failure_text(made)


def test_a_view_is_made_where_tables_stand_beside_and_between(bench):
    files = {
        "src/clean/seen.sql": "/* ---\nmaterialized: view\n--- */\nselect x, y from raw.loose",
        "src/clean/middle.sql": "select id from raw.flights join clean.flights using (id)",
        "src/clean/last.sql": "select id from clean.middle",
        "src/warehouse/all.sql": "select s.x, l.id from clean.seen s, clean.last l, clean.flights",
    }
    text = """
- name: made
  given:
    raw.loose: [{x: 1, y: 2}]
    clean.last: [{id: 3}]
    clean.flights: [{id: 4}]
  expect: [{x: 1, id: 3}]
"""
    result = only(bench(text, "tests/warehouse/all.yaml", files))
    assert result.passed, failure_text(result)


def test_macros_and_what_they_read_are_there(bench):
    files = {
        "src/macros/all.sql": "create macro zip_of(x) as "
        "(select max(zip) from raw.flights f where f.id = x);",
        "src/clean/zips.sql": "select id, zip_of(id) as zip from clean.flights",
    }
    result = only(
        bench(
            "- name: m\n  given: {clean.flights: [{id: 1}], raw.flights: [{id: 1, zip: 012}]}\n"
            "  expect: [{id: 1, zip: 012}]\n",
            "tests/clean/zips.yaml",
            files,
        )
    )
    assert result.passed, failure_text(result)


LOOSE = """select id, lower(name) as low, amount + 1 as more, coalesce(day, date '2024-01-01') as d
from raw.loose where flag or flag is null"""


def test_columns_that_nobody_declares_come_from_the_values_and_the_query(bench):
    text = """
- name: told by values
  given:
    raw.loose: [{id: 1, name: A, amount: 1.5, day: 2024-02-01, flag: true}, {id: 2}]
  expect: [{id: 1, low: a, more: 2.5, d: 2024-02-01}, {id: 2, low: , more: , d: 2024-01-01}]
- name: told by the query
  given: {raw.loose: [{id: 1}]}
  expect: [{id: 1, low: , more: , d: 2024-01-01}]
- name: no row at all
  given: {raw.loose: []}
  expect: {rows: 0}
"""
    found = bench(text, "tests/clean/loose.yaml", {"src/clean/loose.sql": LOOSE})
    assert [failure_text(result) for result in found if not result.passed] == []


def test_the_published_types_are_known(bench):
    shop = bench.shop
    shop.write(
        {
            "data_raw/orders-1.csv": "code,x\n012,1\n",
            "data_raw/customers.csv": "code,x\n013,1\n",
            "src/raw/flights.yaml": "source: {files: data_raw/*.csv}\n",
            "src/clean/flights.sql": "select code || '!' as code, x from raw.flights",
        }
    )
    (shop.root / "src/raw/loose.yaml").unlink()
    text = "- name: c\n  given: {raw.flights: [{code: 7}]}\n  expect: [{code: '7!'}]\n"
    assert only(bench(text)).passed  # 7 is a number, and `||` makes a text of it
    shop.write(
        {"src/raw/flights.yaml": "source: {files: data_raw/*.csv}\ncolumns: {code: varchar}\n"}
    )
    assert shop.run().ok
    shop.write({"src/raw/flights.yaml": "source: {files: data_raw/*.csv}\n"})
    text = "- name: c\n  given: {raw.flights: [{code: 07}]}\n  expect: [{code: '07!'}]\n"
    assert only(bench(text)).passed


def test_a_value_that_does_not_fit_is_told_with_its_line(bench):
    text = """- name: x
  given:
    raw.flights:
      - {id: 1}
      - {id: 2, flew: noon}
  expect: []
"""
    (fault,) = only(bench(text)).faults
    assert str(fault) == (
        "tests/clean/flights.yaml:5: "
        "`noon` does not fit the column `flew` of `raw.flights`, timestamp"
    )


def test_the_warehouse_and_the_project_are_left_alone(bench):
    before = {path for path in bench.shop.root.rglob("*") if ".thresher" not in path.parts}
    text = "- name: x\n  given: {raw.flights: [{id: 1}]}\n  expect: {rows: 1}\n"
    assert only(bench(text)).passed
    after = {path for path in bench.shop.root.rglob("*") if ".thresher" not in path.parts}
    root = bench.shop.root
    assert after - before == {
        root / "tests",
        root / "tests/clean",
        root / "tests/clean/flights.yaml",
    }


WRONG = """
- name: a
  given: {raw.flight: [{id: 1}]}
  expect: [{idd: 1}]
- name: b
  given:
    raw.flights:
      - {id: 1}
      - {ids: 1, delays: 2}
  params: {leest: 1, run_time: 2, names: [c]}
  expect: []
- name: b
  giv: {}
  given: {raw.flights: 5}
  time: soon
  expect: {rows: -1}
- name: c
  given: {raw.flights: {file: resources/none.csv}}
  expect: [{id: 1}, {zip: 1}]
- 5
"""


TOLD = """\
3: `clean.flights` reads `raw.flights`, which the test does not give
  hint: without rows it is `raw.flights: []`
3: `clean.flights` does not read `raw.flight`
  hint: did you mean `raw.flights`?
4: `clean.flights` gives no column `idd`
  hint: did you mean `id`?
9: `clean.flights` reads no column `ids` of `raw.flights`
  hint: did you mean `id`?
9: `clean.flights` reads no column `delays` of `raw.flights`
  hint: did you mean `delay`?
10: there is no parameter `leest` in `config.yaml`
  hint: did you mean `least`?
10: `run_time` is no parameter
  hint: say `time:` beside `params:`
10: `clean.flights` does not use the parameter `names`
  hint: it uses least"""


def test_every_fault_of_a_file_is_told_with_its_line(bench):
    bench.shop.write({"tests/clean/flights.yaml": WRONG})
    assert [fault.partition("\n")[0].partition("yaml:")[2] for fault in faults(bench.shop)] == [
        "13: unknown key `giv`",
        "14: `given.raw.flights` should be a mapping of keys to values, not `5`",
        "15: `time` should be a time such as `2024-01-31 12:00`, not `soon`",
        "16: `expect.rows` should be a list of rows, or the number of rows",
        "18: there is no file `tests/resources/none.csv`",
        "19: the row does not say what `zip` should be, as others do",
        "19: the row does not say what `id` should be, as others do",
        "20: a test should be a mapping",
    ]
    bench.shop.write({"tests/clean/flights.yaml": WRONG.split("- name: b\n  giv:", maxsplit=1)[0]})
    assert "\n".join(faults(bench.shop)).replace("tests/clean/flights.yaml:", "") == TOLD
    with pytest.raises(ProjectError):
        run_tests(bench.shop.open())


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("clean/flihgts", "- name: a\n  expect: []\n", "there is no asset `clean.flihgts` to test"),
        ("raw/flights", "- name: a\n  expect: []\n", "`raw.flights` is read by a source"),
        ("clean/flights", "name: a\n", "it should be a list of tests"),
        ("clean/flights", "", "it should be a list of tests"),
        ("clean/flights", "- name: a\n  expect: {}\n", "should be a list of rows, or one of"),
        ("clean/flights", "- name: a\n  expect: [{}]\n", "the rows name no columns"),
        ("clean/flights", "- [", "not valid YAML"),
        ("clean/loose", "- name: a\n  given: {raw.loose: []}\n  expect: []\n", "nobody says which"),
    ],
)
def test_what_is_no_test_is_told(bench, file, text, told):
    bench.shop.write({"src/clean/loose.sql": "select * from raw.loose", f"tests/{file}.yaml": text})
    assert told in "\n".join(faults(bench.shop))


def test_a_file_beside_the_layers_is_none_of_ours(bench):
    bench.shop.write({"tests/compose.yaml": "a: 1", "tests/other/clean.yaml": "a: 1"})
    assert faults(bench.shop) == []
    with pytest.raises(CommandError, match="there are no unit tests"):
        run_tests(bench.shop.open())


def test_a_selection_chooses_the_assets_whose_tests_are_run(bench):
    text = "- name: x\n  given: {raw.flights: [{id: 1}]}\n  expect: {rows: 1}\n"
    assert only(bench(text)).passed
    assert len(run_tests(bench.shop.open(), "raw.flights+")) == 1
    with pytest.raises(CommandError, match="no selected asset has a unit test"):
        run_tests(bench.shop.open(), "raw.flights")
