"""Queries that divide the rows of a version: those that break a check, and those that are left.

A row goes by its position in the version that was built, counted from 1 in the order of its files.
Nothing here asks an engine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from thresher.project.asset import SET_ASIDE_COLUMNS
from thresher.project.contract import Check, OnViolation
from thresher.quality.checks import CATALOGUE
from thresher.quality.kinds import RowCheck, Sql, limited, names_rows
from thresher.quality.subject import Subject, Table
from thresher.results import CheckResult, Schema, Snapshot, Status
from thresher.tables import column_sql, quote_name, quote_path, quote_table, quote_text

POSITION = "__position"
"""Column that numbers the rows of a version while they are divided."""
ADDED = SET_ASIDE_COLUMNS
"""Columns that a table of quarantined rows has beside those of its asset."""
ID, CHECKS, FILE, ROW, RUN = ADDED
CORRECTED = "corrected"
"""Stands for a check where a row was taken out because a corrected one takes its place."""
_NUMBERED = "__numbered"
_PARAMETER = re.compile(r"\$(p\d+)\b")


@dataclass(frozen=True, slots=True)
class Parts:
    """Names of the tables that queries here read."""

    produced: str
    """All rows that were built."""
    aside: str
    """Rows that were set aside before, by position."""
    begun: bool
    """Whether any were."""

    @property
    def numbered(self) -> str:
        """Write the query that gives what is left so far, with positions."""
        every = (
            f"select row_number() over () as {quote_name(POSITION)}, *"
            f" from {quote_table(self.produced)}"
        )
        if not self.begun:
            return every
        return (
            f"select * from ({every}) where {quote_name(POSITION)} not in"
            f" (select {quote_name(POSITION)} from {quote_table(self.aside)})"
        )


def to_set_aside(checks: Sequence[Check], results: Sequence[CheckResult]) -> tuple[Check, ...]:
    """Choose the checks whose violating rows go next.

    What each row says of itself comes first; keys and the like are held by the rows that are left,
    so that a row which goes anyway is not the one that is kept of two.
    """
    found = {r.check: r for r in results}
    broken = [
        check
        for check in checks
        if check.on_violation is OnViolation.QUARANTINE
        and names_rows(CATALOGUE[check.kind])
        and found[check.id].violations
        and found[check.id].status in (Status.QUARANTINED, Status.FAILED)
    ]
    rows = [check for check in broken if isinstance(CATALOGUE[check.kind], RowCheck)]
    return tuple(rows or broken)


def broken_rows(checks: Sequence[Check], subject: Subject, parts: Parts) -> Sql:
    """Write the query for the rows that break at least one of some checks, with their names."""
    snapshot = subject.table.snapshot
    numbered = replace(subject, table=Table(snapshot, alias=_NUMBERED))
    params: dict[str, object] = {}
    said: list[str] = []
    for number, check in enumerate(checks):
        condition = _condition(check, numbered, f"c{number}_")
        params |= condition.params
        said.append(f"case when ({condition.text}) then [{quote_text(check.id)}] else [] end")
    columns = ", ".join(map(quote_name, (POSITION, *subject.table.columns)))
    names_of = f"flatten([{', '.join(said)}])" if len(said) > 1 else said[0]
    return Sql(
        f"with {quote_name(_NUMBERED)} as ({parts.numbered})"
        f" select * from (select {columns}, {names_of} as {quote_name(CHECKS)}"
        f" from {quote_name(_NUMBERED)}) where len({quote_name(CHECKS)}) > 0",
        params,
    )


def left_rows(columns: Sequence[str], parts: Parts, *, offset: int = 0) -> str:
    """Write the query for the rows that are left of a version, or of one file of it.

    Args:
        columns: what they have.
        parts: `produced` may name one file of the version alone.
        offset: rows of the version that come before that file.
    """
    position = quote_name(POSITION)
    names = ", ".join(map(quote_name, columns))
    return (
        f"select {names} from (select row_number() over () + {offset} as {position}, *"
        f" from {quote_table(parts.produced)}) where {position} not in"
        f" (select {position} from {quote_table(parts.aside)}) order by {position}"
    )


def touched_files(files: Sequence[tuple[int, int]], parts: Parts) -> str:
    """Write the query for the files that rows were taken from, told by the rows before them."""
    spans = ", ".join(f"({low}, {high})" for low, high in files if high > low)
    position = quote_name(POSITION)
    return (
        f"select distinct __low from {quote_table(parts.aside)}"
        f" join (values {spans}) as __files(__low, __high)"
        f" on {position} > __low and {position} <= __high"
    )


def quarantine_rows(
    columns: Sequence[str], parts: Parts, files: Sequence[tuple[int, int, str]], run: str
) -> str:
    """Write the query for the table of quarantined rows.

    Args:
        columns: those of the asset.
        parts: `aside` is all that was taken out; what was corrected is not in quarantine.
        files: rows before each input file, rows up to its end, and its path, where that is known.
        run: the run that set them aside.
    """
    names = ", ".join(map(quote_name, columns))
    spans = ", ".join(f"({low}, {high}, {quote_text(path)})" for low, high, path in files)
    known = f"(values {spans})" if files else "(select 0 as a, 0 as b, '' as c limit 0)"
    position, aside = quote_name(POSITION), quote_table(parts.aside)
    return (
        f"select {_id(columns)} as {quote_name(ID)}, {names}, {quote_name(CHECKS)},"
        f" __path as {quote_name(FILE)},"
        f" {position} - coalesce(__low, 0) as {quote_name(ROW)},"
        f" {quote_text(run)} as {quote_name(RUN)}"
        f" from {aside} left join {known} as __files(__low, __high, __path)"
        f" on {position} > __low and {position} <= __high"
        f" where not list_contains({quote_name(CHECKS)}, {quote_text(CORRECTED)})"
        f" order by {position}"
    )


@dataclass(frozen=True, slots=True)
class Corrected:
    """A file of corrected rows."""

    file: str
    """Its path."""
    later: tuple[str, ...] = ()
    """Paths of those that were given after it: of two corrections of one row, the last holds."""

    @property
    def superseded(self) -> str:
        """Write the condition of a row that a later file corrects as well."""
        if not self.later:
            return "false"
        files = ", ".join(map(quote_path, self.later))
        name = quote_name(ID)
        return f"{name} in (select {name} from read_parquet([{files}]) where {name} is not null)"


def types_in(file: str) -> str:
    """Write the query for the name and the type of each column in a file of corrections."""
    return f"select column_name, column_type from (describe from read_parquet({quote_path(file)}))"


def types_given(schema: Schema, file: str) -> str:
    """Write the query for the types of the rows in a file of corrections as they are read."""
    return f"select column_name, column_type from (describe {_given(schema, file)})"


def repeated_ids(file: str) -> str:
    """Write the query for what a file of corrections corrects more than once."""
    name = quote_name(ID)
    return (
        f"select {name} from read_parquet({quote_path(file)}) where {name} is not null"
        f" group by all having count(*) > 1 order by all limit 1"
    )


def rows_in(file: str) -> str:
    """Write the query that counts the rows in a file of corrections."""
    return f"select count(*) from read_parquet({quote_path(file)})"


def originals(schema: Schema, parts: Parts, given: Corrected) -> str:
    """Write the query for the rows that those in a file of corrections stand for."""
    columns = [column.name for column in schema]
    names = ", ".join(map(quote_name, (POSITION, *columns)))
    return (
        f"select {names}, [{quote_text(CORRECTED)}] as {quote_name(CHECKS)}"
        f" from ({_identified(columns, parts)})"
        f" where {quote_name(ID)} in (select {quote_name(ID)} from ({_given(schema, given.file)})"
        f" where {quote_name(ID)} is not null and not {given.superseded})"
    )


def correcting_rows(schema: Schema, parts: Parts, given: Corrected) -> str:
    """Write the query for the corrected rows in a file whose originals are there."""
    columns = [column.name for column in schema]
    names = ", ".join(map(quote_name, columns))
    matched = _matched(columns, parts, given)
    return f"select {names} from ({_given(schema, given.file)}) where {matched}"


def unmatched_rows(schema: Schema, parts: Parts, given: Corrected) -> str:
    """Write the query that counts the corrected rows in a file whose originals are not there."""
    matched = _matched([column.name for column in schema], parts, given)
    return f"select count(*) from ({_given(schema, given.file)}) where not {matched}"


def _matched(columns: Sequence[str], parts: Parts, given: Corrected) -> str:
    there = f"select {quote_name(ID)} from ({_identified(columns, parts)})"
    # A row of a file that somebody edited may go by nothing, and is counted all the same.
    return f"coalesce({quote_name(ID)} in ({there}) and not {given.superseded}, false)"


def _given(schema: Schema, file: str) -> str:
    """Write the query that reads corrected rows."""
    names = ", ".join(column_sql(each.name, each.storage, each.type) for each in schema)
    return f"select {quote_name(ID)}, {names} from read_parquet({quote_path(file)})"


def _identified(columns: Sequence[str], parts: Parts) -> str:
    return f"select *, {_id(columns)} as {quote_name(ID)} from ({parts.numbered})"


def _id(columns: Sequence[str]) -> str:
    """Write what a row goes by from build to build: its content, and which of its like it is."""
    content = f"md5(cast(row({', '.join(map(quote_name, columns))}) as varchar))"
    position = quote_name(POSITION)
    return f"{content} || '-' || row_number() over (partition by {content} order by {position})"


def counts_of(snapshot: Snapshot) -> str:
    """Write the query that counts the quarantined rows of each check."""
    return (
        f"select name, count(*) from (select unnest({quote_name(CHECKS)}) as name"
        f" from {quote_table(snapshot.asset)}) group by name"
    )


def _condition(check: Check, subject: Subject, prefix: str) -> Sql:
    """Give the condition of the rows that break a check; no other has parameters of its names."""
    kind = CATALOGUE[check.kind]
    if isinstance(kind, RowCheck):
        return limited(check, _prefixed(kind.violating(check, subject), prefix))
    assert kind.violating_rows is not None  # noqa: S101  # `to_set_aside` chose it
    return _prefixed(kind.violating_rows(check, subject), prefix)


def _prefixed(condition: Sql, prefix: str) -> Sql:
    text = _PARAMETER.sub(rf"${prefix}\1", condition.text)
    return replace(
        condition, text=text, params={prefix + n: v for n, v in condition.params.items()}
    )
