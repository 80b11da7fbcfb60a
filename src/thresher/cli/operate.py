"""Commands for whoever runs a project: its history, its publications, its disk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

import click

from thresher.api import documents
from thresher.api import failures as refused
from thresher.cli.options import (
    format_option,
    notices,
    opened,
    print_json,
    project_options,
    wait_option,
)
from thresher.observe import console
from thresher.observe.summary import place_of
from thresher.observe.wording import count, counted, moment, took
from thresher.project.units import parse_duration
from thresher.sizes import spell_size


@click.group(invoke_without_command=True, epilog="Example: thresher runs show latest")
@click.option(
    "--limit",
    "-n",
    default=20,
    show_default=True,
    type=click.IntRange(1),
    help="Most runs to list.",
)
@format_option()
@project_options
@click.pass_context
def runs(
    context: click.Context,
    *,
    limit: int,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """List past runs, the newest first; `thresher runs show ID` shows one."""
    if context.invoked_subcommand is not None:
        # What stands before `show` counts for it, too.
        before = {"form": form, "folder": folder, "environment": environment, "params": params}
        context.default_map = {"show": before}
        return
    found = opened(folder, environment, params).runs(limit)
    if form == "json":
        print_json({"format": 1, "runs": [asdict(row) for row in found]})
        return
    if not found:
        click.echo("no runs yet; `thresher run` makes one", err=True)
        return
    rows = [
        (
            *(r.id, r.environment, moment(r.started), took(r.seconds)),
            *(f"{r.status}, {r.sample}" if r.sample else r.status, r.publication),
            *(count(r.rows_in), count(r.rows_out), r.warnings, r.errors),
        )
        for r in found
    ]
    headers = (
        *("run", "env", "started (UTC)", "took", "status", "publication"),
        *("rows in", "rows out", "warnings", "errors"),
    )
    click.echo(
        console.table(headers, rows, stream=sys.stdout, right=("took", "rows in", "rows out")),
        nl=False,
    )
    for died in (row for row in found if row.last):
        click.echo(f"{died.id} died {died.last}")


@runs.command(name="show", epilog="Example: thresher runs show 20260131")
@click.argument("run", default="latest")
@format_option()
@project_options
def show_run(
    *, run: str, form: str, folder: str, environment: str | None, params: Sequence[str]
) -> None:
    """Show one run by its id, the beginning of it, or `latest`: each step with start and end."""
    detail = opened(folder, environment, params).past_run(run)
    if form == "json":
        print_json({"format": 1, **asdict(detail)})
        return
    click.echo(console.past_run(detail, stream=sys.stdout), nl=False)


@click.command(epilog="Example: thresher failures --run latest")
@click.option("--run", metavar="ID", help="What one run refused: its id, a beginning, or `latest`.")
@click.option("--all", "every", is_flag=True, help="What every run of the environment refused.")
@click.option(
    "--limit",
    "-n",
    default=100,
    show_default=True,
    type=click.IntRange(0),
    help="Most files to list; 0 for all.",
)
@format_option()
@project_options
def failures(
    *,
    run: str | None,
    every: bool,
    limit: int,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """List the input files that are set aside or failed as of the latest run, and why.

    A file that is mended is read by the next run, and leaves the list with it.
    """
    if run is not None and every:
        raise click.UsageError("give `--run` or `--all`, not both")
    project = opened(folder, environment, params)
    if run is not None:
        found = refused.of_run(project, run)
    else:
        found = refused.of_all_runs(project) if every else refused.standing(project)
    rows = found.rows[: limit or None]
    if found.unread:
        click.echo(f"warning: {found.unread}; only what is published is listed", err=True)
    if form == "json":
        print_json(documents.failures(found, rows))
        return
    if not rows and run is not None:
        click.echo(f"the run {found.run} refused no input", err=True)
        click.echo("  hint: `thresher failures` lists what is still set aside", err=True)
        return
    if not rows:
        is_ = "was ever" if every else "is"
        where = f"in the environment `{found.environment}`"
        click.echo(f"no input {is_} set aside or failed {where}", err=True)
        return
    headers = ("file", "asset", "outcome", "reason", "what to do", "when (UTC)", "run")
    lines = [
        (
            *(place_of(each.path, each.line), each.asset, each.outcome, each.reason),
            *(each.hint, moment(each.at), each.run),
        )
        for each in found.rows
    ]
    click.echo(console.table(headers, lines, stream=sys.stdout, limit=limit or None), nl=False)


@click.command(epilog="Example: thresher publications --env prod")
@format_option()
@project_options
def publications(*, form: str, folder: str, environment: str | None, params: Sequence[str]) -> None:
    """List what was published to the environment, the newest first."""
    project = opened(folder, environment, params)
    found = project.publications()
    if form == "json":
        print_json({"format": 1, "publications": [asdict(row) for row in found]})
        return
    if not found:
        told = f"nothing is published in the environment `{project.environment}`"
        click.echo(f"{told}; `thresher run` publishes", err=True)
        return
    rows = [
        (
            *("*" if r.current else "", r.number, r.parent, moment(r.at), r.run),
            *(r.tables, count(r.rows), spell_size(r.bytes), r.sample or ""),
        )
        for r in found
    ]
    headers = (
        *("", "publication", "parent", "published (UTC)", "run"),
        *("tables", "rows", "size", "sample"),
    )
    click.echo(console.table(headers, rows, stream=sys.stdout, right=("rows", "size")), nl=False)


@click.command(epilog="Example: thresher rollback 12")
@click.argument("to", required=False)
@wait_option
@format_option()
@project_options
def rollback(
    *,
    to: str | None,
    wait: timedelta | bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Make publication TO (a number or a run's id) the current one; the one before unless told.

    Nothing is removed: the publication that was current can be rolled back to as well.
    """
    row = opened(folder, environment, params).rollback(to, wait=wait, listeners=(notices,))
    if form == "json":
        print_json({"format": 1, "publication": asdict(row)})
    else:
        click.echo(f"publication {row.number} of run {row.run} is current again")
        click.echo("  hint: the next run publishes what the project says then", err=True)


@click.command(epilog="Example: thresher gc --dry-run")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--keep", type=click.IntRange(1), help="Publications to keep of each environment.")
@click.option("--grace", metavar="DURATION", help="Age below which nothing goes, such as 1h.")
@format_option()
@project_options
def gc(
    *,
    dry_run: bool,
    keep: int | None,
    grace: str | None,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Remove versions, publications and leftovers that no kept publication needs."""
    age: timedelta | None = None
    if grace is not None:
        try:
            age = parse_duration(grace)
        except ValueError as error:
            raise click.UsageError(f"`--grace` {error}") from None
    project = opened(folder, environment, params)
    removed = project.gc(dry_run=dry_run, keep=keep, grace=age)
    if form == "json":
        print_json(documents.removals(removed, dry_run=dry_run))
        return
    rows = [(item.path, spell_size(item.bytes), item.why) for item in removed]
    if rows:
        click.echo(console.table(("path", "size", "why"), rows, stream=sys.stdout), nl=False)
    if not removed:
        click.echo("nothing to remove")
        return
    total = spell_size(sum(item.bytes for item in removed))
    verb = "would remove" if dry_run else "removed"
    click.echo(f"{verb} {counted(len(removed), 'file or folder', 'files and folders')}, {total}")
