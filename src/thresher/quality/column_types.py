"""Types of columns as checks need them: in one spelling, and by family.

Nothing here asks an engine: a schema is held against its contract without a query.
"""

from __future__ import annotations

from thresher.project import sql

INTEGERS = frozenset(
    {
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    }
)
"""Types of whole numbers that a machine word holds, in their one spelling."""

_FLOATING = frozenset({"FLOAT", "DOUBLE"})
_WHOLE = INTEGERS | {"HUGEINT", "UHUGEINT", "BIGNUM"}
_NUMBERS = _FLOATING | _WHOLE


def spelled(type_: str) -> str:
    """Give the one spelling of a type; one that only its engine knows, in capitals."""
    return sql.normal_type(type_) or " ".join(type_.upper().split())


def is_text(type_: str) -> bool:
    """Say whether a type, in its one spelling, holds texts."""
    return type_ == "VARCHAR" or (type_.startswith("ENUM(") and type_.endswith(")"))


def is_number(type_: str) -> bool:
    """Say whether a type, in its one spelling, holds numbers."""
    return type_ in _NUMBERS or (type_.startswith("DECIMAL(") and type_.endswith(")"))


def is_time(type_: str) -> bool:
    """Say whether a type, in its one spelling, holds dates or timestamps."""
    return type_ == "DATE" or (type_.startswith("TIMESTAMP") and not type_.endswith("]"))


def is_integer(type_: str) -> bool:
    """Say whether a type, in its one spelling, holds whole numbers."""
    return type_ in _WHOLE


def is_floating(type_: str) -> bool:
    """Say whether a type, in its one spelling, holds numbers that are rounded."""
    return type_ in _FLOATING
