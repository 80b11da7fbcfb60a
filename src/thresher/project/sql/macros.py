"""The head of a `create macro` statement, and what sqlglot cannot read of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Token, TokenType

from thresher.project.sql.parsed import SqlError
from thresher.project.sql.quoting import position
from thresher.project.sql.tree import CLOSING, OPENING, closing

_OPTIONS = (("or", "replace"), ("temp",), ("temporary",))
_HINT = "a macro reads `create macro name(arguments) as expression` or `... as table query`"


def name_of_macro(text: str, tokens: Sequence[Token]) -> int:
    """Give the position of a macro's name in the tokens of the statement that makes it.

    Raises:
        SqlError: the statement makes no macro, or one with a schema.
    """
    words = [token.text.lower() for token in tokens]
    at = 1
    for option in _OPTIONS:
        at += len(option) * _stands(words, at, option)
    if words[0] != "create" or not words[at:] or words[at] not in ("macro", "function"):
        what = f"only `create macro` statements can stand here, not `{tokens[0].text}`"
        raise _error(text, what, tokens[0])
    at += 1
    at += 3 * _stands(words, at, ("if", "not", "exists"))
    if words[at + 1 : at + 2] == ["."]:
        raise _error(text, "the name of a macro stands without a schema", tokens[at])
    if words[at + 1 : at + 2] != ["("]:
        raise _error(text, "a macro needs a name and a list of arguments", tokens[-1])
    return at


def without_defaults(tokens: Sequence[Token], name: int) -> list[Token]:
    """Leave out the default values of a macro's arguments, which sqlglot does not know.

    They stand behind `:=` in lists of arguments: outside of all brackets, behind the name or, where
    a macro has several forms, behind a comma, and before an `as`.

    Args:
        tokens: the statement.
        name: position of the macro's name.
    """
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        end = closing(tokens, at) if tokens[at].token_type in OPENING else at
        begins = at == name + 1 or (at and tokens[at - 1].token_type is TokenType.COMMA)
        ends = end + 1 < len(tokens) and tokens[end + 1].token_type is TokenType.ALIAS
        inside = tokens[at : end + 1]
        kept += _bare_arguments(inside) if begins and ends else inside
        at = end + 1
    return kept


def _bare_arguments(tokens: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    depth = 0
    in_default = False
    for token in tokens:
        depth -= token.token_type in CLOSING
        if depth == 1 and token.token_type is TokenType.COLON_EQ:
            in_default = True
        elif depth == 0 or (depth == 1 and token.token_type is TokenType.COMMA):
            in_default = False
        depth += token.token_type in OPENING
        if not in_default:
            kept.append(token)
    return kept


def _stands(words: Sequence[str], at: int, phrase: Sequence[str]) -> bool:
    return list(words[at : at + len(phrase)]) == list(phrase)


def _error(text: str, what: str, token: Token) -> SqlError:
    return SqlError(what, *position(text, token.start), _HINT)
