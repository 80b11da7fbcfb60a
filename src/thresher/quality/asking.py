"""How an audit gets its figures: from statistics, by a short proof, or by the check's own query.

Which of the ways was taken must not show in the result. Each check is asked for by itself: put
together, checks would hide from the engine the statistics that make most of them nearly free, and
one that fails would take the others down with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.quality.kinds import RowCheck, Sql
from thresher.quality.shortcuts import Figures, Proof, known, proof
from thresher.quality.statistics import UNKNOWN, Statistics, StatisticsOf
from thresher.quality.subject import Subject
from thresher.results import Snapshot

Rows = Callable[[str, Mapping[str, Snapshot], Mapping[str, Any] | None], list[tuple[Any, ...]]]
"""Answers a query over versions, as `Engine.rows` does."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks for the figures of the checks of one version."""

    subject: Subject
    rows: Rows
    statistics: StatisticsOf
    _read: dict[str, Statistics] = field(default_factory=dict)

    def figures(self, check: Check, query: Sql) -> Figures:
        """Give the row that a check's query gives, by the shortest way that is sure.

        Args:
            check: the check.
            query: what to ask where there is no shorter way.
        """
        found = known(check, self.subject, self._statistics_of)
        if found is not None:
            return found
        short = proof(check, self.subject, self._statistics_of)
        if short is not None and self._holds(short):
            return short.figures
        return self.ask(query)[0]

    def violations(self, check: Check, kind: RowCheck, condition: Sql) -> int:
        """Count the rows for which a condition is true.

        Args:
            check: the check.
            kind: what it is.
            condition: its condition, limited to the rows that it looks at.
        """
        return int(self.figures(check, self._count(check, kind, condition))[0])

    def _count(self, check: Check, kind: RowCheck, condition: Sql) -> Sql:
        table = self.subject.table
        if kind.count:
            return kind.count(check, self.subject)
        if kind.by_value and not check.where and self._repeats(check):
            names = ", ".join(map(table.column, check.columns))
            return Sql(
                f'select coalesce(sum("__rows"), 0) from (select {names}, count(*) as "__rows"'
                f" from {table.sql} group by {names}) as __values where {condition.text}",
                condition.params,
            )
        return Sql(f"select count(*) from {table.sql} where {condition.text}", condition.params)

    def _repeats(self, check: Check) -> bool:
        statistics = self._statistics_of(self.subject.table.snapshot)
        names = map(self.subject.table.name, check.columns)
        return all(statistics.get(name, UNKNOWN).repeats for name in names)

    def ask(self, query: Sql) -> list[tuple[Any, ...]]:
        """Give the rows of a query."""
        return self.rows(query.text, self.subject.tables, query.params or None)

    def _holds(self, short: Proof) -> bool:
        try:
            return bool(self.ask(short.query)[0][0] == short.expected)
        except AssetError:
            return False  # An engine need not have what a proof is made of.

    def _statistics_of(self, snapshot: Snapshot) -> Statistics:
        if snapshot.asset not in self._read:
            self._read[snapshot.asset] = self.statistics(snapshot)
        return self._read[snapshot.asset]
