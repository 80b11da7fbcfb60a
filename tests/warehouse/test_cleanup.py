"""Clean-up removes what nothing needs, and never anything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_versions import Maker, snapshot_of, verdict_of

from thresher.errors import WarehouseError
from thresher.results import Snapshot
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.cleanup import Removal, clean, plan_cleanup
from thresher.warehouse.lake import MARKER
from thresher.warehouse.lock import hold

HOUR = timedelta(hours=1)
LATER = datetime.now(UTC) + timedelta(days=2)

Clean = Callable[..., tuple[Removal, ...]]


@pytest.fixture
def sweep(warehouse: Warehouse) -> Clean:
    """Clean the warehouse two days from now, but for what is asked for otherwise."""

    def run(**options: object) -> tuple[Removal, ...]:
        given = {"keep": 1, "grace": HOUR, "now": LATER, **options}
        return clean(warehouse.root, **given)  # type: ignore[arg-type]  # the test's own options

    return run


def folder(warehouse: Warehouse, snapshot: Snapshot) -> Path:
    return warehouse.root / "lake/clean" / snapshot.asset.split(".")[1] / snapshot.version


def everything(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "locks" not in path.parts
    }


def test_what_only_old_publications_need_goes(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    made = [make.numbers(n, fingerprint=f"f{n}")[0] for n in (1, 2, 3)]
    for snapshot in made:
        make.publish(snapshot)
    removed = sweep(keep=2)
    assert [(item.path, item.why) for item in removed] == [
        ("publications/dev/1.json", "a publication that is no longer kept"),
        ("catalogs/dev/1.duckdb", "a catalog that is no longer shown"),
        ("catalogs/dev/1.stamp", "a catalog that is no longer shown"),
        (f"lake/clean/a/{made[0].version}", "a version that no kept publication needs"),
    ]
    assert not any((warehouse.root / item.path).exists() for item in removed)
    assert [row.number for row in warehouse.publications("dev")] == [3, 2]
    assert make.ask("from clean.a") == [(3,)]
    warehouse.rollback("dev")
    assert make.ask("from clean.a") == [(2,)]


def test_the_size_of_what_goes_is_told(make: Maker, warehouse: Warehouse, sweep: Clean) -> None:
    (old,) = make.numbers(1)
    path = folder(warehouse, old)
    files = [each for each in path.rglob("*") if each.is_file()]
    (removed,) = sweep(dry_run=True)
    assert removed.bytes == path.stat().st_size + sum(each.stat().st_size for each in files)


def test_a_dry_run_tells_and_removes_nothing(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    for number in (1, 2):
        make.publish(*make.numbers(number, fingerprint=f"f{number}"))
    before = everything(warehouse.root)
    told = sweep(dry_run=True)
    assert everything(warehouse.root) == before
    assert sweep() == told
    assert sweep() == ()


def test_versions_that_any_environment_shows_stay(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    (shared,) = make.numbers(1)
    make.publish(shared, env="prod")
    for number in (2, 3):
        make.publish(*make.numbers(number, fingerprint=f"f{number}"), env="dev")
    sweep()
    assert make.ask("from clean.a", "prod") == [(1,)]
    assert make.ask("from clean.a", "dev") == [(3,)]
    assert len(list((warehouse.root / "lake/clean/a").iterdir())) == 2


def test_the_current_publication_stays_however_old(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    for number in (1, 2, 3, 4):
        make.publish(*make.numbers(number, fingerprint=f"f{number}"))
    warehouse.rollback("dev", 1)
    sweep(keep=1)
    assert [row.number for row in warehouse.publications("dev")] == [4, 1]
    assert make.ask("from clean.a") == [(1,)]
    assert make.publish(*make.numbers(5, fingerprint="f5")).number == 5


def test_files_of_earlier_versions_stay_as_long_as_they_are_used(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    first = make.table("clean.a", "select 1 as v", fingerprint="f1")
    make.publish(first)
    second = make.table("clean.a", "select 2 as v", fingerprint="f2", files=first.files)
    make.publish(second)
    third = make.table("clean.a", "select 3 as v", fingerprint="f3")
    sweep()
    assert sorted(make.ask("from clean.a")) == [(1,), (2,)]
    assert not folder(warehouse, third).exists()
    make.publish(make.table("clean.a", "select 4 as v", fingerprint="f4", files=second.files[1:]))
    sweep()
    assert not folder(warehouse, first).exists()
    assert sorted(make.ask("from clean.a")) == [(2,), (4,)]


def test_what_views_read_stays(make: Maker, warehouse: Warehouse, sweep: Clean) -> None:
    base = make.table("clean.base", "select 1 as v", fingerprint="f1")
    later = make.table("clean.base", "select 2 as v", fingerprint="f2", files=base.files)
    middle = make.view("clean.middle", "select v from clean.base", {"clean.base": later})
    view = make.view("clean.top", "select v from clean.middle", {"clean.middle": middle})
    other = make.table("clean.base", "select 3 as v", fingerprint="f3")
    newer = make.view("clean.middle", "select v from clean.base", {"clean.base": other})
    make.publish(other, newer, view)  # `clean.top` is stale: it was made on versions before
    sweep()
    kept = (base, later, middle, view, other, newer)
    assert all(folder(warehouse, each).is_dir() for each in kept)


def test_files_of_a_renamed_table_stay(make: Maker, warehouse: Warehouse, sweep: Clean) -> None:
    old = make.table("clean.old", "select 1 as v")
    make.publish(replace(old, asset="clean.new"))
    sweep()
    assert make.ask("from clean.new") == [(1,)]


@pytest.mark.parametrize("finished", [True, False])
def test_what_is_younger_than_the_grace_time_stays(
    make: Maker, warehouse: Warehouse, sweep: Clean, finished: bool
) -> None:
    if finished:
        path = folder(warehouse, make.numbers(1)[0])
    else:
        path = warehouse.lake.begin("clean.a", "f0").folder
        (path / "part-0.parquet").write_bytes(b"half")
    now = datetime.now(UTC)
    assert sweep(now=now + timedelta(minutes=59)) == ()
    why = "a version that no kept publication needs" if finished else "a draft left unfinished"
    assert [item.why for item in sweep(now=now + timedelta(minutes=61))] == [why]
    assert not path.exists()


def test_a_draft_that_is_still_written_is_young(warehouse: Warehouse, sweep: Clean) -> None:
    draft = warehouse.lake.begin("clean.a", "f0")
    (draft.folder / "part-0.parquet").write_bytes(b"half")
    long_ago = datetime.now(UTC).timestamp() - 36_000
    os.utime(draft.folder, (long_ago, long_ago))
    assert sweep(now=datetime.now(UTC)) == ()


def test_a_version_that_was_found_of_use_is_young_again(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    (snapshot,) = make.numbers(1)
    long_ago = datetime.now(UTC).timestamp() - 36_000
    for path in [folder(warehouse, snapshot), *folder(warehouse, snapshot).iterdir()]:
        os.utime(path, (long_ago, long_ago))
    assert len(sweep(now=datetime.now(UTC), dry_run=True)) == 1
    assert warehouse.lake.find("clean.a", "f0") == snapshot
    assert sweep(now=datetime.now(UTC)) == ()


def test_what_is_younger_than_a_run_under_way_stays(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    (old,) = make.numbers(1)
    long_ago = datetime.now(UTC).timestamp() - 36_000
    for path in [folder(warehouse, old), *folder(warehouse, old).iterdir()]:
        os.utime(path, (long_ago, long_ago))
    with hold(warehouse.root, "prod", "r1"):
        (new,) = make.numbers(2, fingerprint="f1")
        assert [item.path.split("/")[-1] for item in sweep(grace=timedelta(0))] == [old.version]
    assert [item.path.split("/")[-1] for item in sweep(grace=timedelta(0))] == [new.version]


def test_what_was_current_until_a_moment_ago_stays(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    day = timedelta(days=1)
    for number in (1, 2, 3):
        at = LATER - 3 * day + number * day
        make.publish(*make.numbers(number, fingerprint=f"f{number}"), at=at)
    sweep()
    assert [row.number for row in warehouse.publications("dev")] == [3, 2]


def test_leftovers_go(make: Maker, warehouse: Warehouse, sweep: Clean) -> None:
    (snapshot,) = make.numbers(1)
    make.publish(snapshot)
    warehouse.lake.save_verdict(verdict_of(snapshot))
    root = warehouse.root
    leftovers = [
        root / ".dev.duckdb.0a1b2c3d.tmp",
        root / "locks/.dev.fence.0a1b2c3d.tmp",
        root / "publications/dev/.2.json.0a1b2c3d.tmp",
        root / "catalogs/dev/.2.duckdb.0a1b2c3d.tmp",
        root / "catalogs/dev/.2.duckdb.0a1b2c3d.tmp.wal",
        folder(warehouse, snapshot) / "._audit-k.json.0a1b2c3d.tmp",
        root / "tmp/spilled",
    ]
    (root / "tmp").mkdir()
    for path in leftovers:
        path.write_text("half")
    assert {item.path for item in sweep(dry_run=True)} == {
        str(path.relative_to(root)) for path in leftovers
    }
    before = everything(root)
    sweep()
    gone = {str(path.relative_to(root)) for path in leftovers}
    assert everything(root) == {name: data for name, data in before.items() if name not in gone}
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []


def test_of_catalogs_that_were_written_anew_the_last_stays(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    make.publish(*make.numbers(1))
    catalogs = warehouse.root / "catalogs/dev"
    (catalogs / "1.stamp").unlink()
    assert make.ask("from clean.a") == [(1,)]
    sweep()
    assert sorted(path.name for path in catalogs.iterdir()) == ["1.1.duckdb", "1.1.stamp"]
    assert make.ask("from clean.a") == [(1,)]


def test_nothing_outside_the_warehouse_is_touched(
    make: Maker, warehouse: Warehouse, sweep: Clean, tmp_path: Path
) -> None:
    make.publish(*make.numbers(1))
    outside = tmp_path / "outside"
    (outside / "b" / "f0-00000000").mkdir(parents=True)
    (outside / "b" / "f0-00000000" / "part-0.parquet").write_text("of somebody else")
    (outside / ".x.tmp").write_text("of somebody else")
    (warehouse.root / "lake" / "linked").symlink_to(outside)
    (warehouse.root / "lake" / "clean" / "b").symlink_to(outside / "b")
    (warehouse.root / "lake" / "clean" / "a" / "f0-1").symlink_to(outside / "b" / "f0-00000000")
    (warehouse.root / "tmp").symlink_to(outside)
    for number in (1, 2):
        make.publish(*make.numbers(number, fingerprint=f"f{number}"), env="prod")
    for folder in ("catalogs", "publications"):
        prod = warehouse.root / folder / "prod"
        prod.rename(outside / folder)
        prod.symlink_to(outside / folder)
    before = everything(outside)
    assert [item.why for item in sweep()] == ["a version that no kept publication needs"]
    assert everything(outside) == before


def test_a_draft_with_a_link_in_it_goes_without_what_it_leads_to(
    warehouse: Warehouse, sweep: Clean, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data").write_text("of somebody else")
    draft = warehouse.lake.begin("clean.a", "f0")
    (draft.folder / "link").symlink_to(outside)
    os.utime(outside, (LATER.timestamp(), LATER.timestamp()))
    (removed,) = sweep()
    assert removed.path == draft.path
    assert (outside / "data").read_text() == "of somebody else"


def test_a_manifest_that_cannot_be_read_stops_everything(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    make.publish(*make.numbers(1), env="prod")
    make.numbers(2, fingerprint="f1")
    os.truncate(warehouse.root / "publications/prod/1.json", 50)
    before = everything(warehouse.root)
    with pytest.raises(WarehouseError, match=r"publications/prod/1\.json: damaged"):
        sweep()
    assert everything(warehouse.root) == before


def test_a_clean_up_that_was_stopped_is_ended_by_the_next(
    make: Maker, warehouse: Warehouse, sweep: Clean
) -> None:
    make.publish(*make.numbers(1))
    (warehouse.root / ".trash" / "0").mkdir(parents=True)
    (warehouse.root / ".trash" / "0" / MARKER).write_text("half removed")
    sweep()
    assert not (warehouse.root / ".trash").exists()


def test_the_plan_is_told_for_any_runs(make: Maker, warehouse: Warehouse) -> None:
    make.numbers(1)
    with hold(warehouse.root, "dev", "r1") as holder:
        pass
    early = replace(holder, since=datetime.now(UTC) - HOUR)
    options = {"keep": 1, "grace": timedelta(0), "now": LATER}
    assert plan_cleanup(warehouse.root, **options, live_runs=[early]) == ()  # type: ignore[arg-type]
    assert len(plan_cleanup(warehouse.root, **options, live_runs=[])) == 1  # type: ignore[arg-type]


def test_an_empty_warehouse_is_clean(warehouse: Warehouse, sweep: Clean) -> None:
    assert sweep() == ()
    assert not warehouse.root.exists()


def test_a_view_goes_when_nothing_shows_it(make: Maker, warehouse: Warehouse, sweep: Clean) -> None:
    view = make.view("clean.v", "select 1 as v", {})
    make.publish(make.numbers(1)[0], view)
    make.publish(
        make.numbers(1)[0], snapshot_of("clean.v", fingerprint="f9", build="1", sql="select 2")
    )
    sweep()
    assert not folder(warehouse, view).exists()
