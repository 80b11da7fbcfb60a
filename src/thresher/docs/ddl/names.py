"""Names, texts and values as a dialect writes them."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from decimal import Decimal
from typing import Any

from thresher.docs.ddl.dialects import Dialect

_PLAIN = re.compile("[a-z_][a-z0-9_]*")

#: Words that some of the dialects reserve: quoting one that need not be does no harm.
RESERVED = frozenset(
    """
    account all alter analyse analyze and anti any array as asc asof assert_rows_modified
    asymmetric at authorization between binary both by case cast check collate collation column
    concurrently connect connection constraint contains create cross cube current
    current_catalog current_date current_role current_schema current_time current_timestamp
    current_user database default deferrable define delete desc describe distinct do drop else
    end enum escape except exclude exists extract false fetch filter following for foreign
    freeze from full function glob grant group grouping groups gscluster hash having if ignore
    ilike in increment initially inner insert intersect interval into is isnull issue join
    lambda lateral leading left like limit localtime localtimestamp lookup map merge minus
    natural new no not notnull null nulls of offset on only or order organization outer over
    overlaps partition pivot pivot_longer pivot_wider placing positional preceding primary proto
    qualify range recursive references regexp respect returning revoke right rlike rollup row
    rows sample schema select semi session_user set show similar some start struct summarize
    symmetric system_user table tablesample tablespace then to trailing treat trigger true
    try_cast unbounded union unique unnest unpack unpivot update user using values variadic
    verbose view when whenever where window with within
    """.split()  # noqa: SIM905  # a page of words
)


def spell(name: str, dialect: Dialect) -> tuple[str, bool]:
    """Give the spelling of a name, and whether it needs quotes.

    A plain word is one name in any case, as it is to DuckDB; where a database folds words without
    quotes, one that must be quoted is folded here in the same way. Other names stay as they are.
    """
    small = name.lower()
    plain = _PLAIN.fullmatch(small) is not None
    if not plain:
        return name, True
    if dialect.folds is None:
        return name, small in RESERVED
    if small in RESERVED:
        return (small.upper() if dialect.folds == "upper" else small), True
    return small, False


def identifier(name: str, dialect: Dialect) -> str:
    """Write a name, quoted where it must be."""
    spelled, quoted = spell(name, dialect)
    if not quoted:
        return spelled
    mark = dialect.quotes
    if mark == "`" and dialect.escapes and dialect.name == "bigquery":
        return mark + spelled.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark
    return mark + spelled.replace(mark, mark * 2) + mark


def table_name(asset: str, dialect: Dialect) -> str:
    """Write the name of an asset's table: its layer is the schema."""
    layer, _, table = asset.partition(".")
    return f"{identifier(layer, dialect)}.{identifier(table, dialect)}"


def text(value: str, dialect: Dialect) -> str:
    """Write a text as a literal."""
    value = value.replace("\0", "")
    if not dialect.escapes:
        return "'" + value.replace("'", "''") + "'"
    value = value.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + value.replace("\n", "\\n").replace("\r", "\\r") + "'"


def value(given: Any, dialect: Dialect) -> str:
    """Write a value of a contract as a literal, for the dialects that hold rows to values.

    Raises:
        TypeError: values of its kind do not stand in contracts.
    """
    match given:
        case bool():
            return str(given).lower()
        case float() | Decimal() if not math.isfinite(given):
            kind = "double" if dialect.name == "duckdb" else "double precision"
            return f"cast('{float(given)}' as {kind})"
        case int() | float():
            return repr(given)
        case Decimal():
            return f"{given:f}"
        case dt.datetime():
            kind = "timestamp" if given.tzinfo is None else "timestamptz"
            return f"{kind} '{given.isoformat(' ')}'"
        case dt.date():
            return f"date '{given.isoformat()}'"
        case str():
            return text(given, dialect)
    raise TypeError(f"a value of type `{type(given).__name__}` cannot be written")


def constraint_name(parts: list[str], taken: set[str], longest: int) -> str:
    """Make a name for a constraint that no other of its schema has, of bounded length.

    Args:
        parts: what it is made of, such as table, columns and kind.
        taken: names that there are already; the new one is added.
        longest: the most characters.
    """
    words = [re.sub("[^a-z0-9_]+", "_", part.lower()).strip("_") for part in parts]
    name = "_".join(filter(None, words))
    if len(name) > longest:
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
        name = f"{name[: longest - 9]}_{digest}"
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name[: longest - 4]}_{number}"
    taken.add(found)
    return found
