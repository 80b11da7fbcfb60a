"""Author's code that breaks its process is an asset that failed, and nothing more."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from isolated_crashes import FIRST, make, raised

from thresher.engines.isolated import anonymous_memory
from thresher.errors import (
    AssetError,
    CredentialsError,
    Fault,
    Place,
    SourceError,
    ThresherError,
    TransientError,
)

PATIENCE = 20.0


@pytest.fixture
def apart(make_shop: Callable[..., Any]) -> Any:
    """Give a project whose functions run in processes of their own, of half a gigabyte each."""
    shop = make_shop(limit=500_000_000)
    shop.isolate = True
    return shop


def wait_for(what: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, "it did not come to it"
        time.sleep(0.02)
    return found


def runs(process: int) -> bool:
    """Say whether a process is there, and more than a name in a list."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("body", "what", "line"),
    [
        ("ctypes.string_at(0)", "its process ended by signal SIGSEGV", 0),
        ("pass\nos.abort()", "its process ended by signal SIGABRT", 1),
        ("os._exit(3)", "it called `os._exit(3)`", None),
        ("os._exit(0)", "it called `os._exit(0)`", None),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "it was killed, probably for want of memory (SIGKILL)",
            None,
        ),
        ("os.kill(os.getpid(), signal.SIGTERM)", "its process ended by signal SIGTERM", None),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 3)", "its process ended by signal 37", None),
        ("sys.exit(4)", "it called `sys.exit(4)`", 0),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", None),
        ("def f():\n    return f()\nf()", "RecursionError: maximum recursion depth exceeded", 1),
        (
            "sys.setrecursionlimit(10**9)\nf = lambda *_: sorted([1], key=f)\nf()",
            "its process ended by signal SIGSEGV",
            1,
        ),
        ("yield [{'n': 1}]\nctypes.string_at(0)", "its process ended by signal SIGSEGV", 1),
        (
            "os.closerange(3, 100)\ntime.sleep(60)",
            "its process closed what its answer comes by, and was ended",
            None,
        ),
    ],
    ids=lambda value: value.splitlines()[-1][:40] if isinstance(value, str) else None,
)
def test_a_process_that_ends_is_an_asset_that_failed(
    apart: Any, body: str, what: str, line: int | None
) -> None:
    error = raised(apart, body)
    assert error.fault.what.startswith(what)
    assert error.fault.place.line == (None if line is None else FIRST + line)
    # The run goes on, and so does the engine.
    assert apart.rows("select 1") == [(1,)]
    assert list((apart.warehouse / "tmp").glob("isolated-*")) == []


def test_the_last_words_of_a_process_are_told_but_not_beside_sensitive_columns(apart: Any) -> None:
    error = raised(apart, "os.write(2, b'one\\ntwo\\n\\nthree\\nno end: Ada')\nctypes.string_at(0)")
    what = "its process ended by signal SIGSEGV"
    assert error.fault.what == f"{what}; it last wrote: two | three | no end: Ada"
    error.conceal()
    assert error.fault.what == what


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process uses")
def test_a_process_that_takes_too_much_memory_is_ended(apart: Any) -> None:
    before = anonymous_memory(os.getpid())
    error = raised(apart, "taken = []\nwhile True:\n    taken.append(bytearray(10**7))")
    assert error.fault.what == "it used more than 500 MB (`run.memory`)"
    assert error.fault.place.line == FIRST + 2
    assert anonymous_memory(os.getpid()) - before < 300_000_000


@pytest.mark.parametrize(
    ("body", "kind", "what"),
    [
        ("raise TransientError('later')", TransientError, "later"),
        ("raise MyError(7)", TransientError, "number 7"),
        ("raise ConnectionError('gone')", TransientError, "ConnectionError: gone"),
        ("raise CredentialsError('no')", CredentialsError, "no"),
        ("raise SourceError('nothing')", SourceError, "nothing"),
        ("raise OSError(28, 'full')", None, "no space left on the disk"),
        ("raise type('Odd', (Exception,), {'__reduce__': None})('x')", AssetError, "Odd: x"),
        ("return 5", AssetError, "it returned `int`"),
        ("return [{'n': 1}, {'n': 'a'}]", AssetError, "column `n` mixes values of the types"),
        ("yield [{'n': 1}]\nyield [{'m': 1}]", AssetError, "batch 2: it lacks `n` and adds `m`"),
    ],
)
def test_an_error_is_what_it_is_in_process(
    apart: Any, body: str, kind: type[ThresherError] | None, what: str
) -> None:
    apart.isolate = False
    with pytest.raises(ThresherError) as caught:
        make(apart, body)
    here = caught.value
    apart.isolate = True
    with pytest.raises(ThresherError) as caught:
        make(apart, body)
    there = caught.value
    assert here.fault.what.startswith(what)
    kinds = [type(here).__mro__[1 if "MyError" in body else 0], type(there)]
    assert kinds == [kind or type(here)] * 2
    assert (there.fault, there.faults, there.discreet) == (here.fault, here.faults, here.discreet)
    assert (there.exit_code, there.transient) == (here.exit_code, here.transient)


def test_the_traceback_comes_along(apart: Any) -> None:
    error = raised(apart, "{}['nope']")
    assert "line 12, in made" in str(error.__cause__)
    assert str(error.__cause__).endswith("KeyError: 'nope'\n")


def test_what_it_logs_and_prints_goes_to_the_logger_and_nowhere_else(
    apart: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    body = """
ctx.logger.debug("not this")
ctx.logger.info("%s of %s", 1, 2, extra={"name": "any", "n": (1, 2)})
ctx.logger.info("%d", "wrong")
print("printed", "ü")
os.write(1, b"by descriptor \\xff")
sys.stderr.write("warned\\n")
assert sys.stdin.read() == ""
try:
    1 / 0
except ZeroDivisionError:
    ctx.logger.exception("caught")
os.system("echo from a shell")
print("x" * 25_000)
return [{"n": 1}]
"""
    logger = logging.getLogger("of the job")
    with caplog.at_level(logging.INFO):
        make(apart, body, logger=logger)
    assert capfd.readouterr() == ("", "")
    told = [(record.levelname, record.message[:20]) for record in caplog.records]
    mine = {("INFO", "1 of 2"), ("INFO", "printed ü"), ("ERROR", "caught"), ("WARNING", "warned")}
    assert mine < set(told)
    assert ("INFO", "by descriptor �from ") in told
    assert [len(each.message) for each in caplog.records if each.message[:3] == "xxx"] == [
        *(10_000, 10_000, 5_000)
    ]
    assert not any("not this" in record.message for record in caplog.records)
    (caught,) = [record for record in caplog.records if record.message == "caught"]
    assert "ZeroDivisionError" in vars(caught)["traceback"]
    (printed,) = [record for record in caplog.records if record.message == "printed ü"]
    assert vars(printed)["stream"] == "stdout"


def test_what_it_started_ends_with_it(apart: Any, tmp_path: Path) -> None:
    body = f"""
import subprocess
started = subprocess.Popen(["sleep", "600"])
open({str(tmp_path / "id")!r}, "w").write(str(started.pid))
threading.Thread(target=time.sleep, args=(0.1,)).start()
return [{{"n": 1}}]
"""
    assert make(apart, body).rows == 1
    wait_for(lambda: not runs(int((tmp_path / "id").read_text())))


def test_a_parameter_that_cannot_go_to_another_process_is_refused(apart: Any) -> None:
    error = raised(apart, "return []", params={"p": threading.Lock()})
    assert error.fault.what.startswith("what it is given cannot go to a process of its own: ")


def test_an_interruption_ends_all_or_one(apart: Any, tmp_path: Path) -> None:
    names = ["clean.one", "clean.other"]
    sources = [SOURCE.format(sign=str(tmp_path / name), body="while True: pass") for name in names]
    with ThreadPoolExecutor(2) as pool:
        one, other = map(pool.submit, [apart.python] * 2, names, sources)
        try:
            wait_for(lambda: all((tmp_path / name).exists() for name in names))
            apart.engine.interrupt("clean.none")
            apart.engine.interrupt("clean.one")
            place = Place("src/clean/one.py", asset="clean.one")
            assert one.exception(PATIENCE).fault == Fault("interrupted", place)
            with pytest.raises(TimeoutError):
                other.exception(0.5)
        finally:
            apart.engine.interrupt()
        assert other.exception(PATIENCE).fault.what == "interrupted"


def test_a_query_can_be_ended_while_another_goes_on(apart: Any) -> None:
    names = ["clean.one", "clean.other"]
    slow = "select sum(a.range % 7 * b.range) from range(100000000) a, range(100000) b"
    with ThreadPoolExecutor(2) as pool:
        one, other = map(pool.submit, [apart.sql] * 2, names, [slow] * 2)
        try:
            wait_for(lambda: apart.engine.interrupt("clean.one") or one.done())
            assert one.exception().fault.what == "interrupted"
            with pytest.raises(TimeoutError):
                other.exception(0.5)
        finally:
            wait_for(lambda: apart.engine.interrupt() or other.done())


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from conftest import Workshop
shop = Workshop(Path({root!r}))
shop.isolate = True
shop.python("clean.made", '''{source}''')
"""
SOURCE = """
import ctypes, os, re, thresher
@thresher.asset
def made():
    open({sign!r}, "w").write(str(os.getpid()))
    {body}
"""
HOLDS_THE_LOCK = "sum(range(10**13))"


@pytest.mark.parametrize("body", ["while True: pass", HOLDS_THE_LOCK], ids=["loop", "lock"])
def test_a_process_ends_when_its_parent_is_killed(tmp_path: Path, body: str) -> None:
    sign = tmp_path / "sign"
    source = SOURCE.format(sign=str(sign), body=body)
    code = PARENT.format(here=str(Path(__file__).parent), root=str(tmp_path / "p"), source=source)
    parent = subprocess.Popen([sys.executable, "-c", code])
    child = int(wait_for(lambda: sign.exists() and sign.read_text()))
    assert runs(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait(PATIENCE)
    wait_for(lambda: not runs(child))
    assert list((tmp_path / "p").rglob("*.parquet")) == []
