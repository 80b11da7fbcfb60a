"""A dictionary of tasks as `thresher.run_dag` runs it: its logs, its timing and its summary."""

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

import thresher
from thresher.events import AssetFinished

ETL = {"load": ["transform"], "transform": ["extract"], "extract": []}
DOCS = Path(__file__).parents[2] / "docs" / "tasks.md"


def tasks():
    attempts = iter([ConnectionError("reset"), [1, 2]])

    def extract():
        if isinstance(given := next(attempts), Exception):
            raise given
        return given

    def load():
        raise ValueError("no such\ntable")

    return {"extract": extract, "transform": lambda inputs: sum(inputs["extract"]), "load": load}


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def failed(tmp_path):
    return thresher.run_dag(ETL, tasks(), retries=1, backoff=0, logs=tmp_path / "logs", name="shop")


def test_every_task_is_in_the_log_with_start_and_end(failed):
    found = records(failed.log)
    assert {(r["pipeline"], r["run"]) for r in found} == {("shop", failed.run)}
    ended = {r["asset"]: r for r in found if r["event"] == "AssetFinished"}
    for name, task in failed.tasks.items():
        started, finished = ended[name]["started"], ended[name]["ended"]
        assert abs((datetime.fromisoformat(started) - task.started).total_seconds()) < 0.001
        assert abs((datetime.fromisoformat(finished) - task.finished).total_seconds()) < 0.001
        assert ended[name]["duration_s"] == round(task.seconds, 6)
    retry = next(r for r in found if r["event"] == "AttemptFailed")
    assert (retry["asset"], retry["level"], retry["duration_s"] >= 0) == (
        "extract",
        "WARNING",
        True,
    )
    assert (found[-1]["event"], found[-1]["warnings"], found[-1]["errors"]) == ("RunFinished", 1, 1)


def test_what_failed_is_in_the_log_of_errors_alone(failed):
    found = records(failed.log.with_name("error.log"))
    assert [(r["event"], r["asset"]) for r in found] == [
        ("AssetFinished", "load"),
        ("RunFinished", None),
    ]
    assert "ValueError: no such" in found[0]["message"]


def test_the_summary_has_a_row_for_each_task_and_a_verdict(failed):
    lines = str(failed).splitlines()
    titles = "task  status  started (UTC)  ended (UTC)  seconds  attempts"
    assert lines[1].split() == titles.split()
    rows = [line.split() for line in lines[2:5]]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("extract", "done", "2"),
        ("transform", "done", "1"),
        ("load", "failed", "1"),
    ]
    assert f"{failed.tasks['load'].started:%Y-%m-%d %H:%M:%S}" in lines[4]
    assert lines[6:9] == ["load failed", "  ValueError: no such", "  table"]
    verdict = r"failed \(shop\): 1 of 3 tasks failed, \S+ s, 1 warning, 1 error"
    assert re.fullmatch(verdict, lines[10])
    assert lines[11] == f"log: {failed.log}"
    assert failed.summary() == str(failed)


def test_what_is_blocked_has_no_times(tmp_path):
    def fail():
        raise ValueError

    result = thresher.run_dag(ETL, {"extract": fail, "transform": int, "load": int})
    lines = str(result).splitlines()
    assert [line.split() for line in lines[3:5]] == [["transform", "blocked"], ["load", "blocked"]]
    assert "blocked, since what they need failed: transform, load" in lines
    assert "1 of 3 tasks failed, 2 blocked" in lines[-1]


def test_many_tasks_are_bounded_and_what_failed_is_shown():
    graph = {f"t{n:03}": [] for n in range(100)}
    functions = {**dict.fromkeys(graph, int), "t099": lambda: 1 / 0}
    told = str(thresher.run_dag(graph, functions))
    assert "  ... and 60 more\n" in told
    assert told.splitlines()[2].split()[:2] == ["t099", "failed"]


def test_nothing_is_written_unless_asked_and_the_listener_is_told_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = thresher.run_dag(ETL, dict.fromkeys(ETL, int))
    assert (result.ok, result.log, list(tmp_path.iterdir())) == (True, None, [])
    told = []
    thresher.run_dag(ETL, dict.fromkeys(ETL, int), listener=told.append, logs="logs")
    assert [event.asset for event in told if isinstance(event, AssetFinished)] == list(result.tasks)
    assert (tmp_path / "logs" / "dag.log").is_file()


def test_the_example_of_the_docs_prints_what_they_say(tmp_path):
    code = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[1]
    shown = re.search(r"```console\n(.*?)```", DOCS.read_text(), re.DOTALL)[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert folded(done.stdout) == folded(shown)
    assert (tmp_path / "logs" / "numbers.log").is_file()


def folded(text):
    """Fold away what differs from one run to the next."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)
    return re.sub(r"\d+\.\d+", "0.0", text)
