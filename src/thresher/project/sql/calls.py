"""Which functions a piece of SQL calls, and which of them a build must know about.

A call is found where sqlglot's tree has one, and told by the name that is written: the tree itself
gives `today()` and `current_date` one name, and a macro of the project may bear any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType, exp

from thresher.project.sql.functions import (
    CLAUSES,
    ENGINE_STATE,
    NOT_REPEATABLE,
    NOT_REPEATABLE_ALONE,
    READ_OUTSIDE,
    SYNTAX,
)
from thresher.project.sql.tree import (
    CLOSING,
    OPENING,
    Statement,
    closing,
    first_start,
    start_of,
)

_NAMES = (TokenType.VAR, TokenType.IDENTIFIER)
_LEAVES = (exp.Identifier, exp.Literal, exp.Star)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is written."""

    name: str
    """The function's name, in lower case."""
    start: int
    """Offset at which it begins."""
    end: int
    """Offset behind it."""
    alone: bool
    """Whether it has no more than one argument."""

    @property
    def repeatable(self) -> bool:
        """Whether it gives the same answer whenever it is asked the same."""
        if self.name in NOT_REPEATABLE or self.name.startswith(ENGINE_STATE):
            return False
        return not (self.alone and self.name in NOT_REPEATABLE_ALONE)

    @property
    def reads_outside(self) -> bool:
        """Whether it reads what the project does not know."""
        return self.name in READ_OUTSIDE


def calls(statement: Statement) -> Iterator[Call]:
    """Find all calls, in the order in which they are written."""
    names, heads = _positions(statement.tree)
    tokens = statement.tokens
    for at, token in enumerate(tokens):
        name = token.text.lower()
        if token.start in names:
            continue
        if at + 1 < len(tokens) and tokens[at + 1].token_type is TokenType.L_PAREN:
            unknown = token.token_type in _NAMES and name not in CLAUSES
            if token.start in heads or unknown or name in SYNTAX:
                end = closing(tokens, at + 1)
                yield Call(name, token.start, tokens[end].end + 1, not _comma(tokens[at + 2 : end]))
        elif token.token_type not in _NAMES and name in NOT_REPEATABLE:
            yield Call(name, token.start, token.end + 1, alone=True)


def _comma(tokens: Sequence[Token]) -> bool:
    """Say whether there is a comma outside of all brackets."""
    depth = 0
    for token in tokens:
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        if depth == 0 and token.token_type is TokenType.COMMA:
            return True
    return False


def unrepeatable_samples(tree: exp.Expr) -> Iterator[tuple[str, int]]:
    """Find the samples that differ from run to run, each with its offset.

    Tried with DuckDB 2.0.1 on several threads: a sample with a seed is the same each time if it is
    drawn by `bernoulli` or `reservoir`, never if by `system`, and only if its rows come in the same
    order, which those of `distinct` and `group by` do not. So it must be drawn from plain tables.
    """
    for sample in tree.find_all(exp.TableSample):
        seeded = isinstance(sample.args.get("seed"), exp.Expr)
        method = sample.text("method").upper()
        if not (seeded and method in ("BERNOULLI", "RESERVOIR") and _from_plain_tables(sample)):
            of_query = isinstance(sample.parent, exp.Select)
            yield "using sample" if of_query else "tablesample", first_start(sample)


def _from_plain_tables(sample: exp.TableSample) -> bool:
    source = sample.parent
    if isinstance(source, exp.Select):
        from_ = source.args.get("from_")
        source = from_.this if from_ and not source.args.get("joins") else None
    return isinstance(source, exp.Table) and bool(source.db) and not source.args.get("joins")


def _positions(tree: exp.Expr) -> tuple[set[int], set[int]]:
    """Give the offsets at which names are written, and those at which calls begin."""
    names: set[int] = set()
    heads: set[int] = set()
    for node in tree.walk():
        start = start_of(node)
        if start is None:
            continue
        if not isinstance(node, _LEAVES):
            heads.add(start)
        elif isinstance(node, exp.Identifier) and not isinstance(node.parent, exp.Anonymous):
            names.add(start)
    return names, heads - names
