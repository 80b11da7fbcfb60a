"""Disks that are full and folders that cannot be written: what is published stays published.

The full disk is a real one: a small tmpfs in a mount namespace of its own, which nobody else sees
and which ends with the process.
"""

from __future__ import annotations

import gzip
import mmap
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from published_shop import LARGE_SORT, Ended, Files, Shop

NAMESPACE = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))
#: Puts a disk of 4 MB under a folder, fills it but for some room, runs, and copies it back.
SCRIPT = """
set -e
folder=$1 room=$2
shift 2
mkdir -p "$folder"
cp -a "$folder" "$folder.new"
mount -t tmpfs -o size=4m tmpfs "$folder"
cp -a "$folder.new/." "$folder"
head -c 5m /dev/zero > "$folder/filler" 2> /dev/null || true
truncate -s "-$room" "$folder/filler"
code=0
"$@" || code=$?
rm -r "$folder/filler" "$folder.new"
cp -a "$folder" "$folder.new"
exit $code
"""


def reason() -> str | None:
    """Say why no disk can be mounted here, if none can."""
    try:
        done = subprocess.run(
            [*NAMESPACE, "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/mnt"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        return str(error)
    return done.stderr or None


WHY_NOT = reason()
mounts = pytest.mark.skipif(WHY_NOT is not None, reason=f"no disk can be mounted: {WHY_NOT}")


def run_on_full_disk(shop: Shop, folder: str, room: str) -> Ended:
    """Run where a folder is on a disk with little room; afterwards it is as that disk was."""
    ended = shop.run(*NAMESPACE, "sh", "-c", SCRIPT, "sh", folder, room)
    path = shop.root / folder
    shutil.rmtree(path)
    Path(f"{path}.new").rename(path)
    return ended


NEW: Files = {"src/warehouse/new.sql": "select * from clean.orders"}
ROWS = "".join(f"{n},{n * 7919 % 1000003}x{n * 31337 % 999983},{n * n}\n" for n in range(99_999))
CSV = f"id,customer,amount\n{ROWS}"
STREAM = """\
import os
import pyarrow as pa
from thresher import asset
@asset(inputs={"orders": "raw.orders"})
def new(orders: pa.Table):
    for _ in range(40):
        yield pa.table({"x": [os.urandom(100_000)]})
"""
BUILDS: dict[str, tuple[Files, str]] = {
    "a query": (
        {
            "src/warehouse/new.sql": "select i, hash(i) as h from range(999999) t(i)\n"
            "where exists (from raw.orders)"
        },
        "src/warehouse/new.sql",
    ),
    "a sort on disk": (LARGE_SORT, "src/warehouse/new.sql"),
    "a function": ({"src/warehouse/new.py": STREAM}, "src/warehouse/new.py"),
    "a file": ({"data_raw/orders-2.csv": CSV}, "src/raw/orders.yaml"),
    "a packed file": (
        {"data_raw/orders-2.csv.gz": gzip.compress(CSV.encode(), 1)},
        "src/raw/orders.yaml",
    ),
}


@mounts
@pytest.mark.parametrize(("files", "told"), BUILDS.values(), ids=BUILDS)
def test_a_disk_that_fills_while_an_asset_is_built_fails_the_asset(
    shop: Shop, files: Files, told: str
) -> None:
    shop.put(files)
    ended = run_on_full_disk(shop, "warehouse", "512k")
    assert ended.code == 1, ended.said
    assert f"{told}: no space left on the disk\n    hint: free some space" in ended.said
    assert "the published warehouse is untouched" in ended.said
    shop.assert_untouched()
    assert shop.again()[0].status == "published"


@mounts
def test_a_run_that_would_not_fit_is_refused_before_it_begins(shop: Shop) -> None:
    shop.put({"data_raw/orders-2.csv": CSV + ROWS * 19})
    before = sorted(path for path in shop.root.rglob("*") if "locks" not in path.parts)
    ended = run_on_full_disk(shop, "warehouse", "512k")
    assert ended.code == 1, ended.said
    told = re.search(r"needs about (.*) MB, (.*) kB are free, so (.*) MB are missing", ended.said)
    assert told, ended.said
    needed, free, missing = map(float, told.groups())
    assert needed == pytest.approx(len(ROWS) * 20 / 10 / 1e6, abs=0.1)
    assert missing == pytest.approx(needed - free / 1000, abs=0.11)
    shop.assert_untouched()
    after = sorted(path for path in shop.root.rglob("*") if "locks" not in path.parts)
    assert [path for path in after if path not in before] == []
    shop.put({"config.yaml": "pipeline: shop\nrun: {retries: 0, check_disk: false}\n"})
    ended = run_on_full_disk(shop, "warehouse", "512k")
    assert "no space left on the disk" in ended.said


@mounts
@pytest.mark.parametrize(
    ("room", "told", "builds"),
    [
        ("0", "no space", {"warehouse.new"}),
        ("8k", "_version.json: no space is left", {"warehouse.new"}),
        ("24k", "catalogs/dev/2.duckdb: no space is left", set()),
        ("128k", "catalogs/dev/2.duckdb: no space is left", set()),
    ],
)
def test_a_disk_that_fills_before_the_commit_publishes_nothing(
    shop: Shop, room: str, told: str, builds: set[str]
) -> None:
    shop.put(NEW)
    ended = run_on_full_disk(shop, "warehouse", room)
    assert ended.code == 1, ended.said
    assert told in ended.said
    assert "hint: free some space and run" in ended.said
    assert "nothing was published" in ended.said
    shop.assert_untouched()
    result, built = shop.again()
    assert (result.status, built) == ("published", builds)
    assert shop.rows("warehouse.new") == [(1, "a", 10), (2, "b", 20), (3, "a", 30)]


@mounts
@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("reports", "warning: the reports of this run cannot be written: [Errno 28] No space"),
        ("logs", "warning: the log cannot be written: [Errno 28] No space left"),
        (".thresher", "warning: the run history `"),
    ],
)
def test_what_is_told_to_people_may_fail_and_the_run_counts_as_it_ended(
    shop: Shop, folder: str, told: str
) -> None:
    shop.put(NEW)
    for log in shop.root.glob("logs/*.log"):  # else the last page of it may have room for all
        log.write_bytes(log.read_bytes() + b"\n" * (-log.stat().st_size % mmap.PAGESIZE))
    ended = run_on_full_disk(shop, folder, "0")
    assert ended.code == 0, ended.said
    assert ended.said.count(told) == 1
    assert "published 2 (dev): 4 tables" in ended.said
    assert shop.left_over() == []
    assert shop.rows("warehouse.new") == [(1, "a", 10), (2, "b", 20), (3, "a", 30)]
    assert not [path for path in (shop.root / "reports").iterdir() if path.name.startswith(".")]
    assert shop.again()[0].status == "unchanged"


def read_only(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def writable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def test_a_warehouse_that_may_not_be_written_is_told_before_anything_is_built(
    shop: Shop, unprivileged: tuple[str, ...]
) -> None:
    shop.put(NEW)
    read_only(shop.warehouse)
    ended = shop.run(*unprivileged)
    writable(shop.warehouse)
    assert ended.code == 1
    assert "warehouse/locks/dev.lock: cannot be written: Permission denied" in ended.said
    assert "hint: let the user who runs the command write in this folder" in ended.said
    shop.assert_untouched()
    result, built = shop.again()
    assert (result.status, built) == ("published", {"warehouse.new"})


def test_a_lake_that_may_not_be_written_fails_the_asset(
    shop: Shop, unprivileged: tuple[str, ...]
) -> None:
    shop.put(NEW)
    read_only(shop.warehouse / "lake")
    ended = shop.run(*unprivileged)
    writable(shop.warehouse / "lake")
    assert ended.code == 1
    assert "lake/warehouse/new" in ended.said
    assert "cannot be written: Permission denied" in ended.said
    shop.assert_untouched()
    assert shop.again()[0].status == "published"


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("reports", "warning: the reports of this run cannot be written: [Errno 13] Permission"),
        ("logs", "warning: the log cannot be written: [Errno 13] Permission denied"),
        (".thresher", "warning: the run history `"),
        ("data_clean", "warning: the links in `data_clean/` cannot be brought up to date: "),
    ],
)
def test_what_lies_beside_the_warehouse_may_fail_and_the_run_counts_as_it_ended(
    shop: Shop, unprivileged: tuple[str, ...], folder: str, told: str
) -> None:
    shop.put({"src/clean/new.sql": "select * from clean.orders"})
    read_only(shop.root / folder)
    ended = shop.run(*unprivileged)
    writable(shop.root / folder)
    assert ended.code == 0, ended.said
    assert ended.said.count(told) == 1
    assert "published 2 (dev): 4 tables" in ended.said
    assert shop.left_over() == []
    assert shop.rows("clean.new") == [(1, "a", 10), (2, "b", 20), (3, "a", 30)]


def test_links_for_people_that_could_not_be_made_are_made_by_the_next_run(
    shop: Shop, unprivileged: tuple[str, ...]
) -> None:
    shop.put({"src/clean/new.sql": "select * from clean.orders"})
    read_only(shop.root / "data_clean")
    assert shop.run(*unprivileged).code == 0
    writable(shop.root / "data_clean")
    assert not (shop.root / "data_clean" / "new.parquet").exists()
    assert shop.again()[0].status == "unchanged"
    assert (shop.root / "data_clean" / "new.parquet").exists()
