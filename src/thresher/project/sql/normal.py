"""The normal form of SQL: what a fingerprint sees of it.

It is made of the tokens as they are written, and the syntax tree says which of them are names. What
sqlglot generates from its tree would not do: it gives `order by all` and `order by "all"` one text,
and `varchar(3)`, `text`, `char`; and its texts change with its versions, which would build every
table anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from thresher.project.sql.calls import calls
from thresher.project.sql.tree import Statement

#: Tokens that count as they are written. What sqlglot makes of their text is not looked at.
_LITERAL = (
    TokenType.BYTE_STRING,
    TokenType.IDENTIFIER,
    TokenType.NUMBER,
    TokenType.STRING,
)


def normal_form(statement: Statement, tokens: Sequence[Token] | None = None) -> str:
    """Fold comments, layout and the case of keywords and functions away, and nothing else.

    Args:
        statement: what was parsed.
        tokens: the part of its tokens that counts; all of them unless given.
    """
    called = {call.start for call in calls(statement)}
    names = _names(statement.tree)

    def folded(token: Token) -> str:
        written = statement.written(token)
        if token.token_type in _LITERAL or (written in names and token.start not in called):
            return written
        return " ".join(written.lower().split())  # `group by` is one token

    return " ".join(map(folded, statement.tokens if tokens is None else tokens))


def _names(tree: exp.Expr) -> frozenset[str]:
    """Give the names whose case may matter: DuckDB keeps it in the names of columns."""
    kinds = (exp.Identifier, exp.Placeholder)
    return frozenset(node.name for node in tree.find_all(*kinds))
