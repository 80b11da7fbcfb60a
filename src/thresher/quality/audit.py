"""The audit: a version held against its contract, check by check.

A check that cannot be computed is an error with its reason, never a pass, and never keeps the other
checks from being made. A contract without checks of the data asks the engine nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from thresher.errors import UNSHOWN, AssetError, RunInterruptedError, ThresherError
from thresher.project.contract import Check, Contract, Severity
from thresher.quality.asking import Asking, Rows
from thresher.quality.changes import change_finding
from thresher.quality.checks import CATALOGUE
from thresher.quality.examples import MOST_EXAMPLES, plain_rows
from thresher.quality.figures import freshness_finding
from thresher.quality.kinds import Finding, RowCheck, Sql, TableCheck, limited, looked_at
from thresher.quality.masking import masked
from thresher.quality.statistics import StatisticsOf, nothing_known
from thresher.quality.subject import Subject, Table
from thresher.quality.wording import rows_that, shortened
from thresher.results import CheckResult, PastVersion, Snapshot, Status, Verdict
from thresher.tables import quote_name


def audit(  # noqa: PLR0913  # each is a fact of its own, and named
    snapshot: Snapshot,
    contract: Contract,
    *,
    key: str,
    rows: Rows,
    tables: Mapping[str, Snapshot],
    now: datetime,
    past: Sequence[PastVersion] = (),
    lenient_references: bool = False,
    statistics: StatisticsOf = nothing_known,
) -> Verdict:
    """Hold a version against its contract.

    Args:
        snapshot: the version.
        contract: what must hold.
        key: key of this audit, as `audit_key` gives it.
        rows: answers queries.
        tables: the version itself under its name, and every version that a query may need.
        now: time to judge freshness by.
        past: versions of the table that were published before, the oldest first.
        lenient_references: whether checks that need all rows of a table only warn, because the
            rows are a sample.
        statistics: gives what is known of a version's columns without asking for it.
    """
    subject = Subject(
        table=Table(snapshot),
        tables=tables,
        types=contract.types,
        now=now,
        past=tuple(past),
        hidden=contract.sensitive | contract.hidden,
    )
    auditor = _Auditor(Asking(subject, rows, statistics), lenient_references)
    checks = (*_schema_checks(contract), *contract.checks)
    return Verdict(
        asset=snapshot.asset,
        version=snapshot.version,
        key=key,
        rows=snapshot.rows,
        results=tuple(auditor.result(check) for check in checks),
        at=now,
    )


def judge_again(
    verdict: Verdict,
    contract: Contract,
    *,
    now: datetime,
    past: Sequence[PastVersion] | None = None,
) -> Verdict:
    """Judge the checks that depend on more than the data anew, from an earlier verdict's figures.

    Args:
        verdict: what the audit found.
        contract: the contract that it was audited by, or one of the same meaning.
        now: time to judge by.
        past: versions that were published before, the oldest first; None leaves what was compared
            with them as it is.
    """
    kinds = ("freshness",) if past is None else ("freshness", "change")
    checks = iter([check for check in contract.checks if check.kind in kinds])
    results = tuple(
        _judged_again(result, next(checks, None), contract, now, past or ())
        if result.kind in kinds
        else result
        for result in verdict.results
    )
    return verdict if results == verdict.results else replace(verdict, results=results, at=now)


def _judged_again(
    result: CheckResult,
    check: Check | None,
    contract: Contract,
    now: datetime,
    past: Sequence[PastVersion],
) -> CheckResult:
    if check is None or check.id != result.check or result.status is Status.ERROR:
        return result
    hide = any(map(contract.hides, check.columns))
    if check.kind == "change":
        finding = change_finding(check, result.figure, past, hide=hide)
    else:
        finding = freshness_finding(check, result.figure, now, hide=hide)
    return replace(
        result,
        status=_status(check, finding, lenient=False),
        violations=finding.violations,
        message=_message(check, finding),
    )


def _schema_checks(contract: Contract) -> Iterator[Check]:
    """Give the checks that naming a column, or its type, implies."""
    for column in contract.columns:
        yield Check("column", (column.name,), place=column.place)
        if column.type:
            yield Check("type", (column.name,), place=column.place)


@dataclass(frozen=True, slots=True)
class _Auditor:
    """Makes one check after another of one version."""

    asking: Asking
    lenient: bool

    @property
    def subject(self) -> Subject:
        return self.asking.subject

    def result(self, check: Check) -> CheckResult:
        began = time.perf_counter()
        try:
            result = self._found(check)
        except RunInterruptedError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever an engine raises, the others go on
            result = _told(check, Status.ERROR, self._reason(error))
        return replace(result, seconds=time.perf_counter() - began)

    def _found(self, check: Check) -> CheckResult:
        kind = CATALOGUE.get(check.kind)
        if kind is None:
            raise AssetError(f"there is no check `{check.kind}`")
        if isinstance(kind, RowCheck):
            finding, examples = self._at_rows(check, kind)
        else:
            finding, examples = self._at_table(check, kind)
        status = _status(check, finding, lenient=self.lenient and kind.needs_all)
        result = _told(check, status, _message(check, finding))
        return replace(
            result,
            violations=finding.violations,
            rows=finding.rows,
            figure=finding.figure,
            hides_figure=any(map(self.subject.hides, check.columns)),
            examples=self._examples(check, examples) if finding.violations and examples else (),
        )

    def _reason(self, error: Exception) -> str:
        said = error.fault.what if isinstance(error, ThresherError) else str(error)
        if self.subject.hidden:
            said = (error.discreet or said) if isinstance(error, ThresherError) else UNSHOWN
        return f"could not be checked: {shortened(said) or type(error).__name__}"

    def _at_rows(self, check: Check, kind: RowCheck) -> tuple[Finding, Sql | None]:
        """Count the violating rows, and give the query that shows them."""
        table = self.subject.table
        rows = table.snapshot.rows
        if check.where:
            looked = f"select count(*) {looked_at(check, self.subject)}"
            rows = self.asking.ask(Sql(looked))[0][0]
        condition = limited(check, kind.violating(check, self.subject))
        violating = f"from {table.sql} where {condition.text}"
        violations = self.asking.violations(check, kind, condition)
        words = rows_that(violations, rows, kind.phrase(check), check.where)
        names = ", ".join(map(quote_name, table.columns))
        shown = Sql(f"select {names} {violating}", condition.params, table.columns)
        return Finding(violations=violations, rows=rows, words=words), shown

    def _at_table(self, check: Check, kind: TableCheck) -> tuple[Finding, Sql | None]:
        """Judge the table's figures, and give the query that shows what is wrong, if any does."""
        query = kind.query(check, self.subject)
        figures = self.asking.figures(check, query) if query else ()
        finding = kind.judge(check, self.subject, figures)
        return finding, kind.examples(check, self.subject) if kind.examples else None

    def _examples(self, check: Check, query: Sql) -> tuple[Mapping[str, Any], ...]:
        try:
            found = self.asking.ask(replace(query, text=f"{query.text} limit {MOST_EXAMPLES}"))
        except AssetError:
            return ()  # The count stands, and is what matters.
        rows = plain_rows(query.labels, found)
        return tuple(masked(row, check, self.subject) for row in rows)


def _status(check: Check, finding: Finding, *, lenient: bool) -> Status:
    if not finding.violations:
        return Status.PASSED
    severity = check.weigh(finding.violations, finding.rows)
    if severity is None:
        aside = check.quarantines and finding.rows and not lenient
        return Status.QUARANTINED if aside else Status.TOLERATED
    blocks = check.blocks and severity is not Severity.WARNING
    return Status.FAILED if blocks and not lenient else Status.WARNED


def _message(check: Check, finding: Finding) -> str:
    words = finding.words
    if finding.violations and finding.rows and check.limits:
        words += f"; {check.limits}"
    return f"{check.message}: {words}" if check.message and finding.violations else words


def _told(check: Check, status: Status, message: str) -> CheckResult:
    return CheckResult(
        check=check.id,
        kind=check.kind,
        columns=check.columns,
        status=status,
        severity=check.severity.value,
        message=message,
        path=check.place.path,
        line=check.place.line,
    )
