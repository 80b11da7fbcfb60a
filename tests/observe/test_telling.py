import logging
from dataclasses import replace

import pytest
from observed_runs import BEGAN, RUN

from thresher.events import FileRefused, RunFinished
from thresher.observe.telling import tell
from thresher.results import UnitOutcome


def test_a_file_that_failed_is_an_error_and_one_set_aside_a_warning():
    event = FileRefused(
        run=RUN, asset="raw.a", at=BEGAN, path="a.csv", outcome=UnitOutcome.FAILED, reason="empty"
    )

    assert tell(event).level == logging.ERROR
    assert tell(replace(event, outcome=UnitOutcome.SET_ASIDE)).level == logging.WARNING
    assert tell(event).sentence == "failed raw.a: a.csv: empty"


@pytest.mark.parametrize(
    ("status", "code", "level"),
    [
        ("published", 0, logging.INFO),
        ("unchanged", 0, logging.INFO),
        ("published", 3, logging.INFO),
        ("partly published", 1, logging.ERROR),
        ("failed", 1, logging.ERROR),
        ("interrupted", 130, logging.ERROR),
    ],
)
def test_a_run_that_did_not_end_well_is_an_error(events, status, code, level):
    finished = events[-1]
    assert isinstance(finished, RunFinished)

    assert tell(replace(finished, status=status, exit_code=code)).level == level


def test_an_attempt_that_failed_is_told_without_its_hint(events):
    failed = replace(events[2], error="src/raw/a.yaml (raw.flights): busy\n  hint: wait")

    assert tell(failed).sentence.endswith(" next in 1.0 s: src/raw/a.yaml (raw.flights): busy")


def test_sentences_say_what_happened_to_what(events):
    assert [tell(event).sentence for event in events[:3]] == [
        f"started: run {RUN} of flights (dev): 3 to build, 2 unchanged",
        "started raw.flights: build",
        "retry raw.flights: attempt 1 failed after 0.2 s, next in 1.0 s: connection reset",
    ]
    assert tell(events[-2]).sentence == "published: 12 (dev): 4 tables, 1 changed"
    assert tell(events[-1]).sentence == (
        "partly published: 12 (dev): 336,776 rows in, 336,700 rows out, 3.2 s, 3 warnings, 1 error"
    )
