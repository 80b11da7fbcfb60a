"""Commands that write what the project is into its README, and hold it there."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from thresher.api import documentation
from thresher.cli.options import Command, opened, project_options
from thresher.observe.wording import visible


def _file_option(command: Command) -> Command:
    return click.option(
        "--file",
        "-f",
        "file",
        default=documentation.README,
        show_default=True,
        metavar="PATH",
        help="Document to write, relative to the project.",
    )(command)


@click.group(epilog="Example: thresher docs sync")
def docs() -> None:
    """Write what the project is into its README, and keep it current.

    The summary stands between the lines `<!-- thresher:summary -->` and
    `<!-- /thresher:summary -->`, the graph between `<!-- thresher:graph -->` and
    `<!-- /thresher:graph -->`; everything else in the document is yours.
    """


@docs.command(epilog="Example: thresher docs summary")
@project_options
def summary(*, folder: str, environment: str | None, params: Sequence[str]) -> None:
    """Print the project in at most ten lines of Markdown."""
    project = opened(folder, environment, params).project
    click.echo(documentation.summarize(project), nl=False)


@docs.command(epilog="Example: thresher docs sync --file docs/pipeline.md")
@_file_option
@project_options
def sync(*, file: str, folder: str, environment: str | None, params: Sequence[str]) -> None:
    """Write the summary and the graph between their markers, and change nothing else.

    A document without markers gets a section with both at its end.
    """
    made = documentation.sync(opened(folder, environment, params).project, file)
    parts = " and ".join(f"the {part}" for part in made.parts)
    if made.current:
        click.echo(f"`{file}` is current")
    elif made.before is None:
        click.echo(f"made `{file}` with {parts}")
    elif made.added:
        click.echo(f"`{file}` had no markers: added the section `{documentation.SECTION}` to it")
        click.echo("  hint: move its markers wherever they should stand", err=True)
    else:
        click.echo(f"wrote {parts} into `{file}`")


@docs.command(epilog="Example: thresher docs check")
@_file_option
@project_options
def check(*, file: str, folder: str, environment: str | None, params: Sequence[str]) -> None:
    """Show what `thresher docs sync` would change, and exit with 1 where that is anything."""
    made = documentation.page(opened(folder, environment, params).project, file)
    if made.current:
        click.echo(f"`{file}` is current")
        return
    click.echo("\n".join(_coloured(line) for line in made.diff))
    raise documentation.outdated(made)


def _coloured(line: str) -> str:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    shown = visible(line)
    if os.environ.get("NO_COLOR") or line[:1] not in colours:
        return shown
    return click.style(shown, fg=colours[line[:1]])
