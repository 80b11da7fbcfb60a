"""`docs/commands.md` is what the command line says today."""

import importlib.util
from pathlib import Path

import click

from thresher.cli.main import COMMANDS, thresher

ROOT = Path(__file__).parents[2]


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
