"""The page about DDL says what the code does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from thresher.project.sql import parse_type
from thresher.project.sql.type_names import _ALIASES, _NESTED

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    import write_ddl_tables

    return write_ddl_tables


def test_the_tables_are_current(script) -> None:
    page = script.TARGET.read_text(encoding="utf-8")
    assert script.document(page) == page, "run `python scripts/write_ddl_tables.py`"
    assert page.count("\n| `") == len(script.TYPES)


def test_every_type_is_in_the_table(script) -> None:
    listed = {tree.name for name in script.TYPES if (tree := parse_type(name))}
    assert listed - {"LIST", "ARRAY"} == {*_ALIASES.values(), *_NESTED.values()}
