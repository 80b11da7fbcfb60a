"""Fencing numbers only grow, and only the run that took an environment last may commit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_versions import Maker, Start

from thresher.errors import HeldError, WarehouseError
from thresher.warehouse import fences
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.lock import hold

TAKER = """
import sys
from pathlib import Path
from thresher.errors import HeldError
from thresher.warehouse.lock import hold

print("ready", flush=True)
sys.stdin.readline()
got = []
while len(got) < int(sys.argv[2]):
    try:
        with hold(Path(sys.argv[1]), "dev", f"run-{sys.argv[3]}-{len(got)}") as holder:
            got.append(holder.fence)
    except HeldError:
        pass
print(*got, flush=True)
"""

DYING = """
import os, signal, sys
from pathlib import Path
from thresher.warehouse.lock import hold

def die(event, arguments):
    if event == sys.argv[2] and sys.argv[3] in str(arguments[event == "os.rename"]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
with hold(Path(sys.argv[1]), "dev", "dying"):
    pass
"""


def fence_of(root: Path, run: str) -> int:
    with hold(root, "dev", run) as holder:
        return holder.fence


def nothing(_: Path) -> None:
    """Leave the warehouse as it is."""


def lock_removed(root: Path) -> None:
    (root / "locks/dev.lock").unlink()


def lock_damaged(root: Path) -> None:
    (root / "locks/dev.lock").write_bytes(b'{"run": "x", "pid"')


def left_by_a_dead_run(root: Path) -> None:
    who = {"run": "dead", "pid": 1, "host": "h", "since": "2026-01-01T00:00:00+00:00"}
    (root / "locks/dev.lock").write_text(json.dumps(who))


def copied(root: Path) -> None:
    other = root.with_name("copy")
    shutil.copytree(root, other, symlinks=True)
    shutil.rmtree(root)
    other.rename(root)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([nothing, lock_removed, lock_damaged, left_by_a_dead_run, copied]),
        max_size=12,
    )
)
def test_whatever_happens_between_runs_the_number_grows(
    mishaps: list[Callable[[Path], None]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "warehouse"
        seen = [fence_of(root, "first")]
        for number, mishap in enumerate(mishaps):
            mishap(root)
            seen.append(fence_of(root, f"run-{number}"))
        assert seen == list(range(1, len(seen) + 1))


def test_processes_that_take_it_in_turn_never_get_the_same_number(
    tmp_path: Path, start: Start
) -> None:
    rounds = 15
    takers = [start(TAKER, tmp_path, rounds, number) for number in range(3)]
    for each in takers:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    told = [each.communicate("\n")[0].split() for each in takers]
    numbers = [[int(word) for word in words] for words in told]
    assert all(sorted(each) == each for each in numbers)
    assert sorted(chain(*numbers)) == list(range(1, 3 * rounds + 1))


@pytest.mark.parametrize(
    ("event", "path", "taken"),
    [
        ("open", "dev.lock", 0),
        ("open", ".dev.fence", 0),
        ("os.rename", "dev.fence", 0),
        ("os.truncate", "", 1),
    ],
)
def test_who_is_killed_while_it_takes_it_leaves_a_number_that_grows_on(
    tmp_path: Path, start: Start, event: str, path: str, taken: int
) -> None:
    before = fence_of(tmp_path, "before")
    assert start(DYING, tmp_path, event, path).wait() == -signal.SIGKILL
    assert fence_of(tmp_path, "after") == before + taken + 1


def test_each_environment_counts_for_itself(tmp_path: Path) -> None:
    with hold(tmp_path, "dev", "r1") as dev, hold(tmp_path, "prod", "r2") as prod:
        assert (dev.fence, prod.fence) == (1, 1)


def test_a_number_that_is_gone_goes_on_from_the_last_publication(
    make: Maker, warehouse: Warehouse
) -> None:
    for run in ("r1", "r2", "r3"):
        with hold(warehouse.root, "dev", run):
            published = make.publish(*make.numbers(1, fingerprint=run), run=run)
    assert published.fence == 3
    shutil.rmtree(warehouse.root / "locks")
    assert fence_of(warehouse.root, "r4") == 4


def test_a_number_that_is_damaged_is_written_anew(make: Maker, warehouse: Warehouse) -> None:
    with hold(warehouse.root, "dev", "r1"):
        make.publish(*make.numbers(1), run="r1")
        (warehouse.root / "locks/dev.fence").write_text('{"fence": 1, "run"')
        with pytest.raises(WarehouseError, match="damaged, so nobody knows who took") as raised:
            make.publish(*make.numbers(2, fingerprint="f2"), run="r1")
        assert "and the file is written anew" in str(raised.value)
    assert fence_of(warehouse.root, "r2") == 2


def test_the_number_of_a_run_is_on_the_disk_before_it_begins(tmp_path: Path) -> None:
    with hold(tmp_path, "dev", "r1") as holder:
        taking = fences.newest(tmp_path, "dev")
        assert taking == fences.Taking(1, "r1", os.getpid(), holder.host, holder.since)
    assert fences.newest(tmp_path, "dev") == taking  # a run that ended has taken it all the same


def test_a_run_that_lost_its_lock_publishes_nothing_and_rolls_nothing_back(
    make: Maker, warehouse: Warehouse
) -> None:
    for run in ("r1", "r2"):
        with hold(warehouse.root, "dev", run):
            make.publish(*make.numbers(1, fingerprint=run), run=run)
    made = make.numbers(3, fingerprint="f3")
    with hold(warehouse.root, "dev", "asleep"):
        (warehouse.root / "locks/dev.lock").unlink()
        with hold(warehouse.root, "dev", "awake"):
            said = "`dev` was taken over from the run `asleep`: by the run `awake`"
            with pytest.raises(WarehouseError, match=said) as raised:
                make.publish(*made, run="asleep")
            assert "what was built is kept and will be used" in str(raised.value)
            with pytest.raises(WarehouseError, match=said):
                warehouse.rollback("dev", 1, by="asleep")
            assert warehouse.manifests.current("dev") == 2
            assert make.publish(*made, run="awake").fence == 4


def test_a_run_that_loses_its_lock_while_it_commits_is_refused(
    make: Maker, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.numbers(1)
    with hold(warehouse.root, "dev", "asleep"):
        flush = "thresher.warehouse.catalog.flush_drive"  # when all is written but the link
        now = datetime.now(UTC)
        monkeypatch.setattr(flush, lambda _: fences.take(warehouse.root, "dev", "awake", now))
        with pytest.raises(WarehouseError, match="by the run `awake`"):
            make.publish(*made, run="asleep")
    assert warehouse.current("dev") is None
    assert warehouse.publications("dev") == ()


def test_runs_that_no_lock_keeps_apart_never_both_publish(
    make: Maker, warehouse: Warehouse
) -> None:
    """As on a file system that keeps none, both may even have the same number."""
    now, made = datetime.now(UTC), make.numbers(1)
    (warehouse.root / "locks").mkdir()
    for run in ("one", "other"):
        fences.take(warehouse.root, "dev", run, now)
    path = warehouse.root / "locks/dev.fence"
    path.write_text(json.dumps({**json.loads(path.read_text()), "fence": 1}))
    with pytest.raises(WarehouseError, match="by the run `other`"):
        make.publish(*made, run="one")
    assert make.publish(*made, run="other").number == 1


def test_a_manifest_without_a_number_is_read_and_published_on(
    make: Maker, warehouse: Warehouse
) -> None:
    first = make.publish(*make.numbers(1), run="r1")
    path = warehouse.manifests.path("dev", 1)
    assert first.fence is None
    assert "fence" not in json.loads(path.read_text())  # as those of earlier versions
    with hold(warehouse.root, "dev", "r2") as holder:
        assert holder.fence == 1
        second = make.publish(*make.numbers(2, fingerprint="f2"), run="r2")
    assert warehouse.current("dev") == second
    assert warehouse.manifests.read("dev", 1) == first
    assert replace(second, fence=None) != second


def test_a_record_of_an_earlier_version_names_who_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path, "dev", "r1"):
        path = tmp_path / "locks/dev.lock"
        found = json.loads(path.read_text())
        assert found.pop("fence") == 1
        path.write_text(json.dumps(found))
        with pytest.raises(HeldError, match="held by the run `r1`"):
            hold(tmp_path, "dev", "r2").__enter__()


def test_a_run_that_never_let_go_is_known_to_the_next_one(tmp_path: Path, start: Start) -> None:
    script = (
        "import os, sys; from pathlib import Path; from thresher.warehouse.lock import hold\n"
        "with hold(Path(sys.argv[1]), 'dev', 'dead'): os.kill(os.getpid(), 9)"
    )
    dead = start(script, tmp_path)
    dead.wait()
    with hold(tmp_path, "dev", "r2") as holder:
        assert holder.after
        assert (holder.after.run, holder.after.pid, holder.after.fence) == ("dead", dead.pid, 1)
    with hold(tmp_path, "dev", "r3") as holder:
        assert holder.after is None
