from dataclasses import replace

import pytest
from observed_runs import FAILED, WARNED, check, outcome, refused

from thresher.errors import Fault
from thresher.observe.console import summary
from thresher.observe.summary import SHOWN_ROWS, summarize
from thresher.results import OutcomeStatus, UnitOutcome


def lines(text, start):
    return [line.split() for line in text.splitlines() if line.strip().startswith(start)]


def test_a_published_run_ends_with_its_figures_and_where_the_reports_are(passing):
    *_, verdict, failures, reports = summary(passing).splitlines()

    assert verdict == (
        "published 12 (dev): 9 tables, 362,891 rows in, 738,972 rows out, 3.2 s, "
        "4 warnings, 0 errors"
    )
    assert failures == "`thresher failures` lists later what was not loaded"
    assert reports == "reports: reports/20260303T140211-7f3a"


def test_each_asset_has_a_row(passing):
    shown = summary(passing)

    assert ["warehouse.carrier_day", "built", "336,776", "4,711", "0.12", "4/4"] in lines(
        shown, "warehouse."
    )
    assert lines(shown, "clean.flights")[0] == (
        ["clean.flights", "built", "336,776", "336,776", "1.40", "4/6", "2"]
    )


def test_checks_that_did_not_pass_are_told_worst_first_and_those_that_passed_are_not(failing):
    shown = summary(failing)

    told = shown.partition("checks that did not simply pass")[2].partition("\n\n")[0]
    assert [row[1] for row in lines(told, "clean.flights ")] == ["failed", "warned"]
    for found in (FAILED, WARNED):
        assert told.count(found.message) == 1
        assert f"{found.path}:{found.line}" in told
    assert "unique(flight_id)" not in shown


def test_a_failed_run_says_what_failed_that_nothing_was_published_and_what_goes_on(failing):
    shown = summary(failing)

    assert (
        "warehouse.airlines failed\n"
        '  src/warehouse/airlines.sql:12: Binder Error: column "carier" not found\n'
        "    select carier from clean.airlines\n"
        "           ^\n"
        "    hint: did you mean `carrier`?\n"
    ) in shown
    assert "blocked, since what they read failed: warehouse.delays" in shown
    assert shown.endswith(
        "failed (dev): 2 of 5 assets failed, 1 blocked, 336,776 rows in, 673,552 rows out, "
        "1 min 5 s, 1 warning, 3 errors\n"
        "nothing was published; the published warehouse is untouched\n"
        "`thresher run --env dev` goes on from what was finished\n"
        "`thresher failures` lists later what was not loaded\n"
        "reports: reports/20260303T140211-7f3a\n"
    )


def test_a_partly_published_run_does_not_claim_that_nothing_was_published(failing):
    shown = summary(replace(failing, status="partly published", publication=13))

    assert "partly published 13 (dev): 2 of 5 assets failed" in shown
    assert "keeps its earlier version" in shown
    assert "nothing was published" not in shown


def test_files_that_were_not_loaded_are_listed_with_their_reason(passing, failing):
    assert "data_raw/flights_2013_13.csv:1  raw.flights  set aside  no column `month`" in summary(
        passing
    )
    assert "data_raw/<script>x.csv:7  raw.flights  failed   line 7 has" in summary(failing)


def test_the_files_of_a_source_that_failed_are_in_the_last_table_too_and_are_counted(passing):
    records = (
        refused("b.csv", UnitOutcome.FAILED, "the file is empty"),
        refused("a.csv", UnitOutcome.FAILED, "no column `month`", 1),
    )
    failed = outcome("raw.x", OutcomeStatus.FAILED, faults=(Fault("no"),), refused=records)
    aside = outcome("raw.y", units=(refused("c.csv", UnitOutcome.SET_ASIDE, "odd"),))

    shown = summary(replace(passing, outcomes=(failed, aside), status="failed", exit_code=1))

    *_, last = [part for part in shown.split("\n\n") if "\n  " in part and " failed\n" not in part]
    assert last.splitlines()[0] == "files that were not loaded: 2 failed, 1 set aside"
    assert [row.split()[0] for row in last.splitlines()[2:]] == ["b.csv", "a.csv:1", "c.csv"]
    assert "2 errors" in shown


def test_unchanged_assets_are_folded_into_one_line(many):
    shown = summary(many)

    assert "assets (30 unchanged)" in shown
    assert not lines(shown, "raw.table_01")
    assert "kept" not in shown


def test_a_run_with_nothing_to_do_is_three_lines_at_most(passing):
    kept = tuple(outcome(f"raw.t{n}", OutcomeStatus.KEPT) for n in range(42))
    result = replace(
        passing, status="unchanged", outcomes=kept, publication=None, report=None, seconds=0.1
    )

    assert summary(result) == "unchanged (dev): 42 tables, 0.1 s, 0 warnings, 0 errors\n"


def test_warnings_of_unchanged_assets_are_counted_and_not_listed_again(passing):
    kept = outcome("clean.flights", OutcomeStatus.KEPT, checks=(WARNED, WARNED))
    built = outcome("clean.planes", checks=(replace(WARNED, message="new today"),))

    shown = summary(replace(passing, outcomes=(kept, built)))

    assert (shown.count("new today"), shown.count(WARNED.message)) == (1, 0)
    assert "2 checks of unchanged assets warned, as before; the report lists them" in shown
    assert "3 warnings" in shown


def test_tables_are_bounded_and_what_failed_is_never_left_out(passing):
    built = tuple(outcome(f"raw.t{n:03}") for n in range(200))
    failed = outcome("raw.zz", OutcomeStatus.FAILED, faults=(Fault("no"),))

    shown = summary(replace(passing, outcomes=(*built, failed), status="failed", exit_code=1))

    assert "... and 161 more" in shown
    assert lines(shown, "raw.zz ")[0][1] == "failed"
    assert len(lines(shown, "raw.t")) == SHOWN_ROWS - 1


def test_many_checks_and_files_are_bounded_too(passing):
    checks = tuple(replace(WARNED, check=f"pattern(c{n})") for n in range(100))
    units = tuple(refused(f"f{n}.csv", UnitOutcome.SET_ASIDE, "empty") for n in range(100))

    shown = summary(replace(passing, outcomes=(outcome("a.b", checks=checks, units=units),)))

    assert shown.count("... and 60 more") == 2


def test_removed_assets_and_samples_are_said(passing):
    shown = summary(replace(passing, removed=("clean.old", "clean.older"), sample="1%"))

    assert "published 12 (dev, a sample of 1%)" in shown
    assert "2 assets left the warehouse: clean.old, clean.older" in shown


def test_names_from_data_cannot_steer_the_terminal(passing):
    evil = refused("a\x1b[2J\rb.csv", UnitOutcome.SET_ASIDE, "\x07")
    found = outcome("raw.x", checks=(replace(FAILED, message="\x1b]0;x"),), units=(evil,))

    shown = summary(replace(passing, outcomes=(found,)))

    assert not {c for c in shown if ord(c) < 32} - {"\n"}
    assert r"a\x1b[2J b.csv" in shown


@pytest.mark.parametrize("name", ["passing", "failing"])
def test_tone_follows_the_result(name, request):
    result = request.getfixturevalue(name)

    assert summarize(result).tone == {"passing": "warned", "failing": "bad"}[name]


def test_a_clean_run_is_good(passing):
    result = replace(passing, outcomes=(outcome("a.b", checks=(check("not_null(x)"),)),))

    assert summarize(result).tone == "good"
