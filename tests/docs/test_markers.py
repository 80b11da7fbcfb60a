"""What stands between two markers is written, and every other character stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from thresher.docs.markers import marked, marker, replaced, with_section
from thresher.errors import ProjectError

PARTS = {"summary": "- new\n- lines\n", "graph": "```mermaid\nflowchart LR\n```\n"}
OPEN, CLOSE = marker("summary"), marker("summary", end=True)
GRAPH, GRAPH_END = marker("graph"), marker("graph", end=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OPEN}\n{CLOSE}\n", f"{OPEN}\n- new\n- lines\n{CLOSE}\n"),
        (f"# A\n{OPEN}\nold\n\n{CLOSE}\nB", f"# A\n{OPEN}\n- new\n- lines\n{CLOSE}\nB"),
        (f"a\r\n{OPEN}\r\nold\r\n{CLOSE}", f"a\r\n{OPEN}\r\n- new\r\n- lines\r\n{CLOSE}"),
        (f"\ufeff{OPEN}\n{CLOSE}", f"\ufeff{OPEN}\n- new\n- lines\n{CLOSE}"),
        (
            f"a\x0bb\u2028c\x85\r\rd\t \n{OPEN}\n{CLOSE}\n\n\n",
            f"a\x0bb\u2028c\x85\r\rd\t \n{OPEN}\n- new\n- lines\n{CLOSE}\n\n\n",
        ),
        (
            "   <!--thresher: summary-->  \nx\n<!--/ thresher:summary -->\n",
            "   <!--thresher: summary-->  \n- new\n- lines\n<!--/ thresher:summary -->\n",
        ),
        (
            f"{GRAPH}\n```\nnever closed\n{GRAPH_END}\n{OPEN}\n{CLOSE}\n",
            f"{GRAPH}\n{PARTS['graph']}{GRAPH_END}\n{OPEN}\n- new\n- lines\n{CLOSE}\n",
        ),
    ],
    ids=["empty", "old", "CRLF", "mark of order", "odd ends", "loose", "two"],
)
def test_a_part_is_written_between_its_markers(before: str, after: str) -> None:
    assert replaced(before, PARTS, "README.md") == after
    assert replaced(after, PARTS, "README.md") == after


PIECES = [
    "\n",
    "\r\n",
    "\r",
    "```",
    "~~~",
    " ",
    "    ",
    "<!--",
    "-->",
    "thresher:",
    "`",
    "x",
    "\ufeff",
]


@given(
    before=st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8")).map("".join),
    inside=st.lists(st.sampled_from(PIECES)).map("".join),
    behind=st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8")).map("".join),
)
def test_whatever_is_around_a_part_stays(before: str, inside: str, behind: str) -> None:
    # It would close a block of code that holds the first marker.
    assume("```" not in inside and "~~~" not in inside)
    head, tail = f"{before}\n{OPEN}\n", f"{CLOSE}\n{behind}"
    text = f"{head}{inside}\n{tail}"
    written = replaced(text, PARTS, "README.md")
    hidden = marked(text, PARTS, "README.md") == []  # by a block of code that nobody closed
    assert written == (text if hidden else f"{head}{PARTS['summary']}{tail}")


def test_line_ends_alone_change_nothing() -> None:
    text = f"a\n{OPEN}\r\n- new\n- lines\r\n{CLOSE}\r\n"
    assert replaced(text, PARTS, "README.md") == text


@pytest.mark.parametrize(
    "text",
    [
        f"```html\n{OPEN}\n```\n",
        f"~~~~\n```\n{OPEN}\n~~~\n{CLOSE}\n~~~~\n",
        f"    {OPEN}\n",
        f"`{OPEN}` begins a part\n",
        "<!-- a comment -->\n<!-- other:summary -->\n",
    ],
    ids=["a fence", "a longer fence", "indented", "in a sentence", "other comments"],
)
def test_what_only_looks_like_a_marker_is_text(text: str) -> None:
    assert marked(text, PARTS, "README.md") == []
    assert replaced(text, PARTS, "README.md") == text


def test_a_marker_behind_a_block_of_code_is_one() -> None:
    text = f"```\ncode ``` code\n```\n``` not `a fence\n{OPEN}\n{CLOSE}\n"
    assert marked(text, PARTS, "README.md") == ["summary"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (f"a\n{OPEN}\n", [(2, f"`{OPEN}` is not closed")]),
        (f"{CLOSE}\n", [(1, f"`{CLOSE}` closes what was not opened")]),
        (
            f"{OPEN}\n{GRAPH}\n{GRAPH_END}\n",
            [(1, f"`{OPEN}` is not closed")],
        ),
        (
            f"{OPEN}\n{CLOSE}\n\n{OPEN}\n{CLOSE}\n",
            [(4, f"`{OPEN}` stands twice; the first is in line 1")],
        ),
        (
            f"{OPEN}\n{GRAPH_END}\n{CLOSE}\n",
            [(2, f"`{GRAPH_END}` closes what was not opened")],
        ),
        (
            "<!-- thresher:sumary -->\n<!-- thresher: -->\n",
            [
                (1, "`<!-- thresher:sumary -->` names nothing that can be written here"),
                (2, "`<!-- thresher: -->` names nothing that can be written here"),
            ],
        ),
    ],
    ids=["not closed", "not opened", "one in another", "twice", "crossed", "not known"],
)
def test_broken_markers_are_refused_with_their_lines(
    text: str, faults: list[tuple[int, str]]
) -> None:
    for call in (replaced, marked):
        with pytest.raises(ProjectError) as caught:
            call(text, PARTS, "README.md")
        assert [(each.place.line, each.what) for each in caught.value.faults] == faults
        assert all(each.hint and each.place.path == "README.md" for each in caught.value.faults)


def test_the_nearest_name_is_told() -> None:
    with pytest.raises(ProjectError) as caught:
        marked("<!-- thresher:grpah -->\n", PARTS, "README.md")
    assert caught.value.faults[0].hint == "did you mean `graph`?"


SECTION = (
    f"## The pipeline\n\n{OPEN}\n{PARTS['summary']}{CLOSE}\n\n"
    f"{GRAPH}\n{PARTS['graph']}{GRAPH_END}\n"
)


@pytest.mark.parametrize(
    ("text", "between"),
    [("# A\n\ntext\n", "\n"), ("# A", "\n\n"), ("# A\n\n", ""), ("", ""), ("\ufeff", "")],
)
def test_a_section_is_added_behind_all_that_is_there(text: str, between: str) -> None:
    added = with_section(text, "The pipeline", PARTS)
    assert added == text + between + SECTION
    assert marked(added, PARTS, "README.md") == ["summary", "graph"]
    assert replaced(added, PARTS, "README.md") == added


def test_a_section_has_the_line_ends_of_the_text() -> None:
    added = with_section("# A\r\ntext", "The pipeline", PARTS)
    assert added == "# A\r\ntext\r\n\r\n" + SECTION.replace("\n", "\r\n")
