"""Checks against the last publications, through real runs: what they compare with, and when."""

from __future__ import annotations

import pytest

HEAD = "/* ---\n%s\n--- */\nselect * from raw.orders"
ROWS = "checks: [change: {within: 50%, over: 1, after: 1}]"


@pytest.fixture
def orders(shop):
    """A project that gets another number of orders each time."""

    def run(rows, *, contract=ROWS, amount=10, **options):
        lines = [f"{number},a,{amount}" for number in range(rows)]
        shop.write(
            {
                "data_raw/orders-1.csv": "\n".join(["id,customer,amount", *lines, ""]),
                "src/clean/orders.sql": HEAD % contract,
            }
        )
        return shop.run(**options)

    shop.write({"src/warehouse/by_customer.sql": None})
    return run


def change(result):
    (outcome,) = [each for each in result.outcomes if each.asset == "clean.orders"]
    return outcome.verdict.results[-1]


def test_a_table_that_moves_too_far_is_held_back(orders):
    first = change(orders(20))
    assert (first.status.value, first.figure) == ("passed", "rows = 20")
    assert first.message.endswith("not judged yet: 0 publications to compare with, of 1 needed")
    result = orders(31)
    assert (result.exit_code, change(result).status.value) == (1, "failed")
    assert change(result).message == "31 rows; 10 to 30 is expected by the last 1 publication"
    assert orders(30).exit_code == 0


def test_what_was_held_back_is_judged_anew_by_what_came_after(orders, shop):
    orders(20)
    assert change(orders(3)).status.value == "failed"
    assert change(orders(3)).status.value == "failed"
    for rows in (12, 7, 5):
        assert orders(rows).exit_code == 0
    result = orders(3)
    assert result.exit_code == 0
    assert shop.done["clean.orders"] == "reused"
    assert change(result).message == "3 rows; 2.5 to 7.5 is expected by the last 1 publication"


def test_what_was_rolled_back_is_no_past(orders, shop):
    orders(20)
    orders(12)
    shop.open().rollback("1")
    assert change(orders(7)).message == "7 rows; 10 to 30 is expected by the last 1 publication"


def test_a_version_that_is_published_again_counts_once(orders, shop):
    contract = "checks: [change: {within: 50%, after: 2}]"
    orders(20, contract=contract)
    for name in ("Ann", "Eve"):
        shop.write({"data_raw/customers.csv": f"customer,name\na,{name}\n"})
        assert shop.run().status == "published"
        assert shop.done["clean.orders"] == "kept"
    assert "1 publication to compare with, of 2" in change(orders(90, contract=contract)).message


def test_a_mean_has_its_history_in_the_manifests(orders):
    mean = "columns: {amount: {mean: [0, 100]}}"
    orders(4, contract=mean, amount=10)
    orders(4, contract=mean, amount=12)
    moved = "columns: {amount: {change: {of: mean, deviations: 3, after: 2}}}"
    result = orders(4, contract=moved, amount=16)
    assert result.exit_code == 1
    expected = (
        "the mean of `amount` is 16; 6.75736 to 15.2426 is expected by the last 2 publications"
    )
    assert change(result).message == expected
    assert orders(4, contract=moved, amount=15).exit_code == 0


def test_another_threshold_keeps_the_history_and_is_judged_without_a_build(orders, shop):
    orders(20)
    assert orders(12).exit_code == 0
    result = orders(12, contract="checks: [change: {within: 10%, over: 1, after: 1}]")
    assert shop.plan()["clean.orders"] == ("audit", "contract changed")
    assert change(result).message == "12 rows; 18 to 22 is expected by the last 1 publication"
    assert result.exit_code == 1


def test_a_sample_is_only_warned_and_leaves_no_history(orders):
    orders(20)
    result = orders(400, sample="50%")
    assert (result.exit_code, change(result).status.value) == (0, "warned")
    assert change(orders(21)).message == "21 rows; 10 to 30 is expected by the last 1 publication"
