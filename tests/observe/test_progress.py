import io
from dataclasses import replace

from observed_runs import RUN, at

from thresher.events import AssetFinished, AssetStarted, FileRefused
from thresher.observe.console import progress


def told(events):
    stream = io.StringIO()
    with progress(stream=stream) as listener:
        for event in events:
            listener(event)
    return stream.getvalue()


def test_a_pipe_gets_one_line_for_each_thing_worth_telling(events):
    assert told(events) == (
        "run 20260303T140211-7f3a of flights (dev): 3 to build\n"
        "  2 unchanged\n"
        "  retry     raw.flights       attempt 1 failed after 0.2 s, next in 1.0 s: "
        "connection reset\n"
        "  set aside raw.flights       data_raw/\\x1b[31mbad .csv: line 7 has 3 fields, not 4\n"
        "  built     raw.flights             336,700 rows      2.0 s   2 attempts\n"
        "  tolerated clean.flights     within the tolerance of 0.1%\n"
        "  failed    clean.flights     `not_null(arr_time)` is violated by 8,713 rows\n"
    )


def test_a_pipe_never_gets_control_characters(events):
    assert not {c for c in told(events) if ord(c) < 32 or ord(c) == 127} - {"\n"}


def test_a_fault_is_told_without_the_asset_that_the_line_begins_with(events):
    finished = next(e for e in events if isinstance(e, AssetFinished))
    failed = replace(finished, status="failed", error="src/raw/a.yaml:2 (raw.flights): no\n more")

    assert told([failed]) == "  failed    raw.flights  src/raw/a.yaml:2: no\n"


def test_files_that_an_asset_fails_by_are_told_once_and_counted(events):
    finished = next(e for e in events if isinstance(e, AssetFinished))
    aside = next(e for e in events if isinstance(e, FileRefused))
    first, second = (
        replace(aside, path=name, outcome="failed", reason="the file is empty")
        for name in ("a.csv", "b.csv")
    )
    error = "a.csv: the file is empty\n  hint: remove it\nb.csv: the file is empty"
    failed = replace(finished, status="failed", error=error, faults=2)

    assert told([first, second, failed]) == (
        "  failed    raw.flights  a.csv: the file is empty (and 1 more)\n"
    )


def test_rows_and_seconds_are_aligned(events):
    started, *_ = events
    finished = next(e for e in events if isinstance(e, AssetFinished))
    others = [
        replace(finished, asset="raw.one", rows_out=1, attempts=1),
        replace(finished, asset="clean.flights", rows_out=7, seconds=61.0, attempts=1),
        replace(finished, asset="warehouse.delays", rows_out=1_234_567, attempts=1),
    ]

    lines = told([started, *others]).splitlines()[2:]

    assert len({line.index(" row") for line in lines}) == 1
    assert " 1 row " in lines[0]
    assert len({len(line) for line in lines}) == 1


class Closed(io.StringIO):
    """A pipe whose reader went away."""

    def write(self, text):
        raise BrokenPipeError


def test_a_reader_that_went_away_does_not_stop_the_run(events):
    with progress(stream=Closed()) as listener:
        for event in events:
            listener(event)


def test_a_stream_that_cannot_write_a_character_gets_it_escaped(events):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with progress(stream=stream) as listener:
        listener(replace(events[0], pipeline="Flüge"))

    assert b"of Fl\\xfcge (dev)" in raw.getvalue()


def test_a_started_asset_makes_no_line_in_a_pipe(events):
    event = AssetStarted(run=RUN, asset="a.b", action="build", attempt=1, at=at(0))

    assert told([event]) == ""
