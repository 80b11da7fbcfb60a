"""A project in at most ten lines, whatever its size, and none of them broken by what it holds."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from thresher.api import create
from thresher.api.documentation import summarize
from thresher.docs.summary import LINES, summary
from thresher.project.project import Project
from thresher.project.reader import read_project

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"

SHOP = """\
- **shop** makes 3 tables in 3 layers, `raw` → `clean` → `warehouse`; \
a run builds what changed, and publishes all of it or nothing
- `src/raw/` (1): `orders` from `data_raw/orders*.csv` and 1 more
- `src/clean/` (1): `orders`
- `src/warehouse/` (1), for use: `by_day` (Orders of each day)
- `queries/` (1): `top.sql`
- Contracts at the head of the files: 1 column type and 3 checks (1 of them only warn); \
a table that breaks its own is not published
- `config.yaml`: environments `dev`, `prod` (default, protected); parameter `since`
- `thresher plan` tells what a run would do, `thresher run` does it, \
`thresher show warehouse.by_day` prints rows, `thresher docs sync` keeps these lines current
"""


def write(root: Path, files: dict[str, str]) -> Project:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return read_project(root, variables={})


def scheduled(project: Project, schedules: dict[str, dict[str, str]]) -> Project:
    """Give a project whose `config.yaml` says when it is run."""
    settings = project.settings
    value = {**settings.document.value, "schedules": schedules}
    document = replace(settings.document, value=value)
    return replace(project, settings=replace(settings, document=document))


def head(text: str) -> str:
    return f"/* ---\n{text}\n--- */\n"


SHOP_FILES = {
    "config.yaml": "pipeline: shop\ndefault_environment: prod\n"
    "environments: {dev: {}, prod: {protected: true}}\nparams: {since: 2024-01-01}\n",
    "src/raw/orders.yaml": "source: {files: [data_raw/orders*.csv, more/*.csv]}\n",
    "src/clean/orders.sql": head(
        "columns:\n  id: {type: bigint, not_null: true, unique: true}\n"
        "  day: {not_null: true, severity: warning}"
    )
    + "select 1 as id, current_date as day from raw.orders".replace(
        "current_date", "date '2024-1-1'"
    ),
    "src/warehouse/by_day.sql": head("description: Orders of each day. More is not told here.")
    + "select day, count(*) as orders from clean.orders group by all",
    "queries/top.sql": "select 1",
    "queries/notes.md": "no query",
}


def test_a_summary_says_where_what_stands_and_what_to_run(tmp_path: Path) -> None:
    assert summarize(write(tmp_path, SHOP_FILES)) == SHOP


def test_the_summary_of_the_example_counts_what_is_there() -> None:
    told = summarize(read_project(FLIGHTS, variables={})).splitlines()
    for layer in ("raw", "clean", "warehouse"):
        files = len(list((FLIGHTS / "src" / layer).iterdir()))
        (line,) = [line for line in told if line.startswith(f"- `src/{layer}/`")]
        assert f"({files})" in line
        assert (
            line.count("`") // 2 + int((re.findall(r"and (\d+) more", line) or ["0"])[0]) >= files
        )
    assert len(told) <= LINES


def test_a_large_project_has_ten_lines_as_well(tmp_path: Path) -> None:
    layers = [f"layer_{number}" for number in range(12)]
    files = {
        "config.yaml": f"pipeline: large\nlayers: [{', '.join(layers)}]\n"
        f"environments: {{{', '.join(f'env_{n}: {{}}' for n in range(30))}}}\n"
        f"default_environment: env_0\nparams: {{{', '.join(f'p{n}: {n}' for n in range(50))}}}\n"
    }
    for layer in layers:
        for number in range(25):
            text = head(f"description: {'A very long story ' * 40}") + "select 1 as a"
            files[f"src/{layer}/table_{number}.sql"] = text
    schedules = {f"night_{number}": {"cron": f"{number} 3 * * *"} for number in range(20)}
    project = scheduled(write(tmp_path, files), schedules)
    lines = summary(project, [f"question_{number}.sql" for number in range(40)]).splitlines()
    assert len(lines) == LINES
    assert "makes 300 tables in 12 layers" in lines[0]
    assert lines[1].startswith("- `src/layer_0/` (25): `table_0`, ")
    assert lines[1].endswith(" and 19 more")
    assert lines[3] == (
        "- `src/layer_2/`, `src/layer_3/`, `src/layer_4/`, `src/layer_5/`, `src/layer_6/`, "
        "`src/layer_7/` and 3 more (225)"
    )
    assert lines[4].startswith("- `src/layer_11/` (25), for use: `table_0` (A very long story")
    assert lines[4].endswith(" and 21 more")
    assert lines[5].endswith(" and 34 more")
    assert lines[8].startswith("- Runs by itself once `thresher schedule install` was run: ")
    assert lines[8].endswith("`night_5` (`5 3 * * *`) and 14 more")
    assert max(map(len, lines)) < 600


def test_a_project_without_tables_says_what_is_next(tmp_path: Path) -> None:
    told = summarize(write(tmp_path, {"config.yaml": "pipeline: new\n"}))
    assert told.splitlines()[0] == (
        "- **new** has no tables yet: a YAML file in `src/raw/` says where data comes from"
    )
    assert "thresher show" not in told


@pytest.mark.parametrize(
    "text",
    [
        "<!-- /thresher:summary -->",
        "a\n\n# Title\n\n- item",
        "`code` *bold* [link](x) | cell ~~gone~~ <script>",
        "\x1b[31mred\x00",
        "a ``b`` c",
    ],
)
def test_a_description_stays_a_part_of_its_line(tmp_path: Path, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    quoted = re.sub(r"[\x00-\x1f]", lambda found: f"\\x{ord(found[0]):02x}", quoted)
    query = head(f'description: "{quoted}"') + "select 1 as a"
    files = {**SHOP_FILES, "src/warehouse/by_day.sql": query}
    told = summarize(write(tmp_path, files))
    assert len(told.splitlines()) == len(SHOP.splitlines())
    assert all(line.startswith("- ") for line in told.splitlines())
    assert "<" not in told
    assert told.replace("\n", "").isprintable()


def test_neither_environment_nor_variables_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        **SHOP_FILES,
        "config.yaml": "pipeline: ${NAME:-shop}\ndefault_environment: dev\n"
        "environments: {dev: {warehouse: '${HOME_OF_IT:-here}'}, prod: {}}\n"
        "params: {key: '${KEY:-x}'}\n",
        ".env.example": "NAME=\nHOME_OF_IT=\nKEY=\n",
    }
    first = summarize(write(tmp_path, files))
    known = {"NAME": "other", "HOME_OF_IT": "/secret/place", "KEY": "hush-hush"}
    second = summarize(read_project(tmp_path, environment="prod", variables=known))
    assert first == second
    assert "environments `dev` (default), `prod`; parameter `key`" in first


def test_the_template_has_a_summary_that_names_all_it_holds(tmp_path: Path) -> None:
    made = create.init(tmp_path / "shop")
    told = summarize(read_project(made.folder, variables={}))
    for path in [*(made.folder / "src").rglob("*.*"), *(made.folder / "queries").iterdir()]:
        assert path.stem in told, path
    assert "`products` from the database `catalog`" in told
    assert str(tmp_path) not in told
    assert os.sep * 2 not in told
