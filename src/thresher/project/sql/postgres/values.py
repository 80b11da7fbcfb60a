"""How numbers and texts are said, and the functions that choose among values."""

from __future__ import annotations

from sqlglot import exp

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.postgres.parts import (
    DAYS,
    NUMBERS,
    Rule,
    Said,
    Writer,
    alike,
    called,
    free,
    function,
    unknown,
)
from thresher.project.sql.postgres.patterns import PatternError, postgres_pattern

#: What trimming takes away in DuckDB: every space separator of Unicode.
_SPACES = " \u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_SIGNS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}


def _calculated(writer: Writer, node: exp.Expr) -> Said:
    left, right = writer.say(node.this), writer.say(node.expression)
    sign, pair = _SIGNS[type(node)], (str(left.family), str(right.family))
    family = _numeric(pair) if set(pair) <= NUMBERS else _SUMS.get((sign, *pair))
    if family is None:
        raise unknown(node)
    return Said(f"{left.inner} {sign} {right.inner}", family, atom=False)


def _numeric(pair: tuple[str, str]) -> str:
    if "double" in pair:
        return "double"
    return "decimal" if "decimal" in pair else "integer"


#: What adding and subtracting days and spans of time gives, where both agree.
_SUMS = {
    ("+", "date", "integer"): "date",
    ("-", "date", "integer"): "date",
    ("-", "date", "date"): "integer",
    ("+", "date", "interval"): "timestamp",
    ("-", "date", "interval"): "timestamp",
    ("+", "timestamp", "interval"): "timestamp",
    ("-", "timestamp", "interval"): "timestamp",
    ("-", "timestamp", "timestamp"): "interval",
}


def _divided(writer: Writer, node: exp.Expr) -> Said:
    by = node.expression
    if not (isinstance(by, exp.Literal) and not by.is_string and float(by.name)):
        raise SqlError(f"`{called(node)}` fails in PostgreSQL where it divides by 0")
    if isinstance(node, exp.Mod):
        whole = frozenset({"integer"})
        value, rest = writer.of(node.this, whole, "whole"), writer.of(by, whole, "whole")
        return Said(f"{value.inner} % {rest.text}", "integer", atom=False)
    value = writer.of(node.this, NUMBERS, "a number")
    return Said(
        f"cast({value.text} as double precision) / {by.name.replace('_', '')}", "double", atom=False
    )


def _negated(writer: Writer, node: exp.Expr) -> Said:
    said = writer.of(node.this, NUMBERS, "a number")
    return Said(f"-{said.inner}", said.family, atom=False)


def _number_function(writer: Writer, node: exp.Expr) -> Said:
    said = writer.of(node.this, NUMBERS, "a number")
    return Said(f"{function(node)}({said.text})", said.family)


def _chosen(writer: Writer, node: exp.Expr) -> Said:
    """Say a function that gives one of its arguments."""
    given = [node.this, *(node.expressions or [node.expression])]
    said = [writer.say(each) for each in given]
    first = next((each for each in said if not free(each)), said[0])
    for each in said:
        alike(node, first, each, order=isinstance(node, exp.Greatest | exp.Least))
    if first.family == "text" and isinstance(node, exp.Greatest | exp.Least):
        raise SqlError(f"`{called(node)}` of texts hangs on the database's collation")
    families = {each.family for each in said} - {"literal", "null"}
    family = first.family if len(families) <= 1 else _common(node, families)
    return Said(f"{function(node)}({', '.join(e.text for e in said)})", family)


def _common(node: exp.Expr, families: set[str | None]) -> str:
    if families <= NUMBERS:
        return "double" if "double" in families else "decimal"
    if families <= DAYS:
        return "timestamp"
    raise SqlError(f"`{called(node)}` mixes types that are not known to mix alike")


def _case(writer: Writer, node: exp.Expr) -> Said:
    parts = ["case"]
    results: list[Said] = []
    value = writer.say(node.this) if node.this else None
    for each in node.args["ifs"]:
        when = writer.say(each.this)
        if value is not None:
            alike(node, value, when, order=False)
        elif when.family not in ("boolean", "null"):
            raise SqlError(f"`{called(each.this)}` is neither true nor false")
        results.append(writer.say(each.args["true"]))
        parts.append(f"when {when.text} then {results[-1].text}")
    if default := node.args.get("default"):
        results.append(writer.say(default))
        parts.append(f"else {results[-1].text}")
    families = {each.family for each in results} - {"literal", "null"}
    if value is not None:
        parts[0] = f"case {value.inner}"
    family = next(iter(families)) if len(families) == 1 else None
    if len(families) > 1:
        family = _common(node, families)
    if not families:
        family = "text" if any(each.family == "literal" for each in results) else "null"
    return Said(f"{' '.join(parts)} end", family)


def _texts(writer: Writer, node: exp.Expr) -> Said:
    text = frozenset({"text", "literal"})
    said = writer.of(node.this, text, "text").text
    if isinstance(node, exp.Length):
        return Said(f"char_length({said})", "integer")
    if isinstance(node, exp.Trim):
        side = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.args.get("position") or "")
        return Said(f"{side or 'btrim'}({said}, '{_SPACES}')", "text")
    other = writer.of(node.expression, text, "text")
    if isinstance(node, exp.Contains):
        return Said(f"strpos({said}, {other.text}) > 0", "boolean", atom=False)
    return Said(f"starts_with({said}, {other.text})", "boolean")


def _joined(writer: Writer, node: exp.Expr) -> Said:
    text = frozenset({"text", "literal"})
    sides = [writer.of(each, text, "text").inner for each in (node.this, node.expression)]
    return Said(" || ".join(sides), "text", atom=False)


def _matched(writer: Writer, node: exp.Expr) -> Said:
    value = writer.of(node.this, frozenset({"text"}), "text")
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise SqlError("a pattern that is not written out cannot be translated")
    return Said(postgres_matches(value.inner, pattern.name), "boolean", atom=False)


def postgres_matches(text: str, regex: str) -> str:
    """Write that a text matches a regular expression of DuckDB from end to end.

    Raises:
        SqlError: PostgreSQL's regular expressions cannot say it.
    """
    try:
        pattern = postgres_pattern(regex)
    except PatternError as error:
        raise SqlError(str(error)) from None
    quoted = pattern.replace("'", "''")
    return f"{text} collate \"C\" ~ '{quoted}'"


VALUES: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys(_SIGNS, (_calculated, ("this", "expression"))),
    exp.Div: (_divided, ("this", "expression", "typed", "safe")),
    exp.Mod: (_divided, ("this", "expression")),
    exp.Neg: (_negated, ("this",)),
    exp.Abs: (_number_function, ("this",)),
    exp.Floor: (_number_function, ("this",)),
    exp.Ceil: (_number_function, ("this",)),
    exp.Coalesce: (_chosen, ("this", "expressions")),
    exp.Nullif: (_chosen, ("this", "expression")),
    exp.Greatest: (_chosen, ("this", "expressions", "ignore_nulls")),
    exp.Least: (_chosen, ("this", "expressions", "ignore_nulls")),
    exp.Case: (_case, ("this", "ifs", "default")),
    exp.Length: (_texts, ("this",)),
    exp.Trim: (_texts, ("this", "position")),
    exp.Contains: (_texts, ("this", "expression")),
    exp.StartsWith: (_texts, ("this", "expression")),
    exp.DPipe: (_joined, ("this", "expression", "safe")),
    exp.RegexpFullMatch: (_matched, ("this", "expression")),
}
