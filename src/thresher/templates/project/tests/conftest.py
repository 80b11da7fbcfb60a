"""What all tests share: a database in memory in place of the shop's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from thresher.testing import FakeSource

PRODUCTS = [
    ("baking stone", "tools", "Hofer Steine"),
    ("bread pan", "tools", "Blech und Form"),
    ("flour 5 kg", "ingredients", "Talmuehle"),
    ("yeast 500 g", "ingredients", "Talmuehle"),
]


@pytest.fixture(autouse=True)
def catalog(fake_source: FakeSource) -> Iterator[sqlite3.Connection]:
    """Let a database in memory stand in for the catalogue that `raw.products` reads."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create table products (product, category, supplier)")
    connection.executemany("insert into products values (?, ?, ?)", PRODUCTS)
    fake_source("raw.products", connection)
    yield connection
    connection.close()
