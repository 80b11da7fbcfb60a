"""What a failed run, and a contract that is not kept, read like in the report of a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from thresher.errors import Fault, Place
from thresher.observe.differences import listing
from thresher.observe.wording import counted, visible
from thresher.results import CheckResult, Outcome, OutcomeStatus, RunResult, Status

BAD = (Status.FAILED, Status.ERROR)
#: Assets, and checks of each, that are told in full.
SHOWN = 10
#: Violating rows that are shown of each check.
SHOWN_ROWS = 5


def run_failure(result: RunResult) -> str:
    """Tell why a run failed: each asset with its checks and faults, where they are, and rows."""
    failed = [outcome for outcome in result.outcomes if outcome.status is OutcomeStatus.FAILED]
    blocked = [o.asset for o in result.outcomes if o.status is OutcomeStatus.BLOCKED]
    stopped = [o.asset for o in result.outcomes if o.status is OutcomeStatus.STOPPED]
    many = counted(len(result.outcomes), "asset")
    lines = [f"the pipeline failed: {len(failed)} of {many} failed, {len(blocked)} blocked"]
    for outcome in failed[:SHOWN]:
        lines += ["", f"{outcome.asset} failed", *outcome_lines(outcome)]
    if len(failed) > SHOWN:
        lines.append(f"... and {len(failed) - SHOWN:,} more")
    if blocked:
        lines += ["", f"blocked, since what they read failed: {', '.join(blocked[:SHOWN])}"]
    if stopped:
        lines += ["", f"stopped before they were done: {', '.join(stopped[:SHOWN])}"]
    return "\n".join([*lines, *([result.error] if result.error else [])])


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Tell why an asset failed: its checks with rows that violate them, or its faults."""
    found = outcome.verdict.results if outcome.verdict else ()
    bad = [check for check in found if check.status in BAD]
    if bad:
        yield from check_lines(bad)
    else:
        yield from fault_lines(outcome.faults)


def check_lines(checks: Sequence[CheckResult]) -> Iterator[str]:
    """Tell what checks found, each with its place and a few rows."""
    for check in checks[:SHOWN]:
        where = str(Place(check.path, check.line))
        yield f"  {where}: {check.check}: {visible(check.message)}"
        if check.examples:
            columns = list(check.examples[0])
            rows = [tuple(row.get(name) for name in columns) for row in check.examples]
            yield listing(columns, rows, most=SHOWN_ROWS)
    if len(checks) > SHOWN:
        yield f"  ... and {len(checks) - SHOWN:,} more checks"


def fault_lines(faults: Iterable[Fault]) -> Iterator[str]:
    """Tell faults, each with its place and what to do."""
    for fault in faults:
        yield from (f"  {line}" for line in visible(str(fault)).splitlines())
