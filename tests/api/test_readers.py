"""Readers in other processes, while runs publish: never a mixture, never in the way."""

import json
import subprocess
import sys

import duckdb
import pytest

ROUNDS = 8

READER = """
import json, sys, duckdb
link, stop = sys.argv[1:]
import os
seen = []
while not os.path.exists(stop):
    with duckdb.connect(os.path.realpath(link), read_only=True) as c:
        state = c.execute('''
            select (select round from clean.one), (select round from clean.two),
                   (select count(*) from warehouse.both), (select max(round) from warehouse.both),
                   (select number from thresher.publication)
        ''').fetchone()
        again = c.execute('select round from clean.one').fetchone()[0]
    seen.append([*state, again])
print(json.dumps(seen))
"""

FILES = {
    "config.yaml": "pipeline: p\nparams: {round: 1}\n",
    "data_raw/orders-1.csv": None,
    "data_raw/customers.csv": None,
    "src/raw/orders.yaml": None,
    "src/raw/customers.yaml": None,
    "src/clean/customers.sql": None,
    "src/clean/orders.sql": None,
    "src/warehouse/by_customer.sql": None,
    "src/raw/base.sql": "select $round as round",
    "src/clean/one.sql": "select round from raw.base",
    "src/clean/two.sql": "select round from raw.base",
    "src/warehouse/both.sql": "select o.round from clean.one o, clean.two t, range(o.round) r(i) "
    "where o.round = t.round",
}


@pytest.fixture
def rounds(shop):
    return shop.write(FILES)


def test_no_reader_ever_sees_a_mixture_of_two_runs(rounds, tmp_path):
    rounds.run()
    link, stop = rounds.root / "warehouse" / "dev.duckdb", tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(link), str(stop)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    results = [rounds.run(params={"round": number}) for number in range(2, ROUNDS + 1)]
    stop.touch()
    seen = [state for reader in readers for state in json.loads(reader.communicate(timeout=60)[0])]
    assert all(reader.returncode == 0 for reader in readers)
    assert [result.publication for result in results] == list(range(2, ROUNDS + 1))
    assert {len(set(state)) for state in seen} == {1}, [s for s in seen if len(set(s)) > 1]
    assert len({state[0] for state in seen}) > 2


def test_an_open_reader_goes_on_reading_its_old_state_and_holds_nothing_up(rounds):
    rounds.run()
    link = rounds.root / "warehouse" / "dev.duckdb"
    with duckdb.connect(str(link.resolve()), read_only=True) as reader:
        assert reader.execute("select round from clean.one").fetchone() == (1,)
        assert rounds.run(params={"round": 2}).publication == 2
        rounds.open().gc()
        assert reader.execute("select round from clean.two").fetchone() == (1,)
    assert rounds.rows("clean.two") == [(2,)]


def test_a_project_that_moved_is_found_again_by_a_run_with_nothing_to_do(rounds, tmp_path):
    rounds.run()
    moved = tmp_path / "elsewhere"
    rounds.root.rename(moved)
    rounds.root = moved
    assert rounds.run().status == "unchanged"
    with duckdb.connect(str((moved / "warehouse" / "dev.duckdb").resolve()), read_only=True) as c:
        assert c.execute("select round from clean.one").fetchone() == (1,)


def test_other_tools_read_the_files_as_they_are(rounds):
    import pandas
    import polars

    rounds.run(params={"round": 3})
    table = rounds.open().table("warehouse.both")
    assert polars.scan_parquet(table.files).collect()["round"].to_list() == [3, 3, 3]
    assert pandas.read_parquet(table.files[0])["round"].to_list() == [3, 3, 3]
    assert table.polars().collect()["round"].to_list() == [3, 3, 3]
    assert table.pandas()["round"].to_list() == [3, 3, 3]
    assert table.arrow()["round"].to_pylist() == [3, 3, 3]
    assert table.relation().aggregate("sum(round)").fetchall() == [(9,)]
    assert table.schema == {"round": "INTEGER"}
