"""Custom SQL that gives the bad rows: the query of a check, counted and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thresher.project.contract import Check
from thresher.quality.kinds import Finding, Sql
from thresher.quality.subject import Subject
from thresher.quality.wording import counted, shortened


def count_given(check: Check, _subject: Subject) -> Sql:
    """Count the rows that the query gives."""
    return Sql(f"select count(*) from {_given(check)}")


def show_given(check: Check, _subject: Subject) -> Sql:
    """Give the rows of the query, each as one struct, whose names only the engine knows."""
    return Sql(f"select __given from {_given(check)}")


def judge_given(check: Check, subject: Subject, figures: Sequence[Any]) -> Finding:
    """Take each row that the query gives for a violation, of as many rows as the table has."""
    violations = int(figures[0])
    words = f"{counted(violations, 'row')} of `{shortened(check.argument('query'))}`"
    rows = subject.table.snapshot.rows
    return Finding(violations=violations, rows=max(rows, violations), words=words)


def _given(check: Check) -> str:
    query = check.argument("query").strip().removesuffix(";")
    return f"(\n{query}\n) as __given"
