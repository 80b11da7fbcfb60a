"""`schedules` of config.yaml: what is read, and every fault of it with its line."""

import dataclasses
import subprocess
import sys
from datetime import timedelta

import pytest

from thresher.errors import CommandError, ProjectError
from thresher.project.cron import NICKNAMES, parse_cron
from thresher.project.reader import read_project
from thresher.project.schedules import read_rotation, read_schedule, schedules_of

CONFIG = """\
pipeline: shop
timezone: Asia/Tokyo
environments: {dev: {}, prod: {params: {only_prod: 1}}}
params: {start: 2024-01-01, days: 7}
schedules:
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "src" / "clean").mkdir(parents=True)
    (tmp_path / "src" / "clean" / "orders.sql").write_text("select 1 as x")
    (tmp_path / "src" / "clean" / "flights.sql").write_text("select * from clean.orders")

    def write(schedules, **files):
        (tmp_path / "config.yaml").write_text(CONFIG + schedules)
        (tmp_path / ".env").write_text(files.get("dotenv", ""))
        (tmp_path / ".env.example").write_text(files.get("dotenv", ""))
        return tmp_path

    return write


def read(root):
    return schedules_of(read_project(root, variables={}).settings.config)


def test_what_a_schedule_says_and_what_holds_where_it_says_nothing(project):
    found = read(
        project(
            """\
  nightly:
    cron: 0 6 * * mon-fri
    timezone: Europe/Rome
    select: [+flights, "tag:x clean.*"]
    exclude: orders
    environment: prod
    params: {start: "2024-02-03", only_prod: 2}
    full_refresh: true
    publish_what_passed: true
    strict: true
    wait: 5m
  hourly: {cron: "@hourly"}
""".replace('"tag:x clean.*"', "clean.*")
        )
    )
    nightly, hourly = found.values()
    assert nightly.cron == "0 6 * * MON-FRI"
    assert (nightly.timezone, hourly.timezone) == ("Europe/Rome", "Asia/Tokyo")
    assert (nightly.select, nightly.exclude) == (("+flights", "clean.*"), ("orders",))
    assert nightly.params == {"start": "2024-02-03", "only_prod": 2}
    assert nightly.wait == timedelta(minutes=5)
    flags = (nightly.full_refresh, nightly.publish_what_passed, nightly.strict)
    assert flags == (True, True, True)
    assert (hourly.select, hourly.exclude, hourly.environment) == ((), (), None)
    assert (hourly.params, hourly.wait) == ({}, timedelta(hours=1))
    assert (hourly.full_refresh, hourly.publish_what_passed, hourly.strict) == (False,) * 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        hourly.cron = "* * * * *"


@pytest.mark.parametrize(
    ("schedules", "line", "told"),
    [
        ("  a: {cron: 0 6 * *}", 6, "`schedules.a.cron` should have five fields"),
        ("  a: {cron: 0 0 6 * * *}", 6, "should have five fields"),
        ("  a: {cron: 0 25 * * *}", 6, "has a wrong hour, which can hold 0 to 23: `0 25 * * *`"),
        ("  a:\n    cron: 0 6 * * MOO", 7, "has a wrong day-of-week"),
        ("  a: {cron: 0 6 30 2 *}", 6, "has a wrong day-of-month"),
        ("  a: {cron: '@reboot'}", 6, "should have five fields"),
        ("  a: {}", 6, "`schedules.a.cron` is missing"),
        ("  a:", 6, "`schedules.a` should be a mapping"),
        ("  a: 0 6 * * *", 6, "`schedules.a` should be a mapping"),
        ("  a: {cron: '@daily', selekt: x}", 6, "did you mean `select`?"),
        ("  a: {cron: '@daily', timezone: Europe/Rom}", 6, "did you mean `Europe/Rome`?"),
        ("  a: {cron: '@daily', environment: prd}", 6, "did you mean `prod`?"),
        ("  a: {cron: '@daily', environment: x}", 6, "environments: dev, prod"),
        ("  a: {cron: '@daily', params: {dais: 1}}", 6, "did you mean `days`?"),
        ("  a: {cron: '@daily', params: {only_prod: 1}}", 6, "names no parameter"),
        ("  a: {cron: '@daily', params: {days: soon}}", 6, "is a int such as `7`, not `soon`"),
        ("  a: {cron: '@daily', select: flihts}", 6, "did you mean `flights`?"),
        ("  a:\n    cron: '@daily'\n    select:\n    - flights\n    - x y", 10, "matches `x`"),
        ("  a: {cron: '@daily', exclude: flihts}", 6, "`schedules.a.exclude`: no asset matches"),
        ("  a: {cron: '@daily', select: 'a:b'}", 6, "`a:b` is not a selection"),
        ("  a: {cron: '@daily', exclude: '*'}", 6, "the selection leaves nothing"),
        ("  A: {cron: '@daily'}", 6, "should match pattern"),
        ("  a: {cron: '@daily', wait: soon}", 6, "should be a duration"),
    ],
)
def test_a_fault_is_told_with_its_line(project, schedules, line, told):
    with pytest.raises(ProjectError) as caught:
        read(project(schedules))
    assert told in str(caught.value)
    assert {fault.place.line for fault in caught.value.faults} == {line}


def test_every_fault_at_once(project):
    with pytest.raises(ProjectError) as caught:
        read(project("  a: {cron: '0 99 * * *'}\n  b: {cron: x, strict: maybe}\n"))
    assert len(caught.value.faults) == 3
    with pytest.raises(ProjectError) as caught:
        read(
            project("  a: {cron: '@daily', environment: x}\n  b: {cron: '@daily', params: {y: 1}}")
        )
    assert len(caught.value.faults) == 2
    with pytest.raises(ProjectError) as caught:
        read(project("  a: {cron: '@daily', select: [x, y]}\n  b: {cron: '@daily', select: z}"))
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("name", NICKNAMES)
def test_cron_s_own_names_are_known(name):
    assert parse_cron(f" {name.upper()} ") == NICKNAMES[name]


def test_one_schedule_is_read_without_the_rest(project):
    root = project(
        "  a: {cron: '@daily', select: x, timezone: '${ZONE}'}\n  b: {}", dotenv="ZONE=UTC"
    )
    (root / "src" / "clean" / "broken.sql").write_text("selekt")
    found = read_schedule(root, "a", variables={})
    assert (found.name, found.cron, found.timezone) == ("a", "0 0 * * *", "UTC")
    with pytest.raises(ProjectError, match=r"`schedules\.b\.cron` is missing"):
        read_schedule(root, "b", variables={})
    with pytest.raises(CommandError, match="there is no schedule `c`") as caught:
        read_schedule(root, "c", variables={})
    assert caught.value.fault.hint == "schedules: a, b"


def test_the_zone_of_the_project_is_that_of_its_schedules(project):
    root = project("  a: {cron: '@daily'}")
    assert read_schedule(root, "a", variables={}).timezone == "Asia/Tokyo"


def test_how_logs_are_rotated_is_read_from_a_project_with_faults(project):
    root = project("  a: {}\nlogs: {max_size: 1MB, backups: 2}\n")
    assert (read_rotation(root).max_size, read_rotation(root).backups) == (1_000_000, 2)
    (root / "config.yaml").write_text("pipeline: [")
    assert read_rotation(root).backups == 5


def test_secret_parameters_of_a_schedule_are_masked(project):
    root = project("  a: {cron: '@daily', params: {password: hunter2}}")
    config = root / "config.yaml"
    config.write_text(config.read_text().replace("days: 7", "days: 7, password: ''"))
    settings = read_project(root, variables={}).settings
    assert settings.masker.text("it is hunter2") == "it is ***"
    assert "hunter2" not in str(settings.record())


@pytest.mark.parametrize(
    ("schedules", "loaded"), [("  a: {cron: '@daily'}", True), ("  {}", False)]
)
def test_a_project_without_schedules_never_loads_what_they_need(project, schedules, loaded):
    code = "import sys, thresher; thresher.open(); print('cronsim' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project(schedules),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{loaded}\n"
