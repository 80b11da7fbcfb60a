import gc
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from observed_runs import BEGAN, RUN

from thresher.events import QueryFinished, RunStarted
from thresher.observe.logs import KEYS, open_logs


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def written(tmp_path, events):
    with open_logs(tmp_path / "logs", pipeline="flights") as log:
        for event in events:
            log(event)
    return records(tmp_path / "logs" / "flights.log")


def test_every_event_is_a_record_with_the_same_keys_first(written, events):
    assert [r["event"] for r in written] == [type(e).__name__ for e in events]
    assert {tuple(r)[: len(KEYS)] for r in written} == {KEYS}
    assert {(r["pipeline"], r["run"]) for r in written} == {("flights", RUN)}


def test_the_configuration_is_one_structured_record(written):
    (started,) = [r for r in written if r["event"] == "RunStarted"]

    assert started["configuration"]["params"] == {
        "start_date": "2013-01-01",
        "carriers": ["UA", "AA"],
        "floor": "0.10",
    }
    assert started["configuration"]["root"] == "/srv/flights"
    assert started["configuration"]["since"] == "2026-03-03"
    assert started["steps"]["clean.planes"] == "keep"


def test_a_finished_asset_has_start_end_duration_and_rows(written):
    finished = next(r for r in written if r["event"] == "AssetFinished")

    assert finished["asset"] == "raw.flights"
    assert finished["attempt"] == 2
    assert finished["started"] == "2026-03-03T14:02:11.350Z"
    assert finished["ended"] == finished["ts"] == "2026-03-03T14:02:13.350Z"
    assert finished["duration_s"] == 2.0
    assert (finished["rows_in"], finished["rows_out"], finished["files"]) == (336_776, 336_700, 11)
    assert finished["message"].startswith("built raw.flights: 336,776 rows in, 336,700 rows out")


def test_a_failed_attempt_has_its_own_start_and_end(written):
    retry = next(r for r in written if r["event"] == "AttemptFailed")

    assert (retry["attempt"], retry["wait"], retry["error"]) == (1, 1.0, "connection reset")
    assert retry["started"] == "2026-03-03T14:02:11.350Z"
    assert retry["ended"] == "2026-03-03T14:02:11.550Z"


def test_levels_tell_warnings_from_errors(written):
    levels = [(r["event"], r["level"]) for r in written if r["level"] != "INFO"]

    assert levels == [
        ("AttemptFailed", "WARNING"),
        ("FileRefused", "WARNING"),
        ("CheckTold", "WARNING"),
        ("AssetFinished", "ERROR"),
        ("RunFinished", "ERROR"),
    ]


def test_error_log_has_the_errors_and_nothing_else(tmp_path, events, written):
    errors = records(tmp_path / "logs" / "error.log")

    assert errors == [r for r in written if r["level"] == "ERROR"]
    assert len(errors) == 2


def test_no_file_is_made_before_there_is_something_to_write(tmp_path, events):
    folder = tmp_path / "logs"
    with open_logs(folder, pipeline="flights") as log:
        assert not folder.exists()
        log(events[0])
        assert [path.name for path in folder.iterdir()] == ["flights.log"]


def test_both_files_are_rotated_and_nothing_is_lost_in_between(tmp_path, events):
    finished = events[-1]
    with open_logs(tmp_path, pipeline="p", max_bytes=2_000, backups=3) as log:
        for number in range(30):
            log(replace(finished, publication=number))

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(f"{n}.log{b}" for n in ("p", "error") for b in ("", ".1", ".2", ".3"))
    assert all(path.stat().st_size <= 2_000 for path in tmp_path.iterdir())
    files = [tmp_path / f"p.log{backup}" for backup in (".3", ".2", ".1", "")]
    kept = [record["publication"] for file in files for record in records(file)]
    assert kept == list(range(kept[0], 30))


def test_a_log_follows_what_another_process_rotated(tmp_path, events):
    path = tmp_path / "p.log"
    with open_logs(tmp_path, pipeline="p") as log:
        log(events[0])
        path.rename(tmp_path / "p.log.1")
        log(events[1])

    assert [r["event"] for r in records(path)] == ["AssetStarted"]


def test_level_leaves_out_what_is_less(tmp_path, events):
    with open_logs(tmp_path, pipeline="p", level="WARNING") as log:
        for event in events:
            log(event)

    assert {r["level"] for r in records(tmp_path / "p.log")} == {"WARNING", "ERROR"}


def test_a_projects_own_code_logs_into_the_same_files_with_the_same_tags(tmp_path, events):
    with open_logs(tmp_path, pipeline="p", mask=lambda text: text.replace("hunter2", "***")) as log:
        logger = log.logger(RUN, "clean.flights", attempt=2)
        logger.info("%d rows, password %s", 3, "hunter2", extra={"path": tmp_path, "n": 1})
        try:
            raise ValueError("hunter2 is wrong")
        except ValueError:
            logger.exception("no")

    told, failed = records(tmp_path / "p.log")
    assert tuple(told)[: len(KEYS)] == KEYS
    assert told["message"] == "3 rows, password ***"
    assert (told["run"], told["asset"], told["attempt"]) == (RUN, "clean.flights", 2)
    assert (told["event"], told["path"], told["n"]) == ("Message", str(tmp_path), 1)
    assert datetime.fromisoformat(told["ts"]).utcoffset() == timedelta(0)
    assert "ValueError: *** is wrong" in failed["traceback"]
    assert "hunter2" not in (tmp_path / "error.log").read_text()


def test_neither_the_root_logger_nor_any_named_one_is_touched(tmp_path, events):
    before = (list(logging.root.handlers), logging.root.level, set(logging.root.manager.loggerDict))
    with open_logs(tmp_path, pipeline="p") as log:
        log(events[0])
        log.logger(RUN, "a.b").warning("x")
        assert before == (
            logging.root.handlers,
            logging.root.level,
            set(logging.root.manager.loggerDict),
        )


def test_closing_leaves_no_file_open_and_later_records_are_dropped(tmp_path, events):
    log = open_logs(tmp_path, pipeline="p")
    log(events[-1])
    logger = log.logger(RUN, "a.b")
    log.close()
    logger.error("too late")
    del log
    gc.collect()

    assert len(records(tmp_path / "p.log")) == 1


def test_a_log_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path, events):
    (tmp_path / "logs").write_text("a file where the folder should be")
    said: list[str] = []
    with open_logs(tmp_path / "logs", pipeline="p", warn=said.append) as log:
        for event in events:
            log(event)

    assert len(said) == 1
    assert said[0].startswith("warning: the log cannot be written: ")


@pytest.mark.parametrize(("name", "file"), [("a/../b", "a_.._b.log"), ("error", "error.log")])
def test_any_name_of_a_pipeline_makes_a_file_in_the_folder(tmp_path, events, name, file):
    with open_logs(tmp_path, pipeline=name) as log:
        log(events[-1])

    assert len(records(tmp_path / file)) == 1


def test_a_query_is_logged_with_its_time_and_rows(tmp_path):
    event = QueryFinished(
        at=BEGAN, environment="dev", sql="select 1\n", params={"day": BEGAN}, seconds=0.25, rows=1
    )
    with open_logs(tmp_path, pipeline="p") as log:
        log(event)
        log(replace(event, rows=None, error="no such table"))

    good, bad = records(tmp_path / "p.log")
    assert (good["level"], good["duration_s"], good["rows"], good["run"]) == ("INFO", 0.25, 1, None)
    assert good["started"] == "2026-03-03T14:02:11.000Z"
    assert good["params"] == {"day": BEGAN.isoformat()}
    assert (bad["level"], bad["error"]) == ("ERROR", "no such table")


def test_broken_file_names_do_not_break_the_log(tmp_path, events):
    started = events[0]
    assert isinstance(started, RunStarted)
    with open_logs(tmp_path, pipeline="p") as log:
        log(replace(started, configuration={"file": "b\udcff.csv"}))

    (record,) = records(tmp_path / "p.log")
    assert record["configuration"] == {"file": r"b\udcff.csv"}
