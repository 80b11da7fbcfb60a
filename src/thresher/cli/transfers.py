"""How far a transfer has come (a bar on a terminal, lines in a pipe), and what came of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TextIO

import click

from thresher.cli.options import print_json
from thresher.observe import console
from thresher.observe.console import is_terminal
from thresher.observe.wording import counted, duration, moment
from thresher.sizes import spell_size
from thresher.storage.outcomes import (
    UNCHECKED,
    Moved,
    Progress,
    Removal,
    Transfer,
    Verification,
)

#: Rows that people are shown; JSON has all of them.
SHOWN = 50
#: Bytes from which on a transfer takes long enough to be watched in a pipe.
WORTH_A_LINE = 1_000_000
_DOING = {"put": "storing", "get": "fetching", "verify": "checking"}


@contextmanager
def shown(stream: TextIO) -> Iterator[Progress]:
    """Give a callback that shows a transfer on a stream while it goes."""
    if not is_terminal(stream):
        yield Tenths(stream)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("")

        def show(moved: Moved) -> None:
            files = f"{moved.files_done:,}/{moved.files:,} files" if moved.files > 1 else ""
            bar.update(
                task,
                description=f"{_DOING[moved.action]} {files}".rstrip(),
                total=moved.bytes,
                completed=moved.bytes_done,
            )

        yield show


class Tenths:
    """Progress for pipes and log files: a plain line whenever a further tenth is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = 0

    def __call__(self, moved: Moved) -> None:
        """Write a line, if a further tenth is done."""
        tenth = 10 if moved.files_done == moved.files else 9
        if moved.bytes:
            tenth = min(tenth, 10 * moved.bytes_done // moved.bytes)
        if tenth <= self._told or moved.bytes < WORTH_A_LINE:
            return
        self._told = tenth
        files = f", {moved.files_done:,} of {moved.files:,} files" if moved.files > 1 else ""
        done = f"{spell_size(moved.bytes_done)} of {spell_size(moved.bytes)}"
        self._stream.write(f"{_DOING[moved.action]} {tenth * 10:>3}%  {done}{files}\n")
        self._stream.flush()


def tell(done: Sequence[Transfer], verb: str, seconds: float, form: str) -> None:
    """Print what became of files and objects."""
    moved = [each for each in done if each.state == "done"]
    if form == "json":
        print_json({"format": 1, "seconds": seconds, "transfers": [asdict(each) for each in done]})
        return
    rows = [
        (
            *(each.url, str(each.path), spell_size(each.size), each.checked),
            verb if each.state == "done" else "there already",
        )
        for each in done
    ]
    headers = ("object", "file", "size", "checked by", "")
    _table(headers, rows)
    carried = sum(each.size - each.resumed for each in moved)
    parts = [f"{verb} {counted(len(moved), 'file')}, {spell_size(carried)} in {duration(seconds)}"]
    if resumed := sum(each.resumed for each in moved):
        parts.append(f"{spell_size(resumed)} were there from before")
    if same := len(done) - len(moved):
        parts.append(f"{counted(same, 'file')} {'was' if same == 1 else 'were'} there already")
    click.echo("; ".join(parts))
    if weak := sum(each.checked == UNCHECKED for each in done):
        click.echo(f"  hint: of {counted(weak, 'object')} the service tells no checksum", err=True)


def tell_verified(found: Sequence[Verification], form: str) -> None:
    """Print how files and objects compare; what is wrong first."""
    right = sum(each.ok for each in found)
    if form == "json":
        results = [{**asdict(each), "ok": each.ok} for each in found]
        print_json({"format": 1, "ok": right == len(found), "results": results})
        return
    ordered = sorted(found, key=lambda each: each.ok)
    rows = [
        (each.url, "" if each.path is None else str(each.path), each.state, each.checked)
        for each in ordered
    ]
    _table(("object", "file", "result", "compared by"), rows)
    click.echo(f"{right:,} of {len(found):,} as it should be")


def tell_found(found: Sequence[Removal], *, stream: TextIO) -> None:
    """Print what can be removed."""
    if found:
        rows = [
            (moment(each.modified), spell_size(each.size), each.kind, each.name) for each in found
        ]
        headers = ("changed (UTC)", "size", "what", "where")
        text = console.table(headers, rows, stream=stream, right=("size",), limit=SHOWN)
        click.echo(text, nl=False, file=stream)


def removals(found: Sequence[Removal]) -> str:
    """Count what is removed, by its kind."""
    kinds = Counter(each.kind for each in found)
    nouns = {"upload": "unfinished upload"}
    counts = [counted(number, nouns.get(kind, kind)) for kind, number in kinds.items()]
    return f"{', '.join(counts)}, {spell_size(sum(each.size for each in found))}"


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = console.table(headers, rows, stream=sys.stdout, right=("size",), limit=SHOWN)
    click.echo(text, nl=False)
