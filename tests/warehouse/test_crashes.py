"""Other processes read, write and die at the worst instants, and the warehouse stays whole."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from made_versions import Maker, Start

from thresher.warehouse.catalog import Warehouse

READER = """
import sys, duckdb

link, last, seen = sys.argv[1], 0, 0
print("ready", flush=True)
while last < int(sys.argv[2]):
    with duckdb.connect(link, read_only=True) as connection:
        sql = "select a.v, b.v from clean.a as a, clean.b as b"
        for _ in range(3):
            ((a, b),) = connection.sql(sql).fetchall()
            if a != b or a < last:
                sys.exit(f"saw {a} and {b} after {last}")
            seen, last = seen + (a != last), a
print("seen", seen, flush=True)
"""

CLIENT = """
import os, sys, duckdb

connection = duckdb.connect(sys.argv[1])
connection.execute("create or replace view clean.a as select 99 as v")
connection.execute("create table clean.mine as select 1 as x")
print("written", flush=True)
sys.stdin.read()
"""

IDLE_CLIENT = """
import sys, duckdb

connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""

OPEN_READER = """
import sys, duckdb

connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
for line in sys.stdin:
    print(connection.sql("select v from clean.a").fetchall(), flush=True)
"""

PUBLISHER = """
import os, signal, sys
from pathlib import Path
from made_versions import Maker
from thresher.warehouse.catalog import Warehouse

def die(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

make = Maker(Warehouse(Path(sys.argv[1])))
made = make.numbers(2, "clean.a", "clean.b", fingerprint="f2")
sys.addaudithook(die)
make.publish(*made)
"""


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def say(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdin
    process.stdin.write(f"{text}\n")
    process.stdin.flush()
    return told(process)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_reader_never_sees_a_mixture(make: Maker, warehouse: Warehouse, start: Start) -> None:
    rounds = 8
    make.publish(*make.numbers(1, "clean.a", "clean.b", fingerprint="f1"))
    reader = start(READER, warehouse.root / "dev.duckdb", rounds)
    assert told(reader) == "ready"
    for number in range(2, rounds + 1):
        made = make.numbers(number, "clean.a", "clean.b", fingerprint=f"f{number}")
        make.publish(*made)
    what, _, seen = told(reader).partition(" ")
    assert (what, reader.wait()) == ("seen", 0)
    assert 2 <= int(seen) <= rounds


def test_publishing_never_waits_for_a_reader(
    make: Maker, warehouse: Warehouse, start: Start
) -> None:
    make.publish(*make.numbers(1))
    reader = start(OPEN_READER, warehouse.root / "dev.duckdb")
    assert told(reader) == "open"
    for number in (2, 3):
        make.publish(*make.numbers(number, fingerprint=f"f{number}"))
        assert say(reader, "again") == "[(1,)]"
    assert make.ask("from clean.a") == [(3,)]


def test_a_client_that_writes_in_a_catalog_and_is_killed_harms_nothing(
    make: Maker, warehouse: Warehouse, start: Start
) -> None:
    tables = make.numbers(1, "clean.a", "clean.b", "clean.c")
    make.publish(*tables)
    path = warehouse.root / "catalogs/dev/1.duckdb"
    path.chmod(0o644)  # as root does without
    client = start(CLIENT, warehouse.root / "dev.duckdb")
    assert told(client) == "written"
    kill(client)
    assert path.with_name("1.duckdb.wal").stat().st_size > 0
    assert make.ask("from clean.a") == [(1,)]
    new = make.numbers(2, fingerprint="f1")
    make.publish(*new, *tables[1:])
    assert make.ask("from clean.a") == [(2,)]
    names = make.ask("select view_name from duckdb_views() where schema_name = 'clean'")
    assert sorted(names) == [("a",), ("b",), ("c",)]
    assert make.ask("select count(*) from duckdb_tables()") == [(0,)]


def test_what_a_client_wrote_in_a_catalog_is_not_taken_over(
    make: Maker, warehouse: Warehouse, start: Start
) -> None:
    tables = make.numbers(1, "clean.a", "clean.b", "clean.c")
    make.publish(*tables)
    (warehouse.root / "catalogs/dev/1.duckdb").chmod(0o644)
    client = start(CLIENT, warehouse.root / "dev.duckdb")
    assert told(client) == "written"
    client.communicate("")
    assert not (warehouse.root / "catalogs/dev/1.duckdb.wal").exists()
    make.publish(*tables, *make.numbers(4, "clean.d"))
    assert make.ask("select a.v, d.v from clean.a as a, clean.d as d") == [(1, 4)]
    assert make.ask("select count(*) from duckdb_tables()") == [(0,)]


def test_a_client_that_keeps_a_catalog_open_for_writing_is_in_nobodys_way(
    make: Maker, warehouse: Warehouse, start: Start
) -> None:
    make.publish(*make.numbers(1))
    (warehouse.root / "catalogs/dev/1.duckdb").chmod(0o644)
    client = start(IDLE_CLIENT, warehouse.root / "dev.duckdb")
    assert told(client) == "open"
    assert make.ask("from clean.a") == [(1,)]
    assert (warehouse.root / "dev.duckdb").readlink() == Path("catalogs/dev/1.1.duckdb")
    make.publish(*make.numbers(2, fingerprint="f1"))
    assert make.ask("from clean.a") == [(2,)]


@pytest.mark.parametrize(
    "instant", ["publications/dev/2.json", "catalogs/dev/2.stamp", "2.duckdb", "dev.duckdb"]
)
def test_a_publisher_that_is_killed_leaves_the_old_state(
    make: Maker, warehouse: Warehouse, start: Start, instant: str
) -> None:
    first = make.publish(*make.numbers(1, "clean.a", "clean.b"))
    script = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{PUBLISHER}"
    assert start(script, warehouse.root, instant).wait() == -signal.SIGKILL
    assert warehouse.current("dev") == first
    assert make.ask("select a.v, b.v from clean.a as a, clean.b as b") == [(1, 1)]
    assert [row.number for row in warehouse.publications("dev")] == [1]
    published = make.publish(*make.numbers(3, "clean.a", "clean.b", fingerprint="f3"))
    assert published.number > 1
    assert make.ask("select a.v, b.v from clean.a as a, clean.b as b") == [(3, 3)]
    assert [row.number for row in warehouse.publications("dev")] == [published.number, 1]
    assert warehouse.rollback("dev") == first


def test_two_publishers_never_both_win(make: Maker, warehouse: Warehouse, start: Start) -> None:
    make.publish(*make.numbers(1))
    script = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from dataclasses import replace
from made_versions import Maker
from thresher.errors import WarehouseError
from thresher.warehouse.catalog import Warehouse

make = Maker(Warehouse(Path(sys.argv[1])))
made = make.numbers(2, fingerprint=sys.argv[2])
base = make.warehouse.current("dev")
print("ready", flush=True)
sys.stdin.readline()
try:
    snapshots = {{each.asset: each for each in made}}
    make.warehouse.publish(replace(base, parent=base.number, snapshots=snapshots, run=sys.argv[2]))
    print("won", flush=True)
except WarehouseError as error:
    print("changed meanwhile" in str(error) and "lost", flush=True)
"""
    rivals = [start(script, warehouse.root, f"run{number}") for number in range(2)]
    assert [told(each) for each in rivals] == ["ready", "ready"]
    for each in rivals:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    assert sorted(told(each) for each in rivals) == ["lost", "won"]
    assert [row.number for row in warehouse.publications("dev")] == [2, 1]
