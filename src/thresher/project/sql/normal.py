"""The normal form of SQL: what a fingerprint sees of it.

It is made of the tokens as they are written, and the syntax tree says which of them are names. What
sqlglot generates from its tree would not do: it gives `order by all` and `order by "all"` one text,
and `varchar(3)`, `text`, `char`; and its texts change with its versions, which would build every
table anew.
"""

from __future__ import annotations

from sqlglot import Token, TokenType, exp

from thresher.project.sql.tree import Statement

#: Tokens that count as they are written. What sqlglot makes of their text is not looked at.
_LITERAL = (
    TokenType.BYTE_STRING,
    TokenType.IDENTIFIER,
    TokenType.NUMBER,
    TokenType.STRING,
)


def normal_form(statement: Statement, *, first: int = 0) -> str:
    """Fold comments, layout and the case of keywords and functions away, and nothing else.

    Args:
        statement: what was parsed.
        first: position of the first token that counts.
    """
    # the case of a name may matter: DuckDB keeps it in the names of columns
    kept = statement.tree.find_all(exp.Identifier, exp.Placeholder)
    names = frozenset(node.name for node in kept)

    def folded(token: Token) -> str:
        written = statement.written(token)
        if token.token_type in _LITERAL or written in names:
            return written
        return " ".join(written.lower().split())  # `group by` is one token

    return " ".join(map(folded, statement.tokens[first:]))
