"""A first contract from data: what holds for a table by far more than chance.

Every rule has its threshold here, and `RULES` says it in words at the head of what is written.
What only happens to be so cannot be told from what must be so by looking at data: that is left to
the person who reviews it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from thresher.project.drafts import ColumnDraft, Draft, Proposal
from thresher.quality.asking import Rows
from thresher.quality.column_types import is_integer, is_number, is_text, is_time, spelled
from thresher.quality.formats import well_formed
from thresher.quality.profiling import ColumnProfile, TableProfile, profile
from thresher.quality.subject import Table
from thresher.results import Snapshot

#: Values that a column must have before anything but its type is proposed for it.
ENOUGH = 100
#: Most values that `accepted` lists, and how often each must stand there.
MOST_ACCEPTED, OFTEN = 20, 5
#: Longest value that `accepted` lists.
LONGEST_ACCEPTED = 60
#: Different values that a column must have before its form is proposed.
VARIED = 20
#: Longest text that has a form.
LONGEST_FORM = 64
#: Bounds are proposed below this: beyond it, numbers are rounded where they are compared.
MOST_BOUND = Decimal(10) ** 15
#: Rows that are looked at first for the formats that a column could have.
LOOKED_AT = 1000
#: Formats that texts do not have by chance, the narrowest first.
FORMATS = "uuid email url ipv4 ipv6 iso_timestamp iso_date iso_time phone".split()  # noqa: SIM905

RULES = (
    f"type       as the data has it; nothing else for columns with fewer than {ENOUGH} values",
    "not_null   no value is missing",
    "unique     no value is repeated, and none is missing; whole numbers and texts only",
    f"accepted   texts: at most {MOST_ACCEPTED} different ones, each at least {OFTEN} times",
    f"format     texts: all have it, and at least {VARIED} are different",
    f"pattern    texts: all are of one form with a digit, and at least {VARIED} are different",
    "between    numbers that are no key: lowest and highest, rounded outward to a tenth of the",
    "           power of ten of their distance; zero where no value is below it",
    "at_least   dates and timestamps: the year in which they begin; they end where they will",
    "rows       there is at least one",
)
"""What is proposed when, for people."""


@dataclass(frozen=True, slots=True)
class _Forms:
    """What forms the texts of a column have."""

    formats: tuple[str, ...] = ()
    """Formats that all of them have."""
    shape: str | None = None
    """Their one form, letters and digits each as one of their kind; None where it is not one."""
    loose: str | None = None
    """Their one form, runs of letters and digits folded."""


def infer(
    snapshot: Snapshot,
    tables: Mapping[str, Snapshot],
    rows: Rows,
    *,
    hidden: frozenset[str] = frozenset(),
) -> Draft:
    """Propose a contract for a table.

    Args:
        snapshot: the table.
        tables: it, and what it needs.
        rows: answers queries.
        hidden: columns, in lower case, whose values are not to be shown.
    """
    found = profile(snapshot, tables, rows, top=MOST_ACCEPTED + 1, hidden=hidden, bars=False)
    varied = [column for column in found.columns if _is_varied(column, found.rows)]
    forms = _forms(Table(snapshot), varied, tables, rows) if varied else {}
    checks = (Proposal("rows", {"at_least": 1}),) if found.rows else ()
    return Draft(tuple(_column(column, found, forms) for column in found.columns), checks)


def _column(column: ColumnProfile, table: TableProfile, forms: Mapping[str, _Forms]) -> ColumnDraft:
    proposals = [Proposal("type", _written(column.type))]
    if table.rows - column.nulls >= ENOUGH:
        proposals += _proposals(column, table.rows, forms.get(column.name, _Forms()))
    return ColumnDraft(column.name, tuple(proposals))


def _proposals(column: ColumnProfile, rows: int, forms: _Forms) -> Iterator[Proposal]:
    type_, filled = spelled(column.type), rows - column.nulls
    if not column.nulls:
        yield Proposal("not_null", True, f"in {rows:,} rows")  # noqa: FBT003  # a value of YAML
    key = not column.nulls and column.distinct == rows
    key = key and (is_integer(type_) or is_text(type_) or type_ == "UUID")
    if key:
        yield Proposal("unique", True, f"in {rows:,} rows")  # noqa: FBT003
    if column.hidden:
        return
    if is_text(type_):
        yield from _of_text(column, filled, forms)
    elif is_number(type_) and not key:
        yield from _of_number(column)
    elif is_time(type_):
        yield from _of_time(column)


def _of_text(column: ColumnProfile, filled: int, forms: _Forms) -> Iterator[Proposal]:
    accepted = column.distinct <= MOST_ACCEPTED and column.top[-1][1] >= OFTEN
    if accepted and all(len(value) <= LONGEST_ACCEPTED for value, _ in column.top):
        values = sorted(value for value, _ in column.top)
        rarest = column.top[-1][1]
        yield Proposal("accepted", values, f"of {filled:,} values, the rarest {rarest:,} times")
    elif forms.formats:
        yield Proposal("format", forms.formats[0], f"{column.distinct:,} different values")
    elif (regex := _regex(forms)) is not None:
        yield Proposal("pattern", regex, f"{column.distinct:,} different values")


def _of_number(column: ColumnProfile) -> Iterator[Proposal]:
    if column.least is None or column.not_finite:
        return
    low, high = Decimal(column.least), Decimal(column.greatest)
    if max(abs(low), abs(high)) > MOST_BOUND:
        return
    whole = is_integer(spelled(column.type))
    bounds = [_plain(end) for end in rounded_outward(low, high, whole=whole)]
    shown = f"{column.least} to {column.greatest} in the data"
    yield Proposal("between", bounds, shown)


def _of_time(column: ColumnProfile) -> Iterator[Proposal]:
    year = re.match(r"(\d{4})-", column.least or "")
    # A timestamp with a time zone may lie in the year before, seen from elsewhere.
    behind = int("ZONE" in spelled(column.type) and (column.least or "")[5:10] == "01-01")
    if year and int(year[1]) > behind:
        begin = date(int(year[1]) - behind, 1, 1)
        yield Proposal("at_least", begin, f"{column.least} to {column.greatest} in the data")


def rounded_outward(low: Decimal, high: Decimal, *, whole: bool) -> tuple[Decimal, Decimal]:
    """Round two bounds away from each other.

    Args:
        low: the lower one.
        high: the upper one.
        whole: whether they are to stay whole numbers.

    Returns:
        Multiples of a tenth of the power of ten of their distance: 3 and 1,272 give 0 and 1,300.
    """
    reach = high - low or max(abs(low), abs(high)) or Decimal(1)
    exponent = max(reach.adjusted() - 1, 0 if whole else -12)
    step = Decimal(1).scaleb(exponent)
    down = (low / step).to_integral_value("ROUND_FLOOR") * step
    up = (high / step).to_integral_value("ROUND_CEILING") * step
    return down, up


def _plain(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value.normalize()


def _is_varied(column: ColumnProfile, rows: int) -> bool:
    if not is_text(spelled(column.type)) or column.hidden or column.lengths is None:
        return False
    return (
        rows - column.nulls >= ENOUGH
        and column.distinct >= VARIED
        and 0 < column.lengths[0] <= column.lengths[1] <= 10 * LONGEST_FORM
    )


def _forms(
    table: Table,
    columns: Sequence[ColumnProfile],
    tables: Mapping[str, Snapshot],
    rows: Rows,
) -> dict[str, _Forms]:
    """Find what forms texts have: at the first rows, and what holds there at all of them."""
    every = {column.name: tuple(FORMATS) for column in columns}
    names = ", ".join(table.column(column.name) for column in columns)
    some = f"(select {names} from {table.sql} limit {LOOKED_AT}) as __some"
    likely = _asked(table, every, some, tables, rows)
    # A column without a value there could have any; it is not worth the time.
    return _asked(table, {name: each.formats for name, each in likely.items()}, "", tables, rows)


def _asked(
    table: Table,
    formats: Mapping[str, Sequence[str]],
    source: str,
    tables: Mapping[str, Snapshot],
    rows: Rows,
) -> dict[str, _Forms]:
    asked: list[str] = []
    params: dict[str, Any] = {}
    for name, kinds in formats.items():
        text = f"cast({table.column(name)} as varchar)"
        for format_ in kinds:
            formed = well_formed(format_, text, parameter=f"p{FORMATS.index(format_)}")
            params |= formed.params
            asked.append(f"coalesce(bool_and({formed.text}), false)")
        shapes = (_shape(text), _loose(text))
        asked += [f"case when count(distinct {each}) = 1 then min({each}) end" for each in shapes]
    found = iter(rows(f"select {', '.join(asked)} from {source or table.sql}", tables, params)[0])
    return {
        name: _Forms(tuple(format_ for format_ in each if next(found)), next(found), next(found))
        for name, each in formats.items()
    }


def _shape(text: str) -> str:
    for kind, stands in (("[0-9]", "9"), ("[A-Z]", "A"), ("[a-z]", "a")):
        text = f"regexp_replace({text}, '{kind}', '{stands}', 'g')"
    return text


def _loose(text: str) -> str:
    for kind, stands in (("[0-9]+", "9"), ("[A-Z]+", "A"), ("[a-z]+", "a")):
        text = f"regexp_replace({text}, '{kind}', '{stands}', 'g')"
    return text


def _regex(forms: _Forms) -> str | None:
    """Write the form of texts as a regular expression, if it is worth one."""
    shape = forms.shape or forms.loose
    if shape is None or "9" not in shape or not (shape.isascii() and shape.isprintable()):
        return None
    if len(shape) > LONGEST_FORM:
        return None
    kinds = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    parts = []
    for match in re.finditer(r"(.)\1*", shape):
        kind, times = kinds.get(match[1]), len(match[0])
        if kind is None:
            parts.append(re.escape(match[1]).replace("\\ ", " ") * times)
        elif forms.shape is None:
            parts.append(f"{kind}+")
        else:
            parts.append(kind if times == 1 else f"{kind}{{{times}}}")
    return "".join(parts)


def _written(type_: str) -> str:
    """Write a type as people do: in small letters, unless it holds names or values."""
    return type_ if re.search(r"[\"']|STRUCT|ENUM|UNION", type_) else type_.lower()
