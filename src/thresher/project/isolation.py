"""A `config.yaml` for a copy of a project that must not reach what the original reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from thresher.project.config import CONFIG_FILE
from thresher.project.documents import Loader, parse_document

WAREHOUSE = "warehouse"
"""Folder of the warehouse in a copy."""


@dataclass(frozen=True, slots=True)
class IsolatedConfig:
    """The text of a `config.yaml` whose warehouses are folders of the project itself."""

    text: str
    environment: str
    """The default environment."""


def isolated_config(text: str) -> IsolatedConfig:
    """Let every environment have its warehouse in the project's own folder.

    All else stays as it is written, and every line keeps its number.

    Raises:
        ProjectError: it is not plain, safe YAML.
    """
    value = parse_document(text, CONFIG_FILE).value
    environment = value.get("default_environment", "dev") if isinstance(value, dict) else "dev"
    spans = {
        (node.start_mark.index, node.end_mark.index)
        for node in _warehouses(yaml.compose(text, Loader=Loader))
    }
    for start, end in sorted(spans, reverse=True):
        lines = "\n" * text.count("\n", start, end)
        text = f"{text[:start]}{WAREHOUSE}{lines}{text[end:]}"
    return IsolatedConfig(text, str(environment))


def _warehouses(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Find where environments say which warehouse is theirs."""
    for environments in _values(root, "environments"):
        if isinstance(environments, yaml.MappingNode):
            for _, environment in environments.value:
                yield from _values(environment, "warehouse")


def _values(node: yaml.Node | None, key: str) -> Iterator[yaml.Node]:
    """Give the values of a key, those that are merged in by `<<` included."""
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _values(part, key)
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                yield value
            elif name.value == "<<":
                yield from _values(value, key)
