import datetime as dt

import pytest

from thresher.project.contract import Tolerance
from thresher.project.secrets import MASK, Masker, looks_secret, mask_keys
from thresher.project.units import (
    parse_duration,
    parse_share,
    parse_size,
    parse_tolerance,
    threads_for,
)
from thresher.sizes import spell_size


@pytest.mark.parametrize("key", ["password", "DB_PASSWORD", "api_key", "apikey", "authToken"])
def test_names_that_look_secret(key):
    assert looks_secret(key)


@pytest.mark.parametrize("key", ["customer", "key", "pipeline", "passenger", "author_limit"])
def test_names_that_do_not(key):
    assert not looks_secret(key)


def test_secrets_are_masked_however_deep_and_the_longest_first():
    masker = Masker.of(["hunter2", "hunter2-long", "15", ""])
    value = {"a": ["x hunter2-long y", ("hunter2",)], "n": 15, "day": dt.date(2015, 1, 1), "t": 150}
    masked = {"a": [f"x {MASK} y", (MASK,)], "day": dt.date(2015, 1, 1), "t": 150}
    assert masker.value(value) == {**masked, "n": 15}
    assert masker.settings(value) == {**masked, "a": [f"x {MASK} y", [MASK]], "n": MASK}
    assert masker.text("15 of 150") == "15 of 150"


def test_keys_that_look_secret_are_masked_whatever_they_hold():
    facts = {"db": {"password": "x", "host": "h"}, "tokens": [1], "auth": None}
    assert mask_keys(facts) == {"db": {"password": MASK, "host": "h"}, "tokens": MASK, "auth": None}


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("1.5m", 90), ("2h", 7200), ("1d", 86400)]
)
def test_durations(text, seconds):
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 500_000_000), ("2GiB", 2**31), ("10", 10), ("4gb", 4_000_000_000)]
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.5", 0.5), ("100%", 1.0)])
def test_shares(text, share):
    assert parse_share(text) == share


@pytest.mark.parametrize(
    ("text", "tolerance", "allowed", "refused"),
    [
        (5, Tolerance(count=5), (5, 10), (6, 10)),
        ("0.1%", Tolerance(share=0.001), (1, 1000), (2, 1000)),
        ("0", Tolerance(count=0), (0, 10), (1, 10)),
        ("29%", Tolerance(share=0.29), (29, 100), (30, 100)),
    ],
)
def test_tolerances(text, tolerance, allowed, refused):
    assert parse_tolerance(text) == tolerance
    assert tolerance.allows(*allowed)
    assert not tolerance.allows(*refused)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_duration, "soon"),
        (parse_duration, True),
        (parse_duration, "36501d"),
        (parse_duration, "99999999999d"),
        (parse_size, "lots"),
        (parse_share, "0%"),
        (parse_share, "101%"),
        (parse_tolerance, "1.5"),
        (parse_tolerance, "-1"),
        (parse_tolerance, "200%"),
    ],
)
def test_what_is_none_of_these_is_refused(parse, text):
    with pytest.raises(ValueError, match="should be"):
        parse(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_400, "1.4 kB"),
        (1000, "1 kB"),
        (200_000_000, "200 MB"),
        (1_500_000_000, "1.5 GB"),
        (2_674_000_000, "2.7 GB"),
        (999_999, "1 MB"),
        (4 * 10**15, "4,000 TB"),
    ],
)
def test_a_size_is_written_as_people_write_it(number, text):
    assert spell_size(number) == text


@pytest.mark.parametrize(
    ("memory", "threads"), [(1, 1), (249_000_000, 1), (250_000_000, 2), (10**12, 8)]
)
def test_threads_are_as_many_as_their_memory_is_enough_for(memory, threads):
    assert threads_for(memory, 8) == threads
