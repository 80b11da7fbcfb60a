"""Writes `docs/commands.md` from the command line itself: the texts and options of `--help`.

A test holds the file against what this gives, so whoever changes a command runs
`python scripts/write_commands.py` and commits what it wrote.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from thresher.cli.main import COMMANDS, thresher

TARGET = Path(__file__).parent.parent / "docs" / "commands.md"
#: Parameters that `project_options` gives to every command but `init`.
SHARED = ("folder", "environment", "params", "debug")
HEAD = """\
# Commands

Written from `thresher --help` by `scripts/write_commands.py`. What `--format json` prints stands in
[json.md](json.md), what `--select` takes and what exit codes mean in [projects.md](projects.md).
"""


def reference() -> str:
    """Give the text of `docs/commands.md`."""
    context = click.Context(thresher, info_name="thresher")
    parts = [HEAD, *_shared(context)]
    for title, group in COMMANDS.items():
        parts.append(f"## {title}\n")
        for name in group:
            command = thresher.get_command(context, name)
            assert command is not None
            parts += _command(command, f"thresher {name}", context)
    return "\n".join(parts)


def _shared(context: click.Context) -> Iterator[str]:
    yield "## Options of every command that works on a project\n"
    command = thresher.get_command(context, "validate")
    assert command is not None
    yield _options([param for param in command.params if param.name in SHARED], context)
    yield "`-h`, `--help` explains any command; `thresher --version`, `-V` tells the version.\n"


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    yield f"### `{name}`\n"
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    yield f"```\n{usage}\n```\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    own = [param for param in command.params if param.name not in SHARED]
    if any(isinstance(param, click.Option) for param in own):
        yield _options(own, context)
    if command.epilog:
        yield f"```console\n$ {command.epilog.removeprefix('Example: ')}\n```\n"
    if isinstance(command, click.Group):
        for sub in sorted(command.commands):
            yield from _command(command.commands[sub], f"{name} {sub}", context)


def _options(params: list[click.Parameter], context: click.Context) -> str:
    rows = ["| option | what it does |", "|---|---|"]
    for param in params:
        if not isinstance(param, click.Option):
            continue
        takes = "" if param.is_flag else f" {param.metavar or _metavar(param)}"
        *others, name = sorted(param.opts, key=len)
        names = ", ".join((*(f"`{other}`" for other in others), f"`{name}{takes}`"))
        said = (param.help or "").replace("|", "\\|")
        shown = param.show_default and param.get_default(context) is not None
        default = f" Unless told: `{param.default}`." if shown else ""
        rows.append(f"| {names} | {said}{default} |")
    return "\n".join(rows) + "\n"


def _metavar(param: click.Option) -> str:
    """Say what an option takes, whatever version of click is installed."""
    if isinstance(param.type, click.Choice):
        return "\\|".join(param.type.choices)
    if isinstance(param.type, click.IntRange):
        return "NUMBER"
    return {"file": "FILE", "filename": "FILE", "directory": "FOLDER"}.get(
        param.type.name, param.type.name.upper()
    )


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
    print(f"wrote {TARGET}")
