"""A profile as a page, of files and projects that are really there."""

import json
import re
from datetime import UTC, datetime

import duckdb
import pytest
from read_pages import Page

import thresher
from thresher.api.profiles import document, page, table_profile
from thresher.observe.plain import plain
from thresher.observe.profile_page import HEIGHT, profile_page

EVIL = '"><script>alert(1)</script>'
AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def number(value):
    """Write a figure of the JSON as people read it."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.6g}"
    return "" if value is None else value if isinstance(value, str) else f"{int(value):,}"


def share(part, whole):
    return f"{100 * part / whole:.2f}".rstrip("0").rstrip(".") + "%"


@pytest.fixture
def profiled(tmp_path):
    """Writes the answer of a query into a file, and gives its profile as JSON and as a page."""

    def make(query, top=10):
        file = str(tmp_path / "made.parquet")
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{file}'")
        found = table_profile(None, file, top=top)
        return json.loads(json.dumps(plain(document(found)))), Page(page(found, None))

    return make


MIXED = """
select i as id, ['x', 'y', 'z'][1 + i % 3] as kind, i % 7 as "few", i * i / 7 - 100 as price,
    date '2013-01-01' + (i % 100)::int as "day",
    timestamp '2013-01-01 10:00' + to_hours(i % 90) as at,
    case when i % 4 = 0 then null else i % 50 end as gaps, i % 2 = 0 as even,
    {'a': i % 2} as parts
from range(300) t(i)
"""


def test_the_overview_has_the_figures_of_the_json(profiled):
    told, seen = profiled(MIXED)
    rows = {row[0]: row for row in seen.rows if len(row) == 7}
    assert list(rows) == ["Column", *(column["name"] for column in told["columns"])]
    for column in told["columns"]:
        median = (column["quantiles"] or {}).get("0.5")
        assert rows[column["name"]][1:] == [
            column["type"],
            share(column["nulls"], told["rows"]),
            number(column["distinct"]),
            *(number(value) for value in (column["least"], median, column["greatest"])),
        ]
    assert rows["gaps"][2:5] == ["25%", "50", "0"]
    assert "300 rows, 9 columns" in seen.text


def test_each_column_has_the_quantiles_bins_and_top_values_of_the_json(profiled):
    told, seen = profiled(MIXED, top=5)
    for at, column in enumerate(told["columns"], 1):
        words = seen.sections.get(f"column-{at}", "")
        for key, value in (column["quantiles"] or {}).items():
            assert f"{float(key) * 100:g}% {number(value)}" in words
        for key, label in (("mean", "mean"), ("stddev", "deviation")):
            assert column[key] is None or f"{label} {number(column[key])}" in words
        for each in column["histogram"]:
            ends = dict.fromkeys((number(each["low"]), number(each["high"])))
            rows = f"{each['rows']} row{'s'[: each['rows'] != 1]}"
            assert f"{' .. '.join(ends)}: {rows}, {share(each['rows'], 300)}" in words
        for each in column["top"] if column["top"][0]["rows"] > 1 else ():
            cells = [each["value"], number(each["rows"]), share(each["rows"], 300), ""]
            assert cells in seen.rows
    assert "and 95 other values" in seen.sections["column-5"]
    assert "no value is repeated" in seen.sections["column-1"]


def test_bars_are_as_long_as_their_figures_and_never_nothing(profiled):
    query = "select case when i < 9000 then 0 else 9 end as x from range(9001) t(i)"
    _, seen = profiled(query)
    bars = [rect for rect in seen.of("rect") if rect.get("class") != "room"]
    heights = [int(rect["height"]) for rect in bars]
    assert heights == [HEIGHT, *[0] * 8, 2]
    assert [int(rect["y"]) for rect in bars] == [HEIGHT - height for height in heights]
    left = [float(rect["x"].rstrip("%")) for rect in bars]
    assert left == pytest.approx([10 * at + 0.4 for at in range(10)], abs=0.01)
    widths = [style["style"] for style in seen.of("i")]
    assert widths == ["width:100.000%", "width:0.011%"]


def test_nulls_have_a_bar_and_none_where_there_are_none(profiled):
    _, seen = profiled(
        "select i as full_one, case when i < 3 then i end as gaps from range(4) t(i)"
    )
    assert [each["style"] for each in seen.of("i")] == ["width:25.000%"]
    tracks = [each for each in seen.of("span") if each.get("class") == "track part"]
    assert len(tracks) == 2


@pytest.mark.parametrize(
    "evil", [EVIL, "' onload=x '", "</style><b>", "{{ 7 * 7 }}", "<!--", "a\x1b[31m", "`<i>`"]
)
def test_names_and_values_are_shown_and_never_obeyed(profiled, evil):
    def tags(text):
        name, value = text.replace('"', '""'), text.replace("'", "''")
        _, seen = profiled(f"select '{value}' as \"{name}\" from range(3)")
        return seen.tags, seen.text

    kinds, text = tags(evil)
    assert kinds == tags("harmless")[0]
    shown = " ".join(evil.replace("\x1b", "\\x1b").split())
    assert text.count(shown) >= 4, "in the overview twice, over its section, and as a value"
    assert "\x1b" not in text


def test_the_name_of_a_file_and_of_a_pipeline_are_escaped(tmp_path):
    file = tmp_path / "<script>x&.csv"
    file.write_text("a\n1\n")
    found = table_profile(None, str(file), top=10)
    seen = Page(profile_page(found, origin=(EVIL, EVIL), at=AT))
    assert "script" not in seen.tags
    assert "<script>x&.csv" in seen.text
    assert f"{EVIL} · {EVIL} · 2026-03-01 12:30:00 UTC" in seen.text


def test_a_page_is_one_file_that_runs_and_fetches_nothing(profiled):
    _, seen = profiled(MIXED)
    within = {f"#{key}" for key in seen.sections}
    assert set(seen.fetched) - within == {"data:,"}
    assert not {"script", "iframe", "img", "object", "form"} & set(seen.tags)
    (policy,) = [meta for meta in seen.of("meta") if "http-equiv" in meta]
    assert policy["content"].startswith("default-src 'none'")


def test_a_table_without_rows_has_its_columns_alone(profiled):
    told, seen = profiled("select 1 as a, 'x' as b, date '2013-01-01' as c where false")
    assert told["rows"] == 0
    assert seen.rows[1:] == [
        [n, t, "", "0", *[""] * 3]
        for n, t in zip("abc", ("INTEGER", "VARCHAR", "DATE"), strict=True)
    ]
    assert list(seen.sections) == ["columns"]
    assert "0 rows, 3 columns" in seen.text


def test_a_column_of_nulls_says_so(profiled):
    _, seen = profiled("select i as a, null::bigint as b, null::varchar as c from range(3) t(i)")
    assert seen.rows[2] == ["b", "BIGINT", "100%", "0", "", "", ""]
    for at in (2, 3):
        assert seen.sections[f"column-{at}"].endswith("every value is null")
    assert "width:100.000%" in [each["style"] for each in seen.of("i")]


def test_values_that_are_no_numbers_are_counted(profiled):
    _, seen = profiled("select unnest(['nan', 'inf', '1', '2.5']::double[]) as x")
    assert "2 values are infinite or no number" in seen.sections["column-1"]
    assert not re.search(r"\b(nan|inf)\b", seen.text)


FILES = {
    "config.yaml": "pipeline: shop\nenvironments: {dev: {}}\n",
    "data_raw/people.csv": "id,name,pin\n"
    + "".join(f"{n},n{n % 2}who,88{n % 3}7\n" for n in range(9)),
    "src/raw/people.yaml": "source: {files: data_raw/people.csv}\n"
    "columns: {name: {sensitive: true}, PIN: {sensitive: true}}\n",
    "src/clean/people.sql": "select * from raw.people",
}


def test_values_of_sensitive_columns_are_not_in_the_page(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert thresher.open(tmp_path).run().ok

    def written():
        work = thresher.open(tmp_path).work
        return page(table_profile(work, "raw.people", top=10), work)

    text = written()
    seen = Page(text)
    assert not re.search(r"n[01]who|8,?8[012]7", text)
    for at, distinct in ((2, "2"), (3, "3")):
        words = seen.sections[f"column-{at}"]
        assert words.endswith("its values are sensitive, and not shown")
        assert seen.rows[at][2:] == ["0%", distinct, "", "", ""]
    assert "shop · dev ·" in seen.text

    open_to_all = FILES["src/raw/people.yaml"].replace("true", "false")
    (tmp_path / "src/raw/people.yaml").write_text(open_to_all)
    assert re.search(r"n[01]who", written()), "else it is not the word that hides them"
