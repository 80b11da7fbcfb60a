"""A publication is seen wholly or not at all, by whoever reads however they do."""

from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars
import pytest
from made_versions import AT, Maker, snapshot_of

from thresher.errors import WarehouseError
from thresher.results import Field
from thresher.warehouse.catalog import Warehouse


def catalogs(warehouse: Warehouse, env: str = "dev") -> list[str]:
    return sorted(path.name for path in (warehouse.root / "catalogs" / env).iterdir())


def by_hand(warehouse: Warehouse, sql: str, env: str = "dev") -> list[tuple[object, ...]]:
    """Ask as any tool does that opens the link, in a process of its own."""
    script = (
        "import duckdb, sys; connection = duckdb.connect(sys.argv[1], read_only=True);"
        "print(connection.sql(sys.argv[2]).fetchall())"
    )
    link = str(warehouse.root / f"{env}.duckdb")
    process = subprocess.run(
        [sys.executable, "-c", script, link, sql], capture_output=True, text=True, check=True
    )
    found: list[tuple[object, ...]] = eval(process.stdout)
    return found


def test_what_is_published_can_be_read_by_any_tool(make: Maker, warehouse: Warehouse) -> None:
    published = make.publish(
        make.table("clean.a", "select range as v from range(3)"),
        make.table("warehouse.total", "select 3 as v"),
    )
    assert published.number == 1
    assert by_hand(warehouse, "from clean.a, warehouse.total") == [(0, 3), (1, 3), (2, 3)]
    files = [warehouse.root / file.path for file in published.snapshots["clean.a"].files]
    assert polars.read_parquet(files)["v"].to_list() == [0, 1, 2]
    assert (warehouse.root / "dev.duckdb").readlink() == Path("catalogs/dev/1.duckdb")


def test_what_is_published_is_what_was_given(make: Maker, warehouse: Warehouse) -> None:
    published = make.publish(*make.numbers(1), run="r7")
    assert warehouse.current("dev") == published
    (row,) = warehouse.publications("dev")
    assert (row.number, row.run, row.parent, row.tables, row.rows) == (1, "r7", None, 1, 1)
    assert row.current
    assert row.bytes == published.snapshots["clean.a"].files[0].bytes


def test_a_catalog_tells_what_it_shows(make: Maker) -> None:
    make.publish(*make.numbers(1), run="it's r1")
    make.publish(*make.numbers(2), run="r2", at=AT)
    row = make.ask("select number, run, environment, published_at from thresher.publication")
    assert row[0][:3] == (2, "r2", "dev")
    assert row[0][3] == AT


def test_a_catalog_is_closed_and_read_only(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    make.publish(*make.numbers(2))
    assert catalogs(warehouse) == ["1.duckdb", "1.stamp", "2.duckdb", "2.stamp"]
    for number in (1, 2):
        path = warehouse.root / f"catalogs/dev/{number}.duckdb"
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    with duckdb.connect() as connection:
        path = warehouse.root / "catalogs/dev/2.duckdb"
        connection.execute(f"attach '{path}' as c (read_only)")
        told = connection.execute(
            "select tags from duckdb_databases() where database_name = 'c'"
        ).fetchall()
    assert "v1.0.0" in str(told)


def test_columns_are_cast_back_to_what_they_mean(make: Maker) -> None:
    huge = 2**100
    fields = (Field("v", "HUGEINT", "DECIMAL(38,0)"),)
    make.publish(make.table("clean.a", f"select {huge}::decimal(38,0) as v", schema=fields))
    assert make.ask("select v, typeof(v) from clean.a") == [(huge, "HUGEINT")]


def test_a_table_without_rows_or_files_has_its_columns(make: Maker, warehouse: Warehouse) -> None:
    draft = warehouse.lake.begin("clean.none", "f0")
    fields = (Field("v", "INTEGER", "INTEGER"), Field("t", "VARCHAR", "VARCHAR"))
    none = warehouse.lake.complete(draft, snapshot_of("clean.none", schema=fields), [])
    make.publish(none, make.table("clean.empty", "select 1 as v where false"))
    assert make.ask("select count(*), max(v), max(t) from clean.none") == [(0, None, None)]
    assert make.ask("describe clean.none")[1][:2] == ("t", "VARCHAR")
    assert make.ask("from clean.empty") == []


def test_names_are_quoted(make: Maker) -> None:
    make.publish(make.table("clean.select", 'select 1 as "or d\'er"'))
    assert make.ask('select "or d\'er" from clean."select"') == [(1,)]


def test_views_are_made_after_what_they_read(make: Maker) -> None:
    table = make.table("raw.z", "select 1 as v")
    first = make.view("clean.y", "select v + 1 as v from raw.z", {"raw.z": table})
    second = make.view("clean.x", "select v + 1 as v from clean.y", {"clean.y": first})
    make.publish(second, first, table)
    assert make.ask("from clean.x") == [(3,)]
    make.publish(second, first, make.table("raw.z", "select 5 as v", fingerprint="f1"))
    assert make.ask("from clean.x") == [(7,)]


def test_a_view_that_no_longer_works_keeps_everything_as_it_was(
    make: Maker, warehouse: Warehouse
) -> None:
    table = make.table("raw.a", "select 1 as v")
    view = make.view("clean.b", "select v from raw.a", {"raw.a": table})
    make.publish(table, view)
    changed = make.table("raw.a", "select 2 as w", fingerprint="f1")
    others = make.numbers(0, "raw.c", "raw.d")
    with pytest.raises(WarehouseError, match=r"clean\.b: its view cannot be made: Binder Error"):
        make.publish(changed, view, *others)
    assert make.ask("from clean.b") == [(1,)]
    assert [row.number for row in warehouse.publications("dev")] == [1]
    assert catalogs(warehouse) == ["1.duckdb", "1.stamp"]
    assert make.publish(changed).number == 2
    assert make.ask("from raw.a") == [(2,)]


def test_only_what_changed_is_written(make: Maker, warehouse: Warehouse) -> None:
    kept = make.numbers(1, "clean.a", "clean.b", "clean.c")
    make.publish(*kept)
    # A view over a file that is gone cannot be made: that it is there shows that it was copied.
    (warehouse.root / kept[0].files[0].path).unlink()
    new = make.table("clean.d", "select 2 as v")
    make.publish(*kept, new)
    assert make.ask("select v from clean.b union all select v from clean.d") == [(1,), (2,)]
    with pytest.raises(duckdb.IOException):
        make.ask("from clean.a")


def test_where_most_changed_all_is_written(make: Maker, warehouse: Warehouse) -> None:
    kept, *gone = make.numbers(1, "clean.a", "clean.b", "clean.c")
    make.publish(kept, *gone)
    (warehouse.root / kept.files[0].path).unlink()
    with pytest.raises(WarehouseError, match=r"clean\.a: its view cannot be made"):
        make.publish(kept, *make.numbers(2, "clean.b", "clean.c", fingerprint="f1"))


def test_tables_that_left_cannot_be_seen(make: Maker) -> None:
    kept = make.numbers(1, "clean.a", "clean.b", "clean.c")
    make.publish(*kept, *make.numbers(1, "mart.d"))
    make.publish(*kept[:2])
    shown = (
        "select schema_name || '.' || view_name from duckdb_views() where not internal order by 1"
    )
    assert make.ask(shown) == [("clean.a",), ("clean.b",), ("thresher.publication",)]
    schemas = make.ask("select schema_name from duckdb_schemas() where not internal")
    assert {name for (name,) in schemas} - {"main"} == {"clean", "thresher"}


def test_an_open_reader_keeps_what_it_saw(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    with warehouse.connect("dev") as early:
        make.publish(*make.numbers(2, fingerprint="f1"))
        with warehouse.connect("dev") as late:
            assert early.sql("from clean.a").fetchall() == [(1,)]
            assert late.sql("from clean.a").fetchall() == [(2,)]


def test_environments_are_apart_and_share_files(make: Maker, warehouse: Warehouse) -> None:
    (one,) = make.numbers(1)
    make.publish(one, env="dev")
    make.publish(one, env="prod")
    make.publish(*make.numbers(2, fingerprint="f1"), env="dev")
    assert (make.ask("from clean.a"), make.ask("from clean.a", "prod")) == ([(2,)], [(1,)])
    assert warehouse.manifests.environments() == ("dev", "prod")


def test_who_did_not_start_from_what_is_current_is_refused(
    make: Maker, warehouse: Warehouse
) -> None:
    first = make.publish(*make.numbers(1), run="r1")
    second = make.publish(*make.numbers(2, fingerprint="f1"), run="r2")
    for parent in (None, 1, 3):
        late = replace(first, parent=parent, run="late")
        with pytest.raises(WarehouseError, match="`dev` has changed meanwhile") as raised:
            warehouse.publish(late)
        assert "publication 2 of the run `r2` is current now" in raised.value.fault.what
    assert warehouse.current("dev") == second
    with pytest.raises(WarehouseError, match="started from publication 1, and nothing is current"):
        warehouse.publish(replace(first, environment="prod", parent=1))


def test_a_version_that_was_cleaned_up_is_not_published(make: Maker, warehouse: Warehouse) -> None:
    (snapshot,) = make.numbers(1)
    (warehouse.root / snapshot.files[0].path).unlink()
    with pytest.raises(WarehouseError, match="the lake no longer holds `lake/clean/a/"):
        make.publish(snapshot)
    assert warehouse.current("dev") is None


def test_a_rollback_shows_what_was_and_the_way_on_is_open(
    make: Maker, warehouse: Warehouse
) -> None:
    for number in (1, 2, 3):
        made = make.numbers(number, fingerprint=f"f{number}")
        make.publish(*made, run=f"r{number}")
    assert warehouse.rollback("dev").number == 2
    assert make.ask("from clean.a") == [(2,)]
    assert warehouse.rollback("dev", 1).number == 1
    assert by_hand(warehouse, "from clean.a") == [(1,)]
    assert warehouse.rollback("dev", "r3").number == 3
    assert warehouse.rollback("dev", "2").number == 2
    published = make.publish(*make.numbers(4, fingerprint="f4"))
    assert (published.number, published.parent) == (4, 2)
    assert make.ask("from clean.a") == [(4,)]
    assert [row.number for row in warehouse.publications("dev")] == [4, 3, 2, 1]


def test_a_rollback_writes_a_catalog_that_is_gone(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    make.publish(*make.numbers(2, fingerprint="f1"))
    (warehouse.root / "catalogs/dev/1.duckdb").unlink()
    warehouse.rollback("dev", 1)
    assert make.ask("from clean.a") == [(1,)]


def test_a_rollback_names_the_files_that_are_gone(make: Maker, warehouse: Warehouse) -> None:
    first = make.publish(*make.numbers(1))
    make.publish(*make.numbers(2, fingerprint="f1"))
    path = first.snapshots["clean.a"].files[0].path
    (warehouse.root / path).unlink()
    with pytest.raises(WarehouseError, match=f"the lake no longer holds `{path}`"):
        warehouse.rollback("dev")
    assert make.ask("from clean.a") == [(2,)]


def test_a_rollback_to_what_is_not_there_is_refused(make: Maker, warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="nothing is published in `dev`"):
        warehouse.rollback("dev")
    make.publish(*make.numbers(1))
    with pytest.raises(WarehouseError, match="nothing was published before it in `dev`"):
        warehouse.rollback("dev")
    with pytest.raises(WarehouseError, match="`dev` has no publication 7"):
        warehouse.rollback("dev", 7)
    with pytest.raises(WarehouseError, match="keeps no publication of the run `r9`"):
        warehouse.rollback("dev", "r9")
    make.publish(*make.numbers(2))
    warehouse.manifests.path("dev", 1).unlink()
    with pytest.raises(WarehouseError, match="the publication before it, 1, is no longer kept"):
        warehouse.rollback("dev")


def test_a_folder_that_moved_is_read_where_it_is(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    made = make.publish(*make.numbers(2, fingerprint="f1"))
    there = warehouse.root.with_name("elsewhere [x]")
    warehouse.root.rename(there)
    moved = Warehouse(there)
    with moved.connect("dev") as connection:
        assert connection.sql("from clean.a").fetchall() == [(2,)]
    assert (there / "dev.duckdb").readlink() == Path("catalogs/dev/2.1.duckdb")
    assert moved.current("dev") == made
    assert moved.rollback("dev").number == 1
    assert Maker(moved).ask("from clean.a") == [(1,)]
    assert Maker(moved).publish(*Maker(moved).numbers(3, fingerprint="f2")).number == 3


def test_a_folder_behind_a_link_is_one_folder(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    link = warehouse.root.with_name("link")
    link.symlink_to(warehouse.root.name)
    assert Maker(Warehouse(link)).ask("from clean.a") == [(1,)]
    assert catalogs(warehouse) == ["1.duckdb", "1.stamp"]


def test_a_catalog_that_is_gone_is_written_anew(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    (warehouse.root / "catalogs/dev/1.duckdb").unlink()
    assert make.ask("from clean.a") == [(1,)]
    assert (warehouse.root / "dev.duckdb").readlink() == Path("catalogs/dev/1.1.duckdb")


def test_a_link_that_was_lost_is_put_back_by_rollback(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    (warehouse.root / "dev.duckdb").unlink()
    assert warehouse.current("dev") is None
    warehouse.rollback("dev", 1)
    assert make.ask("from clean.a") == [(1,)]


def test_an_intact_catalog_is_told_without_duckdb(make: Maker, warehouse: Warehouse) -> None:
    make.publish(*make.numbers(1))
    script = (
        "import sys; from pathlib import Path; from thresher.warehouse.catalog import Warehouse;"
        "w = Warehouse(Path(sys.argv[1])); w.current('dev'); print(w.ensure_catalog('dev').name,"
        "'duckdb' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(warehouse.root)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout == "1.duckdb False\n"


def test_a_publication_without_tables_can_be_read(make: Maker) -> None:
    make.publish(*make.numbers(1))
    make.publish(at=datetime(2026, 4, 1, tzinfo=UTC))
    assert make.ask("select number from thresher.publication") == [(2,)]


def test_the_folder_of_a_warehouse_may_have_any_name(tmp_path: Path) -> None:
    make = Maker(Warehouse(tmp_path / "it's [a] *{x}=%20 ünïcode"))
    (make.warehouse.root).mkdir()
    draft = make.warehouse.lake.begin("clean.a", "f0")
    polars.DataFrame({"v": [1]}).write_parquet(draft.folder / "0.parquet")
    fields = (Field("v", "BIGINT", "BIGINT"),)
    snapshot = make.warehouse.lake.complete(
        draft, snapshot_of("clean.a", schema=fields, rows=1), [("0.parquet", 1)]
    )
    make.publish(snapshot)
    assert make.ask("from clean.a") == [(1,)]
