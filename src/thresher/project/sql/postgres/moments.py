"""How dates, timestamps and spans of time are said, and casts."""

from __future__ import annotations

from sqlglot import exp

from thresher.project.sql.postgres.parts import DAYS, Rule, Said, Writer, function, unknown

_UNITS = {"HOUR": 3600, "MINUTE": 60, "SECOND": 1}
_TRUNCATED = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", *_UNITS)
_INTERVALS = ("YEAR", "MONTH", "WEEK", "DAY", *_UNITS)


def _part(writer: Writer, node: exp.Expr) -> Said:
    is_extract = isinstance(node, exp.Extract)
    unit = node.this.name.upper() if is_extract else function(node).upper()
    value = node.expression if is_extract else node.this
    if unit in ("YEAR", "QUARTER", "MONTH", "DAY"):
        said = writer.of(value, DAYS, "a date or a timestamp")
    elif unit in ("HOUR", "MINUTE"):
        said = writer.of(value, frozenset({"timestamp", "time"}), "a timestamp or a time")
    else:
        raise unknown(node)
    # a whole number to DuckDB, a `numeric` to PostgreSQL
    return Said(f"cast(extract({unit.lower()} from {said.text}) as integer)", "integer")


def _moment(writer: Writer, node: exp.Expr) -> str:
    """Say a date or a timestamp as a timestamp without a time zone."""
    said = writer.of(node, DAYS, "a date or a timestamp")
    return said.text if said.family == "timestamp" else f"cast({said.text} as timestamp)"


def _truncated(writer: Writer, node: exp.Expr) -> Said:
    unit = node.args["unit"].name.upper()
    if unit not in _TRUNCATED:
        raise unknown(node)
    return Said(f"date_trunc('{unit.lower()}', {_moment(writer, node.this)})", "timestamp")


def _difference(writer: Writer, node: exp.Expr) -> Said:
    """Count the borders of units between two moments, as DuckDB does, and not the whole units."""
    unit = node.args["unit"].name.upper()
    end, start = _moment(writer, node.this), _moment(writer, node.expression)
    if unit == "DAY":
        return Said(f"cast({end} as date) - cast({start} as date)", "integer", atom=False)
    if unit in ("MONTH", "YEAR"):
        years = f"extract(year from {end}) - extract(year from {start})"
        months = f"extract(month from {end}) - extract(month from {start})"
        text = years if unit == "YEAR" else f"({years}) * 12 + {months}"
    elif unit in _UNITS:
        cut = [f"date_trunc('{unit.lower()}', {each})" for each in (end, start)]
        text = f"extract(epoch from {cut[0]} - {cut[1]}) / {_UNITS[unit]}"
    else:
        raise unknown(node)
    return Said(f"cast({text} as bigint)", "integer")


def _interval(_: Writer, node: exp.Expr) -> Said:
    unit = node.args.get("unit")
    name = unit.name.upper().removesuffix("S") if unit is not None else ""
    amount = node.this.name if isinstance(node.this, exp.Literal) else ""
    if name not in _INTERVALS or not amount.removeprefix("-").isdecimal():
        raise unknown(node)
    return Said(f"interval '{amount} {name.lower()}'", "interval")


#: Casts that give the same in both, and the type that PostgreSQL calls by another name.
_CASTS = {
    ("integer", "BIGINT"): ("bigint", "integer"),
    ("integer", "INT"): ("integer", "integer"),
    ("integer", "DOUBLE"): ("double precision", "double"),
    ("integer", "TEXT"): ("text", "text"),
    ("decimal", "DOUBLE"): ("double precision", "double"),
    ("double", "DOUBLE"): ("double precision", "double"),
    ("text", "TEXT"): ("text", "text"),
    ("literal", "TEXT"): ("text", "text"),
    ("date", "DATE"): ("date", "date"),
    ("date", "TIMESTAMPNTZ"): ("timestamp", "timestamp"),
    ("timestamp", "DATE"): ("date", "date"),
    ("timestamp", "TIMESTAMPNTZ"): ("timestamp", "timestamp"),
    ("literal", "DATE"): ("date", "date"),
    ("literal", "TIMESTAMPNTZ"): ("timestamp", "timestamp"),
    ("literal", "TIME"): ("time", "time"),
}


def _cast(writer: Writer, node: exp.Expr) -> Said:
    said, to = writer.say(node.this), node.args["to"]
    found = _CASTS.get((said.family or "", to.this.name))
    if found is None or to.expressions:
        raise unknown(node)
    return Said(f"cast({said.text} as {found[0]})", found[1])


MOMENTS: dict[type[exp.Expr], Rule] = {
    exp.Extract: (_part, ("this", "expression")),
    **dict.fromkeys((exp.Year, exp.Quarter, exp.Month, exp.Day), (_part, ("this",))),
    **dict.fromkeys((exp.Hour, exp.Minute), (_part, ("this",))),
    exp.TimestampTrunc: (_truncated, ("this", "unit")),
    exp.DateTrunc: (_truncated, ("this", "unit")),
    exp.DateDiff: (_difference, ("this", "expression", "unit", "date_part_boundary")),
    exp.Interval: (_interval, ("this", "unit")),
    exp.Cast: (_cast, ("this", "to")),
}
