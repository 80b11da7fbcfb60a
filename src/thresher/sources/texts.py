"""What a text stands for: a number, a date, a truth value, or nothing but itself.

DuckDB casts generously: `1.5` to a bigint is 2, `007` is 7, and a date forgets its time of day.
So each type says here how its texts look, and a text that looks otherwise does not fit, however
well it casts. Types that are guessed are strict: the value says all that the text said. Types that
a contract gives take every text that loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from thresher.sources.type_lattice import (
    EXACT,
    FLOATS,
    INTEGERS,
    NULL,
    TEXT,
    TIMESTAMP_TZ,
    decimal,
)
from thresher.tables import quote_name, quote_text

#: Rows that types are guessed from at first: DuckDB's own sample.
SAMPLE = 20_480
_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
_STAMP = rf"{_DATE}[ T]{_CLOCK}"
_OFFSET = r" ?(Z|[+-]\d{2}(:?\d{2})?)"
_SLOPPY_DATE = r"\s*\d{4,}[-/]\d{1,2}[-/]\d{1,2}"
_NO_TIME = r"([ T]00:00(:00(\.0+)?)?)?\s*"
_ANY = r"[\s\S]*"
#: Digits after the seconds that each type keeps.
_PRECISION = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP": 6, "TIMESTAMP_NS": 9}


Rows = Callable[[str], list[tuple[Any, ...]]]
Types = dict[str, str]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a column becomes another type, as SQL."""

    value: str
    """The value; fails where it cannot be made, or where something would be lost."""
    attempt: str
    """The value, or null where it cannot be made."""
    fits: str | None = None
    """Whether nothing is lost; None where it never is."""

    @classmethod
    def guarded(cls, value: str, attempt: str, fits: str | None) -> Conversion:
        """Make the value fail where it does not fit."""
        return cls(value if fits is None else _guarded(value, f"not ({fits})"), attempt, fits)


def cast(x: str, kind: str, *, fits: str | None = None) -> Conversion:
    """Convert by DuckDB's own cast."""
    return Conversion.guarded(f"cast({x} as {kind})", f"try_cast({x} as {kind})", fits)


@dataclass(frozen=True, slots=True)
class Texts:
    """How the texts of an asset are written."""

    decimal: str = "."
    thousands: str | None = None
    date_format: str | None = None
    timestamp_format: str | None = None
    scalars: bool = True
    """Whether texts may stand for numbers and truth values; not so in JSON, which has its own."""

    def guess(self, rows: Rows, relation: str, names: Iterable[str], *, full: bool) -> Types:
        """Guess the types of columns of texts.

        Args:
            rows: runs a query.
            relation: what stands behind `from`.
            names: the columns.
            full: whether to look at all rows, and not at the first ones alone.
        """
        some = f"(select * from {relation} limit {SAMPLE})"
        # Most columns are no dates, and many no numbers: one value tells, and saves the tests.
        examples = _select(rows, {n: f"any_value({quote_name(n)})" for n in names}, some)
        tests = {
            name: self._test(quote_name(name), example)
            for name, example in examples.items()
            if full or example is not None
        }
        found = _select(rows, tests, relation if full else some)
        return dict.fromkeys(names, NULL) | {name: kind or TEXT for name, kind in found.items()}

    def convert(self, x: str, kind: str, *, contract: bool, guess: str | None = None) -> Conversion:
        """Say how a text becomes a value of a type.

        Args:
            x: the text, as SQL.
            kind: the type.
            contract: whether a contract gives the type.
            guess: what the texts of this file were guessed to be.
        """
        if kind in (TEXT, NULL):
            return cast(x, TEXT)
        if self.date_format and guess == "DATE" and kind in _PRECISION:
            # Other files hold timestamps, but dates are not written as these are.
            date = self._made(x, "DATE")
            return Conversion(f"cast({date.value} as {kind})", f"cast({date.attempt} as {kind})")
        made = self._made(x, kind)
        fits = self._loose(x, kind) if contract else self._strict(x, kind)
        if kind == "BIGINT" and not contract and not self.thousands:
            # Writing the number back is quicker than a regular expression, and nearly always does.
            doubt = f"cast({made.value} as varchar) <> {x} and not {fits}"
            return Conversion(_guarded(made.value, doubt), made.attempt, fits)
        return Conversion.guarded(made.value, made.attempt, fits)

    def _test(self, x: str, example: str | None) -> str:
        """Write what gives the type of a column of texts, or null for text.

        Args:
            x: the column.
            example: one of its values, if there is one among the first.
        """
        cases = "".join(
            f" when count_if({_matches(x, pattern)} and {self._made(x, kind).attempt} is not null)"
            f" = count({x}) then {quote_text(kind)}"
            for kind, pattern in self._patterns()
            if example is None or re.fullmatch(pattern, example, re.ASCII)
        )
        return f"case when count({x}) = 0 then {quote_text(NULL)}{cases} end"

    def _patterns(self) -> Iterator[tuple[str, str]]:
        """Give the types that are guessed, narrow before wide, and how their texts look."""
        if self.scalars:
            integer, point = self._digits(), re.escape(self.decimal)
            number = rf"({integer}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?"
            yield "BOOLEAN", "true|false|True|False|TRUE|FALSE"
            yield "BIGINT", rf" *-?{integer} *"
            yield EXACT, rf" *-?{integer} *"
            yield "DOUBLE", rf" *-?{number} *|(?i:nan|-?inf(inity)?)"
        yield "TIME", r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?"
        yield "DATE", _ANY if self.date_format else _DATE
        if self.timestamp_format:
            yield TIMESTAMP_TZ if "%z" in self.timestamp_format else "TIMESTAMP", _ANY
        else:
            yield "TIMESTAMP", _STAMP if self.date_format else rf"{_DATE}([ T]{_CLOCK})?"
            yield TIMESTAMP_TZ, _STAMP + _OFFSET

    def _strict(self, x: str, kind: str) -> str | None:
        """Give what must hold of a text of a guessed type, as cheap as it can be."""
        if kind == "DOUBLE" and self.decimal == "." and self.thousands is None:
            return None
        if kind == "DATE" and not self.date_format:
            return f"strlen({x}) = 10"
        pattern = dict(self._patterns()).get(kind)
        if pattern is None:
            # It was decided by files of another format, and has no look of its own.
            return self._loose(x, kind)
        return None if pattern == _ANY else _matches(x, pattern)

    def _loose(self, x: str, kind: str) -> str | None:
        """Give what must hold of a text for a type that a contract gives."""
        point, shape = re.escape(self.decimal), decimal(kind)
        digits = self._digits(zeros=True)
        if kind in INTEGERS or kind in ("HUGEINT", "UHUGEINT"):
            return _matches(x, rf"\s*[+-]?{digits}({point}0*)?\s*")
        if shape:
            fraction = rf"({point}\d{{0,{shape[1]}}}0*)?"
            return _matches(x, rf"\s*[+-]?({digits}{fraction}|{point}\d{{1,{shape[1] or 1}}}0*)\s*")
        if kind in FLOATS:
            return self._strict(x, "DOUBLE")
        if kind == "DATE" and self.date_format is None:
            return _matches(x, _SLOPPY_DATE + _NO_TIME)
        if kind in _PRECISION and self.timestamp_format is None:
            clock = rf"\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d{{0,{_PRECISION[kind]}}}0*)?)?"
            return _matches(x, rf"{_SLOPPY_DATE}([ T]{clock} ?Z?)?\s*")
        return None

    def _made(self, x: str, kind: str) -> Conversion:
        """Say how a text that looks right becomes a value."""
        if kind == "DATE" and self.date_format is not None:
            return _parsed(x, self.date_format, kind)
        if self.timestamp_format is not None and kind in {*_PRECISION, TIMESTAMP_TZ}:
            return _parsed(x, self.timestamp_format, kind)
        if kind in INTEGERS | FLOATS or decimal(kind) or kind in ("HUGEINT", "UHUGEINT"):
            return cast(self._number(x), kind)
        return cast(x, kind)

    def _number(self, x: str) -> str:
        if self.thousands:
            x = f"replace({x}, {quote_text(self.thousands)}, '')"
        return x if self.decimal == "." else f"replace({x}, {quote_text(self.decimal)}, '.')"

    def _digits(self, *, zeros: bool = False) -> str:
        """Give the pattern of an integer; leading zeros make a text, such as a postal code."""
        plain = r"\d+" if zeros else r"0|[1-9]\d*"
        if not self.thousands:
            return f"({plain})"
        return rf"({plain}|[1-9]\d{{0,2}}({re.escape(self.thousands)}\d{{3}})+)"


def retyped(x: str, source: str, target: str) -> Conversion:
    """Say how a value that is no text becomes another type, and what must come back unchanged."""
    if source == NULL:
        return Conversion(f"cast(null as {target})", f"cast(null as {target})")
    back = f"try_cast(try_cast({x} as {target}) as {source}) is not distinct from {x}"
    return cast(x, target, fits=back)


def _select(rows: Rows, expressions: Mapping[str, str], relation: str) -> dict[str, Any]:
    """Run a query of one row, and give each of its values by name."""
    if not expressions:
        return {}
    found = rows(f"select {', '.join(expressions.values())} from {relation}")
    return dict(zip(expressions, found[0], strict=True))


def _guarded(value: str, lost: str) -> str:
    # DuckDB's own words for it are never shown: the value is looked for afterwards.
    return f"case when {lost} then error('misfit') else {value} end"


def _matches(x: str, pattern: str) -> str:
    return f"regexp_full_match({x}, {quote_text(pattern)})"


def _parsed(x: str, pattern: str, kind: str) -> Conversion:
    text = quote_text(pattern)
    return Conversion(
        f"cast(strptime({x}, {text}) as {kind})", f"try_cast(try_strptime({x}, {text}) as {kind})"
    )
