"""`check`: the verdict that a run would give, of what is there, with nothing changed."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET

import pytest

from thresher.api.checking import check_file, check_tables
from thresher.api.quarantine import correct, export_rows
from thresher.errors import CommandError
from thresher.observe.console import checks
from thresher.project.reader import find_root

ORDERS = """/* ---
columns:
  id: {{type: bigint, not_null: true, unique: true}}
  customer: {{references: clean.customers.customer}}
  amount: {amount}
--- */
select * from raw.orders
"""


@pytest.fixture
def shop(shop):
    """Leave out the table that needs more orders than these tests let through."""
    return shop.write({"src/warehouse/by_customer.sql": None})


def contract(amount):
    return {"src/clean/orders.sql": ORDERS.format(amount=amount)}


def held(shop, *select, exclude=()):
    return check_tables(shop.open().work, select, exclude)


def told(found):
    """Give asset, check, status and violations of all that did not simply pass."""
    return [
        (outcome.asset, result.check, result.status.value, result.violations)
        for outcome in found.result.outcomes
        for result in (outcome.verdict.results if outcome.verdict else ())
        if result.status != "passed"
    ]


def files(root):
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_what_is_published_is_held_against_the_contract_as_its_file_says_now(shop):
    shop.run()
    assert (told(held(shop)), held(shop).result.exit_code) == ([], 0)
    shop.write(contract("{at_least: 15}"))
    found = held(shop)
    assert told(found) == [("clean.orders", "at_least(amount, 15)", "failed", 1)]
    assert (found.result.status, found.result.exit_code) == ("failed", 1)
    # The verdict is that of a run, which asks the same engine the same.
    ran = shop.run()
    assert [(f.asset, f.faults != ()) for f in ran.outcomes if f.status == "failed"] == [
        ("clean.orders", True)
    ]


def test_the_rows_are_those_that_are_published_and_not_those_a_run_would_build(shop):
    shop.run()
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n3,nobody,7\n"})
    assert told(held(shop)) == []


def test_nothing_in_the_project_is_changed(shop):
    shop.write(contract("{at_least: {bound: 15, on_violation: quarantine}}")).run()
    shop.write(contract("{at_least: {bound: 25, on_violation: quarantine}}"))
    shop.open()  # which keeps what it parsed
    before = files(shop.root)
    assert held(shop).result.ok
    assert files(shop.root) == before


def test_rows_in_quarantine_are_held_against_the_contract_again(shop):
    shop.write(contract("{at_least: {bound: 25, on_violation: quarantine}}")).run()
    found = held(shop, "clean.orders")
    assert told(found) == [("clean.orders", "at_least(amount, 25)", "quarantined", 2)]
    (outcome,) = found.result.outcomes
    assert (outcome.verdict.split.produced, outcome.verdict.split.published) == (3, 1)
    shop.write(contract("{at_least: 15}"))
    assert told(held(shop, "clean.orders")) == [
        ("clean.orders", "at_least(amount, 15)", "failed", 1)
    ]
    shop.write(contract("{at_least: 5}"))
    assert told(held(shop, "clean.orders")) == []


def test_checks_of_the_table_see_what_is_left_as_in_a_run(shop):
    shop.run()
    shop.write(contract("{at_least: {bound: 15, on_violation: quarantine}, mean: {at_least: 25}}"))
    assert told(held(shop, "clean.orders")) == [
        ("clean.orders", "at_least(amount, 15)", "quarantined", 1)
    ]


def test_corrected_rows_are_taken_for_what_they_were_corrected_to(shop, tmp_path):
    shop.write(contract("{at_least: {bound: 15, on_violation: quarantine}}")).run()
    file = tmp_path / "mended.csv"
    export_rows(shop.open().work, "clean.orders", file)
    file.write_text(file.read_text().replace(",10,", ",16,"))
    correct(shop.open().work, "clean.orders", file)
    shop.run()
    assert told(held(shop, "clean.orders")) == []


def test_a_selection_is_that_of_a_run(shop):
    shop.run()
    names = [o.asset for o in held(shop, "+clean.orders", exclude=("raw.*",)).result.outcomes]
    assert names == ["clean.orders"]
    with pytest.raises(CommandError, match=r"no asset matches `clean\.order`"):
        held(shop, "clean.order")


def test_what_is_not_published_is_told_and_is_an_error_where_there_is_nothing_else(shop):
    with pytest.raises(CommandError, match="nothing of it is published"):
        held(shop)
    shop.run()
    shop.write({"src/clean/new.sql": "select 1 as one"})
    assert held(shop).not_published == ("clean.new",)
    with pytest.raises(CommandError, match=r"`clean\.new` is not published"):
        held(shop, "clean.new")


def test_a_check_that_cannot_be_computed_is_no_pass(shop):
    shop.run()
    shop.write(contract("{expression: amount > 'x'}"))
    found = held(shop)
    assert [status for _, _, status, _ in told(found)] == ["error"]
    assert found.result.exit_code == 1


def test_json_and_junit_tell_the_same(shop):
    shop.run()
    shop.write(contract("{at_least: 15}"))
    found = held(shop, "clean.*")
    document = found.document()
    assert (document["ok"], document["publication"]) == (False, 1)
    assert [(a["asset"], a["ok"], a["rows"]) for a in document["assets"]] == [
        ("clean.customers", True, 2),
        ("clean.orders", False, 3),
    ]
    cases = ET.fromstring(found.junit()).findall(".//testcase")  # it is ours
    assert len(cases) == len(document["checks"])
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    assert failed == ["at_least(amount, 15)"]


@pytest.fixture
def file_of(shop, tmp_path, monkeypatch):
    """Hold a file outside of the project against a contract of it."""
    monkeypatch.chdir(tmp_path)
    shop.run()

    def run(text, named, name="late.csv"):
        (tmp_path / name).write_text(text)
        return check_file(name, named, lambda at: shop.open().work)

    return run


def test_a_file_is_held_against_the_contract_of_an_asset(file_of):
    fine = file_of("id,customer,amount\n7,a,1\n", "clean.orders")
    assert (told(fine), fine.result.exit_code) == ([], 0)
    found = file_of("id,customer,amount\n7,zoe,1\n7,a,2\n", "clean.orders")
    assert told(found) == [
        ("late.csv", "unique(id)", "failed", 1),
        ("late.csv", "references(customer, clean.customers, [customer])", "failed", 1),
    ]
    assert found.document()["file"] == "late.csv"


def test_a_contract_without_checks_is_told_to_be_one(file_of, shop):
    found = file_of("customer,name\na,Ada\n", "raw.customers")
    assert found.result.exit_code == 0
    assert "the contract has no checks" in checks(found.result)


def test_the_file_of_an_asset_names_its_contract_too(file_of, shop):
    path = "shop/src/clean/orders.sql"
    assert find_root(shop.root / "src") == shop.root
    assert told(file_of("id,customer,amount\n7,zoe,1\n", path)) == [
        ("late.csv", "references(customer, clean.customers, [customer])", "failed", 1)
    ]


def test_a_source_says_how_its_files_are_read(file_of, shop):
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv, null: '-'}\n"
            "columns: {amount: {type: double, not_null: true}}\n"
        }
    )
    assert told(file_of("id,amount\n1,-\n2,3\n", "raw.orders")) == [
        ("late.csv", "not_null(amount)", "failed", 1)
    ]


def test_a_value_that_has_not_the_contracts_type_fails_with_its_line(file_of):
    found = file_of("id,customer,amount\n7,a,1\nseven,a,2\n", "clean.orders")
    (outcome,) = found.result.outcomes
    (fault,) = outcome.faults
    assert (fault.place.path, fault.place.line) == ("late.csv", 3)
    assert "seven" in fault.what
    assert "seven" in checks(found.result)
    assert "no checks" not in checks(found.result)
    assert found.result.exit_code == 1
