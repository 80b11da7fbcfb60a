"""Commands that look at data: hold it against a contract, describe it, propose a contract."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thresher.api.bench import is_file
from thresher.api.checking import Checking, check_file, check_tables
from thresher.api.profiles import (
    contract_draft,
    document,
    page,
    table_profile,
    write_new,
    write_profile,
)
from thresher.cli.options import (
    format_option,
    json_text,
    masker,
    opened,
    print_json,
    project_options,
)
from thresher.errors import CommandError, ProjectError
from thresher.observe import console
from thresher.observe.profiles import profile_text
from thresher.project.reader import find_root

if TYPE_CHECKING:
    from thresher.api.running import Work

#: What `profile --export` writes, by the ending of the file.
EXPORTS = {".html": "html", ".json": "json"}


@click.command(epilog="Example: thresher check late.csv --contract raw.flights")
@click.argument("words", nargs=-1, metavar="[ASSET]... | FILE")
@click.option(
    "--contract",
    "-c",
    metavar="C",
    help="Contract to hold FILE against: an asset, or a file with a contract in it.",
)
@click.option("--exclude", multiple=True, metavar="WORDS", help="Assets to leave out.")
@format_option("junit")
@project_options
def check(
    *,
    words: Sequence[str],
    contract: str | None,
    exclude: Sequence[str],
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> int:
    """Hold published tables, or one FILE, against their contracts; nothing is built or changed.

    ASSETs are selected as by `--select` of `run`: clean.flights, clean.*, +name, tag:x; all that is
    published where none is named. The contracts hold as their files say now. A FILE (CSV, JSON,
    Parquet or Excel) needs a contract, and no project. Exit code 1 says that a check failed.
    """
    if contract is not None:
        if len(words) != 1 or exclude:
            raise click.UsageError("give one FILE with `--contract`, and no `--exclude`")
        found = check_file(
            words[0],
            contract,
            lambda at: opened(str(at) if at else folder, environment, params).work,
        )
    else:
        files = [word for word in words if is_file(word) and ":" not in word]
        if files:
            raise CommandError(
                f"`{files[0]}` is a file, and no contract is named for it",
                hint=f"such as `thresher check {files[0]} --contract raw.orders`",
            )
        work = opened(folder, environment, params).work
        found = check_tables(work, words, exclude)
    _print(found, form)
    return found.result.exit_code


def _print(found: Checking, form: str) -> None:
    if form == "json":
        print_json(found.document())
    elif form == "junit":
        click.echo(found.junit().decode(), nl=False)
    else:
        contract = found.paths[found.file] if found.file else None
        shown = console.checks(
            found.result,
            not_published=found.not_published,
            contract=contract,
            stream=sys.stdout,
        )
        click.echo(shown, nl=False)


@click.command(epilog="Example: thresher profile clean.flights --export flights.html")
@click.argument("subject", metavar="ASSET|FILE")
@click.option(
    "--top",
    default=10,
    show_default=True,
    type=click.IntRange(0, 1000),
    help="Most frequent values to show of each column.",
)
@click.option(
    "--export",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to a file: .html, one page with everything in it, or .json.",
)
@format_option("html")
@project_options
def profile(
    *,
    subject: str,
    top: int,
    export: Path | None,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Say what a published ASSET, or a FILE, is like: types, nulls, values, quantiles, histograms.

    A FILE (CSV, JSON, Parquet or Excel) is read as a run reads it, and needs no project.
    """
    if export is not None:
        form = _form(export, form)
    work = _work(subject, folder, environment, params)
    found = table_profile(work, subject, top=top)
    if form == "html":
        # Masked before it is escaped, which changes how a secret is written.
        shown = page(masker().value(found), None if is_file(subject) else work)
    elif form == "json":
        shown = json_text(document(found)) + "\n"
    else:
        shown = masker().text(profile_text(found, plain=not _knows_blocks()))
    if export is not None:
        write_profile(export, shown)
        click.echo(f"written to {export}", err=True)
    else:
        # A page says itself that it is UTF-8, whatever the terminal takes.
        click.echo(shown.encode() if form == "html" else shown, nl=False)


def _form(export: Path, form: str) -> str:
    """Say in which form a file is to be written: its ending tells."""
    if export.suffix not in EXPORTS:
        raise CommandError(
            f"`{export.name}` does not end with a format that can be written",
            hint=f"formats: {', '.join(EXPORTS)}",
        )
    if form not in ("text", EXPORTS[export.suffix]):
        raise click.UsageError(f"`{export.name}` is written as its ending says, not as {form}")
    return EXPORTS[export.suffix]


@click.group(epilog="Example: thresher contract infer data_raw/flights.csv")
def contract() -> None:
    """Write a first contract from data, to be reviewed."""


@contract.command(epilog="Example: thresher contract infer new.csv --write src/raw/new.yaml")
@click.argument("subject", metavar="ASSET|FILE")
@click.option(
    "--write",
    "-w",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it into a new file; never over one that is there.",
)
@project_options
def infer(
    *,
    subject: str,
    target: Path | None,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Write a first contract of a published ASSET, or of a FILE, as YAML; a person must review it.

    It says what by far more than chance holds for these rows; its head says by which rules.
    """
    work = _work(subject, folder, environment, params)
    text = masker().text(contract_draft(work, subject))
    if target is None:
        click.echo(text, nl=False)
        return
    write_new(target, text)
    click.echo(f"written to {target}; review every line of it before it is used", err=True)


def _work(subject: str, folder: str, environment: str | None, params: Sequence[str]) -> Work | None:
    """Open the project, which a file does not need, though it may say how files are read."""
    if not is_file(subject):
        return opened(folder, environment, params).work
    try:
        root = find_root(Path(folder))
    except CommandError:
        return None
    try:
        return opened(str(root), environment, params).work
    except ProjectError:
        # Whoever looks at a file may be about to write the contract that is missing.
        click.echo(f"the project in {root} has faults, so its settings are left out", err=True)
        return None


def _knows_blocks() -> bool:
    """Say whether the output can hold the characters that bars are made of."""
    try:
        "█▏".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
