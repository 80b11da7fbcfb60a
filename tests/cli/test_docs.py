"""`thresher docs`: the README says what the project says, and nothing else in it is touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thresher.api import create

ROOT = Path(__file__).parents[2]


def call(folder, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "thresher", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **variables},
    )


@pytest.fixture
def shop(tmp_path):
    return create.init(tmp_path / "shop").folder


@pytest.fixture
def readme(shop):
    return shop / "README.md"


def test_a_new_project_is_current_and_stays_so(shop, readme):
    before = readme.stat()
    checked = call(shop, "docs", "check")
    assert (checked.returncode, checked.stdout) == (0, "`README.md` is current\n")
    assert call(shop, "docs", "sync").stdout == "`README.md` is current\n"
    assert (readme.stat().st_mtime_ns, readme.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    for environment in ("dev", "prod"):
        assert call(shop, "docs", "check", "--env", environment).returncode == 0
    assert call(shop / "src", "docs", "check").returncode == 0


def test_the_summary_stands_in_the_readme_and_so_does_the_graph(shop, readme):
    told = call(shop, "docs", "summary").stdout
    graph = call(shop, "graph", "--format", "mermaid").stdout
    assert 5 < len(told.splitlines()) <= 10
    text = readme.read_text(encoding="utf-8")
    assert f"<!-- thresher:summary -->\n{told}<!-- /thresher:summary -->\n" in text
    assert f"<!-- thresher:graph -->\n```mermaid\n{graph}```\n<!-- /thresher:graph -->\n" in text


def test_a_change_of_the_project_is_seen_shown_and_written(shop, readme):
    (shop / "src" / "clean" / "stock.sql").write_text("select distinct product from raw.orders")
    before = readme.read_bytes()

    checked = call(shop, "docs", "check")
    assert checked.returncode == 1
    assert "-- `src/clean/` (3): `customers`, `orders`, `products`\n" in checked.stdout
    assert "+- `src/clean/` (4): `customers`, `orders`, `products`, `stock`\n" in checked.stdout
    assert "+  raw_orders --> clean_stock\n" in checked.stdout
    assert checked.stderr == (
        "error: README.md: it does not say what the project says\n"
        "  hint: `thresher docs sync` writes it\n"
    )
    assert readme.read_bytes() == before

    assert call(shop, "docs", "sync").stdout == "wrote the summary and the graph into `README.md`\n"
    assert call(shop, "docs", "check").returncode == 0
    outside, _, rest = before.partition(b"<!-- thresher:summary -->")
    assert readme.read_bytes().startswith(outside)
    assert rest


def test_every_other_byte_stays_as_it_was(shop, readme):
    mine = (
        b"\xef\xbb\xbf# Mine\r\n\r\n<!-- thresher:graph -->\r\nold\r\n<!-- /thresher:graph -->\r\n"
    )
    readme.write_bytes(mine + b"\x0c end\rwithout\n an end")
    readme.chmod(0o664)

    assert call(shop, "docs", "sync").stdout == "wrote the graph into `README.md`\n"

    head, graph, tail = readme.read_bytes().partition(b"```mermaid\r\n")
    assert head == b"\xef\xbb\xbf# Mine\r\n\r\n<!-- thresher:graph -->\r\n"
    assert tail.endswith(b"```\r\n<!-- /thresher:graph -->\r\n\x0c end\rwithout\n an end")
    assert graph
    assert tail.partition(b"\x0c")[0].count(b"\n") == tail.partition(b"\x0c")[0].count(b"\r\n")
    assert readme.stat().st_mode & 0o777 == 0o664
    assert call(shop, "docs", "check").returncode == 0


def test_a_document_without_markers_gets_a_section_and_is_told_so(shop, readme):
    readme.write_text("# Mine\n\nMy own words.")
    checked = call(shop, "docs", "check")
    assert checked.returncode == 1
    assert "it has no markers for the summary and the graph" in checked.stderr

    done = call(shop, "docs", "sync")

    assert done.stdout == "`README.md` had no markers: added the section `The pipeline` to it\n"
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(
        "# Mine\n\nMy own words.\n\n## The pipeline\n\n<!-- thresher:summary -->"
    )
    assert call(shop, "docs", "check").returncode == 0


def test_a_document_that_is_not_there_is_made(shop, readme):
    readme.unlink()
    checked = call(shop, "docs", "check")
    assert checked.returncode == 1
    assert "README.md: it is not there" in checked.stderr
    assert call(shop, "docs", "sync").stdout == "made `README.md` with the summary and the graph\n"
    assert readme.read_text(encoding="utf-8").startswith("# shop\n\n## The pipeline\n")


def test_another_document_is_held_as_well(shop, readme):
    (shop / "docs").mkdir()
    page = shop / "docs" / "pipeline.md"
    page.write_text("<!-- thresher:graph -->\n<!-- /thresher:graph -->\n")
    before = readme.read_bytes()
    checked = call(shop, "docs", "check", "--file", "docs/pipeline.md")
    assert checked.returncode == 1
    assert "`thresher docs sync --file docs/pipeline.md` writes it" in checked.stderr
    assert call(shop, "docs", "sync", "--file", "docs/pipeline.md").returncode == 0
    assert "flowchart LR" in page.read_text()
    assert readme.read_bytes() == before


def test_a_link_stays_a_link(shop, readme):
    readme.rename(shop / "other.md")
    readme.symlink_to("other.md")
    (shop / "queries" / "new.sql").write_text("select 1")
    assert call(shop, "docs", "sync").returncode == 0
    assert readme.is_symlink()
    assert "`new.sql`" in (shop / "other.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            b"a\n<!-- thresher:summary -->\n<!-- thresher:summry -->\n",
            (
                "error: the project has 2 faults\n"
                "README.md:2: `<!-- thresher:summary -->` is not closed\n"
                "  hint: put `<!-- /thresher:summary -->` on a line of its own behind the part\n"
                "README.md:3: `<!-- thresher:summry -->` names nothing that can be written here\n"
                "  hint: did you mean `summary`?\n"
            ),
        ),
        (
            b"a\nb\xff\n",
            (
                "error: README.md:2: it is not UTF-8, and what is written into it would be\n"
                "  hint: save it as UTF-8\n"
            ),
        ),
    ],
    ids=["broken markers", "not UTF-8"],
)
@pytest.mark.parametrize("command", ["sync", "check"])
def test_what_cannot_be_written_is_refused_and_left_alone(shop, readme, command, text, told):
    readme.write_bytes(text)
    done = call(shop, "docs", command)
    assert (done.returncode, done.stderr) == (2, told)
    assert readme.read_bytes() == text


def test_a_document_that_is_a_folder_or_in_none_is_refused(shop):
    assert "`src` is a folder" in call(shop, "docs", "sync", "--file", "src").stderr
    done = call(shop, "docs", "sync", "--file", "no/where.md")
    assert done.returncode == 1
    assert "where.md: cannot be written: No such file or directory" in done.stderr


def test_a_long_difference_is_cut_off(shop, readme):
    text = readme.read_text(encoding="utf-8")
    line = "- old\n" * 500
    readme.write_text(
        text.replace("<!-- thresher:summary -->\n", "<!-- thresher:summary -->\n" + line)
    )
    shown = call(shop, "docs", "check").stdout.splitlines()
    assert len(shown) == 61
    assert shown[-1].startswith("... and ")


def test_the_example_says_what_it_is():
    checked = call(ROOT / "examples" / "flights", "docs", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_part_of_the_graph_can_be_drawn(shop):
    drawn = call(
        shop, "graph", "--select", "+warehouse.revenue_by_month", "--format", "mermaid"
    ).stdout
    assert drawn.count("[") == 6
    assert "customers" not in drawn
    told = call(shop, "graph", "--exclude", "layer:raw", "--format", "json").stdout
    assert '"clean.orders": []' in told
    assert "raw." not in told
    wrong = call(shop, "graph", "--select", "clean.order")
    assert (wrong.returncode, "clean.orders" in wrong.stderr) == (2, True)


def test_a_graph_that_github_would_not_draw_is_folded_and_that_is_told(shop, readme):
    for number in range(600):
        query = "select distinct product from clean.orders"
        (shop / "src" / "clean" / f"t{number}.sql").write_text(query)
    assert call(shop, "docs", "sync").returncode == 0
    text = readme.read_text(encoding="utf-8")
    assert (
        "The graph is larger than a page draws, so the layers `raw`, `clean` are one box each; "
        "`thresher graph --format svg` draws all of it.\n\n```mermaid\n"
    ) in text
    assert 'layer_clean["clean: 603 tables"]' in text
    assert 'warehouse_customer_value["warehouse.customer_value"]' in text
    assert call(shop, "docs", "check").returncode == 0
    told = call(shop, "graph", "--format", "mermaid")
    assert told.stdout.count("-->") > 500
    assert "GitHub draws no graph of this size" in told.stderr
