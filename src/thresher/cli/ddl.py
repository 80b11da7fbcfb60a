"""The command that writes the schema of a warehouse for another database."""

from __future__ import annotations

from collections.abc import Sequence

import click

from thresher.api import documents
from thresher.api.ddl import ddl as write_ddl
from thresher.cli.options import (
    format_option,
    opened,
    print_json,
    project_options,
    selection_options,
)

DIALECTS = ("duckdb", "postgres", "spark", "snowflake", "bigquery")


@click.command(epilog="Example: thresher ddl --dialect postgres | psql warehouse")
@click.argument("assets", nargs=-1, metavar="[ASSET]...")
@click.option(
    "--dialect",
    "-d",
    default="duckdb",
    show_default=True,
    type=click.Choice(DIALECTS),
    help="Database that it is written for.",
)
@selection_options
@format_option()
@project_options
def ddl(
    *,
    assets: Sequence[str],
    dialect: str,
    select: Sequence[str],
    exclude: Sequence[str],
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Print the DDL that the contracts imply: tables, keys, references, checks and comments.

    ASSET is a name or what --select takes; all assets unless told. What the database cannot hold
    rows to stands in a comment, with its reason.
    """
    project = opened(folder, environment, params)
    made = write_ddl(project, select=(*assets, *select), exclude=exclude, dialect=dialect)
    if form == "json":
        print_json(documents.ddl(made))
    else:
        click.echo(str(made), nl=False)
