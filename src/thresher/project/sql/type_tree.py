"""A type of DuckDB as a tree: its name, its numbers, and the types inside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from thresher.project.sql.keywords import KEYWORDS

_PLAIN = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class TypeTree:
    """One type; its text is the spelling of DuckDB's `typeof`."""

    name: str
    """Its name without parameters: `DECIMAL`, `STRUCT`; `LIST` and `ARRAY` for brackets."""
    numbers: tuple[int, ...] = ()
    """Width and scale of a `DECIMAL`, the size of an `ARRAY`."""
    inner: tuple[TypeTree, ...] = ()
    """What it is made of: elements, fields, key and value."""
    fields: tuple[str, ...] = ()
    """Names of a struct's or a union's fields."""
    labels: tuple[str, ...] = ()
    """Values of an enum, as literals of SQL."""

    def __str__(self) -> str:
        return self.written(str)

    def written(self, word: Callable[[str], str]) -> str:
        """Write it with the names of types as `word` gives them, and names of fields as they are.

        Args:
            word: gives the spelling of a type's name, such as `str.lower`.
        """
        inner = [kind.written(word) for kind in self.inner]
        match self.name:
            case "LIST":
                return f"{inner[0]}[]"
            case "ARRAY":
                return f"{inner[0]}[{self.numbers[0]}]"
            case "STRUCT" | "UNION":
                pairs = zip(map(field_name, self.fields), inner, strict=True)
                parts = [f"{name} {kind}" for name, kind in pairs]
                return f"{word(self.name)}({', '.join(parts)})"
            case "MAP" | "ENUM":
                return f"{word(self.name)}({', '.join((*inner, *self.labels))})"
        numbers = ",".join(map(str, self.numbers))
        return f"{word(self.name)}({numbers})" if numbers else word(self.name)


def field_name(name: str) -> str:
    """Write the name of a field as DuckDB does: quoted where it is no plain word."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in KEYWORDS
    return name if plain else '"' + name.replace('"', '""') + '"'
