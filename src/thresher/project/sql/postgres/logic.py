"""How conditions are said: columns and literals, what is true or false, and comparisons."""

from __future__ import annotations

from sqlglot import exp

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.postgres.parts import FAMILIES, Rule, Said, Writer, alike, called


def _column(writer: Writer, node: exp.Expr) -> Said:
    name = node.name.lower()
    if name not in writer.names:
        raise SqlError(f"`{node.name}` is not a column whose type is known")
    return Said(writer.names[name], FAMILIES.get(writer.types[name].name))


def _literal(_: Writer, node: exp.Expr) -> Said:
    if node.args.get("is_string"):
        if "\0" in node.name:
            raise SqlError("PostgreSQL has no texts with a NUL character")
        # doubled and never escaped: `standard_conforming_strings` is on since version 9.1
        return Said("'" + node.name.replace("'", "''") + "'", "literal")
    text = node.name.replace("_", "")
    if text.isdecimal():
        return Said(text, "integer" if int(text) < 2**63 else "decimal")
    return Said(text, "double" if "e" in text.lower() else "decimal")


def _boolean(_: Writer, node: exp.Expr) -> Said:
    return Said("true" if node.this else "false", "boolean")


def _null(_: Writer, __: exp.Expr) -> Said:
    return Said("null", "null")


def _paren(writer: Writer, node: exp.Expr) -> Said:
    said = writer.say(node.this)
    return Said(f"({said.text})", said.family)


def _connected(writer: Writer, node: exp.Expr) -> Said:
    word = "and" if isinstance(node, exp.And) else "or"
    sides = []
    for side in (node.this, node.expression):
        said = writer.of(side, frozenset({"boolean"}), "true or false")
        alike = isinstance(side, type(node)) or not isinstance(side, exp.Connector)
        sides.append(said.text if alike else f"({said.text})")
    return Said(f" {word} ".join(sides), "boolean", atom=False)


def _not(writer: Writer, node: exp.Expr) -> Said:
    said = writer.of(node.this, frozenset({"boolean"}), "true or false")
    return Said(f"not {said.inner}", "boolean", atom=False)


_COMPARED: dict[type[exp.Expr], tuple[str, bool]] = {
    exp.EQ: ("=", False),
    exp.NEQ: ("<>", False),
    exp.LT: ("<", True),
    exp.LTE: ("<=", True),
    exp.GT: (">", True),
    exp.GTE: (">=", True),
    exp.NullSafeEQ: ("is not distinct from", False),
    exp.NullSafeNEQ: ("is distinct from", False),
}


def _compared(writer: Writer, node: exp.Expr) -> Said:
    word, order = _COMPARED[type(node)]
    sides = writer.say(node.this), writer.say(node.expression)
    left, right = alike(node, *sides, order=order)
    return Said(f"{left} {word} {right}", "boolean", atom=False)


def _is(writer: Writer, node: exp.Expr) -> Said:
    what = node.expression
    if isinstance(what, exp.Null):
        return Said(f"{writer.say(node.this).inner} is null", "boolean", atom=False)
    said = writer.of(node.this, frozenset({"boolean"}), "true or false")
    return Said(f"{said.inner} is {writer.say(what).text}", "boolean", atom=False)


def _in(writer: Writer, node: exp.Expr) -> Said:
    value = writer.say(node.this)
    listed = [alike(node, value, writer.say(each), order=False)[1] for each in node.expressions]
    return Said(f"{value.inner} in ({', '.join(listed)})", "boolean", atom=False)


def _between(writer: Writer, node: exp.Expr) -> Said:
    value = writer.say(node.this)
    low, high = (writer.say(node.args[name]) for name in ("low", "high"))
    left, least = alike(node, value, low, order=True)
    _, most = alike(node, value, high, order=True)
    if value.family == "literal":
        raise SqlError(f"`{called(node)}` has no column on its left")
    return Said(f"{left} between {least} and {most}", "boolean", atom=False)


def _like(writer: Writer, node: exp.Expr) -> Said:
    texts = frozenset({"text", "literal"})
    value, wanted = (writer.of(each, texts, "text") for each in (node.this, node.expression))
    word = "not like" if node.args.get("negate") else "like"
    # a backslash is a character like any other to DuckDB
    return Said(f"{value.inner} {word} {wanted.inner} escape ''", "boolean", atom=False)


LOGIC: dict[type[exp.Expr], Rule] = {
    exp.Column: (_column, ("this",)),
    exp.Literal: (_literal, ("this", "is_string")),
    exp.Boolean: (_boolean, ("this",)),
    exp.Null: (_null, ()),
    exp.Paren: (_paren, ("this",)),
    exp.And: (_connected, ("this", "expression")),
    exp.Or: (_connected, ("this", "expression")),
    exp.Not: (_not, ("this",)),
    **dict.fromkeys(_COMPARED, (_compared, ("this", "expression"))),
    exp.Is: (_is, ("this", "expression")),
    exp.In: (_in, ("this", "expressions")),
    exp.Between: (_between, ("this", "low", "high")),
    exp.Like: (_like, ("this", "expression", "negate")),
}
