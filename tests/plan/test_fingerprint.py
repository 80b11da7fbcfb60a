from datetime import UTC, datetime

from thresher.plan.fingerprint import changes, fingerprint, grain
from thresher.project.asset import Asset, SqlBody, Volatile


def test_a_day_begins_where_the_project_is():
    daily = Asset(name="a.b", path="", body=SqlBody("", "", None), volatile=Volatile.DAY)
    before, after = (datetime(2026, 6, 1, hour, tzinfo=UTC) for hour in (6, 8))
    assert grain(daily, before, "UTC") == grain(daily, after, "UTC")
    there = "America/Los_Angeles"
    assert grain(daily, before, there).date().isoformat() == "2026-05-31"
    assert grain(daily, after, there).date().isoformat() == "2026-06-01"


def test_a_fingerprint_does_not_hang_on_the_order_of_its_ingredients():
    assert fingerprint({"sql": "1", "input:a": "2"}) == fingerprint({"input:a": "2", "sql": "1"})
    assert fingerprint({"sql": "1"}) != fingerprint({"sql": "2"})
    assert fingerprint({"sql": "1"}) != fingerprint({"macro:sql": "1"})


def test_changes_are_told_in_words_the_most_telling_first():
    old = {"file:a.csv": "1", "input:raw.a": "1", "parameter:days": "1", "sql": "1"}
    new = {"file:b.csv": "2", "input:raw.a": "2", "parameter:days": "2", "sql": "2"}
    assert changes(old, new) == (
        "SQL changed, parameter changed: days, file removed: a.csv, file added: b.csv, "
        "input changed: raw.a"
    )


def test_many_changes_are_folded():
    new = {f"file:{n}.csv": "1" for n in range(10)}
    assert changes({}, new) == "file added: 0.csv, 1.csv, 2.csv and 7 more"


def test_what_is_equal_is_not_told():
    assert changes({"sql": "1"}, {"sql": "1"}) == ""


def test_single_ingredients_that_come_or_go():
    assert changes({}, {"sample": "1%"}) == "sample changed"
    assert changes({"types": "1"}, {}) == "column types changed"
