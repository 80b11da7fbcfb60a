"""What was read of a project, as its rules see it: assets with their documents and queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from thresher.errors import Place
from thresher.project import sql
from thresher.project.asset import Asset, SqlBody
from thresher.project.cache import ParseCache
from thresher.project.documents import Document
from thresher.project.functions import ParsedFunction
from thresher.project.project import Macro


@dataclass(frozen=True, slots=True)
class Read:
    """An asset as its file was read, with what the rules need beside it."""

    asset: Asset
    document: Document
    query: sql.ParsedQuery | None = None
    function: ParsedFunction | None = None
    params: tuple[tuple[str, int | None], ...] = ()
    """Parameters that the query of a source names, with their lines."""

    def at(self, line: int | None) -> Place:
        """Give the place of a line of the query in the file."""
        body = self.asset.body
        first = body.first_line if isinstance(body, SqlBody) else 1
        return Place(self.asset.path, None if line is None else first - 1 + line)


@dataclass(frozen=True)
class Reading:
    """All that was read of a project."""

    found: Mapping[str, Read]
    broken: frozenset[str]
    """Assets whose own files have faults; that others read them is no fault of theirs."""
    ordered: Mapping[str, Asset]
    """Assets after their inputs, as far as there is such an order."""
    macros: Mapping[str, Macro]
    layers: tuple[str, ...]
    params: Mapping[str, Any] | None
    """Parameters of the environment; None where `config.yaml` has faults of its own."""
    cache: ParseCache
    connections: Iterable[str] | None = None
    """Names of the databases; None where `config.yaml` has faults of its own."""

    def lacks(self, name: str) -> bool:
        """Say whether no file makes an asset of this name."""
        return name not in self.found and name not in self.broken

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...] | None]:
        """Columns that each asset gives, where they can be told without the data."""
        known: dict[str, tuple[str, ...] | None] = dict.fromkeys(self.found)
        for name in self.ordered:
            if (query := self.found[name].query) is not None:
                known[name] = sql.resolve_columns(query, known)
        return known
