"""Commands for when something is broken: is it, where, and what can be restored."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from thresher.api import documents
from thresher.cli.options import (
    format_option,
    notices,
    opened,
    print_json,
    project_options,
    wait_option,
)
from thresher.observe import console
from thresher.observe.wording import counted
from thresher.sizes import spell_size

if TYPE_CHECKING:
    from thresher.warehouse.verify import Verification


@click.command(epilog="Example: thresher verify --select clean.orders")
@click.option("--select", "-s", multiple=True, help="Assets to look at; all unless told.")
@click.option("--all", "every", is_flag=True, help="Look at every publication that is kept.")
@format_option()
@project_options
@click.pass_context
def verify(
    context: click.Context,
    *,
    select: Sequence[str],
    every: bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Read every byte of what is published, and hold it against what was written.

    What is damaged is named, and counts as gone from then on: the next run builds it anew. Ends
    with 1 where anything is.
    """
    project = opened(folder, environment, params)
    with _progress() as progress:
        found = project.verify(select, every=every, progress=progress)
    if form == "json":
        print_json(documents.verification(found))
    else:
        _tell(found)
    context.exit(0 if found.ok else 1)


@click.command(epilog="Example: thresher repair --dry-run")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@wait_option
@format_option()
@project_options
def repair(
    *,
    dry_run: bool,
    wait: timedelta | bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Restore the catalog, or the link that readers follow, from the manifests and the lake.

    No data is touched, and nothing is thrown away. Damaged data is found by `thresher verify`, and
    built anew by `thresher run`.
    """
    project = opened(folder, environment, params)
    done = project.repair(dry_run=dry_run, wait=wait, listeners=(notices,))
    if form == "json":
        print_json(documents.repairs(done, dry_run=dry_run))
        return
    if not done:
        click.echo("nothing to repair")
        return
    headers = ("path", "what was wrong", "what would be done" if dry_run else "what was done")
    rows = [(each.path, each.what, each.done) for each in done]
    click.echo(console.table(headers, rows, stream=sys.stdout), nl=False)


def _tell(found: Verification) -> None:
    looked = f"{counted(found.files, 'file')}, {spell_size(found.bytes)}"
    for path in found.healed:
        click.echo(f"whole again: {path}")
    if found.ok:
        click.echo(f"all is as it was written: {looked}")
        return
    headers = ("path", "asset", "what is wrong", "publications", "what to do")
    rows = [
        (each.path, each.asset or "", each.what, ", ".join(each.publications), each.hint)
        for each in found.damages
    ]
    click.echo(console.table(headers, rows, stream=sys.stdout), nl=False)
    click.echo(f"{counted(len(found.damages), 'file')} damaged or missing, of {looked}", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show on a terminal how far it has come."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label="verifying", file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield show
