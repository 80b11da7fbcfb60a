"""A project folder whose files are read as one raw asset; see `source_landing.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from source_landing import Landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path) -> Iterator[None]:
    """Whatever happens, what was unpacked or spilled is gone afterwards."""
    yield
    temp = tmp_path / "temp"
    assert not temp.exists() or not list(temp.iterdir())
