"""Contracts read from their files alone, and drafts that are read as they were meant."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.errors import CommandError, ProjectError
from thresher.project.contract_files import read_contract
from thresher.project.drafts import ColumnDraft, Draft, Proposal, write_draft

SQL = "/* ---\ncolumns: {id: {not_null: true}}\n--- */\nselect 1 as id"
SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PYTHON = """from thresher import asset

@asset(columns={"id": {"not_null": True}})
def t():
    raise RuntimeError("this is never called")
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.sql", SQL),
        ("t.py", PYTHON),
        ("t.yaml", "columns: {id: {not_null: true}}"),
        ("t.yml", "source: {files: x.csv, delimiter: ';'}\ncolumns: {id: {not_null: true}}"),
    ],
)
def test_a_contract_stands_in_every_kind_of_file(tmp_path, name, text):
    file = tmp_path / "clean" / name
    file.parent.mkdir()
    file.write_text(text)
    asset = read_contract(file)
    assert asset.name == "clean.t"
    assert [check.id for check in asset.contract.checks] == ["not_null(id)"]
    assert asset.body.settings.get("delimiter") == (";" if name == "t.yml" else None)


def test_faults_are_told_with_their_lines(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("columns:\n  id: {notnull: true}\n  x: {between: 3}\n")
    with pytest.raises(ProjectError) as raised:
        read_contract(file)
    assert {fault.place.line for fault in raised.value.faults} == {2, 3}
    with pytest.raises(CommandError, match="does not end as a file with a contract"):
        read_contract(tmp_path / "c.json")


@SETTINGS
@given(
    st.text(max_size=40),
    st.one_of(
        st.text(max_size=40),
        st.integers(),
        st.booleans(),
        st.dates(dt.date(1, 1, 1)),
        st.lists(st.text(max_size=9), max_size=4),
    ),
)
def test_a_draft_is_read_as_it_was_meant(name, value):
    draft = Draft((ColumnDraft(name, (Proposal("key", value, "why"),)),))
    text = write_draft(draft, ["head"])
    found = yaml.safe_load(text)
    assert found == {"description": "", "columns": {name: {"description": "", "key": value}}}
    assert all(line.startswith(("#", " ", "desc", "col")) for line in text.splitlines() if line)


@SETTINGS
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_decimals_are_written_as_numbers(value):
    whole = value == value.to_integral_value()
    given = int(value) if whole else value
    draft = Draft((ColumnDraft("x", (Proposal("key", given),)),))
    found = yaml.safe_load(write_draft(draft, []))["columns"]["x"]["key"]
    assert float(found) == float(value)
    assert isinstance(found, int if whole else float)
    assert isinstance(given, int | Decimal)
