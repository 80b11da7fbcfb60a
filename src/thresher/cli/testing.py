"""The command that runs the unit tests of a project's assets."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

import click

from thresher.api import documents
from thresher.api.unit_tests import run_tests
from thresher.cli.options import (
    format_option,
    masker,
    opened,
    print_json,
    project_options,
    selection_options,
)
from thresher.observe.unit_tests import Line, listing, unit_tests_junit

_COLOURS = {"passed": "green", "failed": "red"}


@click.command(epilog="Example: thresher test clean.orders")
@click.argument("assets", nargs=-1, metavar="[SELECT]...")
@selection_options
@format_option("junit")
@project_options
def test(
    *,
    assets: Sequence[str],
    select: Sequence[str],
    exclude: Sequence[str],
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> int:
    """Run the unit tests of assets: the YAML files of `tests/<layer>/`, on the rows that they give.

    Nothing is read from data files or the warehouse, and nothing is written there. SELECT is what
    --select takes; without it, all tests are run.

    Exit codes: 0 all passed · 1 some failed · 2 a file of tests is wrong, or there is none
    """
    project = opened(folder, environment, params)
    results = run_tests(project, (*assets, *select), exclude)
    if form == "json":
        print_json(project.masker.value(documents.unit_tests(results)))
    elif form == "junit":
        text = unit_tests_junit(results, host=platform.node()).decode()
        click.echo(masker().text(text), nl=False)
    else:
        for line in listing(results):
            click.echo(masker().text(_painted(line)))
    return 0 if all(result.passed for result in results) else 1


def _painted(line: Line) -> str:
    """Colour the word that says how a test ended; `click` takes it out where no terminal is."""
    if not line.word or os.environ.get("NO_COLOR"):
        return line.text
    return line.text.replace(line.word, click.style(line.word, _COLOURS[line.word]), 1)
