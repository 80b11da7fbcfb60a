"""What parsing tells about a piece of SQL, as values that JSON can hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Self

Mark = tuple[str, int]
"""A name or a piece of text, and the line it stands in, counted from 1."""

Step = tuple[str, tuple[str, ...], tuple[int, ...]]
"""One step towards the columns of a query: a rule of `columns.py`, the names it needs, and the
positions of the earlier steps that it stands on."""


class SqlError(Exception):
    """A piece of SQL is not what can stand in its place.

    A plain exception: whoever has the file makes a fault of it, with the file's own lines.

    Attributes:
        what: what is wrong, in words.
        line: line of the SQL, counted from 1.
        column: column in the line, counted from 1.
        hint: what to do about it, if there is more to say.
    """

    def __init__(self, what: str, line: int = 1, column: int = 1, hint: str | None = None) -> None:
        super().__init__(what, line, column, hint)
        self.what = what
        self.line = line
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} (line {self.line}, column {self.column})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What can be told of any piece of SQL."""

    normal: str
    """The text with comments, layout and the case of keywords folded away; nothing else is."""
    inputs: tuple[Mark, ...] = ()
    """Tables it reads, as `layer.table` in lower case."""
    unqualified: tuple[Mark, ...] = ()
    """Tables without a schema that are no common table expression, in lower case."""
    foreign: tuple[Mark, ...] = ()
    """Tables with more than a schema before their name, in lower case."""
    reads_files: tuple[Mark, ...] = ()
    """Where it reads files, other databases or tables that are named by a text."""
    params: tuple[Mark, ...] = ()
    """Names of its `$name` placeholders, as written."""
    positional: tuple[Mark, ...] = ()
    """Its `?` and `$1` placeholders."""
    functions: tuple[str, ...] = ()
    """Names of all functions and macros it calls, in lower case."""
    not_repeatable: tuple[Mark, ...] = ()
    """What may give another result when it is run again on the same data."""

    def to_json(self) -> str:
        """Write it as JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: _with_tuples(value) for name, value in json.loads(text).items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery(Parsed):
    """A query."""

    outputs: tuple[Step, ...]
    """The way to the names of its columns, for `resolve_columns`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMacro(Parsed):
    """A macro, scalar or table."""

    name: str
    """Its name, in lower case."""
    statement: str
    """Statement that makes it, and replaces an older one of its name."""
    line: int
    """Line in which it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedExpression(Parsed):
    """A condition on the rows of one table."""

    columns: tuple[str, ...]
    """Columns that it uses outside of subqueries, as written, sorted; of `a.b` it is `a`."""


def _with_tuples(value: Any) -> Any:
    return tuple(_with_tuples(item) for item in value) if isinstance(value, list) else value
