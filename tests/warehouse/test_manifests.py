"""What is current is told from a link's name; what was not committed was never published."""

from __future__ import annotations

import os

import pytest
from made_versions import AT, snapshot_of

from thresher.errors import WarehouseError
from thresher.results import Publication
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.manifests import CatalogName, Manifests


@pytest.fixture
def manifests(warehouse: Warehouse) -> Manifests:
    warehouse.root.mkdir()
    return warehouse.manifests


def publication(number: int, env: str = "dev") -> Publication:
    return Publication(
        number=number,
        environment=env,
        run=f"r{number}",
        parent=number - 1 or None,
        at=AT,
        snapshots={"clean.a": snapshot_of("clean.a", rows=number)},
        verdicts={},
    )


def commit(manifests: Manifests, number: int, generation: int = 0) -> None:
    manifests.write(publication(number))
    manifests.commit("dev", CatalogName(number, generation))
    manifests.settle("dev")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("5.duckdb", CatalogName(5)),
        ("5.2.duckdb", CatalogName(5, 2)),
        ("5.duckdb.wal", None),
        ("x.duckdb", None),
        (".5.duckdb.0a.tmp", None),
    ],
)
def test_names_of_catalogs_are_read(file: str, name: CatalogName | None) -> None:
    assert CatalogName.parse(file) == name
    assert name is None or name.file == file


def test_an_empty_warehouse_has_nothing_current(manifests: Manifests) -> None:
    assert manifests.current("dev") is None
    assert manifests.numbers("dev") == ()
    assert manifests.environments() == ()
    assert manifests.next_number("dev") == 1


def test_what_is_current_is_told_by_the_link_alone(manifests: Manifests) -> None:
    (manifests.root / "dev.duckdb").symlink_to("catalogs/dev/41.3.duckdb")
    assert manifests.current("dev") == 41
    assert manifests.current_catalog("dev") == CatalogName(41, 3)


def test_a_manifest_comes_back_as_it_was_written(manifests: Manifests) -> None:
    commit(manifests, 1)
    assert manifests.read("dev", 1) == publication(1)
    assert manifests.environments() == ("dev",)


def test_the_list_is_the_newest_first(manifests: Manifests) -> None:
    for number in (1, 2, 10):
        commit(manifests, number)
    manifests.commit("dev", CatalogName(2))
    assert [(row.number, row.current, row.rows) for row in manifests.rows("dev")] == [
        (10, False, 10),
        (2, True, 2),
        (1, False, 1),
    ]


def test_a_number_is_never_given_twice(manifests: Manifests) -> None:
    for number in (1, 2, 3):
        commit(manifests, number)
    manifests.commit("dev", CatalogName(1))
    assert manifests.next_number("dev") == 4
    manifests.catalogs("dev").mkdir(parents=True)
    (manifests.catalogs("dev") / "7.duckdb").touch()
    assert manifests.next_number("dev") == 8


def test_what_was_begun_and_not_committed_is_no_publication(manifests: Manifests) -> None:
    commit(manifests, 1)
    manifests.write(publication(2))
    assert manifests.numbers("dev") == (1,)
    assert [row.number for row in manifests.rows("dev")] == [1]
    manifests.settle("dev")
    assert not manifests.path("dev", 2).exists()
    assert manifests.numbers("dev") == (1,)


def test_what_was_committed_stays_though_it_was_not_settled(manifests: Manifests) -> None:
    manifests.write(publication(1))
    manifests.commit("dev", CatalogName(1))
    assert manifests.numbers("dev") == (1,)
    manifests.settle("dev")
    manifests.commit("dev", CatalogName(9))
    assert manifests.numbers("dev") == (1,)


def test_a_missing_manifest_is_told_with_those_that_are_kept(manifests: Manifests) -> None:
    commit(manifests, 1)
    commit(manifests, 3)
    with pytest.raises(WarehouseError, match="`dev` has no publication 2") as raised:
        manifests.read("dev", 2)
    assert (raised.value.fault.hint or "").startswith("these are kept: 1, 3; `thresher repair` ")


def test_a_damaged_manifest_is_named(manifests: Manifests) -> None:
    commit(manifests, 1)
    os.truncate(manifests.path("dev", 1), 40)
    with pytest.raises(WarehouseError, match=r"publications/dev/1\.json: damaged"):
        manifests.read("dev", 1)
    with pytest.raises(WarehouseError, match=r"publications/dev/1\.json: damaged"):
        manifests.rows("dev")


def test_a_link_that_was_copied_as_a_file_is_told(manifests: Manifests) -> None:
    commit(manifests, 4)
    link = manifests.root / "dev.duckdb"
    link.unlink()
    link.write_text("a catalog")
    with pytest.raises(WarehouseError, match=r"dev\.duckdb: is not a link") as raised:
        manifests.current("dev")
    assert "`thresher repair` restores it" in (raised.value.fault.hint or "")


@pytest.mark.parametrize("target", ["elsewhere", "catalogs/prod/1.duckdb", "catalogs/dev/x.duckdb"])
def test_a_link_to_somewhere_else_is_told(manifests: Manifests, target: str) -> None:
    (manifests.root / "dev.duckdb").symlink_to(target)
    with pytest.raises(WarehouseError, match=f"is a link to `{target}`, not to a publication"):
        manifests.current("dev")


@pytest.mark.parametrize("name", ["", "../dev", ".dev", "a/b"])
def test_environments_that_lead_elsewhere_are_refused(manifests: Manifests, name: str) -> None:
    with pytest.raises(WarehouseError, match="cannot be the name of an environment"):
        manifests.current(name)
