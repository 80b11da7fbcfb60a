"""What must hold for contracts: they speak of columns, types and assets that exist."""

from __future__ import annotations

from collections.abc import Iterator

from thresher.errors import Fault, Place, ProjectError
from thresher.project import sql
from thresher.project.asset import RESERVED_COLUMNS, Asset, Materialized
from thresher.project.contract import Check
from thresher.project.documents import nearest
from thresher.project.orders import direction
from thresher.project.parsed import cached_condition, cached_query, cached_type
from thresher.project.reading import Reading

Columns = tuple[str, ...] | None


def contract_faults(reading: Reading) -> Iterator[Fault]:
    """Contracts speak of columns, types and assets that exist."""
    for read in reading.found.values():
        asset, columns = read.asset, reading.columns[read.asset.name]
        for column in asset.contract.columns:
            if _lacks(columns, column.name):
                what = f"`{asset.name}` gives no column `{column.name}`"
                near = nearest(column.name, columns or ())
                yield Fault(what, column.place, near or f"columns: {', '.join(columns or ())}")
            if column.type and not cached_type(reading.cache, column.type):
                what = f"`{column.type}` is not a type"
                yield Fault(what, column.place, nearest(column.type, sql.TYPE_NAMES))
        for item in asset.contract.checks:
            yield from _check(reading, asset, columns, item)
        yield from _quarantine(asset, columns)


def _check(reading: Reading, asset: Asset, columns: Columns, item: Check) -> Iterator[Fault]:
    for column in dict.fromkeys((*item.columns, *_arranging(item))):
        if _lacks(columns, column):
            what = f"`{asset.name}` gives no column `{column}`"
            yield Fault(what, item.place, nearest(column, columns or ()))
    yield from _references(reading, item)
    keys = item.argument("keys")
    if keys is not None and len(keys) != len(item.columns):
        yield Fault(f"the check `{item.id}` needs as many keys as columns", item.place)
    for condition in (item.argument("sql"), item.where):
        if condition is not None:
            yield from _condition(reading, columns, condition, item.place)
    if (query := item.argument("query")) is not None:
        yield from _query(reading, query, item.place)


def _quarantine(asset: Asset, columns: Columns) -> Iterator[Fault]:
    """Rows can be set aside only of a table that has files, and whose columns leave room."""
    setting = [item for item in asset.contract.checks if item.quarantines]
    if not setting:
        return
    if asset.materialized is Materialized.VIEW:
        what = f"a view has no rows of its own that `{setting[0].id}` could quarantine"
        yield Fault(what, setting[0].place, "make it a table, or let the check block or warn")
    for column in columns or ():
        if column.lower() in RESERVED_COLUMNS:
            what = f"`{column}` is a column of quarantined rows, so `{asset.name}` cannot have it"
            yield Fault(what, setting[0].place, "give the column another name")


def _references(reading: Reading, item: Check) -> Iterator[Fault]:
    for name in item.references:
        if reading.lacks(name):
            what = f"the check `{item.id}` needs `{name}`, which does not exist"
            yield Fault(what, item.place, nearest(name, reading.found))
            continue
        given = reading.columns.get(name)
        for key in item.argument("keys") or ():
            if _lacks(given, key):
                what = f"`{name}` gives no column `{key}`"
                yield Fault(what, item.place, nearest(key, given or ()))


def _arranging(item: Check) -> Iterator[str]:
    """Give the columns that a check puts rows in order or into groups by."""
    yield from item.argument("group") or ()
    for order in (item.argument("order"), item.argument("keep")):
        for column in order or ():
            yield direction(column)[0]


def _condition(reading: Reading, columns: Columns, text: str, place: Place) -> Iterator[Fault]:
    try:
        parsed = cached_condition(reading.cache, text, place)
    except ProjectError as error:
        yield from error.faults
        return
    for name, _ in parsed.inputs:
        yield Fault(
            f"the condition `{text}` reads `{name}`", place, "a condition speaks of one row alone"
        )
    for column in parsed.columns:
        if _lacks(columns, column):
            what = f"the condition `{text}` names no column of the table: `{column}`"
            yield Fault(what, place, nearest(column, columns or ()))


def _query(reading: Reading, text: str, place: Place) -> Iterator[Fault]:
    """A query of a check reads tables of the project alone, and gives the same each time."""
    parsed = cached_query(reading.cache, text, place.path or "", place.line or 1)
    for name, _ in parsed.unqualified:
        near = [other for other in reading.found if other.partition(".")[2] == name.lower()]
        what = f"the query of the check names `{name}` without its layer"
        yield Fault(what, place, f"did you mean `{near[0]}`?" if near else "write `layer.name`")
    for name, _ in (*parsed.foreign, *parsed.reads_files):
        yield Fault(f"the query of the check reads `{name}`, which is no asset", place)
    for name, _ in (*parsed.params, *parsed.positional):
        what = f"the query of the check uses the parameter `{name}`"
        yield Fault(what, place, "a contract has no parameters; write the value")
    for name, _ in parsed.not_repeatable:
        what = f"`{name}` in the query of the check gives another result each time"
        yield Fault(what, place, "a verdict is kept as long as the tables are the same")


def _lacks(columns: Columns, name: str) -> bool:
    """Say whether a table surely has no column of this name."""
    return columns is not None and name.lower() not in {column.lower() for column in columns}
