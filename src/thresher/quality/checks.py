"""The catalogue of checks: one row for each kind, and nothing else.

To add a check, add its row here, its condition to `conditions.py` or its query to `figures.py`, a
file of cases to `tests/fixtures/checks`, and a section to `docs/checks.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

from thresher.project.contract import Check
from thresher.quality import conditions, figures
from thresher.quality.kinds import RowCheck, TableCheck
from thresher.quality.wording import listed, named

CATALOGUE: Mapping[str, RowCheck | TableCheck] = {
    "column": TableCheck(query=figures.no_query, judge=figures.judge_column),
    "type": TableCheck(query=figures.no_query, judge=figures.judge_type),
    "not_null": RowCheck(
        violating=conditions.is_null,
        phrase=lambda check: f"have no {named(check.columns)}",
    ),
    "unique": TableCheck(
        query=figures.key_figures,
        judge=figures.judge_unique,
        examples=figures.repeated_keys,
    ),
    "primary_key": TableCheck(
        query=figures.key_figures,
        judge=figures.judge_primary_key,
        examples=figures.broken_keys,
    ),
    "accepted": RowCheck(
        violating=conditions.not_accepted,
        phrase=lambda check: f"{_value(check)} is not one of {listed(check.argument('values'))}",
    ),
    "forbidden": RowCheck(
        violating=conditions.forbidden,
        phrase=lambda check: f"{_value(check)} is one of {listed(check.argument('values'))}",
    ),
    "between": RowCheck(
        violating=conditions.outside,
        phrase=lambda check: (
            f"{_value(check)} is not between {check.argument('low')} and {check.argument('high')}"
        ),
    ),
    "at_least": RowCheck(
        violating=conditions.below,
        phrase=lambda check: f"{_value(check)} is less than {check.argument('bound')}",
    ),
    "at_most": RowCheck(
        violating=conditions.above,
        phrase=lambda check: f"{_value(check)} is more than {check.argument('bound')}",
    ),
    "pattern": RowCheck(
        violating=conditions.unmatched,
        phrase=lambda check: f"{_value(check)} does not match `{check.argument('regex')}`",
        by_value=True,
    ),
    "references": RowCheck(
        violating=conditions.without_partner,
        phrase=lambda check: f"{_value(check)} is not in {_partners(check)}",
        count=conditions.count_without_partner,
        needs_all=True,
    ),
    "expression": RowCheck(
        violating=conditions.is_false,
        phrase=lambda check: f"do not satisfy `{check.argument('sql')}`",
    ),
    "rows": TableCheck(query=figures.row_count, judge=figures.judge_rows, needs_all=True),
    "freshness": TableCheck(query=figures.newest, judge=figures.judge_newest),
}


def _value(check: Check) -> str:
    return f"have a {named(check.columns)} that"


def _partners(check: Check) -> str:
    to, keys = check.argument("to"), check.argument("keys")
    return f"`{to}.{keys[0]}`" if len(keys) == 1 else f"{named(keys)} of `{to}`"
