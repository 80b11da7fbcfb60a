"""Profiles as text: bars, blocks or `#`, and values that steer no terminal."""

from __future__ import annotations

import pytest

from thresher.observe.profiles import BAR, bar, profile_text
from thresher.quality.profiling import Bin, ColumnProfile, TableProfile


def shown(*, plain=False, **column):
    given = {"name": "x", "type": "BIGINT", "nulls": 0, "distinct": 2, **column}
    return profile_text(
        TableProfile(name="clean.t", rows=4, columns=(ColumnProfile(**given),)), plain=plain
    )


@pytest.mark.parametrize(
    ("share", "blocks", "signs"),
    [(0, "", ""), (1e-9, "▏", "#"), (0.5, "█" * 16, "#" * 16), (1, "█" * BAR, "#" * BAR)],
)
def test_bars(share, blocks, signs):
    assert (bar(share, plain=False), bar(share, plain=True)) == (blocks, signs)


def test_bars_grow_with_their_share():
    widths = [len(bar(at / 256, plain=False)) for at in range(257)]
    assert widths == sorted(widths)
    assert len({bar(at / 256, plain=False) for at in range(257)}) == 257


def test_a_plain_profile_is_ascii():
    text = shown(plain=True, histogram=(Bin(0, 5, 3), Bin(5, 10, 1)), top=(("1", 3), ("9", 1)))
    assert text.isascii()
    assert "0 .. 5   3      75%  " + "#" * BAR in text
    assert "5 .. 10  1      25%  " + "#" * 11 in text


def test_values_cannot_steer_a_terminal_or_break_a_line():
    text = shown(type="VARCHAR", top=(("\x1b[2Jgone\nnext", 3), ("", 1)), least="\x1b]0;t\x07")
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"\x1b[2Jgone next" in text
    assert "''" in text


def test_long_values_are_cut_and_what_is_not_shown_is_counted():
    text = shown(type="VARCHAR", distinct=9, top=(("y" * 500, 3),))
    assert "y" * 41 not in text
    assert "and 8 other values" in text


def test_a_hidden_column_shows_counts_alone():
    text = shown(hidden=True, distinct=3)
    assert "its values are sensitive, and not shown" in text
    assert "3" in text


@pytest.mark.parametrize(
    ("lengths", "said"),
    [((2, 5), "2 to 5 characters"), ((3, 3), "  3 characters"), ((0, 1), "0 to 1 character\n")],
)
def test_the_lengths_of_texts_are_told(lengths, said):
    assert said in shown(type="VARCHAR", lengths=lengths)
