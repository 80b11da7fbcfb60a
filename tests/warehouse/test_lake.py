"""Versions are whole or not there; what was written is what is found."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars
import pytest
from made_versions import Maker, snapshot_of, verdict_of

from thresher.errors import WarehouseError
from thresher.results import DataFile
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.lake import MARKER, Lake


@pytest.fixture
def lake(warehouse: Warehouse) -> Lake:
    return warehouse.lake


def test_a_complete_version_says_what_its_files_hold(lake: Lake, make: Maker) -> None:
    snapshot = make.table("clean.a", "select range as v from range(5)", fingerprint="abc")
    (file,) = snapshot.files
    path = lake.root / file.path
    assert file.path == f"lake/clean/a/abc-{snapshot.build}/part-0.parquet"
    assert file.rows == polars.read_parquet(path).height == 5
    assert file.bytes == len(path.read_bytes())
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(snapshot.build) == 8
    assert int(snapshot.build, 16) >= 0


def test_a_complete_version_is_found(lake: Lake, make: Maker) -> None:
    snapshot = make.table("clean.a", "select 1 as v")
    assert lake.find("clean.a", "f0") == snapshot
    assert lake.find_version("clean.a", snapshot.version) == snapshot
    assert lake.latest("clean.a") == snapshot


def test_what_was_never_built_is_not_found(lake: Lake, make: Maker) -> None:
    make.table("clean.a", "select 1 as v", fingerprint="f01")
    assert lake.find("clean.a", "f0") is None
    assert lake.find("clean.b", "f01") is None
    assert lake.latest("clean.b") is None
    assert lake.find_version("clean.a", "f01-00000000") is None


def test_a_draft_is_not_found_until_it_is_complete(lake: Lake, make: Maker) -> None:
    draft = lake.begin("clean.a", "f0")
    (draft.folder / "part-0.parquet").write_bytes(b"rows")
    assert lake.find("clean.a", "f0") is None
    assert lake.latest("clean.a") is None
    lake.complete(draft, snapshot_of("clean.a"), [("part-0.parquet", 1)])
    assert lake.find("clean.a", "f0") is not None


def test_a_draft_without_the_files_it_names_stays_a_draft(lake: Lake) -> None:
    draft = lake.begin("clean.a", "f0")
    with pytest.raises(WarehouseError, match="No such file"):
        lake.complete(draft, snapshot_of("clean.a"), [("part-0.parquet", 1)])
    assert lake.find("clean.a", "f0") is None


def test_a_discarded_draft_leaves_nothing(lake: Lake) -> None:
    draft = lake.begin("clean.a", "f0")
    (draft.folder / "part-0.parquet").write_bytes(b"rows")
    lake.discard(draft)
    assert list(draft.folder.parent.iterdir()) == []


def test_of_several_builds_the_last_is_found(lake: Lake, make: Maker) -> None:
    first, second = (make.table("clean.a", f"select {n} as v") for n in (1, 2))
    os.utime(lake.root / "lake/clean/a" / first.version / MARKER, ns=(0, 10**9))
    assert first.version != second.version
    assert lake.find("clean.a", "f0") == second


def test_the_latest_version_may_have_another_fingerprint(lake: Lake, make: Maker) -> None:
    first = make.table("clean.a", "select 1 as v", fingerprint="zz")
    second = make.table("clean.a", "select 2 as v", fingerprint="aa")
    os.utime(lake.root / "lake/clean/a" / first.version / MARKER, ns=(0, 10**9))
    assert lake.latest("clean.a") == second


@pytest.mark.parametrize("damage", ["missing", "truncated", "marker damaged", "marker newer"])
def test_a_damaged_build_is_passed_over(lake: Lake, make: Maker, damage: str) -> None:
    intact, broken = (make.table("clean.a", f"select {n} as v") for n in (1, 2))
    folder = lake.root / "lake/clean/a"
    os.utime(folder / intact.version / MARKER, ns=(0, 10**9))
    path, marker = lake.root / broken.files[0].path, folder / broken.version / MARKER
    match damage:
        case "missing":
            path.unlink()
        case "truncated":
            os.truncate(path, 20)
        case "marker damaged":
            os.truncate(marker, 20)
        case "marker newer":
            marker.write_bytes(marker.read_bytes().replace(b'"format":1', b'"format":2'))
    assert lake.find("clean.a", "f0") == intact
    assert lake.find_version("clean.a", broken.version) is None


def test_a_version_may_use_files_of_an_earlier_one(lake: Lake, make: Maker) -> None:
    earlier = make.table("raw.a", "select 1 as v", fingerprint="f0")
    later = make.table("raw.a", "select 2 as v", fingerprint="f1", files=earlier.files)
    assert [file.path.split("/")[3] for file in later.files] == [earlier.version, later.version]
    assert lake.find("raw.a", "f1") == later
    (lake.root / earlier.files[0].path).unlink()
    assert lake.find("raw.a", "f1") is None


def test_files_in_folders_of_a_version_are_taken_along(lake: Lake) -> None:
    draft = lake.begin("clean.a", "f0")
    (draft.folder / "year=2013").mkdir()
    (draft.folder / "year=2013" / "data.parquet").write_bytes(b"rows")
    snapshot = lake.complete(draft, snapshot_of("clean.a"), [("year=2013/data.parquet", 1)])
    assert snapshot.files[0].path.endswith("/year=2013/data.parquet")
    assert lake.find("clean.a", "f0") == snapshot


@pytest.mark.parametrize("name", ["../other.parquet", "/etc/hosts", "a/../../b", ""])
def test_files_outside_the_draft_are_refused(lake: Lake, name: str) -> None:
    draft = lake.begin("clean.a", "f0")
    with pytest.raises(WarehouseError, match="is not a file inside"):
        lake.complete(draft, snapshot_of("clean.a"), [(name, 1)])


def test_a_view_is_a_version_without_files(lake: Lake, make: Maker) -> None:
    table = make.table("clean.a", "select 1 as v")
    view = make.view("clean.b", "select v from clean.a", {"clean.a": table})
    assert lake.find("clean.b", "f0") == view


def test_a_file_is_held_in_its_full_length_or_not(lake: Lake, make: Maker) -> None:
    (file,) = make.table("clean.a", "select 1 as v").files
    assert lake.holds(file)
    assert not lake.holds(replace(file, bytes=file.bytes + 1))
    assert not lake.holds(DataFile("lake/clean/a/gone.parquet", 1, file.bytes, file.sha256))


def test_missing_files_are_named(lake: Lake, make: Maker) -> None:
    first, second = make.numbers(1, "clean.a", "clean.b")
    lake.require([first, second], hint="build it")
    (lake.root / second.files[0].path).unlink()
    with pytest.raises(WarehouseError) as raised:
        lake.require([first, second], hint="build it")
    assert raised.value.fault.what == f"the lake no longer holds `{second.files[0].path}`"
    assert raised.value.fault.hint == "build it"


def test_a_verdict_is_found_by_its_key(lake: Lake, make: Maker) -> None:
    snapshot = make.table("clean.a", "select 1 as v")
    verdict = verdict_of(snapshot)
    lake.save_verdict(verdict)
    assert lake.verdict("clean.a", snapshot.version, verdict.key) == verdict
    assert lake.verdict("clean.a", snapshot.version, "another") is None


def test_a_damaged_verdict_is_none(lake: Lake, make: Maker) -> None:
    snapshot = make.table("clean.a", "select 1 as v")
    lake.save_verdict(verdict_of(snapshot))
    os.truncate(lake.root / "lake/clean/a" / snapshot.version / "_audit-k1.json", 30)
    assert lake.verdict("clean.a", snapshot.version, "k1") is None


def test_a_verdict_on_a_version_that_lies_elsewhere_is_not_kept(lake: Lake, make: Maker) -> None:
    renamed = replace(make.table("clean.old", "select 1 as v"), asset="clean.new")
    lake.save_verdict(verdict_of(renamed))
    assert lake.verdict("clean.new", renamed.version, "k1") is None
    assert not (lake.root / "lake/clean/new").exists()


@pytest.mark.parametrize(
    "asset",
    ["clean.a/b", "../clean.a", "clean..hidden", ".clean.a", "clean", "", "a\\b.c", "a.b\0"],
)
def test_names_that_lead_elsewhere_are_refused(lake: Lake, asset: str) -> None:
    with pytest.raises(WarehouseError, match="cannot be the name of a folder"):
        lake.begin(asset, "f0")
    with pytest.raises(WarehouseError, match="cannot be the name of a folder"):
        lake.find(asset, "f0")
    with pytest.raises(WarehouseError, match="cannot be the name of a folder"):
        lake.find_version("clean.a", "../../x")


def test_versions_are_made_side_by_side(lake: Lake, make: Maker) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda n: make.table(f"clean.t{n % 4}", f"select {n} as v"), range(16))
        )
    assert len({snapshot.version for snapshot in made}) == 16
    assert all(lake.find_version(each.asset, each.version) == each for each in made)


def test_finding_works_where_nothing_may_be_written(tmp_path: Path) -> None:
    assert Lake(tmp_path / "nowhere").find("clean.a", "f0") is None
    assert not (tmp_path / "nowhere").exists()


def test_a_version_is_found_by_what_was_confirmed_to_hold_its_rows(lake: Lake, make: Maker) -> None:
    snapshot = make.table("raw.a", "select 1 as v", fingerprint="f0")
    other = make.table("raw.a", "select 2 as v", fingerprint="f1")
    assert lake.find("raw.a", "f2") is None
    lake.confirm(snapshot, "f2")
    assert lake.find("raw.a", "f2") == snapshot
    assert lake.find("raw.a", "f1") == other
    assert lake.find("raw.b", "f2") is None


def test_only_the_latest_confirmations_are_kept(lake: Lake, make: Maker) -> None:
    snapshot = make.table("raw.a", "select 1 as v", fingerprint="f0")
    folder = (lake.root / snapshot.files[0].path).parent
    for number in range(40):
        lake.confirm(snapshot, f"c{number:02}")
        marker = folder / f"_same-c{number:02}"
        os.utime(marker, ns=(number, number))
    assert len(list(folder.glob("_same-*"))) < 20
    assert lake.find("raw.a", "c39") == snapshot
    assert lake.find("raw.a", "c00") is None


def test_a_version_that_lies_elsewhere_is_not_confirmed(lake: Lake, make: Maker) -> None:
    snapshot = make.table("raw.a", "select 1 as v")
    lake.confirm(replace(snapshot, asset="raw.new"), "f2")
    assert lake.find("raw.new", "f2") is None


def test_a_draft_gets_the_fingerprint_of_what_was_read(lake: Lake) -> None:
    draft = lake.begin("raw.a", "f0")
    (draft.folder / "part-0.parquet").write_bytes(b"rows")
    renamed = lake.relabel(draft, "f1")
    assert not draft.folder.exists()
    made = lake.complete(renamed, snapshot_of("raw.a"), [("part-0.parquet", 1)])
    assert lake.find("raw.a", "f1") == made
    assert lake.find("raw.a", "f0") is None
    assert made.files[0].path == f"lake/raw/a/f1-{draft.build}/part-0.parquet"
