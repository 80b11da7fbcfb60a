"""Commands for the rows that a contract set aside."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from thresher.api import documents
from thresher.api.quarantine import (
    QuarantineRow,
    correct,
    export_rows,
    masked_columns,
    quarantined_rows,
    quarantines,
)
from thresher.api.running import Work
from thresher.cli.options import Command, format_option, opened, print_json, project_options
from thresher.observe import console
from thresher.observe.wording import count, counted, moment


@click.group(epilog="Example: thresher quarantine list")
def quarantine() -> None:
    """See the rows that a contract set aside, and give them back corrected."""


@quarantine.command(name="list", epilog="Example: thresher quarantine list --env prod")
@format_option()
@project_options
def list_quarantines(
    *, form: str, folder: str, environment: str | None, params: Sequence[str]
) -> None:
    """List the tables that rows are set aside of, with the checks that these break."""
    project = opened(folder, environment, params)
    found = quarantines(project.work)
    if form == "json":
        print_json({"format": 1, "quarantine": [asdict(row) for row in found]})
        return
    if not found:
        click.echo("nothing is in quarantine", err=True)
        return
    headers = (
        *("asset", "check", "rows", "set aside", "not read", "published", "released"),
        "since (UTC)",
    )
    rows = [
        (
            *((r.asset, check, count(number)) if not at else ("", check, count(number))),
            *(map(count, (r.rows, r.rejected, r.published, r.released)) if not at else [""] * 4),
            moment(r.at) if not at else "",
        )
        for r in found
        for at, (check, number) in enumerate(r.checks.items() or [("", 0)])
    ]
    right = ("rows", "set aside", "not read", "published", "released")
    click.echo(console.table(headers, rows, stream=sys.stdout, right=right), nl=False)
    for row in found:
        if row.unmatched:
            click.echo(_idle(row), err=True)


def _idle(row: QuarantineRow) -> str:
    """Say that corrections do nothing; a file may hold others beside them, which still do."""
    told = f"{counted(row.unmatched, 'correction')} of `{row.asset}`"
    told += f" {'does' if row.unmatched == 1 else 'do'} nothing any more"
    return f"{told}: a file in `corrections/{row.asset}/` that holds no others can go"


def _reveal_option(command: Command) -> Command:
    return click.option("--reveal", is_flag=True, help="Show the values of sensitive columns.")(
        command
    )


def _tell_masked(work: Work, asset: str, *, reveal: bool) -> bool:
    """Say which columns were masked, if any were."""
    masked = () if reveal else masked_columns(work, asset)
    if masked:
        names = ", ".join(f"`{name}`" for name in masked)
        click.echo(f"masked, since sensitive: {names}; `--reveal` shows them", err=True)
    return bool(masked)


@quarantine.command(epilog="Example: thresher quarantine show clean.orders --limit 5")
@click.argument("asset")
@click.option("--check", metavar="ID", help="Only rows that break this check, by its id.")
@click.option(
    "--limit",
    "-n",
    default=20,
    show_default=True,
    type=click.IntRange(0),
    help="Most rows to print; 0 for all.",
)
@_reveal_option
@format_option()
@project_options
def show(
    *,
    asset: str,
    check: str | None,
    limit: int,
    reveal: bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Show the rows of ASSET that were set aside, with the checks they break."""
    project = opened(folder, environment, params)
    name = asset.lower()
    answer = quarantined_rows(project.work, name, limit=limit or None, check=check, reveal=reveal)
    _tell_masked(project.work, name, reveal=reveal)
    if form == "json":
        print_json(documents.answer(answer))
        return
    click.echo(console.table(answer.columns, answer.rows, stream=sys.stdout), nl=False)
    click.echo(counted(answer.total, "row"), err=True)


@quarantine.command(epilog="Example: thresher quarantine export clean.orders orders.csv")
@click.argument("asset")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_reveal_option
@project_options
def export(
    *,
    asset: str,
    file: Path,
    reveal: bool,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Write the rows of ASSET that were set aside to FILE, to be mended: .csv or .parquet.

    A file with masked values is to be read, and cannot be given back.
    """
    project = opened(folder, environment, params)
    answer = export_rows(project.work, asset.lower(), file, reveal=reveal)
    click.echo(f"{counted(answer.total, 'row')} written to {file}", err=True)
    if _tell_masked(project.work, asset.lower(), reveal=reveal):
        click.echo("  a masked file cannot be given back; `--reveal` writes one that can", err=True)
        return
    click.echo(f"  next: mend them, then `thresher quarantine retry {asset} {file}`", err=True)


@quarantine.command(epilog="Example: thresher quarantine retry clean.orders orders.csv")
@click.argument("asset")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--no-run", is_flag=True, help="Only take the rows; the next run publishes them.")
@click.option("--quiet", "-q", is_flag=True, help="Show the summary alone.")
@format_option()
@project_options
def retry(
    *,
    asset: str,
    file: Path,
    no_run: bool,
    quiet: bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> int:
    """Give corrected rows of ASSET back, and run what stands on them.

    FILE is what `export` wrote, with the rows mended, or only some of them. They go through the
    same contract; a row that passes is published in the place of the one it corrects, once.
    """
    project = opened(folder, environment, params)
    taken = correct(project.work, asset.lower(), file)
    click.echo(f"{counted(taken.rows, 'row')} taken as {taken.path}", err=True)
    if no_run:
        if form == "json":
            print_json({"format": 1, "correction": asdict(taken)})
        return 0
    project = opened(folder, environment, params)
    with console.progress(stream=sys.stderr) as progress:
        silent = quiet or form == "json"
        result = project.run(select=f"{taken.asset}+", listeners=() if silent else (progress,))
    if form == "json":
        print_json(documents.run(result, project))
    else:
        click.echo(console.summary(result, stream=sys.stdout), nl=False)
    return result.exit_code
