"""When a schedule runs: against cronsim minute by minute, and against published dates of DST."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from thresher.project.cron import parse_cron
from thresher.schedule.clocks import Change, clock, system_zone
from thresher.schedule.times import is_due, upcoming, wake

NOW = datetime(2026, 11, 26, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZONES = (
    *("UTC", "Europe/Rome", "Europe/Dublin", "America/New_York", "America/St_Johns"),
    *("America/Havana", "America/Santiago", "Africa/Casablanca", "Africa/Cairo", "Asia/Kolkata"),
    *("Asia/Kathmandu", "Asia/Beirut", "Australia/Lord_Howe", "Australia/Adelaide"),
    *("Pacific/Chatham", "Pacific/Kiritimati", "Antarctica/Troll"),
)
SYSTEMS = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
HALF_AN_HOUR = {"Australia/Lord_Howe"}
CRONS = (
    *("0 6 * * *", "30 2 * * *", "0,30 0,1,2,3 * * *", "15 0 * * *", "59 23 * * *"),
    *("*/15 * * * *", "7 */3 * * *", "*/20 2 * * *", "45 * * * *", "0 2 L * *", "30 1 * * SUN#2"),
    *("5/25 1-3 * * MON-SAT", "10 2 1,15 * FRI", "* * * * *"),
)


def changes_of_2027(zone):
    """Give a day and a half around each change of a zone's clocks, as minutes in UTC."""
    found = [change.at for change in clock(zone, NOW).changes if change.at.year == 2027]
    for at in found or [datetime(2027, 3, 28, 1, tzinfo=UTC)]:
        yield [at + n * MINUTE for n in range(-16 * 60, 16 * 60)]


def woken(fields, system, minutes):
    """Give the minutes at which a cron in some zone runs a line that names minutes and hours."""
    minute, hour, *rest = fields.split()
    assert rest == ["*", "*", "*"]
    at_minute, at_hour = values(minute, 60), values(hour, 24)
    for at in minutes:
        there = at.astimezone(system)
        if there.minute in at_minute and there.hour in at_hour:
            yield at


def values(field, size):
    if field.startswith("*"):
        return set(range(0, size, int(field.partition("/")[2] or 1)))
    return set(map(int, field.split(",")))


def by_cronsim(cron, zone, minutes):
    """Give the times in a range of minutes, walked to from its beginning by cronsim alone."""
    found = set()
    for at in CronSim(cron, (minutes[0] - timedelta(days=3)).astimezone(zone)):
        if at.astimezone(UTC) > minutes[-1]:
            return found & set(minutes)
        found.add(at.astimezone(UTC))
    raise AssertionError


@pytest.mark.parametrize("cron", [parse_cron(cron) for cron in CRONS])
@pytest.mark.parametrize("name", ZONES)
def test_cron_in_any_zone_starts_what_is_due_and_nothing_else(name, cron):
    zone = ZoneInfo(name)
    for minutes in changes_of_2027(zone):
        expected = by_cronsim(cron, zone, minutes)
        if name in HALF_AN_HOUR and "*" in cron.split()[0][0] + cron.split()[1][0]:
            continue  # there CronSim steps over minutes; the next test looks at them
        for system in map(ZoneInfo, SYSTEMS):
            made = wake(cron, zone, system, NOW)
            if made.exact:
                assert clock(zone, NOW) == clock(system, NOW)
                continue
            started = {
                at for at in woken(made.fields, system, minutes) if is_due(cron, zone, at, MINUTE)
            }
            assert started == expected, (system, made)


@pytest.mark.parametrize("cron", ["*/15 * * * *", "45 * * * *", "7 */3 * * *", "*/20 2 * * *"])
@pytest.mark.parametrize("name", ZONES)
def test_what_follows_the_clock_is_due_whenever_the_clock_shows_it(name, cron):
    """Held against a clock that is read minute by minute, without cronsim."""
    zone = ZoneInfo(name)
    minute, hour, *_ = cron.split()
    for minutes in changes_of_2027(zone):
        shown = {
            at
            for at in minutes
            if at.astimezone(zone).minute in values(minute, 60)
            and at.astimezone(zone).hour in values(hour, 24)
        }
        due = {at for at in minutes if is_due(cron, zone, at, MINUTE)}
        assert due == shown
        for system in map(ZoneInfo, SYSTEMS):
            made = wake(cron, zone, system, NOW)
            assert made.exact or shown <= set(woken(made.fields, system, minutes))


@pytest.mark.parametrize(
    ("cron", "zone", "day", "times"),
    [
        # 2027-03-28, 02:00 becomes 03:00 in Rome (at 01:00 UTC).
        ("30 2 * * *", "Europe/Rome", "2027-03-28", ["01:00"]),
        ("0 3 * * *", "Europe/Rome", "2027-03-28", ["01:00"]),
        ("30 3 * * *", "Europe/Rome", "2027-03-28", ["01:30"]),
        ("0,30 2,3 * * *", "Europe/Rome", "2027-03-28", ["01:00", "01:30"]),
        ("*/30 2 * * *", "Europe/Rome", "2027-03-28", []),
        # 2027-10-31, 03:00 becomes 02:00 in Rome (at 01:00 UTC).
        ("30 2 * * *", "Europe/Rome", "2027-10-31", ["00:30"]),
        ("*/30 2 * * *", "Europe/Rome", "2027-10-31", ["00:00", "00:30", "01:00", "01:30"]),
        ("0 3 * * *", "Europe/Rome", "2027-10-31", ["02:00"]),
        # 2027-03-14 and 2027-11-07 in New York (at 07:00 and at 06:00 UTC).
        ("30 2 * * *", "America/New_York", "2027-03-14", ["07:00"]),
        ("30 1 * * *", "America/New_York", "2027-11-07", ["05:30"]),
        ("30 * * * *", "America/New_York", "2027-11-07", [f"{h:02}:30" for h in range(24)]),
        # 2027-10-02, 02:00 becomes 02:30 on Lord Howe (at 15:30 UTC).
        ("15 2 * * *", "Australia/Lord_Howe", "2027-10-02", ["15:30"]),
        # 2027-04-03, 02:00 becomes 01:30 (at 15:00 UTC).
        ("45 1 * * *", "Australia/Lord_Howe", "2027-04-03", ["14:45"]),
        # No summer time.
        ("45 5 * * *", "Asia/Kathmandu", "2027-03-28", ["00:00"]),
    ],
)
def test_published_dates_of_summer_time(cron, zone, day, times):
    begin = datetime.fromisoformat(f"{day}T00:00+00:00")
    minutes = [begin + n * MINUTE for n in range(24 * 60)]
    found = [f"{at:%H:%M}" for at in minutes if is_due(cron, ZoneInfo(zone), at, MINUTE)]
    assert found == times
    following = upcoming(cron, ZoneInfo(zone), begin - MINUTE, len(times))
    assert [f"{at.astimezone(UTC):%H:%M}" for at in following] == times


def test_the_next_times_are_told_with_the_offset_that_they_have():
    after = datetime(2027, 3, 27, tzinfo=UTC)
    found = upcoming("0 6 * * *", ZoneInfo("Europe/Rome"), after, 3)
    assert [at.isoformat() for at in found] == [
        "2027-03-27T06:00:00+01:00",
        "2027-03-28T06:00:00+02:00",
        "2027-03-29T06:00:00+02:00",
    ]


@pytest.mark.parametrize(
    ("cron", "zone", "system", "fields", "exact"),
    [
        ("0 6 * * *", "Europe/Rome", "UTC", "0 4,5 * * *", False),
        ("30 2 * * *", "Europe/Rome", "UTC", "*/30 0,1 * * *", False),
        ("0 6 * * *", "Europe/Rome", "America/New_York", "0 * * * *", False),
        ("0 6 * * *", "Asia/Kathmandu", "UTC", "15 0 * * *", False),
        ("0 6 * * *", "Australia/Lord_Howe", "UTC", "*/30 19 * * *", False),
        ("*/5 * * * *", "Europe/Rome", "UTC", "*/5 * * * *", False),
        ("0 6 * * *", "UTC", "UTC", "0 6 * * *", True),
        ("0 6 * JAN MON-FRI", "Europe/Rome", "Europe/Berlin", "0 6 * 1 1-5", True),
        ("0 6 1-7/2,9 * *", "UTC", "Etc/UTC", "0 6 1-7/2,9 * *", True),
        # What Debian's cron has no words for.
        ("0 6 L * *", "UTC", "UTC", "0 6 * * *", False),
        ("5/20 6 * * *", "UTC", "UTC", "5,25,45 6 * * *", False),
        ("0 6 * * MON#1", "Europe/Rome", "Europe/Rome", "0 * * * *", False),
    ],
)
def test_cron_wakes_as_seldom_as_is_right(cron, zone, system, fields, exact):
    made = wake(parse_cron(cron), ZoneInfo(zone), ZoneInfo(system), NOW)
    assert (made.fields, made.exact) == (fields, exact)


@pytest.mark.parametrize(("minutes", "grace"), [("0", 10), ("0,30", 10), ("*/5", 5), ("58,3", 5)])
def test_a_start_that_is_late_counts_for_its_own_time_alone(minutes, grace):
    cron, zone = f"{minutes} 6 * * *", ZoneInfo("Europe/Rome")
    made = wake(cron, zone, UTC, NOW)
    assert made.grace == grace * MINUTE
    at = upcoming(cron, zone, NOW, 1)[0]
    late = [n for n in range(-20, 20) if is_due(cron, zone, at + n * MINUTE, made.grace)]
    assert set(range(grace)) <= set(late)
    assert -1 not in late
    assert is_due(cron, zone, at + timedelta(seconds=59), MINUTE)
    assert not is_due(cron, zone, at + timedelta(seconds=60), MINUTE)


def test_a_change_is_found_to_the_minute():
    found = [c for c in clock(ZoneInfo("Australia/Lord_Howe"), NOW).changes if c.at.year == 2027]
    hours, half = timedelta(hours=10), timedelta(minutes=30)
    assert found == [
        Change(datetime(2027, 4, 3, 15, tzinfo=UTC), hours + 2 * half, hours + half),
        Change(datetime(2027, 10, 2, 15, 30, tzinfo=UTC), hours + half, hours + 2 * half),
    ]
    assert [found[1].skips(2, minute) for minute in (0, 29, 30)] == [True, True, False]
    assert not found[0].skips(1, 45)


def test_the_zone_of_the_machine_is_that_of_its_file(tmp_path):
    assert system_zone(tmp_path / "none") is UTC
    (tmp_path / "localtime").write_bytes(tzfile("Europe/Rome"))
    zone = system_zone(tmp_path / "localtime")
    assert clock(zone, NOW) == clock(ZoneInfo("Europe/Rome"), NOW)
    assert clock(zone, NOW) != clock(ZoneInfo("Europe/London"), NOW)


def tzfile(name):
    import zoneinfo
    from importlib.resources import files
    from pathlib import Path

    for folder in zoneinfo.TZPATH:
        if (path := Path(folder) / name).is_file():
            return path.read_bytes()
    return files("tzdata").joinpath("zoneinfo", name).read_bytes()
