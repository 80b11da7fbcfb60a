"""SQL text as tokens and a syntax tree, in DuckDB's dialect."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokens import Token, TokenType

from thresher.project.sql.parsed import SqlError

# sqlglot takes what it does not know for a command, and warns on its log; we refuse it ourselves.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

_DIALECT = DuckDB()
_TOO_DEEP = "the SQL is nested too deep"
#: What sqlglot raises on odd SQL beside its own errors: its builders trust their arguments.
_ODD = (AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: the text it stands in, its tokens and its tree.

    Positions are offsets into the text. sqlglot's own lines cannot be used: its tokenizer loses
    count of them after each `$`.
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
        return SqlError(what, *_position(self.text, token.start), hint)


def split(text: str) -> list[list[Token]]:
    """Give the tokens of each statement of a text, without comments.

    Raises:
        SqlError: a literal, a quoted name or a comment has no end.
    """
    try:
        tokens = _DIALECT.tokenize(text)
    except TokenError as error:
        raise _token_error(text, error) from None
    except _ODD as error:
        raise SqlError(f"the SQL cannot be read: {error}") from None
    starts = _line_starts(text)
    statements: list[list[Token]] = [[]]
    for token in tokens:
        token.comments = []  # sqlglot acts upon some comments
        token.line, token.col = _in_lines(starts, token.start)
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
        raise SqlError(f"there is no SQL where {what} should be")
    if len(statements) > 1:
        second = statements[1][0]
        raise SqlError(f"only {what} can stand here, not several statements", *_place(second))
    return statements[0]


def parse(text: str, tokens: Sequence[Token], into: type[exp.Expr] | None = None) -> Statement:
    """Parse one statement, or one piece of SQL of a given kind.

    Raises:
        SqlError: it is not valid SQL.
    """
    parser = _DIALECT.parser()
    given = list(tokens)
    try:
        trees = parser.parse_into(into, given, text) if into else parser.parse(given, text)
    except ParseError as error:
        raise _syntax_error(error) from None
    except RecursionError:
        raise SqlError(_TOO_DEEP, *_place(given[0])) from None
    except (SqlglotError, *_ODD) as error:
        raise SqlError(f"the SQL cannot be read: {error}", *_place(given[0])) from None
    (tree,) = trees
    if tree is None:
        raise SqlError("there is no SQL", *_place(given[0]))
    return Statement(text, tuple(tokens), tree)


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


def _line_starts(text: str) -> list[int]:
    return [0, *(index + 1 for index, letter in enumerate(text) if letter == "\n")]


def _in_lines(starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


def _position(text: str, offset: int) -> tuple[int, int]:
    return _in_lines(_line_starts(text), offset)


def _place(token: Token) -> tuple[int, int]:
    return token.line, token.col


def _token_error(text: str, error: TokenError) -> SqlError:
    # the innermost message ends with the offset at which the literal begins, as ":<offset>"
    offset = str(error.__cause__ or "").rpartition(":")[2]
    place = _position(text, int(offset)) if offset.isdecimal() else (1, 1)
    return SqlError("a literal, a quoted name or a comment has no end", *place)


def _syntax_error(error: ParseError) -> SqlError:
    detail = error.errors[0] if error.errors else {}
    description = str(detail.get("description") or "")
    what = f"SQL syntax error near `{detail.get('highlight') or ''}`"
    if description.startswith("Expecting "):
        what += f": `{description.removeprefix('Expecting ')}` is expected"
    return SqlError(what, int(detail.get("line") or 1), int(detail.get("col") or 1))
