"""The command line: `thresher COMMAND`, each command loaded when it is first needed."""

from __future__ import annotations

import difflib
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from thresher import stops
from thresher._version import __version__
from thresher.errors import Terminated, ThresherError, interruption

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Make and look": {
        "init": ("build", "Write a new project, complete and working."),
        "validate": ("build", "Report every fault of the project at once."),
        "plan": ("build", "Show what a run would do, in order, and why."),
        "graph": ("build", "Draw the assets and what they read."),
        "docs": ("docs", "Keep a summary and the graph current in the README."),
    },
    "Build": {
        "run": ("build", "Build what changed, audit it, publish all of it or nothing."),
        "show": ("data", "Preview an asset as its file says now."),
        "test": ("testing", "Run the unit tests of assets, on the rows that they give."),
        "check": ("inspect", "Hold what is published, or a file, against its contract."),
    },
    "Use": {
        "query": ("data", "Ask the published warehouse."),
        "profile": ("inspect", "Say what a table or a file is like, column by column."),
        "contract": ("inspect", "Write a first contract from data, to be reviewed."),
        "path": ("data", "List the published files of an asset, for other tools."),
        "storage": ("storage", "Store, list, fetch, verify and clean objects in S3."),
        "ddl": ("ddl", "Print the DDL that the contracts imply, for a database."),
    },
    "Operate": {
        "quarantine": ("quarantine", "See the rows that were set aside, and give them back."),
        "schedule": ("schedule", "Let cron run the project at its times."),
        "runs": ("operate", "List past runs, or show one."),
        "failures": ("operate", "List input files that are set aside or failed, and why."),
        "publications": ("operate", "List what was published."),
        "rollback": ("operate", "Make an earlier publication the current one again."),
        "verify": ("mending", "Read what is published, and hold it against what was written."),
        "repair": ("mending", "Restore the catalog, or the link that readers follow."),
        "gc": ("operate", "Remove what no kept publication needs."),
    },
}
"""Module and first line of help of each command, by group: `--help` loads none of them."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are first used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands, in the order of the groups."""
        return [name for group in COMMANDS.values() for name in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or give None where there is none of that name."""
        for group in COMMANDS.values():
            if cmd_name in group:
                module = importlib.import_module(f"thresher.cli.{group[cmd_name][0]}")
                command: click.Command = getattr(module, cmd_name)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by group, without loading them."""
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in group.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where there is none, name the nearest."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"there is no command `{name}`{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: thresher init shop && cd shop && thresher run",
)
@click.version_option(
    __version__, "--version", "-V", prog_name="thresher", message="%(prog)s %(version)s"
)
def thresher() -> None:
    """Raw in, grain out: a folder of SQL and Python files becomes a warehouse."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit code; errors are told without a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if debug:
        importlib.import_module("thresher.cli.tracebacks").show(masked)
    code = 1
    try:
        code = _run(given, debug=debug)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (BrokenPipeError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except KeyboardInterrupt as error:  # one more signal, while the first was dealt with
        code = 128 + getattr(error, "signal_number", signal.SIGINT)
    finally:
        # No thread must keep an interrupted run alive: none of ours that does not stop, and none
        # that the code of an asset has begun.
        ours = any(thread.name.startswith("thresher") for thread in threading.enumerate())
        if ours or Terminated.received:
            os._exit(code)
    sys.exit(code)


def _run(given: list[str], *, debug: bool) -> int:
    _listen(_terminated)
    try:
        code: Any = thresher.main(given, prog_name="thresher", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        if debug:
            raise
        _tell(error)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:
        return 141
    except ThresherError as error:
        if debug:
            _traceback(error)
        _faults(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001  # no traceback may reach a person unasked
        return _unexpected(error, debug=debug)


def _unexpected(error: Exception, *, debug: bool) -> int:
    if interruption(error):
        return _interrupted()
    if debug:
        _traceback(error)
    what = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    click.echo(masked(f"{_red('error:')} unexpected: {what}"), err=True)
    click.echo("  hint: run it again with `--debug` and report what it prints", err=True)
    return 1


def _interrupted() -> int:
    click.echo("interrupted", err=True)
    return 128 + (Terminated.received[0] if Terminated.received else signal.SIGINT)


def _listen(handler: Any) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, handler)


def _terminated(number: int, _: object) -> NoReturn:
    """Interrupt what is under way; one more signal ends the process, whatever it waits for."""
    _listen(signal.SIG_DFL)
    stops.stop_all()
    raise Terminated(number)


def _tell(error: click.ClickException) -> None:
    click.echo(f"{_red('error:')} {error.format_message()}", err=True)
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and context and context.parent is None:
        click.echo("  hint: options stand after the command: `thresher plan -C shop`", err=True)
    elif context is not None:
        click.echo(f"  hint: `{context.command_path} --help` shows what it takes", err=True)


def _faults(error: ThresherError) -> None:
    faults = error.faults
    lead = _red("error:")
    if len(faults) == 1:
        click.echo(f"{lead} {error}", err=True)
        return
    click.echo(f"{lead} {error.args[0]}\n{error}", err=True)


def _traceback(error: Exception) -> None:
    click.echo(masked("".join(traceback.format_exception(error))), err=True)


def masked(text: str) -> str:
    """Take the secrets of the project that was opened, if one was, out of a text."""
    options = sys.modules.get("thresher.cli.options")
    return text if options is None else str(options.masker().text(text))


def _red(text: str) -> str:
    """Colour a word on a terminal, unless `NO_COLOR` is set."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg="red", bold=True)
