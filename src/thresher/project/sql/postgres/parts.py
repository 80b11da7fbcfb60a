"""What a translated part of a condition is, and how two of them are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.type_tree import TypeTree

#: Family of the values of a type; a type without one can only be asked whether it is null.
FAMILIES = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"),
        "integer",
    ),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT", "DECIMAL"), "decimal"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_S"), "timestamp"),
    "DOUBLE": "double",
    "FLOAT": "real",
    "VARCHAR": "text",
    "DATE": "date",
    "TIME": "time",
    "BOOLEAN": "boolean",
    "UUID": "uuid",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
NUMBERS = frozenset({"integer", "decimal", "double"})
DAYS = frozenset({"date", "timestamp"})
_SHOWN = 60
#: Families that PostgreSQL reads a text as in another way than DuckDB, or by the session's zone.
_STRICT = NUMBERS | {"real", "boolean", "timestamptz"}
#: Families whose values have an order that both know.
ORDERED = NUMBERS | DAYS | {"real", "text", "time", "timestamptz", "interval", "boolean"}


@dataclass(frozen=True, slots=True)
class Said:
    """A part of a condition in PostgreSQL's words."""

    text: str
    family: str | None
    """`literal` for a text that takes the family of what it stands beside, `null` likewise."""
    atom: bool = True
    """Whether it needs no parentheses wherever it stands."""

    @property
    def inner(self) -> str:
        """Write it as a part of another, in parentheses where it needs them."""
        return self.text if self.atom else f"({self.text})"


def free(said: Said) -> bool:
    """Say whether a part takes the family of what it stands beside."""
    return said.family in ("literal", "null")


class Writer:
    """Says one part after another, each by the rule for its kind.

    Args:
        rules: how each kind of part is said, and the arguments that its rule knows of.
        types: type of each column, by its name in lower case.
        names: each column as PostgreSQL shall name it, by the same.
    """

    def __init__(
        self,
        rules: Mapping[type[exp.Expr], Rule],
        types: Mapping[str, TypeTree],
        names: Mapping[str, str],
    ) -> None:
        self._rules = rules
        self.types = types
        self.names = names

    def say(self, node: exp.Expr) -> Said:
        """Say a part.

        Raises:
            SqlError: PostgreSQL has no words that are known to mean the same.
        """
        rule, known = self._rules.get(type(node), (None, ()))
        given = {name for name, value in node.args.items() if value not in (None, False, [])}
        if rule is None or given - set(known):
            raise unknown(node)
        return rule(self, node)

    def of(self, node: exp.Expr, families: frozenset[str], what: str) -> Said:
        """Say a part that must be of one of some families."""
        said = self.say(node)
        if said.family not in families | {"null"}:
            raise SqlError(f"`{called(node)}` is not known to be {what}")
        return said


Rule = tuple[Callable[[Writer, exp.Expr], Said], tuple[str, ...]]


def called(node: exp.Expr) -> str:
    """Name a part as people write it."""
    if isinstance(node, exp.Anonymous):
        return f"{node.name}()"
    if isinstance(node, exp.RegexpLike):
        return "regexp_matches()"
    return node.sql(dialect="duckdb", comments=False, normalize_functions="lower")[:_SHOWN]


def function(node: exp.Expr) -> str:
    """Give the name of a function that both call alike."""
    return type(node).__name__.lower()


def unknown(node: exp.Expr) -> SqlError:
    """Refuse a part that there is no rule for."""
    return SqlError(f"`{called(node)}` has no counterpart that is known to mean the same")


def alike(node: exp.Expr, left: Said, right: Said, *, order: bool) -> tuple[str, str]:
    """Make two sides comparable as DuckDB compares them.

    Args:
        node: the comparison, for the error.
        left: one side.
        right: the other.
        order: whether it is asked which of them is greater.

    Raises:
        SqlError: PostgreSQL does not compare them, or not alike.
    """
    families = {left.family, right.family}
    bound = [side.family for side in (left, right) if not free(side)]
    if "literal" in families and bound and bound[0] in _STRICT:
        raise SqlError(f"`{called(node)}` compares a text with another type")
    fits = len(set(bound)) <= 1 or families <= NUMBERS | {"real"} or families <= DAYS
    if not fits or None in families or (order and not {*bound} <= ORDERED) or (order and not bound):
        kinds = " and ".join(side.family or "another type" for side in (left, right))
        raise SqlError(f"`{called(node)}` compares {kinds}, which PostgreSQL does not do alike")
    if "real" in families and "double" not in families:  # DuckDB compares as `real`
        left, right = (_as_real(side) for side in (left, right))
    if order and "text" in bound:  # DuckDB's order is that of bytes
        left, right = (_in_bytes(side) for side in (left, right))
    return left.inner, right.inner


def _as_real(side: Said) -> Said:
    if side.family == "real" or free(side):
        return side
    return Said(f"cast({side.text} as real)", "real")


def _in_bytes(side: Said) -> Said:
    return Said(f'{side.inner} collate "C"', "text") if side.family == "text" else side
