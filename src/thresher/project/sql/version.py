"""What a cached parse depends on beside its text."""

from __future__ import annotations

from importlib.metadata import version

#: Raised whenever the values of `parsed.py` change their form or their meaning.
FORMAT = 1

#: Part of the key of every cached parse; sqlglot is not imported for it.
PARSER_VERSION = f"sqlglot {version('sqlglot')}, format {FORMAT}"
