"""Which errors can pass: the table of the documentation is what the classes say."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import re
import socket
import threading
from pathlib import Path

import duckdb
import pytest
from stopped_shop import function

import thresher
from thresher.engines.duckdb_calls import translated
from thresher.errors import DiskFullError, ThresherError, is_transient

PAGE = Path(__file__).parents[2] / "docs" / "failing.md"
ROW = re.compile(r"^\| `(\w+Error)` \| (yes|no) \| \w", re.MULTILINE)


def classes(root: type[ThresherError]) -> set[type[ThresherError]]:
    return {root}.union(*(classes(each) for each in root.__subclasses__()))


def test_the_page_has_every_class_and_what_it_says_of_itself():
    for module in pkgutil.walk_packages(thresher.__path__, "thresher."):
        if not module.name.startswith(("thresher.templates", "thresher.__main__")):
            importlib.import_module(module.name)
    ours = {each for each in classes(ThresherError) if each.__module__.startswith("thresher.")}
    said = {name: answer == "yes" for name, answer in ROW.findall(PAGE.read_text())}
    assert said == {each.__name__: each.transient for each in ours}


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (OSError(errno.ETIMEDOUT, "timed out"), True),
        (OSError(errno.EHOSTUNREACH, "no route"), True),
        (OSError(errno.ESTALE, "stale"), True),
        (socket.gaierror(socket.EAI_AGAIN, "temporary failure"), True),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), False),
        (OSError(errno.ENOSPC, "full"), False),
        (OSError(errno.EDQUOT, "full"), False),
        (OSError(errno.EIO, "broken"), False),
        (FileNotFoundError(errno.ENOENT, "gone"), False),
        (PermissionError(errno.EACCES, "no"), False),
        (MemoryError(), False),
        (ValueError(), False),
        (OSError("no number, and nothing inside"), False),
    ],
    ids=repr,
)
def test_what_python_raises(error, passes):
    assert is_transient(error) is passes


def test_a_mistake_in_a_handler_of_connections_is_not_taken_for_a_connection():
    def handle() -> None:
        try:
            raise ConnectionError
        except ConnectionError:
            {}["no such key"]

    with pytest.raises(KeyError) as raised:
        handle()
    assert isinstance(raised.value.__context__, ConnectionError)
    assert not is_transient(raised.value)


def test_an_error_of_itself_is_followed_only_so_far():
    error = OSError("round and round")
    error.__cause__ = ValueError()
    error.__cause__.__cause__ = error
    assert not is_transient(error)


def ran_out(config: dict, sql: str) -> ThresherError:
    with duckdb.connect(config=config) as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute(sql).fetchall()
    return translated(raised.value)


def test_duckdb_without_memory_or_a_file_is_not_tried_again(tmp_path):
    little = {"memory_limit": "10MB", "temp_directory": "", "threads": 1}
    many = "select list(i) from range(10000000) t(i)"
    assert not is_transient(ran_out(little, many))
    assert not is_transient(ran_out({}, f"from read_parquet('{tmp_path}/gone.parquet')"))


def test_a_full_disk_is_not_tried_again(shop):
    full = "import errno\nraise OSError(errno.{}, 'no space')"
    for number in ("ENOSPC", "EDQUOT"):
        (shop.root / "calls").unlink(missing_ok=True)
        shop.write({"src/warehouse/made.py": function(full.format(number), retries=3)}).run()
        assert shop.calls == 1
    assert not DiskFullError.transient


def test_a_file_that_changes_while_it_is_read_is_read_again(shop):
    """Somebody writes to a file all the while: each attempt finds another content."""
    big = shop.root / "data_raw" / "big.csv"
    row = '{0},"a text, with a comma",{0}.25\n'
    with big.open("w") as file:
        file.write("id,name,amount\n" + "".join(row.format(n) for n in range(1_000_000)))
    shop.write({"src/raw/big.yaml": "source: {files: data_raw/big.csv}\nretries: 3\n"})
    stop = threading.Event()

    def grow() -> None:
        with big.open("a") as file:
            number = 1_000_000
            while not stop.wait(0.02):
                file.write(row.format(number))
                file.flush()
                number += 1

    growing = threading.Thread(target=grow)
    growing.start()
    try:
        result = shop.run()
    finally:
        stop.set()
        growing.join()
    (outcome,) = [o for o in result.outcomes if o.asset == "raw.big"]
    assert (outcome.status, outcome.attempts) == ("failed", 4)
    assert all("changed while it was" in each.error for each in outcome.retried)
    assert shop.run().ok
