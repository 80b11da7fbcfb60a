"""What a run comes to in figures: the one place where outcomes are added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thresher.results import CheckResult, Outcome, OutcomeStatus, Status, UnitOutcome

NOT_PASSED = (Status.ERROR, Status.FAILED, Status.WARNED, Status.QUARANTINED, Status.TOLERATED)
"""How a check can end that did not simply pass, worst first."""
SOFT = (Status.WARNED, Status.QUARANTINED, Status.TOLERATED)
"""How a check can end that is a warning."""
_BAD = (Status.FAILED, Status.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The figures of a run."""

    tables: int
    """Assets that are or stay published, or could be."""
    statuses: Mapping[str, int]
    """How many assets ended in each status."""
    rows_in: int
    """Rows that this run's raw assets took in from their inputs."""
    rows_out: int
    """Rows of all tables that this run worked on."""
    quarantined: int
    """Rows that stand in quarantine instead of their tables."""
    checks: int
    passed: int
    """Checks that simply passed."""
    warnings: int
    """Checks warned or tolerated, rows and files set aside, attempts that were tried again."""
    errors: int
    """Assets that failed without a failed check, checks failed or in error, files that failed."""


def totals(outcomes: Sequence[Outcome]) -> Totals:
    """Add up how the assets of a run ended."""
    worked = [o.snapshot for o in outcomes if o.status is not OutcomeStatus.KEPT and o.snapshot]
    checks = [check for outcome in outcomes for check in results(outcome)]
    return Totals(
        tables=sum(outcome.ok for outcome in outcomes),
        statuses=Counter(outcome.status.value for outcome in outcomes),
        rows_in=sum(snapshot.rows_in for snapshot in worked if snapshot.units),
        rows_out=sum(snapshot.rows for snapshot in worked),
        quarantined=sum(o.quarantine.rows for o in outcomes if o.ok and o.quarantine),
        checks=len(checks),
        passed=sum(check.status is Status.PASSED for check in checks),
        warnings=sum(warnings(outcome) for outcome in outcomes),
        errors=sum(errors(outcome) for outcome in outcomes),
    )


def results(outcome: Outcome) -> tuple[CheckResult, ...]:
    """Give what the audit of an asset found, if there was one."""
    return outcome.verdict.results if outcome.verdict else ()


def warnings(outcome: Outcome) -> int:
    """Count the warnings of one asset."""
    soft = sum(check.status in SOFT for check in results(outcome))
    return soft + _files(outcome, UnitOutcome.SET_ASIDE) + max(outcome.attempts - 1, 0)


def errors(outcome: Outcome) -> int:
    """Count the errors of one asset; one that failed has at least one."""
    bad = sum(check.status in _BAD for check in results(outcome))
    found = bad + _files(outcome, UnitOutcome.FAILED)
    return max(found, 1) if outcome.status is OutcomeStatus.FAILED else found


def _files(outcome: Outcome, wanted: UnitOutcome) -> int:
    return sum(record.outcome is wanted for record in outcome.units)
