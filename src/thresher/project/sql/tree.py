"""SQL text as tokens and a syntax tree, in DuckDB's dialect."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.quoting import masked, position

# sqlglot takes what it does not know for a command, and warns on its log; we refuse it ourselves.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

OPENING = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
CLOSING = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)


class _Dialect(DuckDB):
    """DuckDB's dialect for masked texts, which have no dollar quotes.

    Nor are there other dialects' keywords in it that are names of functions in DuckDB.
    """

    class Tokenizer(DuckDB.Tokenizer):
        HEREDOC_STRINGS: ClassVar[list[str | tuple[str, str]]] = []
        KEYWORDS: ClassVar[dict[str, TokenType]] = {
            word: kind
            for word, kind in DuckDB.Tokenizer.KEYWORDS.items()
            if word not in ("APPLY", "SHOW")
        }


_DIALECT = _Dialect()
#: What sqlglot raises on odd SQL beside its own errors: its builders trust their arguments.
_ODD = (AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: the text it stands in, its tokens and its tree.

    Positions are offsets into the text. What is written is taken from there, never from the tree:
    the parser saw a masked text.
    """

    text: str
    tokens: tuple[Token, ...]
    tree: exp.Expr

    def line(self, offset: int) -> int:
        """Give the line of an offset, counted from 1."""
        return self.text.count("\n", 0, offset) + 1

    def written(self, token: Token) -> str:
        """Give a token as it is written, quotes included."""
        return self.text[token.start : token.end + 1]

    def error(self, what: str, token: Token, hint: str | None = None) -> SqlError:
        """Make an error that points at a token."""
        return SqlError(what, *position(self.text, token.start), hint)


def split(text: str) -> list[list[Token]]:
    """Give the tokens of each statement of a text, without comments.

    Raises:
        SqlError: a literal, a quoted name or a comment has no end.
    """
    try:
        tokens = _DIALECT.tokenize(masked(text))
    except (SqlglotError, *_ODD) as error:
        raise SqlError(f"the SQL cannot be read: {error}") from None
    statements: list[list[Token]] = [[]]
    for token in tokens:
        token.comments = []  # sqlglot acts upon some comments
        if token.token_type is TokenType.SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def only_one(text: str, what: str) -> list[Token]:
    """Give the tokens of a text that holds exactly one statement.

    Args:
        text: the SQL.
        what: what it should be, for the error, such as `a query`.

    Raises:
        SqlError: there is none, or more than one.
    """
    statements = split(text)
    if not statements:
        raise SqlError(f"there is no SQL where {what} should be", hint="write it, or remove this")
    if len(statements) > 1:
        second = statements[1][0]
        where = position(text, second.start)
        hint = "take all but one out; each table has a file of its own"
        raise SqlError(f"only {what} can stand here, not several statements", *where, hint)
    return statements[0]


def parse(text: str, tokens: Sequence[Token], into: type[exp.Expr] | None = None) -> Statement:
    """Parse one statement, or one piece of SQL of a given kind.

    Raises:
        SqlError: it is not valid SQL.
    """
    # with all of the text for a context, an error tells the offset at which it was found
    parser = _DIALECT.parser(error_message_context=len(text))
    given = list(tokens)
    where = position(text, tokens[0].start)
    try:
        trees = parser.parse_into(into, given, text) if into else parser.parse(given, text)
    except ParseError as error:
        raise _syntax_error(text, error) from None
    except RecursionError:
        raise SqlError("the SQL is nested too deep", *where) from None
    except (SqlglotError, *_ODD) as error:
        raise SqlError(f"the SQL cannot be read: {error}", *where) from None
    (tree,) = trees
    if tree is None:
        raise SqlError("there is no SQL", *where)
    return Statement(text, tuple(tokens), tree)


def closing(tokens: Sequence[Token], opening: int) -> int:
    """Give the position of the token that closes the bracket at a position."""
    depth = 0
    for at in range(opening, len(tokens)):
        depth += tokens[at].token_type in OPENING
        depth -= tokens[at].token_type in CLOSING
        if depth == 0:
            return at
    return len(tokens) - 1


def start_of(node: exp.Expr) -> int | None:
    """Give the offset at which a node is written, if sqlglot kept it."""
    start = node.meta.get("start")
    return start if isinstance(start, int) else None


def first_start(node: exp.Expr) -> int:
    """Give the first offset that is known of a node or of what stands below it."""
    starts = [start for below in node.walk() if (start := start_of(below)) is not None]
    return min(starts, default=0)


def children(node: exp.Expr, *, without: Iterable[str] = ()) -> Iterator[exp.Expr]:
    """Give the nodes right below a node, except those of some arguments."""
    for name, value in node.args.items():
        if name in without:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                yield child


def _syntax_error(text: str, error: ParseError) -> SqlError:
    detail = error.errors[0] if error.errors else {}
    description = str(detail.get("description") or "")
    what = f"SQL syntax error near `{detail.get('highlight') or ''}`"
    if description.startswith("Expecting "):
        what += f": `{description.removeprefix('Expecting ')}` is expected"
    return SqlError(what, *position(text, len(detail.get("start_context") or "")))
