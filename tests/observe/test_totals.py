from observed_runs import FAILED, TOLERATED, WARNED, check, outcome, refused

from thresher.results import OutcomeStatus, UnitOutcome
from thresher.totals import errors, totals, warnings


def test_totals_of_a_published_run(passing):
    figures = totals(passing.outcomes)

    assert figures.tables == 9
    assert figures.statuses == {"built": 7, "kept": 2}
    # What is taken in is counted once, and kept tables were not worked on in this run.
    assert figures.rows_in == 336_776 + 26_115
    assert figures.rows_out == 336_776 * 2 + 26_115 * 2 + 4_711 + 8_255 + 224
    assert (figures.passed, figures.checks) == (10, 12)
    assert (figures.warnings, figures.errors) == (4, 0)


def test_warnings_are_soft_checks_files_set_aside_and_repeated_attempts():
    aside = refused("a.csv", UnitOutcome.SET_ASIDE, "empty")
    found = outcome("a.b", checks=(WARNED, TOLERATED, check("x()")), units=(aside,), attempts=3)

    assert warnings(found) == 5
    assert errors(found) == 0


def test_an_asset_that_failed_counts_once_even_without_a_failed_check():
    broken = refused("a.csv", UnitOutcome.FAILED, "not text")

    assert errors(outcome("a.b", OutcomeStatus.FAILED)) == 1
    assert errors(outcome("a.b", OutcomeStatus.FAILED, checks=(FAILED,))) == 1
    assert errors(outcome("a.b", units=(broken,))) == 1
    assert errors(outcome("a.b", OutcomeStatus.BLOCKED)) == 0
