"""`docs/commands.md` is what the command line says today, and every command in the docs parses."""

import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest

from thresher.cli.main import COMMANDS, thresher

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "src" / "thresher" / "templates" / "project"
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    TEMPLATE / "README.md",
    *sorted((TEMPLATE / "queries").glob("*.sql")),
)
SHOWN = re.compile(r"(?:^\$ |^ {4}|\? )(thresher [a-z].*)", re.MULTILINE)
MENTIONED = re.compile(r"`(thresher [a-z][^`\n]*)`")
ENDS = ("&&", ">", "|")


def written(pattern):
    return [
        pytest.param(line.strip(), id=f"{page.name}: {line.strip()}")
        for page in PAGES
        for line in pattern.findall(page.read_text(encoding="utf-8"))
    ]


def commands(line):
    """Give the words of each call of thresher in a line of shell."""
    calls = [[]]
    for word in shlex.split(line, comments=True):
        if word in ENDS:
            calls.append([])
        else:
            calls[-1].append(word)
    return [words[1:] for words in calls if words[0] == "thresher"]


def parse(command, words, name, parent=None):
    """Parse what a command is given as `thresher` would, and run nothing."""
    context = command.make_context(name, words, parent=parent)
    with context:
        rest = [*context._protected_args, *context.args]
        if isinstance(command, click.Group) and rest:
            sub, found, left = command.resolve_command(context, rest)
            parse(found, left, sub, context)


@pytest.mark.parametrize("line", written(SHOWN))
def test_a_command_that_the_docs_show_parses(line, monkeypatch):
    monkeypatch.chdir(TEMPLATE)

    for words in commands(line):
        parse(thresher, words, "thresher")


@pytest.mark.parametrize("line", written(MENTIONED))
def test_a_command_that_the_docs_mention_parses_as_far_as_it_goes(line, monkeypatch):
    monkeypatch.chdir(TEMPLATE)

    for words in commands(line):
        try:
            parse(thresher, words, "thresher")
        except (click.MissingParameter, click.BadOptionUsage):
            continue  # `thresher query --file` names the option


def test_a_wrong_command_would_be_noticed():
    with pytest.raises(click.UsageError):
        parse(thresher, ["run", "--selekt", "x"], "thresher")


def test_the_reference_is_what_the_command_line_says():
    path = ROOT / "scripts" / "write_commands.py"
    spec = importlib.util.spec_from_file_location("write_commands", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    told = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert module.reference() == told, "run `python scripts/write_commands.py`"


def test_the_reference_has_every_command_and_every_option():
    told = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for group in COMMANDS.values():
        for name in group:
            assert f"### `thresher {name}`" in told
            for param in thresher.get_command(None, name).params:
                for option in param.opts if isinstance(param, click.Option) else ():
                    assert f"`{option}" in told


def test_every_option_says_what_it_is_for():
    for group in COMMANDS.values():
        for name in group:
            for param in thresher.get_command(None, name).params:
                assert not isinstance(param, click.Option) or param.help, (name, param.opts)
