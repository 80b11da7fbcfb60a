"""`$name` in a query for another database: found where it is code, not in texts and comments.

The query is another database's, whose dialect nobody here knows; so nothing is parsed but what
every dialect has in common: quotes, comments, and PostgreSQL's `$tag$ ... $tag$`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<skip> '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | --[^\n]* | /\*.*?\*/
              | \$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$ )
    | (?<![\w$]) \$ (?P<name>[A-Za-z_]\w*) (?![\w$])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where a query names a parameter."""

    name: str
    start: int
    end: int
    line: int
    """Line of the query, counted from 1."""


def placeholders(query: str) -> Iterator[Placeholder]:
    """Find every `$name` of a query, in order."""
    for match in _TOKEN.finditer(query):
        if name := match["name"]:
            line = 1 + query.count("\n", 0, match.start())
            yield Placeholder(name, match.start(), match.end(), line)


def change_code(query: str, change: Callable[[str], str]) -> str:
    """Change what is code in a query, and leave its texts and comments as they are."""
    parts, end = [], 0
    for match in _TOKEN.finditer(query):
        if match["skip"]:
            parts += [change(query[end : match.start()]), match["skip"]]
            end = match.end()
    return "".join([*parts, change(query[end:])])
