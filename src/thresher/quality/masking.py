"""Which values of an example are shown to nobody: those of sensitive columns, under any name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thresher.project.contract import Check
from thresher.project.secrets import MASK
from thresher.quality.reconciling import hides_sums
from thresher.quality.subject import Subject

#: What else examples show than columns, and count or measure no value by.
_COUNTS = ("count(*)", "missing")


def masked(row: Mapping[str, Any], check: Check, subject: Subject) -> Mapping[str, Any]:
    """Give an example with each value that is shown to nobody replaced; a null stays one."""
    if not subject.hidden:
        return row
    return {
        name: MASK if value is not None and _hidden(name, check, subject) else value
        for name, value in row.items()
    }


def _hidden(name: str, check: Check, subject: Subject) -> bool:
    if check.kind == "query":  # which may call a value anything, or make another of it
        return True
    if subject.hides(name):
        return True
    if subject.table.has(name) or name in _COUNTS:
        return False
    if check.kind == "reconciles":
        return hides_sums(check, subject)
    return any(map(subject.hides, check.columns))
