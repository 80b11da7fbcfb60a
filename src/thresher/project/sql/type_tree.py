"""A type of DuckDB as a tree: its name, its numbers, and the types inside it."""

from __future__ import annotations

import re
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
        match self.name:
            case "LIST":
                return f"{self.inner[0]}[]"
            case "ARRAY":
                return f"{self.inner[0]}[{self.numbers[0]}]"
            case "STRUCT" | "UNION":
                pairs = zip(self.fields, self.inner, strict=True)
                return f"{self.name}({', '.join(f'{field_name(n)} {kind}' for n, kind in pairs)})"
            case "MAP":
                return f"MAP({', '.join(map(str, self.inner))})"
            case "ENUM":
                return f"ENUM({', '.join(self.labels)})"
        return f"{self.name}({','.join(map(str, self.numbers))})" if self.numbers else self.name


def field_name(name: str) -> str:
    """Write the name of a field as DuckDB does: quoted where it is no plain word."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in KEYWORDS
    return name if plain else '"' + name.replace('"', '""') + '"'
