"""Blocks in a crontab: every byte around them stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.errors import CrontabError
from thresher.schedule.blocks import find_block, find_blocks, make_block, with_block

SHOP, MILL = "/srv/shop", '/srv/it\'s 100% "a\\b" møll'
BLOCK = make_block(SHOP, "shop", (b"# note", b"0 6 * * * cd /srv/shop"))
OTHER = make_block(MILL, "mill", (b"0 7 * * * x",))
ODD = [
    b"",
    b"\n",
    b"\n\n  \n\t\n",
    b"# only a comment",
    b"MAILTO=ada\n0 5 * * * date +\\%F % in\n",
    b"0 5 * * * no newline at the end",
    b"0 5 * * * x\r\n# y\r\n\r\n",
    b"\r\r\n\r",
    b"# \xff\xfe \x00 not UTF-8\n\x0c\x1d\x85\n",
    b"# >>> conda initialize >>>\n# <<< conda initialize <<<\n",
]


@pytest.mark.parametrize("tab", ODD)
def test_a_block_comes_and_goes_and_every_other_byte_stays(tab):
    there = with_block(tab, SHOP, BLOCK)
    assert there == BLOCK + tab
    assert with_block(there, SHOP, BLOCK) == there
    assert with_block(there, SHOP, b"") == tab


@given(before=st.binary(max_size=60), after=st.binary(max_size=60))
def test_a_block_is_replaced_where_it_stands(before, after):
    before = before + b"\n" if before else b""
    tab = before + BLOCK + after
    changed = make_block(SHOP, "renamed", (b"0 7 * * * y",))
    assert with_block(tab, SHOP, changed) == before + changed + after
    assert with_block(tab, SHOP, b"") == before + after


@pytest.mark.parametrize("order", [(SHOP, MILL), (MILL, SHOP)])
def test_projects_share_a_crontab(order):
    blocks = {SHOP: BLOCK, MILL: OTHER}
    tab = b"0 5 * * * x"
    for root in order:
        tab = with_block(tab, root, blocks[root])
    assert {block.root: block.lines for block in find_blocks(tab)} == {
        SHOP: (b"# note", b"0 6 * * * cd /srv/shop"),
        MILL: (b"0 7 * * * x",),
    }
    for root in order:
        tab = with_block(tab, root, b"")
    assert tab == b"0 5 * * * x"


def test_a_block_whose_line_ends_an_editor_changed_is_still_found():
    tab = BLOCK.replace(b"\n", b"\r\n")
    block = find_block(tab, SHOP)
    assert block.lines == (b"# note\r", b"0 6 * * * cd /srv/shop\r")
    assert with_block(tab, SHOP, b"") == b""


BEGIN, NOTE, LINE, END = BLOCK.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("tab", "line", "what"),
    [
        (b"# x\n" + BEGIN + LINE, 2, "the block of `/srv/shop` has no end"),
        (b"# x\n\n" + LINE + END, 4, "the block of `/srv/shop` ends, and has no beginning"),
        (BEGIN + OTHER + END, 1, "the block of `/srv/shop` has no end"),
        (BEGIN + BEGIN + END, 1, "the block of `/srv/shop` has no end"),
        (BLOCK + OTHER + BLOCK, 8, "a second block of `/srv/shop` begins"),
        (BEGIN + OTHER.splitlines(keepends=True)[-1], 2, "ends, and has no beginning"),
        (BLOCK + END, 5, "ends, and has no beginning"),
        (BEGIN.replace(b"/srv", b"\\x"), 1, "a marker of Thresher cannot be read"),
    ],
)
def test_a_broken_pair_of_markers_is_refused_with_its_line(tab, line, what):
    for root in (SHOP, MILL, "/elsewhere"):
        with pytest.raises(CrontabError) as caught:
            with_block(tab, root, BLOCK)
        assert what in str(caught.value)
        assert caught.value.fault.place.line == line
        assert "`crontab -e`" in caught.value.fault.hint
