import json
import os
import re
from dataclasses import replace

import duckdb
import pytest
from observed_runs import CONFIGURATION, RUN, check, outcome
from read_pages import Page

from thresher.errors import Fault
from thresher.observe import page
from thresher.observe.definitions import definitions
from thresher.observe.rates import PastRate
from thresher.observe.report import write_reports
from thresher.results import OutcomeStatus, Split, Status

REPORTS = {"report.json", "report.html", "report.md", "report.sarif", "junit.xml"}


@pytest.fixture
def reports(tmp_path, plan_of):
    def write(result):
        sources = {o.asset: f"src/{o.asset.replace('.', '/')}.sql" for o in result.outcomes}
        return write_reports(
            result,
            folder=tmp_path / "reports",
            sources=sources,
            descriptions={"raw.flights": "Departures <b>as delivered</b>."},
            plan=plan_of(result),
            configuration=CONFIGURATION,
        )

    return write


def document(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def read(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_reports_stand_in_a_folder_named_after_the_run(reports, passing, tmp_path):
    folder = reports(passing)

    assert folder == tmp_path / "reports" / RUN
    assert {p.name for p in folder.iterdir()} == REPORTS
    assert sorted(p.name for p in folder.parent.iterdir()) == [RUN, "latest"]


def test_latest_is_a_relative_link_to_the_newest(reports, passing, tmp_path):
    reports(passing)
    second = reports(replace(passing, run="20260304T000000-beef"))
    latest = tmp_path / "reports" / "latest"

    assert os.readlink(latest) == "20260304T000000-beef"  # noqa: PTH115  the text of the link
    assert document(latest) == document(second)


def test_writing_a_run_again_replaces_its_folder(reports, passing):
    folder = reports(passing)
    (folder / "stale.txt").write_text("left from before")
    again = reports(replace(passing, seconds=9.0))

    assert again == folder
    assert not (folder / "stale.txt").exists()
    assert document(folder)["run"]["seconds"] == 9.0
    assert sorted(p.name for p in folder.parent.iterdir()) == [RUN, "latest"]


def test_what_a_person_put_in_the_place_of_the_link_is_left_alone(reports, passing, tmp_path):
    reports(passing)
    (tmp_path / "reports" / "latest").unlink()
    (tmp_path / "reports" / "latest").mkdir()
    (tmp_path / "reports" / "latest" / "mine").touch()
    with pytest.raises(OSError, match="latest"):
        reports(replace(passing, run="r3"))

    assert not [p.name for p in (tmp_path / "reports").iterdir() if p.name.startswith(".")]
    assert (tmp_path / "reports" / "latest" / "mine").exists()


def test_json_holds_the_run_and_its_figures(reports, passing):
    told = document(reports(passing))

    assert told["format"] == 1
    assert told["run"] | {"removed": None} == {
        "id": RUN,
        "pipeline": "flights",
        "environment": "dev",
        "status": "published",
        "ok": True,
        "exit_code": 0,
        "started": "2026-03-03T14:02:11.250Z",
        "ended": "2026-03-03T14:02:14.464Z",
        "seconds": 3.214,
        "publication": 12,
        "sample": None,
        "removed": None,
        "error": None,
    }
    assert told["totals"]["statuses"]["built"] == 7
    assert told["totals"]["checks_by_status"] == {
        "passed": 10,
        "tolerated": 1,
        "quarantined": 0,
        "warned": 1,
        "failed": 0,
        "error": 0,
    }
    assert told["configuration"]["params"]["floor"] == "0.10"


def test_another_program_reads_the_json_and_comes_to_the_same_figures(reports, failing):
    path = str(reports(failing) / "report.json")

    with duckdb.connect() as connection:
        connection.execute("set autoinstall_known_extensions = false")
        rows = connection.execute(
            "with c as (select unnest(checks) c from read_json(?)) "
            'select c."check", c.status, 1 - c.violations / c.rows, c.valid_share from c',
            [path],
        ).fetchall()

    assert [row[:2] for row in rows] == [
        ("unique(flight_id)", "passed"),
        ("references(tailnum, clean.planes, [tailnum])", "warned"),
        ("not_null(arr_time)", "failed"),
    ]
    for _, _, computed, told in rows:
        assert told == pytest.approx(computed)


def test_page_tells_verdict_figures_checks_and_places(reports, failing):
    seen = read(reports(failing))

    for fact in (
        *("Nothing was published", "2 of 5 assets failed", "The published warehouse is untouched"),
        *("33.33%", "97.41%", "8,713", "src/clean/flights.sql:7", "did you mean carrier ?"),
        *("Blocked by these: warehouse.delays", "params.start_date", "2013-01-01", "SQL changed"),
    ):
        assert fact in seen.text


def test_page_of_a_published_run_names_the_publication_and_what_was_set_aside(reports, passing):
    seen = read(reports(passing))

    assert "Published 12" in seen.text
    assert "data_raw/flights_2013_13.csv:1" in seen.text
    assert "1 file set aside" in seen.text
    assert "Departures <b>as delivered</b>." in seen.text
    assert ">99.99%" in seen.text
    assert "What failed" not in seen.text


def test_page_is_one_file_that_runs_and_fetches_nothing(reports, failing):
    folder = reports(failing)
    seen = read(folder)

    assert set(seen.fetched) == {"data:,", *REPORTS - {"report.html"}}
    assert not {"script", "iframe", "img", "object", "form"} & set(seen.tags)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "")
    assert "@import" not in text
    assert "url(" not in text


def test_what_comes_from_data_is_shown_and_never_obeyed(reports, failing):
    folder = reports(failing)
    seen = read(folder)
    text = (folder / "report.html").read_text(encoding="utf-8")

    assert "<script" not in text
    assert "data_raw/<script>x.csv:7" in seen.text
    assert "<script>alert(1)</script>" in seen.text


EVIL = (
    *('"><script>x</script>', "' onload=x '", "</style><b>", "`<i>`", "\x00\x1b[31m", "\udcff"),
    *("{{ 7 * 7 }}", "<!--", "]]>"),
)


@pytest.mark.parametrize("evil", EVIL)
def test_no_field_lets_data_into_the_markup(tmp_path, passing, evil):
    def tags(text, folder):
        bad = check(text, Status.FAILED, 1, message=text, path=text, examples=({text: text},))
        found = outcome(text, OutcomeStatus.FAILED, checks=(bad,), faults=(Fault(text, hint=text),))
        result = replace(
            passing, outcomes=(found,), environment=text, pipeline=text, removed=(text,)
        )
        written = (
            write_reports(result, folder=folder, configuration={text: text}, sources={text: text})
            / "report.html"
        ).read_text(encoding="utf-8")
        assert not {"\x00", "\x1b"} & set(written)
        return [tag for tag in Page(written).tags if tag != "code"]

    assert tags(evil, tmp_path / "evil") == tags("harmless", tmp_path / "harmless")


def test_timeline_places_each_bar_by_start_and_duration(reports, passing):
    text = (reports(passing) / "report.html").read_text(encoding="utf-8")
    bars = dict(re.findall(r'title="([^"]+)">[^<]*</span><div class="lane" style="([^"]+)"', text))

    assert bars["clean.flights"] == f"--x:{100 * 1.13 / 3.214:.3f}%;--w:{100 * 1.4 / 3.214:.3f}%"
    assert "raw.planes" not in bars
    assert next(iter(bars)) == "raw.flights"


def test_a_page_of_many_assets_folds_the_unchanged_and_bounds_the_timeline(
    reports, many, monkeypatch
):
    monkeypatch.setattr(page, "SHOWN_BARS", 10)
    seen = read(reports(many))

    assert "30 unchanged" in seen.text
    assert "the 10 longest; 20 more are not shown" in seen.text


def test_page_shows_rows_that_were_set_aside_as_they_add_up(reports, passing):
    split = Split(produced=10, published=8, quarantined=2, quarantine="f-1", released=1)
    bad = outcome("clean.a", checks=(check("at_least(a)", Status.QUARANTINED, 2),))
    bad = replace(bad, verdict=replace(bad.verdict, split=split), quarantine=bad.snapshot)
    seen = read(reports(replace(passing, outcomes=(bad,))))

    assert re.search(r"clean\.a 10 8 1 2 quarantine\.clean__a", seen.text)
    assert "Rows that were set aside" not in read(reports(passing)).text


def test_page_draws_the_checks_of_past_runs(tmp_path, passing):
    past = {
        "clean.flights": (
            PastRate("r1", "2026-03-01T00:00:00+00:00", 6, 6),
            PastRate("r2", "2026-03-02T00:00:00+00:00", 3, 6),
        ),
        "clean.weather": (PastRate("r2", "2026-03-02T00:00:00+00:00", 2, 2),),
        "raw.gone": (PastRate("r1", "2026-03-01T00:00:00+00:00", 1, 2),),
    }
    folder = write_reports(passing, folder=tmp_path, past=past)
    text = (folder / "report.html").read_text(encoding="utf-8")
    told, bad = re.findall("<title>(.*?)</title>", text)[1:], text.count('class="not"')

    assert told == [
        *("2026-03-01 00:00:00 UTC: 6 of 6", "2026-03-02 00:00:00 UTC: 3 of 6"),
        "2026-03-03 14:02:12 UTC: 4 of 6",
        *("2026-03-02 00:00:00 UTC: 2 of 2", "2026-03-03 14:02:11 UTC: 2 of 2"),
    ]
    assert bad == 2
    assert "75% 2 runs" in read(folder).text
    assert "1 asset passed every check in every run" in read(folder).text
    assert "raw.gone" not in text
    (asset,) = [a for a in document(folder)["assets"] if a["asset"] == "clean.weather"]
    assert asset["past"] == [
        {"run": "r2", "started": "2026-03-02T00:00:00.000Z", "passed": 2, "checks": 2}
    ]


def test_page_shows_how_a_check_is_written(tmp_path, failing):
    written = {"src/clean/flights.sql:7": "arr_time: <b>{not_null: true}</b>"}
    folder = write_reports(failing, folder=tmp_path, definitions=written)

    assert "arr_time: <b>{not_null: true}</b>" in read(folder).text
    (bad,) = [c for c in document(folder)["checks"] if c["check"] == "not_null(arr_time)"]
    assert bad["definition"] == written["src/clean/flights.sql:7"]


def test_definitions_are_the_lines_of_the_files(tmp_path, failing):
    folder = tmp_path / "src" / "clean"
    folder.mkdir(parents=True)
    assert definitions(tmp_path, failing) == {}
    lines = ["/* ---"] * 6 + ["  arr_time:", "    not_null:", "      tolerate: 1", "  b: {}"]
    (folder / "flights.sql").write_text("\n".join(lines))
    written = "arr_time:\n  not_null:\n    tolerate: 1"
    assert definitions(tmp_path, failing) == {
        "src/clean/flights.sql:7": written,
        "src/clean/flights.sql:9": "tolerate: 1",
    }


def test_page_leads_to_the_profile_of_a_table_that_is_published(reports, passing, failing):
    command = "thresher profile {0} --env dev --export {0}.html"
    assert command.format("warehouse.routes") in read(reports(passing)).text
    assert command.format("clean.airlines") in read(reports(failing)).text
    kept = [each for each in failing.outcomes if each.status is OutcomeStatus.KEPT]
    none = replace(failing, outcomes=tuple(o for o in failing.outcomes if o not in kept))
    assert "thresher profile" not in read(reports(none)).text


def test_long_lists_are_bounded_and_lead_to_the_json(reports, passing):
    checks = tuple(check(f"pattern(c{n})", Status.WARNED, 1) for n in range(1_200))
    seen = read(reports(replace(passing, outcomes=(outcome("a.b", checks=checks),))))

    assert "… and 200 more in report.json" in seen.text


def test_a_run_that_did_nothing_still_has_its_page(reports, passing):
    kept = (outcome("raw.a", OutcomeStatus.KEPT), outcome("raw.b", OutcomeStatus.KEPT))
    result = replace(passing, status="unchanged", outcomes=kept, publication=None, seconds=0.0)

    seen = read(reports(result))

    assert "Nothing changed" in seen.text
    assert "Timeline" not in seen.text


def test_a_report_needs_nothing_but_the_result(tmp_path, failing):
    folder = write_reports(failing, folder=tmp_path)

    assert document(folder)["assets"][0]["path"] is None
    assert "Configuration" not in read(folder).text
