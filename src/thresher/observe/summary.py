"""The end of a run for people, as values: tables, what failed, and the closing lines.

What a pipe and a terminal show is made from the same `Summary`, so that they cannot differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from thresher.errors import Fault, Place
from thresher.observe.tables import Table, text
from thresher.observe.wording import count, counted, duration, moment, one_line, visible
from thresher.project.asset import quarantine_of
from thresher.results import CheckResult, Outcome, OutcomeStatus, RunResult, Status
from thresher.totals import NOT_PASSED, SOFT, Totals, results, totals, warnings

#: Rows that a table of the summary shows before it says "and N more"; the report has them all.
SHOWN_ROWS = 40
#: Unchanged assets that are still shown one by one.
SHOWN_KEPT = 3
#: Assets whose faults are told in full.
SHOWN_FAILURES = 10
#: Faults told of each of these.
SHOWN_FAULTS = 5

CHECKS_TITLE = "checks that did not simply pass"
CHECK_HEADERS = ("asset", "status", "where", "what was found")

_QUIET = (OutcomeStatus.KEPT, OutcomeStatus.REUSED, OutcomeStatus.AUDITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run came to, ready to be shown."""

    tables: tuple[Table, ...]
    failures: tuple[str, ...]
    """What failed, one text an asset, with where and what to do."""
    closing: tuple[str, ...]
    """The last lines; the first of them is the verdict."""
    tone: str
    """`plain`, `good`, `warned` or `bad`."""


def summarize(result: RunResult) -> Summary:
    """Put a run's result into words and tables."""
    figures = totals(result.outcomes)
    tables = (
        *(_assets(result), _retried(result), checks_table(result)),
        *(_rows(result), _files(result), _in_part(result)),
    )
    good = "warned" if figures.warnings else "good"
    return Summary(
        tables=tuple(table for table in tables if table.rows or table.left_out),
        failures=_failures(result),
        closing=(_verdict(result, figures), *_what_now(result)),
        tone=good if result.ok else "bad",
    )


def plain_summary(summary: Summary) -> str:
    """Write a summary as plain text."""
    parts = [text(table, indent="  ") for table in summary.tables]
    parts += summary.failures
    return "\n\n".join([*parts, "\n".join(summary.closing)]) + "\n"


def _assets(result: RunResult) -> Table:
    kept = [outcome for outcome in result.outcomes if outcome.status is OutcomeStatus.KEPT]
    folded = len(kept) > SHOWN_KEPT or len(kept) == len(result.outcomes)
    told = [o for o in result.outcomes if not folded or o.status is not OutcomeStatus.KEPT]
    if len(told) > SHOWN_ROWS:
        # What failed must not be what is left out.
        told.sort(key=lambda outcome: outcome.ok)
    title = "assets"
    if folded:
        title += f" ({counted(len(kept), 'unchanged', 'unchanged')})"
    return Table(
        ("asset", "status", "rows in", "rows out", "seconds", "checks", "warnings"),
        tuple(_asset_row(outcome) for outcome in told[:SHOWN_ROWS]),
        frozenset({2, 3, 4, 5, 6}),
        title,
        max(len(told) - SHOWN_ROWS, 0),
    )


def _asset_row(outcome: Outcome) -> tuple[str, ...]:
    snapshot, checks = outcome.snapshot, results(outcome)
    passed = sum(check.status is Status.PASSED for check in checks)
    built = snapshot if outcome.status not in _QUIET else None
    return (
        outcome.asset,
        outcome.status.value,
        count(built.rows_in) if built else "",
        count(snapshot.rows) if snapshot else "",
        f"{outcome.seconds:,.2f}" if outcome.seconds else "",
        f"{passed:,}/{len(checks):,}" if checks else "",
        count(warnings(outcome) or None),
    )


def _retried(result: RunResult) -> Table:
    """List the attempts that failed in a way that can pass, and were made again."""
    found = [(outcome, attempt) for outcome in result.outcomes for attempt in outcome.retried]
    return Table(
        ("asset", "attempt", "began (UTC)", "why it failed", "next after"),
        tuple(
            (
                outcome.asset,
                f"{attempt.attempt} of {outcome.attempts}",
                moment(attempt.started),
                one_line(attempt.error.partition("\n")[0]),
                duration(attempt.wait),
            )
            for outcome, attempt in found[:SHOWN_ROWS]
        ),
        frozenset({4}),
        title="attempts that failed and were made again",
        left_out=max(len(found) - SHOWN_ROWS, 0),
    )


def checks_table(result: RunResult) -> Table:
    """List the checks that did not simply pass, the worst first."""
    found = [
        (outcome.asset, check)
        for status in NOT_PASSED
        for outcome in result.outcomes
        for check in results(outcome)
        if check.status is status and not _as_before(outcome, check)
    ]
    return Table(
        CHECK_HEADERS,
        tuple(
            (
                asset,
                check.status.value,
                str(Place(check.path, check.line)),
                found_by(check.check, check.message, check.violations, check.rows),
            )
            for asset, check in found[:SHOWN_ROWS]
        ),
        title=CHECKS_TITLE,
        left_out=max(len(found) - SHOWN_ROWS, 0),
    )


def found_by(check: str, message: str, violations: int, rows: int) -> str:
    """Say what a check found: its message, which names column and figures, or these by hand."""
    return one_line(message or f"{check}: {count(violations)} of {counted(rows, 'row')}")


def _as_before(outcome: Outcome, check: CheckResult) -> bool:
    """Say whether a finding is of an earlier run, and was told by that one."""
    return outcome.status is OutcomeStatus.KEPT and check.status in SOFT


def _rows(result: RunResult) -> Table:
    """List the tables that rows were set aside of; what was built, and where it went, adds up."""
    found = [
        (outcome.asset, outcome.verdict.split)
        for outcome in result.outcomes
        if outcome.verdict and outcome.verdict.split and outcome.ok
    ]
    return Table(
        ("asset", "built", "published", "of these corrected", "set aside", "in"),
        tuple(
            (
                asset,
                *map(count, (split.produced, split.published)),
                count(split.released or None),
                count(split.quarantined),
                quarantine_of(asset) if split.quarantined else "",
            )
            for asset, split in found[:SHOWN_ROWS]
        ),
        frozenset({1, 2, 3, 4}),
        title="rows that were set aside",
        left_out=max(len(found) - SHOWN_ROWS, 0),
    )


def _files(result: RunResult) -> Table:
    refused = sorted(result.refused, key=lambda pair: pair[1].outcome.value)
    counts = Counter(record.outcome.value for _, record in refused)
    told = ", ".join(f"{count(number)} {outcome}" for outcome, number in counts.items())
    return Table(
        ("file", "asset", "outcome", "reason"),
        tuple(
            (
                place_of(record.unit.path, record.line),
                asset,
                record.outcome.value,
                one_line(record.reason or ""),
            )
            for asset, record in refused[:SHOWN_ROWS]
        ),
        title=f"files that were not loaded: {told}",
        left_out=max(len(refused) - SHOWN_ROWS, 0),
    )


def _in_part(result: RunResult) -> Table:
    """Tell which files were loaded without some rows, or differ from earlier ones."""
    found = result.in_part
    return Table(
        ("file", "asset", "rows", "rejected", "drift"),
        tuple(
            (
                one_line(record.unit.path),
                asset,
                count(record.rows),
                count(record.rejected),
                one_line("; ".join(record.drift)),
            )
            for asset, record in found[:SHOWN_ROWS]
        ),
        title="files that were loaded in part, or drifted",
        left_out=max(len(found) - SHOWN_ROWS, 0),
    )


def place_of(path: str, line: int | None) -> str:
    """Name an input, with the line at fault if one is."""
    return one_line(path) + (f":{line}" if line else "")


def _failures(result: RunResult) -> tuple[str, ...]:
    failed = [o for o in result.outcomes if o.status is OutcomeStatus.FAILED]
    texts = [_failure(outcome) for outcome in failed[:SHOWN_FAILURES]]
    if len(failed) > SHOWN_FAILURES:
        texts.append(f"... and {len(failed) - SHOWN_FAILURES:,} more assets failed")
    blocked = [o.asset for o in result.outcomes if o.status is OutcomeStatus.BLOCKED]
    if blocked:
        texts.append(f"blocked, since what they read failed: {_names(blocked)}")
    stopped = [o for o in result.outcomes if o.status is OutcomeStatus.STOPPED]
    if stopped:
        why = stopped[0].faults[0].what.partition(", since ")[2]
        texts.append(f"stopped, since {why}: {_names([o.asset for o in stopped])}")
    return tuple(texts)


def _failure(outcome: Outcome) -> str:
    lines = [f"{outcome.asset} failed"]
    for fault in outcome.faults[:SHOWN_FAULTS]:
        lines += [f"  {line}" for line in visible(str(_without_asset(fault))).splitlines()]
    if len(outcome.faults) > SHOWN_FAULTS:
        lines.append(f"  ... and {len(outcome.faults) - SHOWN_FAULTS:,} more")
    return "\n".join(lines)


def _without_asset(fault: Fault) -> str:
    """Say a fault below a line that already names its asset."""
    place = str(fault.place).removesuffix(f" ({fault.place.asset})")
    where = "" if place == fault.place.asset else place
    said = f"{where}: {fault.what}" if where else fault.what
    return f"{said}\n  hint: {fault.hint}" if fault.hint else said


def _verdict(result: RunResult, figures: Totals) -> str:
    number = f"{result.publication} " if result.publication is not None else ""
    statuses, assets = figures.statuses, len(result.outcomes)
    parts = []
    if result.ok:
        parts.append(counted(figures.tables, "table"))
    else:
        parts.append(f"{statuses.get('failed', 0):,} of {counted(assets, 'asset')} failed")
        undone = [status for status in ("blocked", "stopped") if statuses.get(status)]
        parts += [f"{statuses[status]:,} {status}" for status in undone]
    if statuses.get("kept", 0) < assets:
        parts.append(f"{counted(figures.rows_in, 'row')} in")
        parts.append(f"{counted(figures.rows_out, 'row')} out")
    if figures.quarantined:
        parts.append(f"{counted(figures.quarantined, 'row')} set aside")
    parts.append(duration(result.seconds))
    parts.append(counted(figures.warnings, "warning"))
    parts.append(counted(figures.errors, "error"))
    sample = f", a sample of {result.sample}" if result.sample else ""
    return f"{result.status} {number}({result.environment}{sample}): {', '.join(parts)}"


def _what_now(result: RunResult) -> tuple[str, ...]:
    lines = []
    if result.removed:
        left = counted(len(result.removed), "asset")
        lines.append(f"{left} left the warehouse: {_names(result.removed)}")
    if result.error:
        lines.append(result.error)
    again = f"`thresher run --env {result.environment}`"
    if result.status == "partly published":
        lines.append("what did not get done keeps its earlier version in the warehouse")
    elif not result.ok and result.publication is None and not result.error:
        lines.append("nothing was published; the published warehouse is untouched")
    if not result.ok:
        lines.append(f"{again} goes on from what was finished")
    if before := sum(_as_before(o, check) for o in result.outcomes for check in results(o)):
        listed = "; the report lists them" if result.report else ""
        lines.append(f"{counted(before, 'check')} of unchanged assets warned, as before{listed}")
    if result.refused:
        lines.append("`thresher failures` lists later what was not loaded")
    if result.report:
        lines.append(f"reports: {result.report}")
    return tuple(lines)


def _names(names: Sequence[str]) -> str:
    more = len(names) - SHOWN_FAILURES
    shown = ", ".join(names[:SHOWN_FAILURES])
    return f"{shown} and {more:,} more" if more > 0 else shown
