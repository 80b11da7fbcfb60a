"""Commands that let cron run a project at its times."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from thresher.cli.options import (
    debug_option,
    folder_option,
    format_option,
    masker,
    opened,
    print_json,
    project_options,
    remember,
)
from thresher.events import Listener, Waiting
from thresher.observe import console
from thresher.observe.wording import moment
from thresher.project.reader import find_root
from thresher.project.schedules import Schedule, read_rotation, read_schedule
from thresher.schedule import documents, installing, running
from thresher.schedule.entries import log_of

_INSTALL = "`thresher schedule install`"


@click.group(
    invoke_without_command=True,
    epilog="Example: thresher schedule install && thresher schedule list",
)
@click.pass_context
def schedule(context: click.Context) -> None:
    """Let cron run the project at the times under `schedules` of config.yaml.

    Without a command it lists them, as `thresher schedule list` does.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_schedules, form="text", folder=".", environment=None, params=())


@schedule.command(epilog="Example: thresher schedule install --dry-run")
@click.option("--dry-run", is_flag=True, help="Only print the crontab that it would write.")
@project_options
def install(*, dry_run: bool, folder: str, environment: str | None, params: Sequence[str]) -> None:
    """Write the schedules into your crontab, between markers that name the project.

    Every other line stays as it is. Install again after a change of cron or timezone in
    config.yaml, or when the project or Python has moved.
    """
    changed = installing.install(opened(folder, environment, params), dry_run=dry_run)
    if dry_run:
        _print_crontab(changed.after)
    elif not changed.differs:
        click.echo("the crontab is as config.yaml says already")
    elif changed.schedules:
        click.echo(f"installed: {', '.join(changed.schedules)}")
        click.echo("  next: `thresher schedule list` shows when they run", err=True)
    else:
        click.echo("removed all: config.yaml has no schedules any more")


@schedule.command(name="list", epilog="Example: thresher schedule list --format json")
@format_option()
@project_options
def list_schedules(
    *, form: str, folder: str, environment: str | None, params: Sequence[str]
) -> None:
    """List the schedules: what each runs, whether it is installed, and its next three times.

    Installed is `yes`, `no`, or `changed` where the crontab is not what install would write now.
    """
    found = installing.listing(opened(folder, environment, params))
    if form == "json":
        print_json(documents.listing(found))
        return
    if found.rows:
        _print_tables(found)
    else:
        click.echo("config.yaml has no schedules", err=True)
    if found.problem:
        click.echo(f"whether they are installed is not known: {found.problem}", err=True)
    if found.left_over:
        names = ", ".join(f"`{name}`" for name in found.left_over)
        click.echo(f"installed, and not in config.yaml any more: {names}", err=True)
    if found.left_over or any(row.installed in ("no", "changed") for row in found.rows):
        click.echo(f"  hint: {_INSTALL} brings the crontab up to date", err=True)


@schedule.command(epilog="Example: thresher schedule remove")
@click.option("--dry-run", is_flag=True, help="Only print the crontab that it would write.")
@folder_option
@debug_option
def remove(*, dry_run: bool, folder: str) -> None:
    """Take the project's schedules out of your crontab, and leave every other line as it is."""
    changed = installing.remove(find_root(Path(folder)), dry_run=dry_run)
    if dry_run:
        _print_crontab(changed.after)
    else:
        click.echo("removed" if changed.differs else "nothing of this project is installed")


@schedule.command(hidden=True, epilog="Example: thresher schedule run nightly")
@click.argument("name")
@click.option("--if-due", is_flag=True, help="Do nothing unless it is due in its own time zone.")
@folder_option
@debug_option
def run(*, name: str, if_due: bool, folder: str) -> int:
    """Run the schedule NAME as cron does, whatever the time is.

    A second start while the first is still running says so and ends with 0. Exits as
    `thresher run` does otherwise.
    """
    root = find_root(Path(folder))
    found = read_schedule(root, name)
    if if_due and not running.due(found):
        return 0
    with running.turn(root, name) as still:
        if still:
            _say(still)
            return 0
        rotation = read_rotation(root)
        log = root / log_of(name)
        running.bound_output(log, max_bytes=rotation.max_size, backups=rotation.backups)
        return _run(root, found)


def _run(root: Path, found: Schedule) -> int:
    _say(f"schedule {found.name} begins")
    project = remember(running.opened(root, found))
    with console.progress(stream=sys.stderr) as progress:
        result = running.run(project, found, listener=_timed(progress))
    click.echo(console.summary(result, stream=sys.stdout), nl=False)
    _say(f"schedule {found.name} ends with exit code {result.exit_code}")
    return result.exit_code


def _timed(progress: Listener) -> Listener:
    """Tell the time at which waiting begins, as a log needs it."""
    return lambda event: (
        _say(f"waiting: {event.held}") if isinstance(event, Waiting) else progress(event)
    )


def _say(text: str) -> None:
    sys.stderr.flush()
    click.echo(masker().text(f"{moment(datetime.now(UTC))} UTC  {text}"))
    sys.stdout.flush()


def _print_crontab(tab: bytes) -> None:
    sys.stdout.buffer.write(tab)


def _print_tables(found: installing.Listing) -> None:
    rows = [
        (
            *(row.schedule.name, row.schedule.cron, row.schedule.timezone),
            *(row.environment, documents.said(row), row.installed or "?"),
        )
        for row in found.rows
    ]
    headers = ("schedule", "cron", "time zone", "environment", "runs", "installed")
    click.echo(console.table(headers, rows, stream=sys.stdout), nl=False)
    times = [
        (row.schedule.name, f"{at:%a %Y-%m-%d %H:%M %Z}", f"{at.astimezone(UTC):%Y-%m-%d %H:%M}")
        for row in found.rows
        for at in row.times
    ]
    click.echo()
    click.echo(console.table(("schedule", "next", "UTC"), times, stream=sys.stdout), nl=False)
