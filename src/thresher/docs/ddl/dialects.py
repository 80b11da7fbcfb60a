"""What each dialect of SQL can say and what its database then holds: differences as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

NOT_NULL = "not null"
PRIMARY_KEY = "primary key"
UNIQUE = "unique"
REFERENCES = "references"
VALUES = "checks of values"
#: What a contract can ask of a database.
CONSTRAINTS = (NOT_NULL, PRIMARY_KEY, UNIQUE, REFERENCES, VALUES)


class Support(StrEnum):
    """What a database does with a constraint."""

    ENFORCED = "enforced"
    DECLARED = "declared"
    """It can be written, and nothing holds rows to it."""
    NONE = "told"
    """It cannot be written, and stands in a comment."""


class Comments(StrEnum):
    """How tables and columns are described."""

    STATEMENTS = "comment on"
    CLAUSES = "comment"
    OPTIONS = "options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One dialect."""

    name: str
    title: str
    """Its database, as people call it."""
    support: Mapping[str, Support]
    comments: Comments
    quotes: str = '"'
    folds: str | None = None
    """What a name without quotes becomes: `lower`, `upper`, or nothing."""
    longest: int = 255
    """Characters of the longest name."""
    escapes: bool = False
    """Whether a backslash in a text is one of two."""
    after_table: str = ""
    """What stands behind the columns of a table."""
    not_enforced: str = ""
    """What stands behind a key that is only declared."""
    names_keys: bool = True
    """Whether a primary key can have a name."""
    alters: bool = True
    """Whether a reference can be added to a table that is there."""
    across_schemas: bool = True
    """Whether a table can refer to one of another schema."""
    refers_to_unique: bool = True
    """Whether a reference can go to other columns than the primary key's."""
    no_keys: frozenset[str] = frozenset()
    """Types, as the dialect writes them up to a parenthesis, whose columns cannot be keys."""
    no_not_null: frozenset[str] = frozenset()
    """Types, likewise, whose columns always take nulls."""
    most_key_columns: int = 32

    @property
    def promise(self) -> str:
        """Say in a sentence what the database holds rows to."""
        by = {
            support: [name for name in CONSTRAINTS if self.support[name] is support]
            for support in Support
        }
        declared = by[Support.DECLARED]
        be = "is" if len(declared) == 1 else "are"
        also = f"; {_listed(declared)} {be} declared, and not enforced" if declared else ""
        return f"{self.title} enforces {_listed(by[Support.ENFORCED]) or 'none of it'}{also}"


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _support(*given: Support) -> Mapping[str, Support]:
    return dict(zip(CONSTRAINTS, given, strict=True))


_E, _D, _N = Support.ENFORCED, Support.DECLARED, Support.NONE
_NESTED = frozenset({"struct", "map", "union", "variant", "interval"})

DIALECTS: Mapping[str, Dialect] = {
    each.name: each
    for each in (
        Dialect(
            name="duckdb",
            title="DuckDB",
            support=_support(_E, _E, _E, _E, _E),
            comments=Comments.STATEMENTS,
            alters=False,
            across_schemas=False,
            no_keys=_NESTED,
        ),
        Dialect(
            name="postgres",
            title="PostgreSQL",
            support=_support(_E, _E, _E, _E, _E),
            comments=Comments.STATEMENTS,
            folds="lower",
            longest=63,
            no_keys=frozenset({"json"}),
        ),
        Dialect(
            name="spark",
            title="Spark",
            support=_support(_D, _N, _N, _N, _N),
            comments=Comments.CLAUSES,
            quotes="`",
            folds="lower",
            escapes=True,
            after_table="using parquet",
        ),
        Dialect(
            name="snowflake",
            title="Snowflake",
            support=_support(_E, _D, _D, _D, _N),
            comments=Comments.CLAUSES,
            folds="upper",
            escapes=True,
            no_keys=frozenset({"array", "object", "variant", "map", "geometry"}),
        ),
        Dialect(
            name="bigquery",
            title="BigQuery",
            support=_support(_E, _D, _N, _D, _N),
            comments=Comments.OPTIONS,
            quotes="`",
            escapes=True,
            not_enforced=" not enforced",
            names_keys=False,
            refers_to_unique=False,
            no_keys=frozenset({"array", "struct", "float64", "json", "time", "interval"}),
            no_not_null=frozenset({"array"}),
            most_key_columns=16,
        ),
    )
}
"""By name, as `--dialect` takes it."""
