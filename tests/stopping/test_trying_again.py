"""Attempts: how many, after what waits, and where they are told; for an asset and its project."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from stopped_shop import function

from thresher.errors import ProjectError

FLAKY = "if call < {}:\n    raise ConnectionError(f'gone, call {{call}}')"


def flaky(times: int, **head: object) -> dict[str, str | None]:
    return {"src/warehouse/made.py": function(FLAKY.format(times + 1), **head)}


@pytest.mark.parametrize(
    ("config", "head", "calls"),
    [
        ("retries: 2", {}, 3),
        ("retries: 0", {}, 1),
        ("retries: 0", {"retries": 3}, 4),
        ("retries: 5", {"retries": 0}, 1),
    ],
)
def test_what_an_asset_says_wins_over_the_project(shop, config, head, calls):
    text = f"pipeline: p\nparams: {{least: 1}}\nrun: {{backoff: 1ms, {config}}}\n"
    result = shop.write({"config.yaml": text, **flaky(99, **head)}).run()
    assert shop.calls == calls
    (outcome,) = [o for o in result.outcomes if o.asset == "warehouse.made"]
    assert outcome.attempts == calls
    assert len(outcome.retried) == len(shop.waits) == calls - 1


@pytest.mark.parametrize(
    ("head", "bounds"),
    [
        ({"backoff": "10ms"}, [(0.010, 0.020), (0.020, 0.030), (0.040, 0.050), (0.080, 0.090)]),
        (
            {"backoff": "10ms", "max_backoff": "25ms"},
            [(0.010, 0.020), (0.020, 0.025), (0.025, 0.025), (0.025, 0.025)],
        ),
        ({"backoff": "0s"}, [(0.0, 0.0)] * 4),
    ],
)
def test_waits_grow_up_to_the_ceiling(shop, head, bounds):
    shop.write(flaky(4, retries=4, **head)).run()
    assert shop.done["warehouse.made"] == "built"
    assert len(shop.waits) == len(bounds)
    assert all(low <= wait <= high for wait, (low, high) in zip(shop.waits, bounds, strict=True))


def test_the_ceiling_of_the_project_holds_where_an_asset_says_none(shop):
    text = "pipeline: p\nparams: {least: 1}\nrun: {backoff: 1s, max_backoff: 3ms, retries: 1}\n"
    shop.write({"config.yaml": text, **flaky(1)}).run()
    assert shop.waits == [0.003]


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("src/raw/orders.yaml", "source: {files: data_raw/*.csv}\nretries: -1\n", "retries"),
        ("src/raw/orders.yaml", "source: {files: data_raw/*.csv}\nretries: yes\n", "retries"),
        ("src/raw/orders.yaml", "source: {files: data_raw/*.csv}\nbackoff: soon\n", "a duration"),
        ("src/clean/orders.sql", "/* ---\ntimeout: 0s\n--- */\nselect 1 as x", "longer than no"),
        ("src/warehouse/made.py", function("", timeout="5 parsecs"), "a duration"),
        ("src/warehouse/made.py", function("", max_backof="5s"), "did you mean `max_backoff`"),
        ("config.yaml", "pipeline: p\nrun: {timeout: -5m}\n", "a duration"),
        ("config.yaml", "pipeline: p\nrun: {asset_timeot: 5m}\n", "did you mean `asset_timeout`"),
    ],
)
def test_a_key_that_is_wrong_is_told_with_its_line(shop, file, text, what):
    shop.write({file: text})
    with pytest.raises(ProjectError) as raised:
        shop.open()
    told = [fault for fault in raised.value.faults if what in str(fault)]
    assert told, raised.value
    assert (told[0].place.path, told[0].place.line is not None) == (file, True)


def test_how_patient_a_run_is_builds_nothing_anew(shop):
    shop.write({"src/warehouse/made.py": function("pass")}).run()
    keys = "retries: 7\nbackoff: 2s\nmax_backoff: 1m\ntimeout: 1h\n"
    python = {"retries": 7, "backoff": "2s", "max_backoff": "1m", "timeout": "1h"}
    shop.write(
        {
            "src/raw/orders.yaml": f"source: {{files: data_raw/orders.csv}}\n{keys}",
            "src/clean/orders.sql": f"/* ---\n{keys}--- */\n"
            "select * from raw.orders where id >= $least\n",
            "src/warehouse/made.py": function("pass", **python),
            "config.yaml": "pipeline: p\nparams: {least: 1}\nrun: {timeout: 2h, retries: 9}\n",
        }
    )
    assert set(shop.plan().values()) == {"keep"}
    bare = function("pass").replace('@asset(inputs={"orders": "raw.orders"})', "@asset")
    bare = bare.replace("orders: pa.Table", "").replace(
        "return orders", "return pa.table({'x': [1]})"
    )
    shop.write({"src/warehouse/made.py": bare}).run()
    shop.write({"src/warehouse/made.py": bare.replace("@asset", "@asset(retries=3)")})
    assert set(shop.plan().values()) == {"keep"}
    shop.write({"src/warehouse/made.py": bare.replace("[1]", "[2]")})
    assert shop.plan()["warehouse.made"] == "build"


def test_each_attempt_is_in_log_history_and_reports(shop):
    result = shop.write(flaky(2)).run()
    assert result.ok
    (asset,) = [a for a in shop.report()["assets"] if a["asset"] == "warehouse.made"]
    assert asset["attempts"] == 3
    assert [each["attempt"] for each in asset["retried"]] == [1, 2]
    for number, each in enumerate(asset["retried"], 1):
        assert f"ConnectionError: gone, call {number}" in each["error"]
        assert each["started"] <= each["ended"]
        assert each["wait"] == pytest.approx(shop.waits[number - 1], abs=1e-5)
    query = "select attempt, status, wait, error from steps where asset = 'warehouse.made'"
    rows = shop.history(query)
    assert [(row[0], row[1]) for row in rows] == [(1, "retried"), (2, "retried"), (3, "built")]
    assert [row[2] for row in rows] == [*shop.waits, None]
    assert "gone, call 2" in rows[1][3]
    for name in ("report.md", "report.html"):
        text = (shop.root / "reports" / "latest" / name).read_text()
        assert text.count("Attempts that failed and were made again") == 1
        assert "gone, call 1" in text
        assert "2 of 3" in text
    shown = shop.command("runs", "show").stdout
    assert "gone, call 1" in shown
    assert "next after" in shown
    assert "retry warehouse.made" in shop.logged()


@contextmanager
def serving(answers: list[int]):
    """Serve on a real port; each request takes one of these answers, and 0 hangs up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status = answers.pop(0) if answers else 200
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"7")

        def log_message(self, *_):
            pass

        def handle(self):
            with suppress(OSError, ValueError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


URLLIB = "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{}', timeout=5).read()"
REQUESTS = "import requests\nrequests.get('http://127.0.0.1:{}', timeout=5).raise_for_status()"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of `urllib`
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("way", [URLLIB, REQUESTS], ids=["urllib", "requests"])
@pytest.mark.parametrize(
    ("answers", "calls", "ok"),
    [([503, 0], 3, True), ([429], 2, True), ([404], 1, False), ([500, 502, 504], 3, False)],
)
def test_a_server_that_goes_away_is_asked_again(shop, way, answers, calls, ok):
    if way is REQUESTS:
        pytest.importorskip("requests")
    with serving(list(answers)) as port:
        result = shop.write({"src/warehouse/made.py": function(way.format(port))}).run()
    assert (shop.calls, result.ok) == (calls, ok)


@pytest.mark.parametrize("way", [URLLIB, REQUESTS], ids=["urllib", "requests"])
def test_a_server_that_is_not_there_is_asked_as_often_as_said(shop, way):
    if way is REQUESTS:
        pytest.importorskip("requests")
    with serving([]) as port:
        pass
    shop.write({"src/warehouse/made.py": function(way.format(port), retries=4)}).run()
    assert shop.calls == 5
