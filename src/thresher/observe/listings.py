"""A plan, and a run of the history, as values to be shown: tables and closing lines."""

from __future__ import annotations

from collections import Counter

from thresher.observe.history import RunDetail, RunRow
from thresher.observe.summary import (
    CHECK_HEADERS,
    CHECKS_TITLE,
    SHOWN_ROWS,
    Summary,
    found_by,
    place_of,
)
from thresher.observe.tables import tabulate
from thresher.observe.wording import counted, duration, moment, took
from thresher.plan.plan import Action, Plan, Step

#: Assets of a plan that are shown one by one before the unchanged ones are folded.
SHOWN_STEPS = 60


def plan_listing(plan: Plan) -> Summary:
    """Show what a run would do, in its order, and why."""
    kept = [step for step in plan.steps if step.action is Action.KEEP]
    folded = len(plan.steps) > SHOWN_STEPS
    told = [step for step in plan.steps if not folded or step.action is not Action.KEEP]
    title = f"plan ({counted(len(kept), 'unchanged', 'unchanged')})" if folded and kept else "plan"
    table = tabulate(
        (
            *("stage", "asset", "action", "why", "after"),
            *("last changed (UTC)", "inputs changed (UTC)"),
        ),
        [_step_row(step) for step in told],
        title=title,
    )
    actions = Counter(step.action.value for step in plan.steps)
    work = [f"{actions[a.value]:,} to {a.value}" for a in Action if actions[a.value]]
    closing = [f"{plan.environment}: {', '.join(work) or 'no assets'}"]
    if plan.removed:
        names = ", ".join(plan.removed)
        closing.append(f"{counted(len(plan.removed), 'asset')} will leave the warehouse: {names}")
    if not plan.changes:
        closing.append("a run would change nothing")
    drift = tabulate(
        ("file", "asset", "drift, and what is done"),
        [
            (path, step.asset, "; ".join(told))
            for step in plan.steps
            for path, told in step.drift.items()
        ],
        title="drift",
        limit=SHOWN_ROWS,
    )
    shown = tuple(each for each in (table, drift) if each.rows)
    return Summary(tables=shown, failures=(), closing=tuple(closing), tone="plain")


def past_run_listing(detail: RunDetail) -> Summary:
    """Show all that the history knows of a run."""
    steps = tabulate(
        (
            *("asset", "attempt", "action", "status", "started", "took"),
            *("rows in", "rows out", "warnings", "next after", "error"),
        ),
        [
            (
                *(s.asset, s.attempt, s.action, s.status, moment(s.started), took(s.seconds)),
                *(s.rows_in, s.rows_out, s.warnings or None),
                *("" if s.wait is None else took(s.wait), _first_line(s.error)),
            )
            for s in detail.steps
        ],
        title="attempts",
        limit=SHOWN_ROWS,
        thousands=True,
        right=("took", "next after"),
    )
    checks = tabulate(
        CHECK_HEADERS,
        [
            (c.asset, c.status, c.place, found_by(c.check, c.message, c.violations, c.rows))
            for c in detail.checks
        ],
        title=CHECKS_TITLE,
        limit=SHOWN_ROWS,
    )
    files = tabulate(
        ("file", "asset", "outcome", "reason"),
        [(place_of(f.path, f.line), f.asset, f.outcome, f.reason) for f in detail.files],
        title="files that were not loaded",
        limit=SHOWN_ROWS,
    )
    return Summary(
        tables=tuple(table for table in (steps, checks, files) if table.rows),
        failures=(),
        closing=_closing(detail.run),
        tone="bad" if detail.run.status == "died" or detail.run.exit_code else "good",
    )


def _step_row(step: Step) -> tuple[str | int, ...]:
    after = sorted({*step.inputs, *step.waits_for})
    changed = moment(step.changed_at) if step.changed_at else "never"
    newest = moment(step.inputs_changed_at) if step.inputs_changed_at else ""
    what = (step.stage, step.asset, step.action.value, step.reason)
    return (*what, ", ".join(after), changed, newest)


def _closing(run: RunRow) -> tuple[str, ...]:
    number = f" {run.publication}" if run.publication is not None else ""
    took = f", {duration(run.seconds)}" if run.seconds is not None else ""
    figures = (
        f"{counted(run.rows_in, 'row')} in, {counted(run.rows_out, 'row')} out, "
        f"{run.unchanged:,} unchanged, {counted(run.warnings, 'warning')}, "
        f"{counted(run.errors, 'error')}"
    )
    lines = [
        f"{run.status}{number} ({run.environment}): {figures}{took}",
        f"run {run.id} of {run.pipeline}, started {moment(run.started)} UTC",
    ]
    if run.last:
        lines.append(f"it died {run.last}")
    if run.error:
        lines.append(run.error)
    return tuple(lines)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
