"""Asserts about tables, whose messages say what is wrong in the words of the data.

They take whatever holds rows: a table of the warehouse or the answer to a query, a frame of pandas,
Polars, Arrow or DuckDB, a list of mappings, or the path of a CSV or Parquet file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from thresher.api.open import OpenProject
from thresher.observe.differences import difference_text, listing
from thresher.observe.wording import counted
from thresher.project.documents import nearest
from thresher.quality.differences import Rowset, compare, hashable
from thresher.quality.likeness import RELATIVE
from thresher.results import RunResult, Status, Verdict
from thresher.testing.messages import BAD, check_lines, outcome_lines
from thresher.testing.table_rows import label_of, rowset_of
from thresher.totals import SOFT
from thresher.warehouse.catalog import Warehouse


def assert_table(
    actual: Any,
    expected: Any,
    *,
    ignore_order: bool = True,
    columns: str | Iterable[str] | None = None,
    keys: str | Iterable[str] | None = None,
    rtol: float = RELATIVE,
) -> None:
    """Assert that a table holds the rows that are expected, and no others.

    Values are read as the type of the actual column, so that rows of a CSV file or plain texts can
    be expected of any type; nothing is rounded for it. Floating-point numbers are compared within a
    tolerance, all else exactly. Where types differ, the message says so.

    Args:
        actual: what holds the rows.
        expected: what holds the rows that should be there.
        ignore_order: whether the order of the rows does not matter.
        columns: columns to compare; all of both sides if None.
        keys: columns that tell rows apart, so that differing cells are told by them.
        rtol: relative tolerance of floating-point numbers.

    Raises:
        AssertionError: they differ; the message lists rows and cells.

    Example:
        >>> assert_table(warehouse.table("clean.orders"), [{"id": 1}], columns="id")
    """
    __tracebackhide__ = True
    found, wanted = rowset_of(actual), rowset_of(expected)
    if not wanted.columns and not wanted.rows:
        wanted = Rowset(found.columns, ())  # an empty list names no columns
    if columns is not None:
        chosen = _words(columns)
        _require(chosen, wanted, label_of(expected))
        found, wanted = _only(found, chosen), _only(wanted, chosen)
    named = _words(keys or ())
    for side, what in ((found, actual), (wanted, expected)):
        _require(named, side, label_of(what))
    difference = compare(found, wanted, ordered=not ignore_order, keys=named, rtol=rtol)
    if difference:
        what = f"{label_of(actual)} is not as expected: {difference_text(difference)}"
        if difference.unexpected_columns and columns is None:
            what += "\n  hint: `columns=[...]` compares some columns alone"
        raise AssertionError(what)


def assert_no_nulls(table: Any, columns: str | Iterable[str] | None = None) -> None:
    """Assert that columns have a value in every row.

    Args:
        table: what holds the rows.
        columns: the columns; all of them if None.

    Raises:
        AssertionError: a value is missing; the message shows rows without one.
    """
    __tracebackhide__ = True
    rows = rowset_of(table)
    names = rows.columns if columns is None else _words(columns)
    positions = _require(names, rows, label_of(table))
    wrong = [row for row in rows.rows if any(row[at] is None for at in positions)]
    if wrong:
        counts = (
            f"`{rows.columns[at]}` in {counted(number, 'row')}"
            for at in positions
            if (number := sum(row[at] is None for row in rows.rows))
        )
        what = f"{label_of(table)} has nulls: {', '.join(counts)} of {len(rows.rows):,}"
        raise AssertionError(f"{what}\n{listing(rows.columns, wrong)}")


def assert_unique(table: Any, columns: str | Iterable[str]) -> None:
    """Assert that no two rows have the same values in columns; nulls are not looked at.

    Args:
        table: what holds the rows.
        columns: the columns, together a key.

    Raises:
        AssertionError: a key stands more than once; the message shows the keys.
    """
    __tracebackhide__ = True
    rows = rowset_of(table)
    positions = _require(_words(columns), rows, label_of(table))
    keys = [tuple(row[at] for at in positions) for row in rows.rows]
    counts = Counter(hashable(key) for key in keys if None not in key)
    first = {hashable(key): key for key in reversed(keys)}
    wrong = [(*first[key], number) for key, number in counts.items() if number > 1]
    if wrong:
        names = [rows.columns[at] for at in positions]
        told = ", ".join(f"`{name}`" for name in names)
        many = counted(len(wrong), "value stands", "values stand")
        what = f"{label_of(table)} is not unique in {told}: {many} more than once"
        raise AssertionError(f"{what}\n{listing([*names, 'rows'], wrong)}")


def assert_contract(
    project_or_result: OpenProject | RunResult, asset: str, *, strict: bool = False
) -> None:
    """Assert that an asset keeps its contract.

    Args:
        project_or_result: a run, or a project, of which the published table is looked at.
        asset: name of the asset.
        strict: whether warnings, and violations within their tolerance, count as well.

    Raises:
        AssertionError: a check did not pass, or there is no verdict; the message shows each check
            with its place and rows that violate it.
    """
    __tracebackhide__ = True
    name = asset.lower()
    if isinstance(project_or_result, RunResult):
        verdict = _verdict_of_run(project_or_result, name)
    else:
        verdict = _published_verdict(project_or_result, name)
    statuses: tuple[Status, ...] = (*BAD, *SOFT) if strict else BAD
    wrong = [check for check in verdict.results if check.status in statuses]
    if wrong:
        many = f"{len(wrong):,} of {counted(len(verdict.results), 'check')} did not pass"
        what = f"`{name}` does not keep its contract: {many}"
        raise AssertionError("\n".join([what, *check_lines(wrong)]))


def _verdict_of_run(result: RunResult, name: str) -> Verdict:
    __tracebackhide__ = True
    outcomes = {outcome.asset: outcome for outcome in result.outcomes}
    if name not in outcomes:
        hint = nearest(name, outcomes) or f"assets: {', '.join(sorted(outcomes))}"
        raise AssertionError(f"`{name}` is not part of the run; {hint}")
    outcome = outcomes[name]
    if outcome.verdict is None:
        lines = "\n".join(outcome_lines(outcome))
        raise AssertionError(f"`{name}` was not audited: it is {outcome.status.value}\n{lines}")
    return outcome.verdict


def _published_verdict(project: OpenProject, name: str) -> Verdict:
    __tracebackhide__ = True
    current = Warehouse(project.warehouse).current(project.environment)
    verdicts = current.verdicts if current else {}
    if name not in verdicts:
        hint = nearest(name, verdicts) or f"published: {', '.join(sorted(verdicts)) or 'nothing'}"
        raise AssertionError(f"`{name}` is not published; {hint}")
    return verdicts[name]


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _require(names: Iterable[str], rows: Rowset, label: str) -> list[int]:
    """Give the position of each column.

    Raises:
        AssertionError: there is none of its name.
    """
    __tracebackhide__ = True
    lower = [column.lower() for column in rows.columns]
    for name in names:
        if name.lower() not in lower:
            hint = nearest(name, rows.columns) or f"columns: {', '.join(rows.columns)}"
            raise AssertionError(f"{label} has no column `{name}`; {hint}")
    return [lower.index(name.lower()) for name in names]


def _only(rows: Rowset, names: Iterable[str]) -> Rowset:
    """Keep some columns, as far as they are there."""
    wanted = {name.lower() for name in names}
    kept = [at for at, column in enumerate(rows.columns) if column.lower() in wanted]
    return Rowset(
        tuple(rows.columns[at] for at in kept),
        tuple(tuple(row[at] for at in kept) for row in rows.rows),
        tuple(rows.types[at] for at in kept) if rows.types else (),
    )
