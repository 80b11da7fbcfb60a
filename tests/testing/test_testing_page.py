"""What `docs/testing.md` shows works in a new project, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from thresher.api.create import init

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_example_of_the_page_passes(shop):
    made = init(shop.root.parent / "docs_shop")
    (shop.root, own) = (made.folder, made.folder / "tests")
    (own / "test_pipeline.py").unlink()
    shop.write(
        {
            "tests/clean/orders.yaml": "\n".join(blocks("yaml")),
            "tests/test_page.py": "\n".join(blocks("python")),
        }
    )
    assert "5 passed" in shop.pytest()


def test_every_setting_stands_on_the_page(shop):
    told = set(re.findall(r"^  (thresher_\w+)", shop.pytest("--help"), re.MULTILINE))
    assert told == set(
        re.findall(r"^\| `(thresher_\w+)`", PAGE.partition("### Settings")[2], re.MULTILINE)
    )


def test_every_fixture_stands_on_the_page(shop):
    out = shop.pytest("--fixtures", "tests", code=0)
    told = set(re.findall(r"^(\w+)(?: \[\w+ scope\])? -- .*thresher", out, re.MULTILINE))
    table = PAGE.partition("| fixture |")[2].partition("\n\n")[0]
    assert told == set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
