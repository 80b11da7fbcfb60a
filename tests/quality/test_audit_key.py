"""What changes the key of an audit, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from thresher.errors import Place
from thresher.plan.audit_key import audit_key
from thresher.project.contract import Check, Column, Contract, OnViolation, Severity, Tolerance

CHECK = Check("accepted", ("a",), (("values", (1, 2)),))
CONTRACT = Contract("text", (Column("a", "integer", "text"), Column("b")), (CHECK,))
REFERENCED = {"clean.planes": "f-1", "clean.airlines": "f-2"}
KEY = audit_key("v-1", CONTRACT, REFERENCED)


def with_check(**changes) -> Contract:
    return replace(CONTRACT, checks=(replace(CHECK, **changes),))


def test_a_key_is_short_and_the_same_in_every_process():
    assert audit_key("v", Contract(), {}) == "9fa95e47d3c76966"


@pytest.mark.parametrize(
    "contract",
    [
        replace(CONTRACT, description="other"),
        replace(
            CONTRACT,
            columns=(
                Column("a", "integer", "other", Place("a.sql", 7)),
                Column("b", place=Place("a.sql", 8)),
            ),
        ),
        with_check(place=Place("a.sql", 9)),
    ],
    ids=["description", "columns", "place"],
)
def test_places_and_descriptions_do_not_matter(contract):
    assert audit_key("v-1", contract, REFERENCED) == KEY


def test_the_order_of_referenced_assets_does_not_matter():
    assert audit_key("v-1", CONTRACT, dict(reversed(REFERENCED.items()))) == KEY


@pytest.mark.parametrize(
    "contract",
    [
        replace(CONTRACT, columns=(Column("a", "bigint"), Column("b"))),
        replace(CONTRACT, columns=(Column("a", "integer"),)),
        replace(CONTRACT, checks=()),
        replace(CONTRACT, checks=(CHECK, CHECK)),
        with_check(kind="forbidden"),
        with_check(columns=("b",)),
        with_check(arguments=(("values", (1, 3)),)),
        with_check(on_violation=OnViolation.WARN),
        with_check(severity=Severity.WARNING),
        with_check(tolerate=Tolerance(count=1)),
        with_check(tolerate=Tolerance(share=0.0)),
        with_check(warn_above=Tolerance(count=0)),
        with_check(warn_above=Tolerance(share=0.0)),
        with_check(error_above=Tolerance(count=0)),
        with_check(on_violation=OnViolation.QUARANTINE),
        with_check(where="b > 0"),
        with_check(message="look"),
        with_check(references=("clean.planes",)),
    ],
)
def test_the_meaning_of_a_contract_matters(contract):
    assert audit_key("v-1", contract, REFERENCED) != KEY


@pytest.mark.parametrize(
    ("version", "referenced"),
    [
        ("v-2", REFERENCED),
        ("v-1", {}),
        ("v-1", {**REFERENCED, "clean.planes": "f-3"}),
        ("v-1", {"clean.planes": "f-2", "clean.airlines": "f-1"}),
    ],
)
def test_versions_matter(version, referenced):
    assert audit_key(version, CONTRACT, referenced) != KEY


def test_values_that_look_alike_are_told_apart():
    alike = [
        *(1, 1.0, True, "1", Decimal(1), "True", (1,), ("1",)),
        *(date(2013, 1, 1), datetime(2013, 1, 1), "2013-01-01", "2013-01-01 00:00:00"),  # noqa: DTZ001
    ]
    keys = {audit_key("v", with_check(arguments=(("bound", value),)), {}) for value in alike}
    assert len(keys) == len(alike)
