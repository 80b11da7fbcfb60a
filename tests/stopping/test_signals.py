"""SIGINT and SIGTERM, sent to real runs wherever these can be."""

from __future__ import annotations

import signal
import time

import pytest
from stopped_shop import ENDLESS, Shop, function

#: How long a run may take to end.
SECONDS = 5.0
BOTH = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
SWALLOWS = """
while True:
    try:
        time.sleep(600)
    except BaseException:
        pass
"""
COMPUTES = "while True: call += 1"


def stopped(process, number, code) -> str:
    """Send a signal, and give what the run told; it must end in time, and as it should."""
    began = time.monotonic()
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    took = time.monotonic() - began
    assert process.returncode == code, told
    assert took < SECONDS
    assert "Traceback" not in told
    return told


def recorded(shop: Shop) -> tuple[str, int]:
    return shop.history("select status, exit_code from runs order by started desc")[0]


@BOTH
@pytest.mark.parametrize("body", [SWALLOWS, COMPUTES], ids=["sleeps", "computes"])
def test_in_code_that_lets_nothing_stop_it(shop, starts, wait_for, body, number, code):
    shop.write({"src/warehouse/made.py": function(body)})
    process = starts()
    wait_for(lambda: shop.calls, process)
    told = stopped(process, number, code)
    assert "the run was interrupted" in told
    assert "nothing was published" in told
    assert recorded(shop) == ("interrupted", code)
    assert shop.published() is None


@BOTH
def test_while_a_query_runs(shop, starts, wait_for, number, code):
    shop.run()
    before = shop.published()
    shop.write({"src/clean/slow.sql": ENDLESS})
    process = starts()
    wait_for(lambda: "started clean.slow" in shop.logged(), process)
    stopped(process, number, code)
    assert recorded(shop) == ("interrupted", code)
    assert shop.published() == before


@BOTH
def test_while_a_source_reads_a_big_file(shop, starts, wait_for, number, code):
    row = '{0},"a text, with a comma","2026-01-{1:02} 10:00:00",{0}.25\n'
    rows = "".join(row.format(n, n % 28 + 1) for n in range(200_000))
    big = shop.root / "data_raw" / "big.csv"
    with big.open("w") as file:
        file.write("id,name,at,amount\n")
        for _ in range(15):
            file.write(rows)
    shop.write({"src/raw/big.yaml": "source: {files: data_raw/big.csv}\n"})
    process = starts()
    wait_for(lambda: "started raw.big" in shop.logged(), process)
    stopped(process, number, code)
    assert recorded(shop) == ("interrupted", code)
    assert not list((shop.root / "warehouse" / "tmp").glob("files-*"))


@BOTH
def test_while_it_waits_for_another_attempt(shop, starts, wait_for, number, code):
    body = "raise ConnectionError('gone')"
    shop.write({"src/warehouse/made.py": function(body, backoff="10m", max_backoff="1h")})
    process = starts()
    wait_for(lambda: "retry warehouse.made" in shop.logged(), process)
    stopped(process, number, code)
    assert recorded(shop) == ("interrupted", code)
    assert shop.calls == 1


@pytest.mark.parametrize("late", [0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4])
def test_while_it_publishes(shop, starts, wait_for, late):
    """Wherever the signal comes, the link, the history and what is told say the same."""
    shop.run()
    before = shop.published()
    shop.write({"data_raw/orders.csv": "id,customer\n1,a\n2,b\n3,c\n"})
    lines = shop.logged().count("built clean.orders")
    process = starts()
    wait_for(lambda: shop.logged().count("built clean.orders") > lines, process)
    time.sleep(late)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    query = "select status, exit_code, publication from runs order by started desc"
    status, code, publication = shop.history(query)[0]
    moved = shop.published() != before
    assert moved == (publication == 2)
    if status == "interrupted":
        assert (process.returncode, code) == (143, 143)
        assert ("published 2 before" if moved else "nothing was published") in told
    else:  # it came when all was told already
        assert (status, publication) == ("published", 2)
    assert shop.run().ok
    assert sorted(shop.open().query("select id from clean.orders").rows) == [(1,), (2,), (3,)]


@BOTH
@pytest.mark.parametrize(
    "command",
    [("show", "clean.slow"), ("query", ENDLESS), ("query", ENDLESS, "--export", "all.csv")],
    ids=["show", "query", "export"],
)
def test_a_command_that_asks_is_stopped_in_the_middle_of_its_query(
    shop, starts, command, number, code
):
    shop.run()
    shop.write({"src/clean/slow.sql": ENDLESS})
    process = starts(*command)
    time.sleep(3)  # nothing tells that it has begun to compute
    assert stopped(process, number, code).strip() == "interrupted"
    assert not list(shop.root.glob("*all*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_second_one_ends_it_at_once(shop, starts, wait_for, number):
    shop.write({"src/warehouse/made.py": function(SWALLOWS)})
    process = starts()
    wait_for(lambda: shop.calls, process)
    process.send_signal(number)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == -number
    assert time.monotonic() - began < 1.5


def test_what_was_finished_is_not_built_again(shop, starts, wait_for):
    shop.write({"src/clean/slow.sql": ENDLESS})
    process = starts()
    wait_for(lambda: "started clean.slow" in shop.logged(), process)
    stopped(process, signal.SIGTERM, 143)
    shop.write({"src/clean/slow.sql": "select 1 as x"})
    shop.run()
    assert shop.done["raw.orders"] == "reused"
    assert shop.done["clean.slow"] == "built"
