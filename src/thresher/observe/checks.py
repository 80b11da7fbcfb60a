"""What `thresher check` found, as values to be shown: the tables and checks of a run's summary."""

from __future__ import annotations

from collections.abc import Sequence

from thresher.observe.summary import SHOWN_ROWS, Summary, checks_table
from thresher.observe.tables import Table
from thresher.observe.wording import count, counted, duration, one_line, visible
from thresher.results import Outcome, OutcomeStatus, RunResult, Status
from thresher.totals import results, totals, warnings


def check_listing(
    result: RunResult, *, not_published: Sequence[str] = (), contract: str | None = None
) -> Summary:
    """Show what was found.

    Args:
        result: how each table ended, in the form of a run.
        not_published: assets that were asked for and have no rows yet.
        contract: file of the contract, where a file was checked.
    """
    outcomes = sorted(result.outcomes, key=lambda outcome: outcome.ok)
    shown = Table(
        ("table" if contract is None else "file", "status", "rows", "bad", "checks", "seconds"),
        tuple(_row(outcome) for outcome in outcomes[:SHOWN_ROWS]),
        frozenset({2, 3, 4, 5}),
        "held against their contracts" if contract is None else f"held against {contract}",
        max(len(outcomes) - SHOWN_ROWS, 0),
    )
    checks = checks_table(result)
    figures = totals(result.outcomes)
    failed = sum(not outcome.ok for outcome in result.outcomes)
    what = counted(len(outcomes), "table" if contract is None else "file")
    parts = [f"{failed:,} of {what}" if failed else what, counted(figures.checks, "check")]
    parts.append(counted(figures.warnings, "warning"))
    parts.append(counted(figures.errors, "error"))
    closing = [f"{result.status}{_of(result)}: {', '.join([*parts, duration(result.seconds)])}"]
    if not_published:
        names = ", ".join(not_published)
        closing.append(f"not published yet, so there is nothing to check: {names}")
    if not figures.checks and not failed:
        closing.append("the contract has no checks: there is nothing that could fail")
    tone = "bad" if failed else "warned" if figures.warnings else "good"
    return Summary(
        tables=tuple(table for table in (shown, checks) if table.rows),
        failures=tuple(_fault(outcome) for outcome in outcomes if outcome.faults),
        closing=tuple(closing),
        tone=tone,
    )


def _of(result: RunResult) -> str:
    if result.publication is None:
        return ""
    sample = f", a sample of {result.sample}" if result.sample else ""
    return f" (publication {result.publication} of {result.environment}{sample})"


def _row(outcome: Outcome) -> tuple[str, ...]:
    checks, verdict = results(outcome), outcome.verdict
    passed = sum(check.status is Status.PASSED for check in checks)
    warned = "warned" if warnings(outcome) else "passed"
    return (
        one_line(outcome.asset),
        "failed" if outcome.status is OutcomeStatus.FAILED else warned,
        count(verdict.rows) if verdict else "",
        count(verdict.split.quarantined or None) if verdict and verdict.split else "",
        f"{passed:,}/{len(checks):,}" if checks else "",
        f"{outcome.seconds:,.2f}",
    )


def _fault(outcome: Outcome) -> str:
    lines = [f"{one_line(outcome.asset)} could not be checked"]
    for fault in outcome.faults:
        lines += [f"  {line}" for line in visible(str(fault)).splitlines()]
    return "\n".join(lines)
