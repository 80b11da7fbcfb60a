"""The asserts, on everything that holds rows; compared with what pandas, Polars and DuckDB hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest
from pyarrow import parquet

from thresher.testing import assert_contract, assert_no_nulls, assert_table, assert_unique
from thresher.testing.copies import copy_project

ROWS = [
    {"id": 1, "name": "Ada", "day": dt.date(2024, 1, 31), "sum": Decimal("1.50"), "mean": 0.5},
    {"id": 2, "name": None, "day": dt.date(2024, 2, 1), "sum": Decimal("2.00"), "mean": None},
]
ARROW = pa.Table.from_pylist(ROWS)
CSV = "id,name,day,sum,mean\n2,,2024-02-01,2,\n1,Ada,2024-01-31,1.50,0.50\n"


def made(kind, tmp_path):
    """Make the rows in one of the forms that are taken."""
    if kind == "csv":
        (tmp_path / "rows.csv").write_text(CSV)
    if kind == "parquet":
        parquet.write_table(ARROW, tmp_path / "rows.parquet")
    forms = {
        "rows": lambda: ROWS[::-1],
        "texts": lambda: [
            {k: None if v is None else str(v) for k, v in row.items()} for row in ROWS
        ],
        "arrow": lambda: ARROW,
        "polars": lambda: polars.DataFrame(ARROW),
        "lazy": lambda: polars.DataFrame(ARROW).lazy(),
        "pandas": lambda: pandas.DataFrame(ROWS),
        "pandas dtypes": lambda: ARROW.to_pandas().astype({"day": "datetime64[ns]"}),
        "duckdb": lambda: duckdb.connect().from_arrow(ARROW),
        "csv": lambda: tmp_path / "rows.csv",
        "parquet": lambda: str(tmp_path / "rows.parquet"),
    }
    return forms[kind]()


ALL = (
    "rows",
    "texts",
    "arrow",
    "polars",
    "lazy",
    "pandas",
    "pandas dtypes",
    "duckdb",
    "csv",
    "parquet",
)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("actual", ["arrow", "duckdb", "polars", "pandas"])
def test_the_same_rows_are_the_same_in_any_form(kind, actual, tmp_path):
    assert_table(made(actual, tmp_path), made(kind, tmp_path))
    assert_table(made(actual, tmp_path), made(kind, tmp_path), keys="id")
    with pytest.raises(AssertionError, match="1 row not expected"):
        assert_table(made(actual, tmp_path), ROWS[:1])


@pytest.mark.parametrize("kind", ALL)
def test_another_value_is_found_in_any_form(kind, tmp_path):
    other = ARROW.set_column(3, "sum", [pa.array([Decimal("1.51"), Decimal("2.00")])])
    with pytest.raises(AssertionError, match=r"id=1 +sum +1\.50? +1\.51"):
        assert_table(other, made(kind, tmp_path))


def test_order_counts_where_it_is_asked_for():
    assert_table(ROWS, ROWS, ignore_order=False)
    with pytest.raises(AssertionError, match="another order from row 1 on"):
        assert_table(ROWS, ROWS[::-1], ignore_order=False)


def test_columns_can_be_chosen():
    wanted = [{"id": 1, "x": 5}, {"id": 2, "x": 6}]
    assert_table(ROWS, wanted, columns="ID")
    with pytest.raises(AssertionError, match="no column `x`, the unexpected columns `name`"):
        assert_table(ROWS, wanted)
    with pytest.raises(AssertionError, match=r"has no column `nam`; did you mean `name`\?"):
        assert_table(ROWS, ROWS, columns="nam")
    with pytest.raises(AssertionError, match="has no column `nam`"):
        assert_table(ROWS, ROWS, keys="nam")


def test_an_empty_list_expects_no_rows():
    assert_table([], [])
    assert_table(ARROW.slice(0, 0), [])
    with pytest.raises(AssertionError, match="2 rows not expected"):
        assert_table(ARROW, [])
    with pytest.raises(AssertionError, match="2 rows not expected"):
        assert_table(ARROW, [], columns="id")


def test_the_tolerance_can_be_told():
    assert_table([{"x": 0.1 + 0.2}], [{"x": 0.3}])
    assert_table([{"x": 1.05}], [{"x": 1.0}], rtol=0.1)
    with pytest.raises(AssertionError):
        assert_table([{"x": 1.05}], [{"x": 1.0}])


def test_messages_are_bounded_and_show_what_is_hidden():
    with pytest.raises(AssertionError) as caught:
        assert_table([{"x": n} for n in range(1000)], [{"x": -1}])
    message = str(caught.value)
    assert len(message.splitlines()) < 20
    assert "... and 990 more" in message
    with pytest.raises(AssertionError) as caught:
        assert_table([{"id": 1, "x": "a "}], [{"id": 1, "x": None}])
    assert caught.value.args[0].splitlines()[-1].split() == ["id=1", "x", "null", "'a", "'"]


def test_types_that_differ_are_told():
    with pytest.raises(AssertionError, match="types: `x` is BIGINT for DOUBLE"):
        assert_table(pa.table({"x": [1]}), polars.DataFrame({"x": [1.5]}))


@pytest.mark.parametrize("wrong", [5, object(), ["a"], "rows.xlsx"])
def test_what_holds_no_rows_is_told(wrong):
    with pytest.raises(TypeError):
        assert_table(ROWS, wrong)


def test_nulls_are_found():
    assert_no_nulls(ROWS, ["id", "day"])
    with pytest.raises(AssertionError) as caught:
        assert_no_nulls(ARROW)
    assert str(caught.value).splitlines()[0] == (
        "the Table has nulls: `name` in 1 row, `mean` in 1 row of 2"
    )
    assert "null  2024-02-01" in str(caught.value)
    with pytest.raises(AssertionError, match="did you mean `name`"):
        assert_no_nulls(ARROW, "nam")


def test_repeated_keys_are_found():
    assert_unique(
        [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": None, "b": 1}, {"a": None, "b": 1}], ["a", "b"]
    )
    with pytest.raises(AssertionError) as caught:
        assert_unique([{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}], "a")
    assert str(caught.value) == (
        "the list of rows is not unique in `a`: 1 value stands more than once\n"
        "    a  rows\n"
        "    1     2"
    )


@pytest.fixture
def copy(shop, tmp_path):
    return copy_project(shop.root, tmp_path / "copy", shop.root / "tests" / "resources")


def test_contracts_are_held_of_runs_and_of_what_is_published(copy):
    with pytest.raises(AssertionError, match="is not published; published: nothing"):
        assert_contract(copy.open(), "clean.orders")
    result = copy.open().run()
    for held in (result, copy.open()):
        assert_contract(held, "Clean.Orders")
        with pytest.raises(AssertionError, match=r"not_null\(customer\): 1 of 4 rows"):
            assert_contract(held, "clean.orders", strict=True)
        with pytest.raises(AssertionError, match="did you mean `clean"):
            assert_contract(held, "clean.order")


def test_a_contract_that_is_not_kept_is_told_with_place_and_rows(copy):
    with (copy.root / "data_raw/orders.csv").open("a") as file:
        file.write("1,z,10\n")
    result = copy.open().run()
    with pytest.raises(AssertionError) as caught:
        assert_contract(result, "clean.orders")
    assert "src/clean/orders.sql:3: unique(id)" in str(caught.value)
    assert "1         2" in str(caught.value)
    with pytest.raises(AssertionError, match="was not audited: it is blocked"):
        assert_contract(result, "warehouse.totals")
