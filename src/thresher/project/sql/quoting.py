"""Where literals, quoted names and comments stand, before sqlglot looks at a text.

sqlglot 30 takes `$a,$` for the beginning of a dollar-quoted text, and so cannot read `f($a,$b)`;
nor does it know `x'ff'`. Such literals are shown to it as plain texts of the same length, and its
dollar quotes are switched off; all offsets stay what they are.
"""

from __future__ import annotations

import re

from thresher.project.sql.parsed import SqlError

_OPENING = re.compile(r"""--|/\*|[eExXbB]?'|"|\$(?:[^\W\d]\w*)?\$|\w[\w$]*""")
_COMMENT = re.compile(r"/\*|\*/")
_CLOSED = {
    "'": re.compile(r"'(?:[^']|'')*'"),
    "e'": re.compile(r"[eE]'(?:[^'\\]|\\.|'')*'", re.DOTALL),
    '"': re.compile(r'"(?:[^"]|"")*"'),
}


def masked(text: str) -> str:
    """Write dollar-quoted texts, and literals like `x'ff'`, as plain texts of the same length.

    Raises:
        SqlError: a literal, a quoted name or a comment has no end.
    """
    shown: list[str] = []
    done = at = 0
    while match := _OPENING.search(text, at):
        opening = match[0].lower()
        at = _end(text, match.start(), opening, match.end())
        if opening.startswith("$") or opening in ("x'", "b'"):
            shown += [text[done : match.start()], "'" + "x" * (at - match.start() - 2) + "'"]
            done = at
    return "".join([*shown, text[done:]])


def position(text: str, offset: int) -> tuple[int, int]:
    """Give the line and the column of an offset, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _end(text: str, start: int, opening: str, behind: int) -> int:
    """Give the offset behind what begins at `start`, with an opening that ends at `behind`."""
    if opening == "--":
        end = text.find("\n", behind)
        return len(text) if end < 0 else end
    if opening == "/*":
        return _comment_end(text, start)
    if opening.startswith("$"):
        end = text.find(text[start:behind], behind)
        return end + behind - start if end >= 0 else _endless(text, start, "dollar-quoted text")
    if opening[-1] not in "'\"":
        return behind
    prefix = opening in ("x'", "b'")
    match = _CLOSED[opening[prefix:]].match(text, start + prefix)
    what = "quoted name" if opening == '"' else "text literal"
    return match.end() if match else _endless(text, start, what)


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for match in _COMMENT.finditer(text, start):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return _endless(text, start, "comment")


def _endless(text: str, start: int, what: str) -> int:
    where = position(text, start)
    raise SqlError(f"the {what} that begins here has no end", *where, "close it")
