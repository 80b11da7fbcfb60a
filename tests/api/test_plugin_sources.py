"""A source of another package: chosen by `type`, given the settings of its asset as they are."""

from __future__ import annotations

import importlib
import sys

import pytest

PACKAGE = '''
"""A source that another package brings: counts as far as its asset says."""
import datetime as dt
import hashlib

import pyarrow as pa
import pyarrow.parquet as pq

from thresher.protocols import Written
from thresher.results import Field, Unit, UnitOutcome, UnitRecord


class Counter:
    def __init__(self, *, threads, memory, temp, hashes, timezone, **options):
        assert options == {}  # what is for our own sources alone is not handed to others

    def units(self, asset, root):
        to = str(asset.body.settings["to"])
        digest = hashlib.sha256(to.encode()).hexdigest()
        return [Unit("numbers", 0, dt.datetime(2026, 1, 31, tzinfo=dt.UTC), digest)]

    def read(self, extract):
        settings = extract.asset.body.settings
        assert settings["since"] == dt.date(2026, 1, 31)
        ids = list(range(settings["to"]))
        table = pa.table({"id": ids, "customer": ["a"] * len(ids), "amount": ids})
        pq.write_table(table, extract.folder / "numbers.parquet")
        record = UnitRecord(extract.units[0], UnitOutcome.LOADED, len(ids), "numbers.parquet")
        schema = tuple(
            Field(name, kind, kind)
            for name, kind in (("id", "BIGINT"), ("customer", "VARCHAR"), ("amount", "BIGINT"))
        )
        return Written(schema, (("numbers.parquet", len(ids)),), rows=len(ids), records=(record,))

    def interrupt(self):
        pass
'''


@pytest.fixture
def counter(tmp_path, monkeypatch, shop):
    """Install a package with the source `counter`, as pip would leave it."""
    folder = tmp_path / "site"
    metadata = folder / "thresher_counter-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "thresher_counter.py").write_text(PACKAGE)
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: thresher-counter\nVersion: 1.0\n"
    )
    entry = "[thresher.sources]\ncounter = thresher_counter:Counter\n"
    (metadata / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    shop.write({"src/raw/orders.yaml": "source: {type: counter, to: 3, since: 2026-01-31}\n"})
    yield shop
    sys.modules.pop("thresher_counter", None)


def test_a_source_of_another_package_is_read(counter):
    assert counter.run().exit_code == 0
    assert counter.rows("warehouse.by_customer") == [("a", 3, 3)]
    assert counter.run().status == "unchanged"
    counter.write({"src/raw/orders.yaml": "source: {type: counter, to: 4, since: 2026-01-31}\n"})
    assert counter.plan()["raw.orders"][1] == "source settings changed, unit changed: numbers"
    counter.run()
    assert counter.rows("warehouse.by_customer") == [("a", 4, 6)]
