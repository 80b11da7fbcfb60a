from __future__ import annotations

import inspect
from typing import get_overloads

import pytest

import thresher
from thresher.project.contracts import Head


def test_the_function_stays_as_it_is() -> None:
    @thresher.asset(description="Twice.", inputs={"n": "raw.n"}, volatile="day")
    def twice(n: int, *, more: int = 0) -> int:
        """Say twice."""
        return n * 2 + more

    assert twice(2, more=1) == 5
    assert (twice.__name__, twice.__doc__) == ("twice", "Say twice.")
    assert twice.__thresher__["description"] == "Twice."  # type: ignore[attr-defined]
    assert twice.__thresher__["inputs"] == {"n": "raw.n"}  # type: ignore[attr-defined]


def test_it_takes_every_key_that_the_head_of_an_asset_has() -> None:
    taken = set(inspect.signature(thresher.asset).parameters) - {"function"}
    bare, called = get_overloads(thresher.asset)
    assert set(inspect.signature(bare).parameters) == {"function"}
    assert set(inspect.signature(called).parameters) == taken
    assert taken - {"inputs", "isolate"} == set(Head.model_fields) - {"materialized"}


def test_it_can_stand_alone() -> None:
    @thresher.asset
    def one() -> int:
        return 1

    assert (one(), one.__thresher__["columns"]) == (1, {})  # type: ignore[attr-defined]


def test_it_takes_nothing_else() -> None:
    with pytest.raises(TypeError):
        thresher.asset(colums={})  # type: ignore[call-arg]
