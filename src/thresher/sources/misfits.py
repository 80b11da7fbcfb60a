"""Rows whose values do not fit: found all together, and rejected or told."""

from __future__ import annotations

from dataclasses import replace

from thresher.project.contract import Tolerance
from thresher.sources.fitting import Fitting, free_name
from thresher.sources.opening import Opened
from thresher.sources.sieve import refuse_beyond
from thresher.sources.table import Table
from thresher.tables import quote_name, quote_text


class MisguessedError(Exception):
    """A value does not fit a type that was guessed from the first rows; all must be looked at."""


def discarded(opened: Opened, fitting: Fitting) -> tuple[str, ...]:
    """Tell how many values of each column were left out because they do not fit."""
    told = []
    for table in opened.tables:
        for name, bad in fitting.misfits(table):
            query = f"select count(*) from {fitting.relation(table)} where {bad}"
            count = 0 if fitting.contract(name) else fitting.session.rows(query)[0][0]
            if count:
                kind = fitting.targets[name].type
                told.append(f"values of `{name}` that are no {kind} are left out: {count:,}")
    return tuple(told)


def without_misfits(opened: Opened, fitting: Fitting, tolerate: Tolerance, *, sure: bool) -> Opened:
    """Reject the records of a sifted unit whose values do not fit.

    Raises:
        RefusedError: more is bad than is tolerated.
        MisguessedError: a value does not fit a type that was guessed from the first rows.
    """
    sifted = opened.sifted
    queries = [_all_misfits(table, fitting) for table in sifted]
    found = [_summed(query, fitting) for query in queries]
    columns = [name for each in found for name, *_ in each]
    if not sure and not all(map(fitting.contract, columns)):
        raise MisguessedError
    more, earliest = 0, None
    for table, query, several in zip(sifted, queries, found, strict=True):
        bad = [(at, count) for name, count, at in several if not fitting.waived(name)]
        more += sum(count for _, count in bad)
        if bad and earliest is None:
            first = min(bad)[0]
            select = f"select which, value from ({query}) where at_row = {first}"
            ((name, value),) = fitting.session.rows(select)
            earliest = (table.place(first)[0], fitting.told(name, value))
    refuse_beyond((each.sifted for each in sifted), tolerate, more=more, earliest=earliest)
    tables: list[Table] = []
    for table, query, several in zip(sifted, queries, found, strict=True):
        rows = fitting.session.rows(query) if several else []
        misfits = [(row, fitting.told(name, value), name) for row, name, value in rows]
        tables.append(table.without(misfits, fitting.session) if misfits else table)
    return replace(opened, tables=tuple(tables))


def _all_misfits(table: Table, fitting: Fitting) -> str:
    """Write a query for the rows of a part with a value that does not fit, and for that."""
    bad = {
        name: each
        for name, each in fitting.misfits(table)
        if not fitting.discards or fitting.contract(name)
    }
    row = quote_name(free_name("row", table))
    which = "".join(f" when {each} then {quote_text(name)}" for name, each in bad.items())
    value = "".join(
        f" when {each} then cast({quote_name(name)} as varchar)" for name, each in bad.items()
    )
    none = " when false then null"
    any_ = " or ".join(f"({each})" for each in bad.values()) or "false"
    return (
        f"select {row} as at_row, case{which or none} end as which, "
        f"case{value or none} end as value "
        f"from (select row_number() over () as {row}, * from {fitting.relation(table)}) "
        f"where {any_}"
    )


def _summed(query: str, fitting: Fitting) -> list[tuple[str, int, int]]:
    """Give each column with values that do not fit, how many, and the first row with one."""
    found = fitting.session.rows(f"select which, count(*), min(at_row) from ({query}) group by all")
    return [(str(name), int(count), int(first)) for name, count, first in found]
