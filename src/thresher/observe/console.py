"""Everything that a run shows on a screen: live progress, the summary at its end, and lists.

The only place with rich besides `cli/`, and rich is loaded only where a terminal is really written
to. A stream that is no terminal (or a dumb one) gets plain text with the same facts. `NO_COLOR` is
honoured. All functions that give text give it ready for the stream that they were told.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any, Self, TextIO

from thresher.events import AssetFinished, AssetStarted, Event, RunFinished, RunStarted
from thresher.observe import tables
from thresher.observe.checks import check_listing
from thresher.observe.history import RunDetail
from thresher.observe.listings import past_run_listing, plan_listing
from thresher.observe.progress import Line, PlainProgress, Progress, line, name_width, notice
from thresher.observe.summary import Summary, plain_summary, summarize
from thresher.observe.telling import heading, unchanged
from thresher.observe.wording import one_line
from thresher.plan.plan import Plan
from thresher.results import NOT_OK, RunResult

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table as RichTable
    from rich.text import Text

_STYLES = {
    "good": "green",
    "warned": "yellow",
    "bad": "red",
    "plain": "",
}
_STATUS_STYLES = {
    "built": "green",
    "passed": "green",
    "failed": "red",
    "error": "red",
    "blocked": "red",
    "stopped": "red",
    "warned": "yellow",
    "quarantined": "yellow",
    "tolerated": "yellow",
    "set aside": "yellow",
    "kept": "dim",
    "reused": "dim",
    "unchanged": "dim",
    "died": "red",
    "published": "green",
    "partly published": "red",
    "interrupted": "red",
}
#: Running assets that the live display shows one by one.
SHOWN_RUNNING = 8


def is_terminal(stream: TextIO | None) -> bool:
    """Say whether a stream is a terminal that understands more than plain text."""
    if stream is None or os.environ.get("TERM", "") in ("dumb", "unknown"):
        return False
    return stream.isatty()


def progress(*, stream: TextIO, terminal: bool | None = None) -> Progress:
    """Make the listener that shows a run while it goes.

    It stops by itself when the run is over. Use it as a context manager (or call `close`), so that
    the terminal is given back also when the run dies.

    Args:
        stream: where it is shown.
        terminal: whether that is a terminal; seen from the stream unless told.
    """
    if is_terminal(stream) if terminal is None else terminal:
        return LiveProgress(stream)
    return PlainProgress(stream)


def summary(result: RunResult, *, stream: TextIO | None = None) -> str:
    """Tell what a run came to: plain text, or coloured text where the stream is a terminal."""
    return _summary(summarize(result), stream)


def plan(made: Plan, *, stream: TextIO | None = None) -> str:
    """Tell what a run would do: plain text, or coloured text where the stream is a terminal."""
    return _summary(plan_listing(made), stream)


def past_run(detail: RunDetail, *, stream: TextIO | None = None) -> str:
    """Tell what the history knows of a run, for a pipe or a terminal."""
    return _summary(past_run_listing(detail), stream)


def checks(
    result: RunResult,
    *,
    not_published: Sequence[str] = (),
    contract: str | None = None,
    stream: TextIO | None = None,
) -> str:
    """Tell what holding tables, or a file, against contracts came to."""
    made = check_listing(result, not_published=not_published, contract=contract)
    return _summary(made, stream)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    stream: TextIO | None = None,
    title: str = "",
    limit: int | None = None,
    thousands: bool = False,
    right: Collection[str] = (),
) -> str:
    """Write a list of anything; columns of numbers are aligned to the right.

    Args:
        headers: name of each column.
        rows: values; None is shown as nothing.
        stream: where it will be written; plain text unless that is a terminal.
        title: line above the table.
        limit: most rows to show.
        thousands: whether whole numbers get separators (counts do, years do not).
        right: columns that are aligned to the right though they are worded, such as durations.
    """
    made = tables.tabulate(
        headers, rows, title=title, limit=limit, thousands=thousands, right=right
    )
    if not is_terminal(stream):
        return tables.text(made) + "\n"
    return _rendered(_table_parts(made), stream)


class LiveProgress:
    """Progress for terminals: what is running below, what is finished scrolls away above."""

    def __init__(self, stream: TextIO) -> None:
        from rich.live import Live

        self._console = _console(stream)
        self._lock = threading.Lock()
        self._running: dict[str, tuple[str, float]] = {}
        self._done = self._failed = self._total = self._names = 0
        self._began = time.monotonic()
        self._live = Live(
            self,
            console=self._console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )

    def __call__(self, event: Event) -> None:
        """Take note of an event; a terminal that went away is no reason for a run to stop."""
        try:
            self._take(event)
        except OSError:
            self.close()

    def close(self) -> None:
        """Take the display away and give the terminal back."""
        try:
            self._live.stop()
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _take(self, event: Event) -> None:
        self._count(event)
        if isinstance(event, RunStarted):
            self._print(one_line(heading(event)), "bold")
            if kept := unchanged(event):
                self._print(f"  {kept}", "dim")
            self._live.start()
        elif isinstance(event, RunFinished):
            self.close()
        elif told := notice(event):
            self._print(told, "yellow")
        elif made := line(event):
            self._print_line(made)

    def _count(self, event: Event) -> None:
        # Not held while anything is printed: the display's own thread takes it under rich's lock.
        with self._lock:
            if isinstance(event, RunStarted):
                self._began = time.monotonic()
                self._names = name_width(event)
                self._total = sum(action != "keep" for _, action in event.steps)
            elif isinstance(event, AssetStarted):
                self._running[event.asset] = (event.action, time.monotonic())
            elif isinstance(event, AssetFinished):
                self._running.pop(event.asset, None)
                if event.status != "kept":
                    self._done += 1
                    self._failed += event.status in NOT_OK

    def _print_line(self, made: Line) -> None:
        row = _line(made, self._names)
        if made.tone == "bad":
            self._console.print(row, soft_wrap=True)
        else:  # The summary says all of it.
            self._console.print(row, no_wrap=True, overflow="ellipsis")

    def _print(self, text: str, style: str) -> None:
        from rich.text import Text

        self._console.print(Text(text, style), soft_wrap=True)

    def __rich__(self) -> RenderableType:
        """Draw what is running now, and how far the run has come."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table as RichTable
        from rich.text import Text

        with self._lock:
            running = list(self._running.items())
            done, failed, total = self._done, self._failed, self._total
        now = time.monotonic()
        work = RichTable.grid(padding=(0, 2))
        for asset, (action, since) in running[:SHOWN_RUNNING]:
            name = Text(f"  {one_line(asset)}", no_wrap=True, overflow="ellipsis")
            work.add_row(name, Text(action, "dim"), Text(f"{now - since:.0f} s", "cyan"))
        if len(running) > SHOWN_RUNNING:
            work.add_row(Text(f"  and {len(running) - SHOWN_RUNNING} more", "dim"), "", "")
        foot = RichTable.grid(padding=(0, 2))
        style = "red" if failed else "green"
        bar = ProgressBar(max(total, 1), done, 30, complete_style=style, finished_style=style)
        said = [Text(f"{done:,}/{total:,}")]
        said += [Text(f"{failed:,} failed", "red")] if failed else []
        foot.add_row(bar, *said, Text(f"{now - self._began:.0f} s", "dim"))
        return Group(work, foot) if running else foot


def _line(made: Line, names: int) -> Text:
    from rich.text import Text

    row = Text("  ")
    row.append(f"{made.label:<9} ", _STYLES[made.tone])
    row.append(f"{made.asset:<{names}}  ")
    row.append(made.text, "" if made.tone == "bad" else "dim")
    return row


def _summary(summed: Summary, stream: TextIO | None) -> str:
    if not is_terminal(stream):
        return plain_summary(summed)
    return _rendered(_summary_parts(summed), stream)


def _summary_parts(summed: Summary) -> Iterator[RenderableType]:
    from rich.text import Text

    for shown in summed.tables:
        yield from _table_parts(shown)
        yield Text("")
    for failure in summed.failures:
        head, _, rest = failure.partition("\n")
        yield Text.assemble((head, "bold red"), f"\n{rest}" if rest else "")
        yield Text("")
    verdict, *others = summed.closing
    yield Text(verdict, f"bold {_STYLES[summed.tone]}")
    for said in others:
        yield Text(said)


def _table_parts(shown: tables.Table) -> Iterator[RenderableType]:
    from rich.text import Text

    if shown.title:
        yield Text(shown.title, "bold")
    yield _rich_table(shown)
    if shown.left_out:
        yield Text(f"  {shown.remainder}", "dim")


def _rich_table(shown: tables.Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=True, show_edge=False)
    for index, header in enumerate(shown.headers):
        right = index in shown.right
        made.add_column(
            Text(header), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for row in shown.rows:
        made.add_row(*(Text(cell, _STATUS_STYLES.get(cell, "")) for cell in row))
    return made


def _rendered(parts: Iterable[RenderableType], stream: TextIO | None) -> str:
    """Render for a stream, as text: whoever asked writes it."""
    into = StringIO()
    console = _console(into, like=stream)
    for part in parts:
        console.print(part)
    return "\n".join(row.rstrip() for row in into.getvalue().splitlines()) + "\n"


def _console(stream: TextIO, *, like: TextIO | None = None) -> Console:
    from rich.console import Console

    columns = Console(file=like).width if like else None
    return Console(
        file=stream,
        force_terminal=True,
        width=columns,
        highlight=False,
        markup=False,
        emoji=False,
        no_color=bool(os.environ.get("NO_COLOR")),
    )
