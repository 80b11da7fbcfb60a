"""The names of a query's columns, from those of the tables it reads.

`outputs.py` writes the way down as steps when a query is parsed; this module goes it, without
sqlglot, whenever the columns of the inputs are known. Names keep the case that DuckDB would give
them, which is that of the table for a column and that of the query for an alias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from thresher.project.sql.parsed import ParsedQuery

Columns = tuple[str, ...]

#: What stands for the name of a column that there surely is, but whose name cannot be told.
UNNAMED = ""
Known = Mapping[str, Columns | None]


def resolve_columns(parsed: ParsedQuery, known: Known) -> Columns | None:
    """Tell the names of the columns that a query gives.

    Args:
        parsed: the query.
        known: columns of its inputs by the names they have in `parsed.inputs`, as far as known.

    Returns:
        The names in order, two of one name included, or None where they cannot be told: for
        expressions without an alias, `columns(...)`, pivots, the fields of a struct.
    """
    found: list[Columns | None] = []
    for rule, names, positions in parsed.outputs:
        parts = [found[position] for position in positions]
        if rule == "table":
            found.append(known.get(names[0]))
        elif rule == "pick":
            found.append((_spelled(names[0], parts[0]),))
        else:
            found.append(_apply(rule, names, parts))
    columns = found[-1]
    return None if columns is None or UNNAMED in columns else columns


def _apply(rule: str, names: Columns, parts: list[Columns | None]) -> Columns | None:
    told = [part for part in parts if part is not None]
    if rule == "unknown" or len(told) < len(parts):
        return None
    return _RULES[rule](names, told)


def _spelled(name: str, columns: Columns | None) -> str:
    """Give the name of a column in its table's spelling, or as written where that is not known."""
    return next((column for column in columns or () if column.lower() == name.lower()), name)


def _columns(names: Columns, _: list[Columns]) -> Columns:
    return names


def _beside(_: Columns, parts: list[Columns]) -> Columns:
    return tuple(name for part in parts for name in part)


def _without(names: Columns, parts: list[Columns]) -> Columns:
    return _less(parts[0], names)


def _renamed(names: Columns, parts: list[Columns]) -> Columns:
    """Rename columns; the names come in pairs, the old one first."""
    new = {old.lower(): name for old, name in zip(names[::2], names[1::2], strict=True)}
    return tuple(new.get(name.lower(), name) for name in parts[0])


def _aliased(names: Columns, parts: list[Columns]) -> Columns:
    """Give new names to the first columns, as `t(a, b)` does."""
    return (*names, *parts[0][len(names) :])


def _using(names: Columns, parts: list[Columns]) -> Columns:
    left, right = parts
    return (*left, *_less(right, names))


def _natural(_: Columns, parts: list[Columns]) -> Columns:
    left, right = parts
    return (*left, *_less(right, left))


def _unique(_: Columns, parts: list[Columns]) -> Columns:
    """Number names that come again, as DuckDB does at the border of a subquery."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for name in parts[0]:
        unique = name
        while unique and unique.lower() in counts:
            unique = f"{name}_{counts[name.lower()]}"
            counts[name.lower()] += 1
        counts[unique.lower()] = 1
        names.append(unique)
    return tuple(names)


def _less(columns: Columns, names: Iterable[str]) -> Columns:
    gone = {name.lower() for name in names}
    return tuple(column for column in columns if column.lower() not in gone)


#: Each rule of a step, but those that do without the columns of the steps before.
_RULES: Mapping[str, Callable[[Columns, list[Columns]], Columns]] = {
    "columns": _columns,
    "beside": _beside,
    "without": _without,
    "renamed": _renamed,
    "aliased": _aliased,
    "using": _using,
    "natural": _natural,
    "by_name": _natural,
    "unique": _unique,
}
