from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from thresher.errors import AssetError
from thresher.quality.freshness import figure_of, freshness_words, judge_freshness

NOON = datetime(2013, 6, 15, 12, tzinfo=UTC)
DAY = 86400


@pytest.mark.parametrize(
    ("figure", "within", "fresh"),
    [
        ("2013-06-14T12:00:00", DAY, True),
        ("2013-06-14T11:59:59.999999", DAY, False),
        ("2013-06-14T14:00:00+02:00", DAY, True),
        ("2013-06-14T13:59:59+02:00", DAY, False),
        ("2013-06-14T05:00:00-07:00", DAY, True),
        ("2013-06-14", 1.5 * DAY, True),
        ("2013-06-14", 1.5 * DAY - 1, False),
        ("2099-01-01", 1, True),
        (None, DAY, False),
    ],
)
def test_a_figure_is_fresh_up_to_its_age(figure, within, fresh):
    assert judge_freshness(figure, within, NOON) is fresh


def test_the_clock_may_be_in_any_time_zone():
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-7)))
    assert judge_freshness("2013-06-14T12:00:00", DAY, elsewhere)
    assert not judge_freshness("2013-06-14T12:00:00", DAY - 1, elsewhere)
    assert judge_freshness("2013-06-14T12:00:00", DAY, NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        (None, None),
        ("2013-06-14", "2013-06-14"),
        ("2013-06-14 10:00:00", "2013-06-14T10:00:00"),
        ("2013-06-14 10:00:00.5+00", "2013-06-14T10:00:00.500000+00:00"),
        ("2013-06-14 10:00:00+05:30", "2013-06-14T10:00:00+05:30"),
    ],
)
def test_a_figure_is_iso_text(text, figure):
    assert figure_of(text) == figure


@pytest.mark.parametrize("text", ["infinity", "20000-01-01", "0044-03-15 (BC)"])
def test_what_is_no_time_of_the_calendar_is_refused(text):
    with pytest.raises(AssetError, match="no time to judge by"):
        figure_of(text)


def test_the_age_is_said_in_words():
    words = freshness_words("seen", "2013-06-12T10:30:00", 2 * DAY, NOON)
    assert (
        words
        == "the newest `seen` is 2013-06-12T10:30:00, 3 d 1 h old; at most 2 d old is expected"
    )
