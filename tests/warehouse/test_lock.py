"""One run holds an environment; the kernel lets go of it when the run is gone."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_versions import Start

from thresher.errors import HeldError
from thresher.warehouse.lock import cleaning, committing, hold, holders

HOLDER = """
import sys, time
from pathlib import Path
from thresher.warehouse.lock import hold

with hold(Path(sys.argv[1]), sys.argv[2], "other-run"):
    print("held", flush=True)
    sys.stdin.read()
"""

FORKED = """
import os, sys, time
from pathlib import Path
from thresher.warehouse.lock import hold

with hold(Path(sys.argv[1]), "dev", "other-run"):
    if not os.fork():
        time.sleep(60)
        os._exit(0)
print("released", flush=True)
sys.stdin.read()
os.killpg(0, 9)
"""


def test_a_held_environment_says_who_holds_it_and_what_to_do(tmp_path: Path, start: Start) -> None:
    other = start(HOLDER, tmp_path, "dev")
    assert other.stdout
    assert other.stdout.readline() == "held\n"
    with pytest.raises(HeldError) as raised, hold(tmp_path, "dev", "mine"):
        pass
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    host = socket.gethostname()
    what = raised.value.fault.what
    assert what.startswith(
        f"`dev` is held by the run `other-run` (process {other.pid} on `{host}`) since {today}"
    )
    hint = f"`--wait` waits for it to end, and `kill {other.pid}` stops it"
    assert raised.value.fault.hint == hint
    assert raised.value.exit_code == 5


def test_a_killed_run_holds_nothing(tmp_path: Path, start: Start) -> None:
    other = start(HOLDER, tmp_path, "dev")
    assert other.stdout
    other.stdout.readline()
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert holders(tmp_path) == ()
    with hold(tmp_path, "dev", "mine") as mine:
        assert holders(tmp_path) == (mine,)


def test_environments_do_not_hinder_each_other(tmp_path: Path) -> None:
    with hold(tmp_path, "dev", "r1") as dev, hold(tmp_path, "prod", "r2") as prod:
        assert holders(tmp_path) == (dev, prod)
        with committing(tmp_path, "dev"), committing(tmp_path, "prod"):
            pass


def test_an_environment_is_free_after_the_run(tmp_path: Path) -> None:
    for run in ("r1", "r2"):
        with pytest.raises(ZeroDivisionError), hold(tmp_path, "dev", run):
            _ = 1 / 0
        assert holders(tmp_path) == ()


def test_a_second_run_of_the_same_process_is_held_off(tmp_path: Path) -> None:
    with (
        hold(tmp_path, "dev", "r1"),
        pytest.raises(HeldError, match=f"run `r1` .process {os.getpid()} "),
        hold(tmp_path, "dev", "r2"),
    ):
        pass


def test_a_forked_process_does_not_go_on_holding(tmp_path: Path, start: Start) -> None:
    parent = start("import os; os.setsid()\n" + FORKED, tmp_path)
    assert parent.stdout
    assert parent.stdout.readline() == "released\n"
    with hold(tmp_path, "dev", "mine"):
        pass
    parent.communicate("")


def test_a_holder_that_has_not_said_who_it_is_holds_all_the_same(tmp_path: Path) -> None:
    with hold(tmp_path, "dev", "r1"):
        (tmp_path / "locks" / "dev.lock").write_text("")
        with pytest.raises(HeldError, match="`dev` is held by another run"):
            hold(tmp_path, "dev", "r2").__enter__()
        (unknown,) = holders(tmp_path)
        assert unknown.run == "unknown"
        assert datetime.now(UTC) - unknown.since < timedelta(minutes=1)


def test_looking_who_holds_does_not_hinder(tmp_path: Path) -> None:
    with hold(tmp_path, "dev", "r1"):
        pass
    with (tmp_path / "locks" / "dev.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # as a look does, for far less time
        threading.Timer(0.01, fcntl.flock, (file.fileno(), fcntl.LOCK_UN)).start()
        with hold(tmp_path, "dev", "r2"):
            pass


def test_cleaning_waits_for_commits(tmp_path: Path) -> None:
    order: list[str] = []

    def clean() -> None:
        with cleaning(tmp_path):
            order.append("cleaned")

    with committing(tmp_path, "dev"):
        cleaner = threading.Thread(target=clean)
        cleaner.start()
        cleaner.join(0.1)
        order.append("committed")
    cleaner.join()
    assert order == ["committed", "cleaned"]


def test_who_waited_for_a_file_that_was_removed_waits_for_the_one_that_is_there(
    tmp_path: Path,
) -> None:
    """Else it would be in the middle of a commit together with those that came later."""
    path, order = tmp_path / "locks" / "dev.commit", list[str]()

    def second() -> None:
        with committing(tmp_path, "dev"):
            order.append("second")

    with ExitStack() as first, ExitStack() as third:
        first.enter_context(committing(tmp_path, "dev"))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        path.unlink()
        third.enter_context(committing(tmp_path, "dev"))
        first.close()
        thread.join(0.2)
        order.append("third")
        third.close()
        thread.join()
    assert order == ["third", "second"]
