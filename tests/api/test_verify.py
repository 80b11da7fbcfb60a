"""Files of the lake that are damaged are found, named, and built anew by the next run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import thresher
from thresher.errors import CommandError, WarehouseError
from thresher.warehouse.manifests import Manifests


def file_of(shop, name: str, number: int | None = None, env: str = "dev") -> Path:
    """Give the first file of a published table."""
    manifests = Manifests(shop.root / "warehouse")
    publication = manifests.read(env, number or manifests.current(env) or 0)
    return shop.root / "warehouse" / publication.snapshots[name].files[0].path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a byte": (flip, "holds other bytes than were written"),
    "the end": (cut, "bytes instead of"),
    "all of it": (Path.unlink, "is missing"),
}


def everything(shop, env: str = "dev") -> dict[str, list]:
    names = list(shop.open(env=env).project.assets)
    return {name: sorted(map(repr, shop.rows(name, env=env))) for name in names}


def test_what_is_whole_is_read_wholly(shop) -> None:
    shop.run()
    found = shop.open().verify()
    manifest = Manifests(shop.root / "warehouse").read("dev", 1)
    files = {f.path: f.bytes for s in manifest.snapshots.values() for f in s.all_files}
    assert found.ok
    assert (found.files, found.bytes) == (len(files), sum(files.values()))


@pytest.mark.parametrize("name", ["raw.orders", "clean.customers", "warehouse.by_customer"])
@pytest.mark.parametrize(("damage", "told"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_named_and_built_anew(shop, name: str, damage, told: str) -> None:
    shop.run()
    before = everything(shop)
    path = file_of(shop, name)
    damage(path)
    (found,) = shop.open().verify().damages
    assert told in found.what
    assert (found.asset, found.publications) == (name, ("dev 1",))
    assert shop.root / "warehouse" / found.path == path
    assert shop.plan()[name] == ("build", "its files are gone or damaged")
    assert shop.run().publication == 2
    assert shop.open().verify().ok
    assert everything(shop) == before


@pytest.mark.parametrize("damage", [cut, Path.unlink])
def test_a_query_that_cannot_read_a_file_says_what_to_do(shop, damage) -> None:
    shop.run()
    damage(file_of(shop, "clean.orders"))
    with pytest.raises(WarehouseError, match=r"clean/orders/.*data\.parquet") as raised:
        shop.rows("clean.orders")
    assert "`thresher verify` says what is damaged" in (raised.value.fault.hint or "")
    with pytest.raises(CommandError):
        shop.open().query("from 'elsewhere.parquet'")


def test_rows_that_were_set_aside_are_verified_and_set_aside_anew(shop) -> None:
    contract = "columns: {amount: {at_most: 20, on_violation: quarantine}}"
    shop.write({"src/clean/orders.sql": f"/* ---\n{contract}\n--- */\nselect * from raw.orders"})
    least = {"least": 1}
    assert shop.run(params=least).ok
    aside = [row[:3] for row in shop.rows("quarantine.clean__orders")]
    flip(file_of(shop, "quarantine.clean__orders"))
    (found,) = shop.open().verify(["clean.orders"]).damages
    assert found.asset == "quarantine.clean__orders"
    assert shop.open().verify(["raw.orders"]).ok
    assert shop.run(params=least).ok
    assert shop.open().verify().ok
    assert [row[:3] for row in shop.rows("quarantine.clean__orders")] == aside
    assert len(aside) == 1


def test_environments_that_share_a_version_both_notice(shop) -> None:
    shop.run()
    shop.run(env="prod")
    flip(file_of(shop, "raw.orders"))
    assert not shop.open().verify().ok
    assert shop.plan(env="prod")["raw.orders"][0] == "build"
    assert shop.run(env="prod").ok
    assert shop.open(env="prod").verify().ok
    # What was built for one is there for the other.
    assert shop.run().ok
    assert shop.done["raw.orders"] == "reused"


def test_a_file_that_is_put_back_is_whole_again(shop) -> None:
    shop.run()
    path = file_of(shop, "raw.orders")
    content = path.read_bytes()
    flip(path)
    assert not shop.open().verify().ok
    path.write_bytes(content)
    found = shop.open().verify()
    assert found.ok
    assert found.healed == (path.relative_to(shop.root / "warehouse").as_posix(),)
    assert {action for action, _ in shop.plan().values()} == {"keep"}


def test_publications_that_are_kept_are_read_where_that_is_asked_for(shop) -> None:
    shop.run()
    old = file_of(shop, "clean.customers")
    shop.write({"src/clean/customers.sql": "select upper(customer) as customer from raw.customers",
                "src/clean/orders.sql": "select * from raw.orders"})  # fmt: skip
    shop.run()
    flip(old)
    assert shop.open().verify().ok
    (found,) = shop.open().verify(every=True).damages
    assert found.publications == ("dev 1",)
    with pytest.raises(WarehouseError, match="no longer holds"):
        shop.open().rollback(1)


@pytest.fixture
def gone(shop):
    """Give a project whose first input is gone, and whose rows stay."""
    shop.write(
        {
            "src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv, on_removed: keep}\n",
            "data_raw/orders-2.csv": "id,customer,amount\n4,b,40\n",
        }
    )
    assert shop.run().ok
    shop.write({"data_raw/orders-1.csv": None})
    return shop


def test_history_that_is_damaged_is_told_as_lost(gone) -> None:
    assert gone.run().publication is None
    flip(file_of(gone, "raw.orders"))
    assert not gone.open().verify().ok
    gone.write({"data_raw/orders-3.csv": "id,customer,amount\n5,b,50\n"})
    result = gone.run()
    (fault,) = next(o for o in result.outcomes if o.asset == "raw.orders").faults
    assert "no longer holds its rows whole: 3 rows of 1 file are lost" in fault.what
    assert fault.place.path == "data_raw/orders-1.csv"
    assert result.publication is None
    gone.write(
        {"src/raw/orders.yaml": "source: {files: data_raw/orders-*.csv, on_removed: drop}\n"}
    )
    assert gone.run().ok
    assert sorted(row[0] for row in gone.rows("raw.orders")) == [4, 5]


def test_history_that_is_damaged_is_restored_from_its_last_intact_build(gone) -> None:
    gone.write({"data_raw/orders-1.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n"})
    gone.run(full_refresh=True)  # another build of the same rows
    gone.write({"data_raw/orders-1.csv": None})
    flip(file_of(gone, "raw.orders"))
    assert not gone.open().verify().ok
    gone.write({"data_raw/orders-3.csv": "id,customer,amount\n5,b,50\n"})
    assert gone.run().ok
    assert sorted(row[0] for row in gone.rows("raw.orders")) == [1, 2, 3, 4, 5]
    assert gone.open().verify().ok


def flip_all_builds(shop) -> None:
    """Damage every build of the raw table, of which verify looks at the published one alone."""
    for path in (shop.root / "warehouse/lake/raw/orders").rglob("*.parquet"):
        flip(path)
    assert not shop.open().verify().ok


def test_another_build_that_is_damaged_too_does_not_take_the_place_of_one(shop) -> None:
    shop.run()
    shop.run(full_refresh=True)
    before = everything(shop)
    flip_all_builds(shop)
    shop.run()
    assert shop.done["raw.orders"] == "built"
    assert shop.open().verify().ok
    assert everything(shop) == before


def test_history_is_not_restored_from_a_build_that_is_damaged_too(gone) -> None:
    gone.write({"data_raw/orders-1.csv": "id,customer,amount\n1,a,10\n2,b,20\n3,a,30\n"})
    gone.run(full_refresh=True)
    gone.write({"data_raw/orders-1.csv": None})
    flip_all_builds(gone)
    gone.write({"data_raw/orders-3.csv": "id,customer,amount\n5,b,50\n"})
    result = gone.run()
    (fault,) = next(o for o in result.outcomes if o.asset == "raw.orders").faults
    assert "are lost" in fault.what
    assert result.publication is None


def test_the_command_ends_with_1_and_names_the_file(shop) -> None:
    shop.run()
    path = file_of(shop, "raw.orders")
    flip(path)
    command = [sys.executable, "-m", "thresher", "verify"]

    def ended(*more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "250"}
        return subprocess.run(
            [*command, *more],
            cwd=shop.root,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )

    done = ended()
    assert done.returncode == 1
    assert path.relative_to(shop.root / "warehouse").as_posix() in done.stdout
    assert "1 file damaged or missing, of" in done.stderr
    told = json.loads(ended("--format", "json").stdout)
    assert (told["ok"], told["damages"][0]["asset"]) == (False, "raw.orders")
    assert thresher.open(shop.root).run().ok
    done = ended()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("all is as it was written: ")
