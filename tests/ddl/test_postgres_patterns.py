"""Regular expressions for PostgreSQL, held against PostgreSQL and DuckDB."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pytest
from postgres_databases import Postgres

from thresher.project.sql import SqlError, postgres_matches
from thresher.tables import quote_text

PATTERNS = [
    line
    for line in (Path(__file__).parents[1] / "fixtures" / "ddl" / "patterns.txt")
    .read_text(encoding="utf-8")
    .splitlines()
    if not line.startswith("# ")
]
WORDS = ["", "a", "b", "c", "A", "1", "é", "ä", "日本語", " ", "\n", "\t", ".", "]", "[", "\\", "'"]
TEXTS = [
    *("".join(pair) for pair in itertools.product(WORDS, WORDS, WORDS)),
    *("abc", "ab", "aaab", "N123AB", "N1", "UA", "x@y.de", "a@b", "$12.50", "{a}", "a{,2}", "aa"),
    *(
        "'quoted'",
        "a\\b",
        "a/b",
        "abc\n",
        "\u0661",
        "\u00a0",
        "a\u2028b",
        "\x0b",
        "UA9",
        "ABAB",
        "ababc",
    ),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_matches_the_same_texts(pattern: str, postgres: Postgres) -> None:
    here = duckdb.execute(
        "select regexp_full_match(t, $p) from unnest($texts) as x(t)",
        {"p": pattern, "texts": TEXTS},
    ).fetchall()
    listed = ", ".join(map(quote_text, TEXTS))
    condition = postgres_matches("t", pattern)
    there = postgres.ask(f"select {condition} from unnest(array[{listed}]) as x(t)")
    wrong = [
        text
        for text, (mine,), other in zip(TEXTS, here, there.split(), strict=True)
        if mine != (other == "t")
    ]
    assert wrong == [], condition


def test_the_texts_tell_the_patterns_apart() -> None:
    found = {
        tuple(
            duckdb.execute(
                "select regexp_full_match(t, $p) from unnest($texts) as x(t)",
                {"p": pattern, "texts": TEXTS},
            ).fetchall()
        )
        for pattern in PATTERNS
    }
    assert len(found) > 0.9 * len(PATTERNS)


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        (r"(?i)ab", "(?i)"),
        (r"(?i:ab)", "(?i:"),
        (r"\pL+", r"\p"),
        (r"\bab\b", r"\b"),
        (r"\Qa.b\E", r"\Q"),
        (r"\x41", r"\x"),
        (r"[\x41]", r"\x"),
        (r"[\D]", r"\D"),
        (r"[[:^alpha:]]", "["),
        (r"[[:word:]]", "["),
        (r"a{1,999}", "{1,999}"),
        ("a\0", r"\0"),
    ],
)
def test_what_postgres_cannot_match_is_refused_by_name(pattern: str, part: str) -> None:
    with pytest.raises(SqlError) as raised:
        postgres_matches("t", pattern)
    assert part in raised.value.what
