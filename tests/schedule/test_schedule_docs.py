"""What `docs/schedules.md` shows is what Thresher does."""

import re
from datetime import UTC, datetime
from pathlib import Path

from thresher.api.create import init
from thresher.project.reader import read_project
from thresher.project.schedules import schedules_of
from thresher.schedule.blocks import make_block
from thresher.schedule.entries import Home, lines

PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text()
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def schedules_of_the_page(tmp_path):
    root = init(tmp_path / "shop").folder
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    config = root / "config.yaml"
    config.write_text(config.read_text().partition("timezone:")[0] + example)
    return schedules_of(read_project(root, variables={}).settings.config)


def test_the_example_is_right_and_its_crontab_is_the_one_that_is_shown(tmp_path):
    found = schedules_of_the_page(tmp_path)
    assert list(found) == ["nightly", "office_hours"]
    home = Home(Path("/srv/shop"), "/srv/venv/bin/python", ())
    made = tuple(lines([found["nightly"]], home, UTC, NOW))
    shown = re.search(r"```\n(# >>> .*?)```", PAGE, re.DOTALL)[1]
    assert make_block("/srv/shop", "shop", made).decode() == shown


def test_every_key_of_a_schedule_is_documented(tmp_path):
    schedule = schedules_of_the_page(tmp_path)["nightly"]
    table = PAGE.partition("## What a schedule says")[2].partition("## ")[0]
    keys = [name for name in schedule.__slots__ if name != "name"]
    assert [name for name in keys if f"`{name}`" not in table] == []
