"""A contract read from its file alone, without the project around it."""

from __future__ import annotations

import re
from pathlib import Path

from thresher.errors import CommandError
from thresher.project.asset import Asset, SourceBody
from thresher.project.cache import ParseCache
from thresher.project.documents import Document, parse_document
from thresher.project.functions import parse_function
from thresher.project.heads import Heads
from thresher.project.policies import Standing
from thresher.project.reader import SUFFIXES, split_head
from thresher.project.sources import read_source
from thresher.project.text_files import read_text

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_UNNAMED = "file.rows"


def read_contract(file: Path) -> Asset:
    """Read the contract at the head of an asset's file, or a YAML file that is nothing else.

    Args:
        file: it ends with `.sql`, `.py`, `.yaml` or `.yml`.

    Returns:
        An asset with the contract, named after the file and its folder; where the file has a
        `source`, that is its body, else it is a source of files that says nothing.

    Raises:
        ProjectError: every fault of it.
        CommandError: no contract can stand in such a file.
    """
    path = str(file)
    if file.suffix not in SUFFIXES:
        raise CommandError(
            f"`{path}` does not end as a file with a contract does",
            hint=f"contracts stand in files that end with {', '.join(SUFFIXES)}",
        )
    text = read_text(file, path)
    body = SourceBody("files", {})
    if file.suffix == ".sql":
        document, _, _ = split_head(text, path)
    elif file.suffix == ".py":
        document = _of_function(text, file)
    else:
        document = parse_document(text, path)
        if isinstance(document.value, dict) and document.value.get("source") is not None:
            body = read_source(document).body
            rest = {key: part for key, part in document.value.items() if key != "source"}
            document = Document(path, rest, document.lines, document.plain)
    name = _name(file)
    _, contract = Heads(ParseCache(), Standing()).read(document, name)
    return Asset(name=name, path=path, body=body, contract=contract)


def _of_function(text: str, file: Path) -> Document:
    function = parse_function(text, str(file), file.absolute().parent)
    if function is None:
        raise CommandError(
            f"`{file}` has no function under `@asset`", hint="its arguments are the contract"
        )
    return function.head


def _name(file: Path) -> str:
    layer, table = file.absolute().parent.name, file.stem
    named = _NAME.fullmatch(layer) and _NAME.fullmatch(table)
    return f"{layer}.{table}" if named else _UNNAMED
