"""What is derived is restored; what else was deleted, the next run makes up for."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from thresher.errors import HeldError, WarehouseError
from thresher.warehouse.lock import hold


@pytest.fixture
def published(shop):
    """Give a project of which two publications are kept."""
    assert shop.run().publication == 1
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n"})
    assert shop.run().publication == 2
    return shop


ROWS = [("a", 2, 40), ("b", 2, 60)]
BEFORE = [("a", 2, 40)]


def done(shop, **options) -> list[tuple[str, str]]:
    return [(each.path, each.done) for each in shop.open().repair(**options)]


def link(shop) -> Path:
    return shop.root / "warehouse/dev.duckdb"


def test_where_nothing_is_wrong_nothing_is_done(published) -> None:
    before = sorted(path for path in published.root.rglob("*"))
    assert done(published) == []
    left = set(published.root.rglob("*")) - set(before)
    assert {path.name for path in left} <= {"dev.fence"}


def test_a_catalog_that_is_gone_is_written_anew(published) -> None:
    shutil.rmtree(published.root / "warehouse/catalogs")
    assert not published.open().verify().ok
    assert done(published, dry_run=True) == [
        ("catalogs/dev/2.duckdb", "written anew from the manifest")
    ]
    assert not link(published).exists()
    assert len(done(published)) == 1
    assert published.rows("warehouse.by_customer") == ROWS
    assert done(published) == []
    assert published.open().verify().ok


def test_a_catalog_that_is_garbled_is_written_anew(published) -> None:
    path = published.root / "warehouse/catalogs/dev/2.duckdb"
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    assert not published.open().verify().ok
    assert len(done(published)) == 1
    assert published.rows("warehouse.by_customer") == ROWS


@pytest.mark.parametrize("instead", [None, "file", "elsewhere"])
def test_a_link_is_made_again(published, instead: str | None) -> None:
    link(published).unlink()
    if instead == "file":
        link(published).write_text("a copy that kept no links")
    elif instead == "elsewhere":
        link(published).symlink_to("nowhere.duckdb")
    ((path, what),) = done(published)
    assert path == "dev.duckdb"
    assert what.startswith("leads to publication 2 of ")
    assert published.rows("warehouse.by_customer") == ROWS
    aside = link(published).with_name("dev.duckdb.damaged")
    assert aside.exists() is (instead == "file")


@pytest.mark.parametrize("before", ["file", "folder"])
def test_what_was_set_aside_before_is_kept(published, before: str) -> None:
    for number, instead in enumerate((before, "file")):
        link(published).unlink()
        if instead == "file":
            link(published).write_text(f"a copy, {number}")
        else:
            link(published).mkdir()
        assert len(done(published)) == 1
        assert published.rows("warehouse.by_customer") == ROWS
    aside = link(published).with_name("dev.duckdb.damaged")
    assert aside.is_dir() if before == "folder" else aside.read_text() == "a copy, 0"
    assert aside.with_name("dev.duckdb.damaged2").read_text() == "a copy, 1"


def test_a_manifest_that_cannot_be_read_is_set_aside_for_the_one_before(published) -> None:
    manifest = published.root / "warehouse/publications/dev/2.json"
    manifest.write_text("{")
    with pytest.raises(WarehouseError, match="damaged"):
        published.run()
    assert [path for path, _ in done(published)] == ["publications/dev/2.json", "dev.duckdb"]
    assert published.rows("warehouse.by_customer") == BEFORE
    assert manifest.with_name("2.json.damaged").read_text() == "{"
    # Nothing has to be built: the lake holds what was published.
    assert published.run().publication == 3
    assert set(published.done.values()) == {"reused", "kept"}
    assert published.rows("warehouse.by_customer") == ROWS


def test_a_manifest_of_a_newer_thresher_is_left_alone(published) -> None:
    before = link(published).readlink()
    for path in (published.root / "warehouse/publications/dev").glob("*.json"):
        path.write_text(path.read_text().replace('"format":1,', '"format":2,', 1))
    (damage,) = published.open().verify().damages
    assert damage.what.startswith("has the format 2, ")
    assert damage.hint == "use the version of Thresher that wrote it, or a newer one"
    for options in ({"dry_run": True}, {}):
        with pytest.raises(WarehouseError, match="has the format 2"):
            done(published, **options)
    assert link(published).readlink() == before
    assert not list(published.root.glob("warehouse/publications/dev/*.damaged"))


def test_without_any_manifest_a_run_publishes_what_the_lake_holds(published) -> None:
    for path in (published.root / "warehouse/publications/dev").glob("*.json"):
        path.write_text("")
    paths = [path for path, _ in done(published)]
    assert paths == ["publications/dev/1.json", "publications/dev/2.json", "dev.duckdb"]
    assert not os.path.lexists(link(published))
    assert published.run().ok
    assert set(published.done.values()) == {"reused"}
    assert published.rows("warehouse.by_customer") == ROWS


def test_a_publication_that_was_never_committed_is_not_shown(published) -> None:
    folder = published.root / "warehouse/publications/dev"
    (folder / "3.json").write_bytes((folder / "2.json").read_bytes())
    (folder / "pending").write_text("3")
    link(published).unlink()
    ((_, what),) = done(published)
    assert what.startswith("leads to publication 2 of ")


def test_a_publication_whose_data_is_gone_is_not_shown(published) -> None:
    link(published).unlink()
    manifest = json.loads((published.root / "warehouse/publications/dev/2.json").read_text())
    text = json.dumps(manifest)
    newest = max(
        (path for path in published.root.glob("warehouse/lake/clean/orders/*/*.parquet")),
        key=lambda path: path.stat().st_mtime_ns,
    )
    assert newest.parent.name in text
    newest.unlink()
    ((_, what),) = done(published)
    assert what.startswith("leads to publication 1 of ")
    assert published.rows("warehouse.by_customer") == BEFORE


def test_whoever_holds_the_environment_is_not_disturbed(published) -> None:
    with hold(published.root / "warehouse", "dev", "other"), pytest.raises(HeldError):
        published.open().repair()


@pytest.mark.parametrize(
    "deleted",
    [
        ".thresher",
        ".thresher/history.sqlite",
        ".thresher/cache.json",
        "logs",
        "reports",
        "data_clean",
        "warehouse/catalogs",
        "warehouse/dev.duckdb",
        "warehouse/lake",
        "warehouse/lake/clean",
        "warehouse/locks",
        "warehouse/tmp",
        "warehouse/publications",
        "warehouse",
    ],
)
def test_whatever_is_deleted_runs_go_on(published, deleted: str) -> None:
    path = published.root / deleted
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if deleted in ("warehouse/dev.duckdb", "warehouse/publications"):
        published.open().repair()
    published.write({"data_raw/orders-3.csv": "id,customer,amount\n5,b,50\n"})
    assert published.run().ok
    assert published.rows("warehouse.by_customer") == [("a", 2, 40), ("b", 3, 110)]
    assert published.open().verify().ok


def test_clean_up_removes_nothing_while_a_manifest_is_lost(published) -> None:
    none = dt.timedelta(0)
    (published.root / "warehouse/publications/dev/2.json").unlink()
    with pytest.raises(WarehouseError, match="nothing was removed"):
        published.open().gc(grace=none)
    shutil.rmtree(published.root / "warehouse/publications")
    with pytest.raises(WarehouseError, match="nothing was removed"):
        published.open().gc(grace=none)
    published.open().repair()
    with pytest.raises(WarehouseError, match="nothing was removed"):
        published.open().gc(grace=none)
    assert published.run().ok
    assert set(published.done.values()) == {"reused"}
    published.open().gc(grace=none)
    assert published.rows("warehouse.by_customer") == ROWS


def test_rows_of_inputs_that_are_gone_outlive_the_manifests(shop) -> None:
    source = "source: {files: data_raw/orders-*.csv, on_removed: keep}\n"
    shop.write({"src/raw/orders.yaml": source})
    shop.write({"data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n"})
    assert shop.run().ok
    shop.write({"data_raw/orders-1.csv": None})
    shutil.rmtree(shop.root / "warehouse/publications")
    shop.open().repair()
    assert shop.run().ok
    assert [row[0] for row in shop.rows("raw.orders")] == [1, 2, 3, 4]
    assert shop.run().publication is None


def test_a_run_builds_what_is_gone_where_the_catalog_is_gone_too(published) -> None:
    shutil.rmtree(published.root / "warehouse/catalogs")
    for path in published.root.glob("warehouse/lake/clean/orders/*/*.parquet"):
        path.unlink()
    assert published.run().ok
    assert published.rows("warehouse.by_customer") == ROWS


def test_a_catalog_that_cannot_be_written_is_not_passed_over(published) -> None:
    """Its views stand on files that are gone: a run builds these first."""
    shutil.rmtree(published.root / "warehouse/catalogs")
    shutil.rmtree(published.root / "warehouse/lake/clean")
    with pytest.raises(WarehouseError):
        published.open().repair()
    assert published.run().ok
    assert done(published) == []
    assert published.rows("warehouse.by_customer") == ROWS


def test_a_catalog_that_looks_as_it_was_is_written_anew(published) -> None:
    path = published.root / "warehouse/catalogs/dev/2.duckdb"
    state = path.stat()
    content = bytearray(path.read_bytes())
    for at in range(12_288, len(content), 97):
        content[at] ^= 255
    path.chmod(0o644)
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert not published.open().verify().ok
    assert len(done(published)) == 1
    assert published.open().verify().ok
    assert published.rows("warehouse.by_customer") == ROWS


def test_the_command_tells_what_was_done(published) -> None:
    link(published).unlink()
    command = [sys.executable, "-m", "thresher", "repair"]

    def said(*more: str) -> str:
        return subprocess.run(
            [*command, *more], cwd=published.root, capture_output=True, text=True, check=True
        ).stdout

    assert "what would be done" in said("--dry-run")
    told = json.loads(said("--format", "json"))
    assert told["repairs"][0]["path"] == "dev.duckdb"
    assert said() == "nothing to repair\n"
