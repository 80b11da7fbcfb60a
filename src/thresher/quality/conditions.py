"""Conditions of violating rows, one for each check of rows.

A condition must be true for a row that violates, and null or false for every other: a value that is
null satisfies every check but `not_null`, by SQL's three-valued logic. Values are bound; only names
and the author's own conditions are written into the text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from thresher.errors import AssetError
from thresher.project.contract import Check
from thresher.quality.column_types import is_number, is_text
from thresher.quality.kinds import Sql, looked_at
from thresher.quality.subject import Subject, Table

#: A character in which nothing can be seen, of those that Unicode calls white space and those that
#: ASCII has for separators.
BLANK = r"[\s\x{0B}\x{1C}-\x{1F}\x{85}\p{Z}]"


def is_null(check: Check, subject: Subject) -> Sql:
    """Find rows without a value."""
    return Sql(" or ".join(f"{subject.table.column(name)} is null" for name in check.columns))


def is_blank(check: Check, subject: Subject) -> Sql:
    """Find texts in which nothing can be seen."""
    column = _text_column(check, subject, "can be blank")
    return Sql(f"regexp_full_match({column}, $p0)", {"p0": f"{BLANK}*"})


def of_other_length(check: Check, subject: Subject) -> Sql:
    """Find texts with fewer or more characters than allowed."""
    column = _text_column(check, subject, "have a length")
    signs = {"least": "<", "most": ">", "exactly": "<>"}
    bounds = list(enumerate(check.arguments))
    broken = [f"length({column}) {signs[name]} $p{number}" for number, (name, _) in bounds]
    params = {f"p{number}": length for number, (_, length) in bounds}
    return Sql(f"({' or '.join(broken)})", params)


def not_accepted(check: Check, subject: Subject) -> Sql:
    """Find values that are none of those accepted."""
    return _one_of("{column} not in ({values})", check, subject)


def forbidden(check: Check, subject: Subject) -> Sql:
    """Find values that are forbidden."""
    return _one_of("{column} in ({values})", check, subject)


def outside(check: Check, subject: Subject) -> Sql:
    """Find values outside a range that includes both its ends."""
    return _bounded("{column} not between $p0 and $p1", ("low", "high"), check, subject)


def below(check: Check, subject: Subject) -> Sql:
    """Find values below the least allowed."""
    return _bounded("{column} < $p0", ("bound",), check, subject)


def above(check: Check, subject: Subject) -> Sql:
    """Find values above the most allowed."""
    return _bounded("{column} > $p0", ("bound",), check, subject)


def unmatched(check: Check, subject: Subject) -> Sql:
    """Find texts that a regular expression does not match from end to end."""
    column = _text_column(check, subject, "can match a pattern")
    return Sql(f"not regexp_full_match({column}, $p0)", {"p0": check.argument("regex")})


def without_partner(check: Check, subject: Subject) -> Sql:
    """Find complete keys that the other table does not have."""
    here = subject.table
    present = " and ".join(f"{here.column(name)} is not null" for name in check.columns)
    # The outer column with its table, because the other table may have one of the same name.
    own = [f"{here.sql}.{here.column(name)}" for name in check.columns]
    # Inside `coalesce`, a `not exists` beside another condition is still computed as a join.
    return Sql(f"coalesce({_no_partner(own, check, subject)} and {present}, false)")


def count_without_partner(check: Check, subject: Subject) -> Sql:
    """Count complete keys that the other table does not have.

    A `not exists` that stands alone is computed as a join. Beside any other condition it is not,
    and takes ten times as long; so what is null is left out of the count, and not of the rows.
    """
    here = subject.table
    names = [f'"__{number}"' for number in range(len(check.columns))]
    columns = [here.column(name) for name in check.columns]
    keys = ", ".join(f"{column} as {name}" for column, name in zip(columns, names, strict=True))
    present = " and ".join(f"{name} is not null" for name in names)
    own = [f'"__keys".{name}' for name in names]
    return Sql(
        f"select count(case when {present} then 1 end)"
        f' from (select {keys} {looked_at(check, subject)}) as "__keys"'
        f" where {_no_partner(own, check, subject)}"
    )


def _no_partner(own: list[str], check: Check, subject: Subject) -> str:
    """Write that the other table has no row with these keys."""
    here, other = subject.table, subject.other(check.argument("to"))
    keys = check.argument("keys")
    for name, key in zip(check.columns, keys, strict=True):
        _refuse_rounding(here, name, other, key)
    # The inner table by a name of its own, because a table may refer to itself.
    equal = " and ".join(
        f'"__partner".{other.column(key)} = {column}' for column, key in zip(own, keys, strict=True)
    )
    return f'not exists (select 1 from {other.sql} as "__partner" where {equal})'


def is_false(check: Check, _subject: Subject) -> Sql:
    """Find rows for which the author's condition is false."""
    return Sql(f"not (\n{check.argument('sql')}\n)")


def _text_column(check: Check, subject: Subject, can: str) -> str:
    """Give a column of texts as texts, which an enum is not."""
    (name,) = check.columns
    type_ = subject.table.type(name)
    if not is_text(type_):
        raise AssetError(f"`{name}` is `{type_}`, and only texts {can}")
    return f"cast({subject.table.column(name)} as varchar)"


def _one_of(template: str, check: Check, subject: Subject) -> Sql:
    (name,) = check.columns
    type_ = subject.table.type(name)
    values = check.argument("values")
    if is_text(type_):  # YAML reads `accepted: [1, 2]` as numbers, whatever the column is
        values = tuple(_text(value) for value in values)
    params = {f"p{number}": value for number, value in enumerate(values)}
    _refuse_mixture(name, type_, values)
    placeholders = ", ".join(f"${parameter}" for parameter in params)
    column = subject.table.column(name)
    return Sql(template.format(column=column, values=placeholders), params)


def _bounded(template: str, arguments: tuple[str, ...], check: Check, subject: Subject) -> Sql:
    (name,) = check.columns
    bounds = tuple(check.argument(argument) for argument in arguments)
    _refuse_mixture(name, subject.table.type(name), bounds)
    params = {f"p{number}": bound for number, bound in enumerate(bounds)}
    return Sql(template.format(column=subject.table.column(name)), params)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse_mixture(column: str, type_: str, values: tuple[Any, ...]) -> None:
    """Refuse texts beside numbers, which SQL compares by rounding: '1.5' equals 2 there."""
    for value in values:
        if is_text(type_) and not isinstance(value, str):
            raise AssetError(f"`{column}` is `{type_}`, and `{value}` is no text")
        if is_number(type_) and not isinstance(value, (int, float, Decimal)):
            raise AssetError(f"`{column}` is `{type_}`, and `{value}` is no number")


def _refuse_rounding(here: Table, name: str, other: Table, key: str) -> None:
    ours, theirs = here.type(name), other.type(key)
    if (is_text(ours) and is_number(theirs)) or (is_number(ours) and is_text(theirs)):
        where = f"`{other.snapshot.asset}.{key}`"
        raise AssetError(f"`{name}` is `{ours}` and {where} is `{theirs}`; cast one of them")
