"""Differences of tables: none where rows are the same, and each told as what it is."""

from __future__ import annotations

import random

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresher.quality.differences import Rowset, compare

ROWS = ((1, "a", 0.5), (2, "b", None), (3, "c", 1.5))


def rowset(rows, columns=("id", "name", "share"), types=()):
    return Rowset(columns, tuple(rows), types)


@pytest.mark.parametrize("keys", [(), ("id",), ("ID", "name")])
def test_the_same_rows_in_any_order_are_no_difference(keys):
    assert not compare(rowset(ROWS), rowset(ROWS[::-1]), keys=keys)
    texts = tuple(tuple(None if v is None else str(v) for v in row) for row in ROWS)
    assert not compare(rowset(ROWS), rowset(texts[::-1]), keys=keys)


def test_duplicates_are_counted():
    twice = compare(rowset([ROWS[0], ROWS[0]]), rowset([ROWS[0]]))
    assert (twice.missing, twice.unexpected, twice.rows) == ((), (ROWS[0],), (2, 1))
    once = compare(rowset([ROWS[0]]), rowset([ROWS[0], ROWS[0]]))
    assert (once.missing, once.unexpected) == ((ROWS[0],), ())


def test_one_wrong_cell_is_told_as_a_cell():
    found = compare(rowset([(1, "a", 0.5), (2, "x", None)]), rowset(ROWS[:2]))
    ((row, column, expected, got),) = [
        (cell.row, cell.column, cell.expected, cell.found) for cell in found.cells
    ]
    assert (row, column, expected, got) == ({"id": 2}, "name", "b", "x")
    assert (found.missing, found.unexpected, found.rows_differing) == ((), (), 1)


def test_rows_are_told_by_their_keys():
    found = compare(
        rowset([(1, "a", 9.0), (4, "d", 2.0)]), rowset([(1, "b", 0.5), (2, "b", None)]), keys=["id"]
    )
    assert [(cell.row, cell.column) for cell in found.cells] == [
        ({"id": 1}, "name"),
        ({"id": 1}, "share"),
    ]
    assert (found.missing, found.unexpected) == (((2, "b", None),), ((4, "d", 2.0),))


def test_keys_that_tell_nothing_apart_are_told():
    found = compare(rowset([*ROWS, (1, "z", 0.0)]), rowset(ROWS), keys=["id"])
    assert found.repeated == ((1,),)


def test_order_counts_where_it_is_asked_for():
    assert compare(rowset(ROWS), rowset((ROWS[0], ROWS[2], ROWS[1])), ordered=True).order == 2
    assert not compare(rowset(ROWS), rowset(ROWS), ordered=True)
    longer = compare(rowset(ROWS), rowset(ROWS[:2]), ordered=True)
    assert (longer.order, longer.unexpected) == (None, (ROWS[2],))


def test_columns_of_one_side_alone_are_told():
    found = compare(rowset(ROWS), rowset([(1,), (2,), (3,)], columns=("ID",)))
    assert (found.missing_columns, found.unexpected_columns) == ((), ("name", "share"))
    other = compare(rowset([(1,)], columns=("id",)), rowset([(1, 2)], columns=("id", "x")))
    assert bool(other)
    assert other.missing_columns == ("x",)


def test_types_are_told_and_are_no_difference():
    found = compare(rowset([(1,)], ("id",), ("BIGINT",)), rowset([("1",)], ("id",), ("VARCHAR",)))
    assert not found
    assert found.types == (("id", "VARCHAR", "BIGINT"),)


def test_rows_that_differ_in_last_digits_alone_are_the_same():
    shuffled = [(n % 7, n / 3 + 1e-12) for n in range(500)]
    random.Random(5).shuffle(shuffled)
    plain = [(n % 7, n / 3) for n in range(500)]
    assert not compare(Rowset(("g", "x"), tuple(shuffled)), Rowset(("g", "x"), tuple(plain)))


CELLS = (st.none() | st.integers(0, 3), st.none() | st.sampled_from("ab"))
TABLES = st.lists(st.tuples(*CELLS), max_size=6)


@settings(max_examples=200, deadline=None)
@given(TABLES, TABLES)
def test_there_is_a_difference_exactly_where_pandas_finds_one(found, expected):
    def counted(rows):
        frame = pandas.DataFrame([[str(v) for v in row] for row in rows], columns=["a", "b"])
        return frame.value_counts(dropna=False).to_dict()

    made = compare(Rowset(("a", "b"), tuple(found)), Rowset(("a", "b"), tuple(expected)))
    assert bool(made) is (counted(found) != counted(expected))
