"""Random kills of runs, beside readers, a second runner and clean-up, until all is compared.

`make torture` plays 200 rounds; the tests play a few. What was drawn is told by its seed:
`THRESHER_TORTURE_SEED`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import duckdb
from torture_project import deliver, lay_out

import thresher

ROUNDS = int(os.environ.get("THRESHER_TORTURE", "6"))
SEED = int(os.environ.get("THRESHER_TORTURE_SEED") or random.SystemRandom().randrange(1, 10**6))
#: Seconds within which a run that is killed dies; a run of the project takes one to two.
LONGEST = 2.5
#: What a run may end with: done, an asset failed, held, or killed by us.
ALLOWED = {0, 5, -signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM}


def start(root: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "thresher", *command],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """Wait for a process, and hold how it ended."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode in ALLOWED, f"seed {SEED}: {process.returncode}\n{said}"
    assert "Traceback" not in said, f"seed {SEED}\n{said}"


@contextmanager
def reading(root: Path) -> Iterator[None]:
    """Let a reader look at what is published, for as long as the block takes."""
    reader = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("torture_reader.py"), "warehouse/dev.duckdb"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield
        assert reader.poll() is None, f"seed {SEED}: {reader.communicate()[0]}"
    finally:
        reader.kill()
        reader.communicate()


def play(root: Path, chance: random.Random) -> None:
    """Play a round: one or two runs, perhaps a clean-up, and kills at any instant."""
    runs = [start(root, "run")]
    if chance.random() < 0.5:
        runs.append(start(root, "run"))
    if chance.random() < 0.3:
        runs.append(start(root, "gc", "--keep", "2", "--grace", "10s"))
    with ExitStack() as stack:
        for process in runs:
            stack.callback(process.wait)
            stack.callback(process.kill)
        for process in chance.sample(runs, len(runs)):
            if chance.random() < 0.7:
                time.sleep(chance.uniform(0, LONGEST / len(runs)))
                how = signal.SIGKILL if chance.random() < 0.8 else signal.SIGTERM
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, how)
        for process in runs:
            end(process)


def tables(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Read all rows of all tables but what tells of a run."""
    with duckdb.connect(str(root / "warehouse/dev.duckdb"), read_only=True) as connection:
        names = connection.sql(
            "select schema_name, view_name from duckdb_views() "
            "where not internal and schema_name != 'thresher' order by all"
        ).fetchall()
        return {
            f"{schema}.{name}": connection.sql(
                f"select columns(lambda c: c not like '\\_\\_%' escape '\\') "
                f'from "{schema}"."{name}" order by all'
            ).fetchall()
            for schema, name in names
        }


def test_runs_that_are_killed_at_random_come_to_what_a_clean_build_comes_to(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    root, clean = tmp_path / "project", tmp_path / "clean"
    lay_out(root)
    deliver(root, 0, chance)
    with reading(root):
        for number in range(1, ROUNDS + 1):
            play(root, chance)
            deliver(root, number, chance)
        end(start(root, "run"))
    lay_out(clean)
    for part in ("data_raw", "src"):
        subprocess.run(["cp", "-rT", root / part, clean / part], check=True)
    built = thresher.open(clean).run()
    assert len(built.outcomes) == 50
    assert built.ok
    assert tables(root) == tables(clean), f"seed {SEED}"
    _hold_what_is_left(root)


def _hold_what_is_left(root: Path) -> None:
    project = thresher.open(root)
    assert [row.number for row in project.publications() if row.current] == [
        max(row.number for row in project.publications())
    ]
    assert project.run().publication is None, "a run with nothing new published something"
    end(start(root, "gc", "--grace", "0s"))
    warehouse = root / "warehouse"
    versions = list(warehouse.glob("lake/*/*/*"))
    assert versions
    assert not [path for path in versions if not (path / "_version.json").exists()]
    assert not [*warehouse.rglob(".*.tmp"), *warehouse.glob("tmp/*"), *warehouse.glob(".trash/*")]
