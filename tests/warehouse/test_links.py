"""People find the published files by the names of tables, and nobody's own files are touched."""

from __future__ import annotations

from pathlib import Path

import polars
import pytest
from made_versions import Maker

from thresher.results import Publication, Snapshot
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.links import link_tables


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return tmp_path / "data_clean"


def link(clean: Path, make: Maker, *snapshots: Snapshot) -> tuple[Path, ...]:
    published: Publication = make.publish(*snapshots)
    return link_tables(clean, make.warehouse.root, published, layer="clean")


def several(make: Maker, *numbers: int, fingerprint: str = "f0") -> Snapshot:
    """Make a version of `clean.many` with a file for each number, some in earlier versions."""
    made: tuple[Snapshot, ...] = ()
    for number in numbers:
        files = made[-1].files if made else ()
        name = f"{fingerprint}{number}"
        made += (make.table("clean.many", f"select {number} as v", fingerprint=name, files=files),)
    return made[-1]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_table_of_one_file_is_a_link_to_it(make: Maker, clean: Path) -> None:
    assert link(clean, make, *make.numbers(1, "clean.a", "raw.b")) == ()
    assert names(clean) == ["a.parquet"]
    assert polars.read_parquet(clean / "a.parquet")["v"].to_list() == [1]
    link(clean, make, *make.numbers(2, fingerprint="f1"))
    assert polars.read_parquet(clean / "a.parquet")["v"].to_list() == [2]


def test_a_table_of_several_files_is_a_folder_of_links(make: Maker, clean: Path) -> None:
    link(clean, make, several(make, 1, 2, 3))
    assert names(clean) == [".links", "many"]
    assert names(clean / "many") == ["0.parquet", "1.parquet", "2.parquet"]
    assert polars.scan_parquet(clean / "many").collect()["v"].to_list() == [1, 2, 3]
    link(clean, make, several(make, 4, 5, fingerprint="g"))
    assert polars.scan_parquet(clean / "many").collect()["v"].to_list() == [4, 5]
    assert len(names(clean / ".links")) == 1


def test_links_that_are_right_are_left_as_they_are(make: Maker, clean: Path) -> None:
    tables = several(make, 1, 2), *make.numbers(1)
    link(clean, make, *tables)
    before = {each.name: (each.lstat().st_ino, each.readlink()) for each in clean.glob("[!.]*")}
    link(clean, make, *tables)
    assert {e.name: (e.lstat().st_ino, e.readlink()) for e in clean.glob("[!.]*")} == before


def test_a_table_may_come_to_have_more_files_or_fewer(make: Maker, clean: Path) -> None:
    link(clean, make, several(make, 1))
    assert names(clean) == ["many.parquet"]
    link(clean, make, several(make, 1, 2, fingerprint="g"))
    assert names(clean) == [".links", "many"]
    link(clean, make, several(make, 3, fingerprint="h"))
    assert names(clean) == ["many.parquet"]


def test_links_of_tables_that_left_go(make: Maker, clean: Path) -> None:
    link(clean, make, several(make, 1, 2), *make.numbers(1, "clean.a", "clean.b"))
    link(clean, make, *make.numbers(1, "clean.b"))
    assert names(clean) == ["b.parquet"]


def test_views_have_no_links(make: Maker, clean: Path) -> None:
    link(clean, make, make.view("clean.v", "select 1 as v", {}))
    assert names(clean) == []


def test_what_is_not_ours_is_left_alone(make: Maker, clean: Path, tmp_path: Path) -> None:
    clean.mkdir()
    (tmp_path / "theirs.parquet").write_text("theirs")
    (clean / "a.parquet").write_text("mine")
    (clean / "b.parquet").symlink_to(tmp_path / "theirs.parquet")
    (clean / "many").mkdir()
    (clean / "notes.md").write_text("mine")
    (clean / "c.parquet").symlink_to(tmp_path / "gone")
    tables = make.numbers(1, "clean.a", "clean.b", "clean.d")
    in_the_way = link(clean, make, *tables, several(make, 1, 2))
    assert in_the_way == (clean / "a.parquet", clean / "b.parquet", clean / "many")
    assert names(clean) == ["a.parquet", "b.parquet", "c.parquet", "d.parquet", "many", "notes.md"]
    assert (clean / "a.parquet").read_text() == "mine"
    assert (clean / "b.parquet").read_text() == "theirs"
    assert names(clean / "many") == []


def test_links_hold_when_the_project_moves(make: Maker, clean: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    inside = Maker(Warehouse(project / "warehouse"))
    link(project / "data_clean", inside, several(inside, 1, 2), *inside.numbers(1))
    project.rename(tmp_path / "moved")
    moved = tmp_path / "moved" / "data_clean"
    assert polars.read_parquet(moved / "a.parquet")["v"].to_list() == [1]
    assert polars.scan_parquet(moved / "many").collect()["v"].to_list() == [1, 2]
    there = Maker(Warehouse(tmp_path / "moved" / "warehouse"))
    link(moved, there, *there.numbers(2, fingerprint="f1"))
    assert names(moved) == ["a.parquet"]


def test_links_are_made_anew_when_the_warehouse_moves_alone(
    make: Maker, clean: Path, warehouse: Warehouse
) -> None:
    link(clean, make, *make.numbers(1, "clean.a", "clean.b"))
    warehouse.root.rename(warehouse.root.with_name("elsewhere"))
    there = Maker(Warehouse(warehouse.root.with_name("elsewhere")))
    assert link(clean, there, *there.numbers(2, fingerprint="f1")) == ()
    assert names(clean) == ["a.parquet"]
    assert polars.read_parquet(clean / "a.parquet")["v"].to_list() == [2]


def test_a_folder_behind_a_link_has_working_links(make: Maker, clean: Path, tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    clean.symlink_to(tmp_path / "far" / "away")
    link(clean, make, several(make, 1, 2), *make.numbers(7))
    assert polars.read_parquet(clean / "a.parquet")["v"].to_list() == [7]
    assert polars.scan_parquet(clean / "many").collect()["v"].to_list() == [1, 2]
