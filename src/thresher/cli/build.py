"""Commands that make, look at and build a project."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from datetime import timedelta
from pathlib import Path

import click

from thresher.api import create, documents, repository, unit_tests
from thresher.cli.options import (
    debug_option,
    format_option,
    masker,
    notices,
    opened,
    print_json,
    project_options,
    remember,
    selection_options,
    wait_option,
)
from thresher.docs.mermaid import is_drawn
from thresher.errors import ProjectError
from thresher.observe import console
from thresher.observe.wording import counted


@click.command(epilog="Example: thresher init shop && cd shop && thresher run")
@click.argument("name")
@click.option("--git", is_flag=True, help="Make it a git repository, with a first commit on main.")
@debug_option
def init(name: str, git: bool) -> None:
    """Write a new project into the folder NAME, complete and working."""
    if git:
        repository.refuse_nested(Path(name))
    made = create.init(Path(name))
    click.echo(f"made `{name}` with {made.files} files")
    if git:
        _tell(repository.first_commit(Path(name)))
    click.echo(f"  next: cd {name} && thresher run")
    if git:
        remote = f"git remote add origin git@github.com:OWNER/{made.folder.name}.git"
        click.echo(f"  push: {remote} && git push -u origin {repository.BRANCH}")
        click.echo("        with your account for OWNER, here and in line 2 of README.md")


def _tell(commit: repository.Commit) -> None:
    click.echo(f"committed {commit.id} on {repository.BRANCH}: {commit.message}")
    if commit.author:
        click.echo(f"  author: {commit.author}, since git has no user.name and user.email; when it")
        click.echo("          has them (git config --global): git commit --amend --reset-author")


@click.command(epilog="Example: thresher validate --env prod")
@format_option()
@project_options
def validate(*, form: str, folder: str, environment: str | None, params: Sequence[str]) -> int:
    """Report every fault of the project at once, each with file, line and the nearest valid name.

    The unit tests of its assets are looked at as well. Exits with 2 where there is a fault.
    """
    try:
        project = opened(folder, environment, params)
        tests = unit_tests.find_tests(project)
        faults = tests.faults
    except ProjectError as error:
        faults = (*error.faults, *unit_tests.faults_of_form(Path(folder)))
    if form == "json":
        print_json(documents.faults(faults))
        return ProjectError.exit_code if faults else 0
    if faults:
        raise ProjectError(faults)
    count, tested = len(project.project.assets), len(tests.benches)
    told = f" and {counted(tested, 'unit test')}" if tested else ""
    click.echo(f"valid: {count} assets{told} in the environment `{project.environment}`")
    return 0


@click.command(epilog="Example: thresher plan --select +warehouse.carrier_month")
@selection_options
@click.option("--sample", metavar="SHARE", help="Plan a trial on part of the raw rows, such as 1%.")
@click.option("--full-refresh", is_flag=True, help="Build everything selected, changed or not.")
@format_option()
@project_options
def plan(
    *,
    select: Sequence[str],
    exclude: Sequence[str],
    sample: str | None,
    full_refresh: bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Show what a run would do, by stage, with the reason for each asset; nothing is changed."""
    project = opened(folder, environment, params)
    made = project.plan(select=select, exclude=exclude, sample=sample, full_refresh=full_refresh)
    if form == "json":
        print_json(documents.plan(made))
    else:
        click.echo(masker().text(console.plan(made, stream=sys.stdout)), nl=False)


@click.command(
    epilog="Example: thresher run --select +warehouse.carrier_month --fail-fast || "
    "thresher run --retry-failed"
)
@selection_options
@click.option(
    "--sample",
    metavar="SHARE",
    help="Try it on part of the raw rows, such as 1%; the environment shows it until the next run.",
)
@click.option("--full-refresh", is_flag=True, help="Build everything selected, changed or not.")
@click.option(
    "--publish-what-passed", is_flag=True, help="Publish what passed, though others failed."
)
@click.option("--strict", is_flag=True, help="Exit with 3 where inputs or rows are set aside.")
@click.option(
    "--fail-fast",
    is_flag=True,
    help="Stop at the first failure: begin nothing more, interrupt what is under way.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the last run of the environment, which did not end well: the same assets, "
    "parameters, sample and run time.",
)
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Go on with it for what failed, was blocked or was not done, and what stands on that.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show the summary alone.")
@wait_option
@format_option()
@project_options
def run(
    *,
    select: Sequence[str],
    exclude: Sequence[str],
    sample: str | None,
    full_refresh: bool,
    publish_what_passed: bool,
    strict: bool,
    fail_fast: bool,
    resume: bool,
    retry_failed: bool,
    quiet: bool,
    wait: timedelta | bool,
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> int:
    """Build what changed, audit it, and publish all of it in one step, or nothing.

    Exit codes: 0 done · 1 an asset failed or was blocked · 2 the project or the
    command is wrong · 3 with --strict: done, but inputs or rows are set aside ·
    4 credentials · 5 held by another run · 130, 143 interrupted

    An error that can pass is tried again, as `run:` in config.yaml and the asset say; SIGINT and
    SIGTERM end a run within five seconds, a second one at once. What was finished is not built
    again by the next run.
    """
    if resume and retry_failed:
        raise click.UsageError("give `--resume` or `--retry-failed`, not both")
    if (resume or retry_failed) and (select or exclude or sample or full_refresh):
        way = "--resume" if resume else "--retry-failed"
        raise click.UsageError(
            f"`{way}` takes assets, sample and full refresh from the run that it goes on with"
        )
    project = opened(folder, environment, params)
    if resume or retry_failed:
        project = remember(project.resumed(failed_only=retry_failed))
    # What an asset prints must not stand in the document.
    printed = redirect_stdout(sys.stderr) if form == "json" else nullcontext()
    with console.progress(stream=sys.stderr) as progress, printed:
        result = project.run(
            select=select,
            exclude=exclude,
            sample=sample,
            full_refresh=full_refresh,
            publish_what_passed=publish_what_passed,
            strict=strict,
            fail_fast=fail_fast,
            wait=wait,
            listeners=(notices if quiet or form == "json" else progress,),
        )
    if form == "json":
        print_json(documents.run(result, project))
    else:
        click.echo(console.summary(result, stream=sys.stdout), nl=False)
    return result.exit_code


@click.command(epilog="Example: thresher graph --select +warehouse.carrier_month --format mermaid")
@selection_options
@format_option("mermaid", "svg")
@project_options
def graph(
    *,
    select: Sequence[str],
    exclude: Sequence[str],
    form: str,
    folder: str,
    environment: str | None,
    params: Sequence[str],
) -> None:
    """Draw the assets and what they read, as text, Mermaid, JSON or SVG."""
    project = opened(folder, environment, params)
    drawn = project.graph(form, select=select, exclude=exclude)
    click.echo(drawn, nl=False)
    if form == "mermaid" and not is_drawn(drawn):
        click.echo("GitHub draws no graph of this size", err=True)
        click.echo("  hint: `--select` draws a part; `thresher docs sync` folds layers", err=True)
