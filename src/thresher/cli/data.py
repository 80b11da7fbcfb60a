"""Commands that read tables."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import click

from thresher.api import documents, queries
from thresher.api.open import OpenProject
from thresher.api.querying import Answer
from thresher.cli.options import format_option, masker, opened, pairs, print_json, project_options
from thresher.observe import console
from thresher.observe.wording import counted, duration
from thresher.project.documents import scalar

#: What can be the name of a query, and is no SQL.
_NAME = re.compile(r"[\w./-]+")


@click.command(epilog="Example: thresher show clean.flights --limit 5")
@click.argument("asset")
@click.option(
    "--limit",
    "-n",
    default=20,
    show_default=True,
    type=click.IntRange(0, 100_000),
    help="Most rows to print.",
)
@format_option()
@project_options
def show(
    *,
    asset: str,
    limit: int,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Preview ASSET: what its query gives now on what is published, or its published rows."""
    preview = opened(folder, environment, params).show(asset, limit=limit)
    if form == "json":
        print_json(documents.preview(preview))
        return
    click.echo(console.table(preview.columns, preview.rows, stream=sys.stdout), nl=False)
    click.echo(f"{asset}: {preview.origin}", err=True)


@click.command(
    epilog="Example: thresher query 'select * from clean.flights where dep_delay > $min' "
    "--param min=60 --export late.parquet"
)
@click.argument("sql", required=False)
@click.option("--list", "listing", is_flag=True, help="List the queries of the project.")
@click.option(
    "--file",
    "-f",
    "file",
    type=click.File(encoding="utf-8"),
    help="Read the query from a file; `-` is standard input.",
)
@click.option(
    "--export",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows to a file: .parquet, .csv, .json or .arrow.",
)
@click.option(
    "--limit",
    "-n",
    default=100,
    show_default=True,
    type=click.IntRange(0),
    help="Most rows to print; 0 for all. CSV always has all.",
)
@format_option("csv")
@project_options
def query(
    *,
    sql: str | None,
    listing: bool,
    file: TextIO | None,
    export: Path | None,
    limit: int,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Ask the published warehouse; `$name` placeholders are bound by `--param name=value`.

    SQL is a query, or the name of a file of `queries/` without its ending.
    """
    if listing:
        _list(opened(folder, environment, ()), form)
        return
    if sql is None and file is None:
        raise click.UsageError("give a query, the name of one of `queries/`, or a file by `--file`")
    if sql is not None and file is not None:
        raise click.UsageError("give a query or a file with one, not both")
    project = opened(folder, environment, ())
    text, path = (file.read(), file.name) if file else (str(sql), None)
    if file is None and _NAME.fullmatch(text):
        found = queries.find(project, text)
        text, path = found.text, found.path
    given = {name: scalar(value) for name, value in pairs(params).items()}
    if form == "csv" and export is None:
        _print_csv(project, text, given, path)
        return
    answer = queries.ask(project, text, given, path=path, export=export, limit=limit or None)
    if form == "json":
        print_json(documents.answer(answer))
        return
    if answer.export is None:
        click.echo(console.table(answer.columns, answer.rows, stream=sys.stdout), nl=False)
    told = _told(answer)
    if len(answer.rows) < answer.total and answer.export is None:
        told = f"{len(answer.rows)} of {told}; `--limit 0` shows all"
    where = f", written to {answer.export}" if answer.export else ""
    click.echo(masker().text(told + where), err=True)


def _list(project: OpenProject, form: str) -> None:
    found = queries.saved(project)
    if form == "json":
        print_json(documents.queries(found))
    elif found:
        rows = [
            (each.name, " ".join(f"${name}" for name in each.placeholders), each.description)
            for each in found
        ]
        headers = ("query", "placeholders", "what it asks")
        click.echo(console.table(headers, rows, stream=sys.stdout), nl=False)
    else:
        click.echo("no queries yet; put them into `queries/` as files of SQL", err=True)


def _print_csv(project: OpenProject, sql: str, given: Mapping[str, Any], path: str | None) -> None:
    """Print all rows, as `--export` writes them: what another program reads is never cut off."""
    with TemporaryDirectory(prefix="thresher-") as folder:
        answer = queries.ask(project, sql, given, path=path, export=Path(folder) / "answer.csv")
        with (Path(folder) / "answer.csv").open(encoding="utf-8", newline="") as lines:
            shutil.copyfileobj(lines, sys.stdout)
    click.echo(_told(answer), err=True)


def _told(answer: Answer) -> str:
    return f"{counted(answer.total, 'row')} in {duration(answer.seconds)}"


@click.command(epilog="Example: thresher path clean.flights")
@click.argument("asset")
@format_option()
@project_options
def path(
    *, asset: str, form: str, folder: str, environment: str | None, params: Sequence[str]
) -> None:
    """List the published Parquet files of ASSET, for other tools to read."""
    files = opened(folder, environment, params).table(asset).files
    if form == "json":
        print_json({"format": 1, "asset": asset, "files": [str(file) for file in files]})
    else:
        click.echo("\n".join(str(file) for file in files))
