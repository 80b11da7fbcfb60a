from decimal import Decimal

from thresher.observe.tables import tabulate, text


def test_numbers_stand_at_the_right_and_nothing_is_shown_for_null():
    table = tabulate(
        ("carrier", "year", "mean"), [("UA", 2013, Decimal("1.50")), ("漢字", None, 22.5)]
    )

    assert text(table) == ("carrier  year  mean\nUA       2013  1.50\n漢字           22.5")


def test_separators_are_for_counts_and_not_for_years():
    rows = [("a", 336_776)]

    assert "336776" in text(tabulate(("name", "rows"), rows))
    assert "336,776" in text(tabulate(("name", "rows"), rows, thousands=True))


def test_a_long_table_says_how_much_is_left_out():
    table = tabulate(("n",), [(n,) for n in range(1_500)], limit=2)

    assert text(table) == "n\n0\n1\n... and 1,498 more"


def test_text_that_looks_like_a_number_stays_text():
    table = tabulate(("zip",), [("00501",), ("1",)])

    assert table.right == frozenset()
    assert text(table) == "zip\n00501\n1"


def test_a_cell_cannot_break_its_row():
    assert text(tabulate(("a\nb",), [("x\r\ny\x1b[2J",)])) == "a b\nx y\\x1b[2J"


def test_no_rows_leave_the_headers():
    assert text(tabulate(("a", "b"), [])) == "a  b"


def test_words_stand_at_the_right_where_they_are_asked_to():
    table = tabulate(("run", "took"), [("a", "0.5 s"), ("b", "12.0 s")], right=("took",))

    assert text(table) == "run    took\na     0.5 s\nb    12.0 s"
