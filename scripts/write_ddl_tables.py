"""Writes the tables of `docs/ddl.md` from the dialects themselves.

A test holds the file against what this gives, so whoever changes a dialect runs
`python scripts/write_ddl_tables.py` and commits what it wrote.
"""

from __future__ import annotations

import re
from pathlib import Path

from thresher.docs.ddl.column_types import ColumnType, column_type
from thresher.docs.ddl.dialects import CONSTRAINTS, DIALECTS, Dialect, Support
from thresher.project import sql

TARGET = Path(__file__).parent.parent / "docs" / "ddl.md"
TYPES = (
    *("tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger"),
    *("ubigint", "uhugeint", "bignum", "decimal(18, 3)", "float", "double", "boolean", "varchar"),
    *("enum('a', 'b')", "uuid", "json", "blob", "bit", "date", "time", "time_ns"),
    *("time with time zone", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"),
    *("timestamp with time zone", "timestamptz_ns", "interval", "integer[]", "integer[3]"),
    *("struct(a integer)", "map(varchar, integer)", "union(n integer, t varchar)", "variant"),
    "geometry",
)
WORDS = {
    Support.ENFORCED: "enforced",
    Support.DECLARED: "declared, not enforced",
    Support.NONE: "a comment",
}


def constraints() -> str:
    """Give the table of what becomes of each constraint."""
    head = ["", *(dialect.title for dialect in DIALECTS.values())]
    rows = [
        [name, *(WORDS[dialect.support[name]] for dialect in DIALECTS.values())]
        for name in CONSTRAINTS
    ]
    return _table([head, *rows])


def types() -> str:
    """Give the table of what each type is called."""
    others = [dialect for dialect in DIALECTS.values() if dialect.name != "duckdb"]
    rows = [["DuckDB", *(dialect.title for dialect in others)]]
    for name in TYPES:
        tree = sql.parse_type(name)
        assert tree is not None
        kinds = [(column_type(tree, each.name, str), each) for each in others]
        rows.append([f"`{name}`", *(_cell(kind, dialect) for kind, dialect in kinds)])
    return _table(rows)


def _cell(kind: ColumnType, dialect: Dialect) -> str:
    narrowed = kind.low is not None or kind.labels or kind.size is not None
    if narrowed and dialect.support["checks of values"] is Support.ENFORCED:
        return f"`{kind.text}` and a check"
    lost = kind.lost is not None or kind.low is not None
    return f"`{kind.text}` \\*" if lost else f"`{kind.text}`"


def _table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def document(text: str) -> str:
    """Give the page with its tables as they are now."""
    for name, table in (("constraints", constraints()), ("types", types())):
        between = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = between.sub(lambda match, table=table: match[1] + table + "\n" + match[2], text)
    return text


if __name__ == "__main__":
    TARGET.write_text(document(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {TARGET}")
