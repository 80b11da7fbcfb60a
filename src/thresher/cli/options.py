"""Options that several commands share, and how a command opens its project."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from thresher.events import Event
from thresher.observe.plain import plain
from thresher.observe.progress import notice
from thresher.project.secrets import Masker

if TYPE_CHECKING:
    from thresher.api.open import OpenProject

Command = TypeVar("Command", bound=Callable[..., Any])
#: What stands for `--wait` without a duration.
_ALWAYS = "as long as it takes"
_opened: list[OpenProject] = []
"""The project of this process's command, for masking what goes wrong later."""


def project_options(command: Command) -> Command:
    """Add the options of every command that works on a project."""
    for option in reversed(
        (
            folder_option,
            click.option(
                "--env",
                "-e",
                "--target",
                "environment",
                metavar="NAME",
                help="Environment; THRESHER_ENV or the project's default unless told.",
            ),
            click.option(
                "--param",
                "-p",
                "params",
                multiple=True,
                metavar="NAME=VALUE",
                help="Value of a parameter; can be given several times.",
            ),
            debug_option,
        )
    ):
        command = option(command)
    return command


def folder_option(command: Command) -> Command:
    """Add `--project`."""
    return click.option(
        "--project",
        "-C",
        "folder",
        default=".",
        type=click.Path(exists=True, file_okay=False),
        help="Folder of the project; the one you are in unless told.",
    )(command)


def debug_option(command: Command) -> Command:
    """Add `--debug`, which `main` looks for."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show tracebacks of errors."
    )(command)


def selection_options(command: Command) -> Command:
    """Add `--select` and `--exclude`."""
    select = click.option(
        "--select",
        "-s",
        multiple=True,
        metavar="WORDS",
        help="Assets to look after: clean.flights, clean.*, +name, name+, tag:x, file:src/x.sql; "
        "a space is a union, a comma an intersection.",
    )
    exclude = click.option("--exclude", multiple=True, metavar="WORDS", help="Assets to leave out.")
    return select(exclude(command))


def wait_option(command: Command) -> Command:
    """Add `--wait`, with a duration or without."""
    return click.option(
        "--wait",
        metavar="[DURATION]",
        is_flag=False,
        flag_value=_ALWAYS,
        callback=_wait,
        help="Wait while another run holds the environment: for at most 10m, or as long as "
        "it takes where no time is given. Unless told, the command ends with 5 at once.",
    )(command)


def _wait(context: click.Context, _: click.Parameter, given: str | None) -> timedelta | bool:
    from thresher.project.units import parse_duration

    if given is None or given == _ALWAYS:
        return given is not None
    try:
        return parse_duration(given)
    except ValueError as error:
        raise click.UsageError(f"`--wait` {error}", context) from None


def notices(event: Event) -> None:
    """Show what is about the whole run and no asset: whom it waits for, or takes over from."""
    if told := notice(event):
        click.echo(told, err=True)


def format_option(*extra: str) -> Callable[[Command], Command]:
    """Add `--format` with `text`, `json` and more."""
    return click.option(
        "--format",
        "form",
        default="text",
        type=click.Choice(["text", "json", *extra]),
        help="How to print it.",
        show_default=True,
    )


def opened(folder: str, environment: str | None, params: Iterable[str]) -> OpenProject:
    """Open the project that a command works on.

    Raises:
        ThresherError: it cannot be opened.
        click.UsageError: a parameter is not written as `name=value`.
    """
    # What needs no project must not wait for what reads one.
    from thresher.api.open import open as open_project

    return remember(open_project(Path(folder), env=environment, params=pairs(params)))


def remember(project: OpenProject) -> OpenProject:
    """Take note of the project of this process's command, and give it back."""
    _opened.append(project)
    return project


def pairs(params: Iterable[str]) -> dict[str, str]:
    """Read `name=value` texts.

    Raises:
        click.UsageError: one is not written so.
    """
    found: dict[str, str] = {}
    for text in params:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"`--param {text}` should be written as `--param name=value`")
        found[name] = value
    return found


def masker() -> Masker:
    """Give the masker of the project that was opened, if one was."""
    return _opened[-1].masker if _opened else Masker()


def print_json(value: Mapping[str, Any]) -> None:
    """Print a document as JSON."""
    click.echo(json_text(value))


def json_text(value: Mapping[str, Any]) -> str:
    """Give a document as JSON."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2)
