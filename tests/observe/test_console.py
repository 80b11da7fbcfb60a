import io
import os
import pty
import re
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from observed_runs import BEGAN

from thresher.events import AssetFinished, CheckTold
from thresher.observe.console import is_terminal, past_run, plan, progress, summary, table
from thresher.observe.history import record, run

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """A real terminal: what is written to `stream` is what somebody would see."""

    def __init__(self):
        master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._master = master
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        try:
            while chunk := os.read(self._master, 4096):
                self._seen += chunk
        except OSError:
            return

    def text(self):
        self.stream.close()
        self._reader.join()
        os.close(self._master)
        return self._seen.decode()


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Screen()


def test_a_terminal_is_told_apart_from_a_pipe_and_a_dumb_terminal(screen, monkeypatch):
    assert not is_terminal(io.StringIO())
    assert is_terminal(screen.stream)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(screen.stream)
    screen.text()


def test_live_progress_gives_the_terminal_back_and_leaves_the_lines(screen, events):
    with progress(stream=screen.stream) as listener:
        for event in events:
            listener(event)
    seen = screen.text()

    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1
    plain = ESCAPE.sub("", seen)
    assert "built     raw.flights             336,700 rows      2.0 s   2 attempts" in plain
    assert "retry     raw.flights       attempt 1 failed" in plain
    assert "2 unchanged" in plain
    assert "1/3" in plain
    assert "1 failed" in plain


def test_a_long_warning_takes_one_line_of_a_terminal_and_a_fault_all_it_needs(screen, events):
    told = next(event for event in events if isinstance(event, CheckTold))
    failed = next(event for event in events if isinstance(event, AssetFinished) and event.error)
    with progress(stream=screen.stream) as listener:
        listener(replace(told, message="long " * 100 + "end"))
        listener(replace(failed, error="deep " * 100 + "bottom"))
    seen = ESCAPE.sub("", screen.text())

    assert "…" in seen
    assert "end" not in seen
    assert "bottom" in seen


def test_live_progress_stops_with_the_run(screen, events):
    listener = progress(stream=screen.stream)
    for event in events:
        listener(event)
    threads = threading.active_count()
    listener.close()

    assert threads == threading.active_count()
    assert screen.text().endswith("\x1b[2K")


def test_live_progress_gives_the_terminal_back_when_the_run_dies(screen, events):
    def die():
        with progress(stream=screen.stream) as listener:
            for event in events[:2]:
                listener(event)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    seen = screen.text()

    assert seen.count("\x1b[?25h") == 1
    assert "raw.flights" in ESCAPE.sub("", seen)


def test_a_terminal_cannot_be_steered_from_data(screen, events):
    with progress(stream=screen.stream) as listener:
        for event in events:
            listener(event)

    assert "\x1b[31mbad" not in screen.text()


def test_a_terminal_gets_the_facts_of_the_plain_summary(screen, failing):
    shown = summary(failing, stream=screen.stream)
    screen.text()

    assert "\x1b[" in shown
    flat = ESCAPE.sub("", shown)
    for fact in (
        *(
            "8,713 rows have no `arr_time`",
            "src/clean/flights.sql:7",
            "data_raw/<script>x.csv:7",
            "warehouse.delays",
        ),
        *("hint: did you mean `carrier`?", "nothing was published", "60.00"),
        "failed (dev): 2 of 5 assets failed",
    ):
        assert fact in summary(failing)
        assert fact in flat


def test_no_color_is_honoured(screen, failing, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    shown = summary(failing, stream=screen.stream)
    screen.text()

    colours = re.findall(r"\x1b\[([0-9;]*)m", shown)
    assert not [c for c in colours for code in c.split(";") if code and 30 <= int(code) < 110]


def test_a_table_is_plain_in_a_pipe_and_the_same_on_a_terminal(screen):
    rows = [("clean.flights", 336_776), ("clean.x", None)]

    assert table(("table", "rows"), rows, thousands=True) == (
        "table             rows\nclean.flights  336,776\nclean.x\n"
    )
    seen = ESCAPE.sub("", table(("table", "rows"), rows, thousands=True, stream=screen.stream))
    screen.text()
    assert "clean.flights   336,776" in seen


def test_what_looks_like_markup_is_shown_as_it_is(screen):
    shown = table(("a",), [("[bold]x[/bold] :smile:",)], stream=screen.stream)
    screen.text()

    assert "[bold]x[/bold] :smile:" in shown


def test_a_plan_shows_order_action_reason_and_age(passing, plan_of):
    shown = plan(plan_of(passing))

    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert "1 clean.flights build SQL changed never" in rows
    assert "1 raw.planes keep nothing changed never" in rows
    assert rows[-1] == "dev: 7 to build, 2 to keep"


def test_a_plan_tells_when_an_asset_and_its_inputs_last_changed(passing, plan_of):
    made = plan_of(passing)
    built, delivered = BEGAN.replace(hour=1), BEGAN.replace(hour=2)
    step = replace(made.steps[0], changed_at=built, inputs_changed_at=delivered)
    lines = plan(replace(made, steps=(step, *made.steps[1:]))).splitlines()
    assert lines[1].endswith("last changed (UTC)   inputs changed (UTC)")
    assert lines[2].endswith(f"{built:%Y-%m-%d %H:%M:%S}  {delivered:%Y-%m-%d %H:%M:%S}")


def test_a_long_plan_folds_what_is_unchanged(many, plan_of):
    made = plan_of(many)
    longer = plan(type(made)(**{**_fields(made), "steps": made.steps * 2}))

    assert "plan (60 unchanged)" in longer
    assert "raw.table_01" not in longer


def _fields(made):
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


def test_a_past_run_is_shown_with_attempts_checks_and_files(tmp_path, events):
    with record(tmp_path / "h.db") as history:
        for event in events:
            history(event)

    shown = past_run(run(tmp_path / "h.db"))

    rows = [" ".join(line.split()) for line in shown.splitlines()]
    assert "raw.flights 1 build retried 2026-03-03 14:02:11 0.2 s 1.0 s connection reset" in rows
    found = "clean.flights tolerated src/clean/flights.sql:8 within the tolerance of 0.1%"
    assert found in rows
    assert any(r"\x1b[31mbad .csv raw.flights set aside line 7" in row for row in rows)
    assert any(row.startswith("partly published 12 (dev): 336,776 rows in") for row in rows)


@pytest.mark.parametrize("module", ["console", "logs", "history", "report"])
def test_importing_a_listener_loads_nothing_heavy(module):
    code = (
        f"import thresher.observe.{module}, sys;"
        "bad = {'rich', 'jinja2', 'duckdb', 'pyarrow', 'sqlglot', 'pydantic'} & set(sys.modules);"
        "sys.exit(f'loaded {bad}' if bad else 0)"
    )

    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.returncode == 0


def test_a_run_in_a_pipe_never_loads_rich(tmp_path):
    code = (
        "import io, sys\n"
        "from thresher.observe.console import progress, table\n"
        "progress(stream=io.StringIO()).close(); table(('a',), [(1,)], stream=sys.stdout)\n"
        "sys.exit('rich' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
