"""The catalogue of checks: one row for each kind, and nothing else.

To add a check, add its row here, its condition or figure to the module of its subject, its model to
`row_checks.py` or `table_checks.py` of `project/`, a file of cases to `tests/fixtures/checks`, and
a section to `docs/checks.md`. If it names rows or counts them, say so in `project/contract.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from thresher.project.contract import Check
from thresher.quality import (
    changes,
    conditions,
    figures,
    formats,
    gaps,
    measures,
    queries,
    reconciling,
    sequences,
    surplus,
)
from thresher.quality.kinds import RowCheck, TableCheck
from thresher.quality.sequences import (
    count_named,
    falling_rows,
    overlapping_rows,
    rising_rows,
    show_named,
)
from thresher.quality.wording import listed, named

CATALOGUE: Mapping[str, RowCheck | TableCheck] = {
    "column": TableCheck(query=figures.no_query, judge=figures.judge_column),
    "type": TableCheck(query=figures.no_query, judge=figures.judge_type),
    "not_null": RowCheck(
        violating=conditions.is_null,
        phrase=lambda check: f"have no {named(check.columns)}",
    ),
    "not_blank": RowCheck(
        violating=conditions.is_blank,
        phrase=lambda check: f"have a blank {named(check.columns)}",
    ),
    "unique": TableCheck(
        query=figures.key_figures,
        judge=figures.judge_unique,
        examples=figures.repeated_keys,
        violating_rows=surplus.surplus_rows,
    ),
    "primary_key": TableCheck(
        query=figures.key_figures,
        judge=figures.judge_primary_key,
        examples=figures.broken_keys,
        violating_rows=surplus.broken_rows,
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
    "length": RowCheck(
        violating=conditions.of_other_length,
        phrase=lambda check: f"{_value(check)} is not {_length(check)} long",
    ),
    "pattern": RowCheck(
        violating=conditions.unmatched,
        phrase=lambda check: f"{_value(check)} does not match `{check.argument('regex')}`",
        by_value=True,
    ),
    "format": RowCheck(
        violating=formats.misformed,
        phrase=lambda check: f"{_value(check)} is no `{check.argument('format')}`",
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
    "increasing": TableCheck(
        query=lambda check, subject: count_named(check, subject, falling_rows(check, subject)),
        judge=sequences.judge_order,
        examples=lambda check, subject: show_named(check, subject, falling_rows(check, subject)),
        violating_rows=falling_rows,
    ),
    "decreasing": TableCheck(
        query=lambda check, subject: count_named(check, subject, rising_rows(check, subject)),
        judge=sequences.judge_order,
        examples=lambda check, subject: show_named(check, subject, rising_rows(check, subject)),
        violating_rows=rising_rows,
    ),
    "no_overlap": TableCheck(
        query=lambda check, subject: count_named(check, subject, overlapping_rows(check, subject)),
        judge=sequences.judge_overlap,
        examples=lambda check, subject: show_named(
            check, subject, overlapping_rows(check, subject)
        ),
        violating_rows=overlapping_rows,
    ),
    "no_gap": TableCheck(
        query=gaps.places,
        judge=gaps.judge_gaps,
        examples=gaps.missing,
        needs_all=True,
    ),
    "rows": TableCheck(query=figures.row_count, judge=figures.judge_rows, needs_all=True),
    "reconciles": TableCheck(
        query=reconciling.differences,
        judge=reconciling.judge_differences,
        examples=reconciling.worst,
        needs_all=True,
    ),
    "query": TableCheck(
        query=queries.count_given,
        judge=queries.judge_given,
        examples=queries.show_given,
        needs_all=True,
    ),
    "freshness": TableCheck(query=figures.newest, judge=figures.judge_newest),
    "change": TableCheck(
        query=changes.changing_figure,
        judge=changes.judge_changing,
        needs_all=True,
    ),
    **{
        kind: TableCheck(query=measures.measured, judge=measures.judge_measured, needs_all=True)
        for kind in measures.MEASURES
    },
}


def _length(check: Check) -> str:
    signs = {"least": "at least", "most": "at most", "exactly": "exactly"}
    words = [f"{signs[name]} {value:,}" for name, value in check.arguments]
    return f"{' and '.join(words)} characters"


def _value(check: Check) -> str:
    return f"have a {named(check.columns)} that"


def _partners(check: Check) -> str:
    to, keys = check.argument("to"), check.argument("keys")
    return f"`{to}.{keys[0]}`" if len(keys) == 1 else f"{named(keys)} of `{to}`"
