"""Commands that look at data: hold it against a contract, describe it, propose a contract."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thresher.api.bench import is_file
from thresher.api.checking import Checking, check_file, check_tables
from thresher.api.profiles import contract_draft, document, table_profile, write_new
from thresher.cli.options import format_option, masker, opened, print_json, project_options
from thresher.errors import CommandError, ProjectError
from thresher.observe import console
from thresher.observe.profiles import profile_text
from thresher.project.reader import find_root

if TYPE_CHECKING:
    from thresher.api.running import Work


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


@click.command(epilog="Example: thresher profile clean.flights --top 5")
@click.argument("subject", metavar="ASSET|FILE")
@click.option(
    "--top",
    default=10,
    show_default=True,
    type=click.IntRange(0, 1000),
    help="Most frequent values to show of each column.",
)
@format_option()
@project_options
def profile(
    *,
    subject: str,
    top: int,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Say what a published ASSET, or a FILE, is like: types, nulls, values, quantiles, histograms.

    A FILE (CSV, JSON, Parquet or Excel) is read as a run reads it, and needs no project.
    """
    work = _work(subject, folder, environment, params)
    found = table_profile(work, subject, top=top)
    if form == "json":
        print_json(document(found))
    else:
        shown = profile_text(found, plain=not _knows_blocks())
        click.echo(masker().text(shown), nl=False)


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
