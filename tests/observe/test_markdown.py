"""The report as Markdown, read by a parser that we did not write."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from observed_runs import FAILED, WARNED, check, outcome, refused

from thresher.observe import markdown as module
from thresher.observe.facts import Background, facts
from thresher.observe.markdown import markdown
from thresher.results import OutcomeStatus, Split, Status, UnitOutcome


def written(result):
    return markdown(facts(result, Background()))


def html(text):
    return MarkdownIt("commonmark").enable("table").render(text)


def tables(result):
    """Give the rows of each table by its title."""
    page = html(written(result))
    found = {}
    for title, table in re.findall(r"<h3>(.*?)</h3>\s*<table>(.*?)</table>", page, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        found[title] = [
            [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)]
            for row in rows[1:]
        ]
    return found


def test_the_verdict_comes_first(passing, failing):
    first = written(passing).splitlines()
    assert first[0] == "## ⚠️ flights (dev): published 12"
    assert "9 tables" in first[2]
    assert "10 of 12 checks passed" in first[2]
    assert written(failing).startswith("## ❌ flights (dev): failed\n\n2 of 5 assets failed")


def test_what_was_wrong_stands_in_tables(failing):
    found = tables(failing)
    (failed,) = found["Checks that failed"]
    assert failed == [
        "clean.flights",
        "not_null(arr_time)",
        "failed",
        "8,713 of 336,776 (2.59%)",
        "src/clean/flights.sql:7",
        "8,713 rows have no arr_time",
    ]
    assert found["Checks that warned"][0][2] == "warned"
    (built,) = [row for row in found["Assets that failed"] if row[0] == "warehouse.airlines"]
    assert built[1] == "src/warehouse/airlines.sql:12"
    (file,) = found["Files that were not loaded"]
    assert file[0] == "data_raw/&lt;script&gt;x.csv:7"


def test_rows_that_were_set_aside_add_up(passing):
    split = Split(produced=10, published=8, quarantined=2, quarantine="f-1", released=1)
    bad = outcome("clean.a", checks=(check("at_least(a)", Status.QUARANTINED, 2),))
    bad = replace(bad, verdict=replace(bad.verdict, split=split))
    found = tables(replace(passing, outcomes=(bad,)))
    assert found["Rows that were set aside"] == [
        ["clean.a", "10", "8", "1", "2", "quarantine.clean__a"]
    ]


def test_a_run_where_all_is_well_is_three_lines(passing):
    fine = replace(passing, outcomes=(outcome("clean.a", checks=(check("not_null(a)"),)),))
    assert written(fine).startswith("## ✅")
    assert len(written(fine).splitlines()) == 3


@pytest.mark.parametrize(
    "evil",
    [
        *("| x | y |", "<script>", "**b**", "[x](y)", "`x", "a`b`|c", "\\", "\\|", "![i](j)"),
        *("a\nb", "# h", "&lt;", "\x1b[31m", "\udcff", "http://x.org", "@someone", "``x```"),
    ],
)
def test_what_comes_from_data_is_shown_and_never_obeyed(passing, evil):
    bad = check(evil, Status.FAILED, 1, message=evil, path=evil, line=1)
    file = refused(evil, UnitOutcome.FAILED, evil)
    found = outcome(evil, OutcomeStatus.FAILED, checks=(bad,), units=(file,))
    text = written(replace(passing, outcomes=(found,), pipeline=evil, environment=evil))
    page = html(text)
    tags = set(re.findall(r"<(\w+)", page)) - {"code"}
    assert tags == {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert {len(re.findall("<td>", row)) for row in page.split("<tr>")} <= {0, 4, 6}
    assert "\x1b" not in text
    assert "http://" not in _outside_code(text)
    assert "@someone" not in _outside_code(text)


def _outside_code(text):
    return re.sub(r"`[^`]*`", "", text)


def test_long_tables_are_bounded(passing, monkeypatch):
    monkeypatch.setattr(module, "SHOWN_ROWS", 3)
    checks = tuple(replace(WARNED, check=f"c{n}") for n in range(5))
    text = written(replace(passing, outcomes=(outcome("a.b", checks=(FAILED, *checks)),)))
    assert "… and 2 more in `report.json`" in text
    assert len(tables(replace(passing, outcomes=(outcome("a.b", checks=checks),)))
               ["Checks that warned"]) == 3  # fmt: skip
