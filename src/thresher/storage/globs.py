"""Globs over keys: `*` and `?` stay between slashes, `**` between slashes stands for any folders.

As for files: what begins with a dot is matched only by a part that names the dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thresher.errors import CommandError

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|\[|.", re.DOTALL)
_NO_DOT = r"(?!(?:\A|(?<=/))\.)"


def glob_pattern(glob: str) -> re.Pattern[str]:
    """Give the regular expression of a glob, for `fullmatch`.

    Raises:
        CommandError: `**` does not stand alone between slashes.
    """
    for part in glob.split("/"):
        if "**" in part and part != "**":
            raise CommandError(
                f"`{glob}` is not a valid glob",
                hint="`**` must stand alone between slashes, as in `raw/**/*.csv`",
            )
    return re.compile("".join(_pieces(glob)), re.DOTALL)


def _pieces(glob: str) -> Iterator[str]:
    first = True
    for match in _PIECE.finditer(glob):
        piece = match[0]
        guard = _NO_DOT if first else ""
        first = piece.endswith("/")
        if piece == "**/":
            yield r"(?:(?!\.)[^/]+/)*"
        elif piece == "**":
            yield r"(?:(?!\.)[^/]+/)*(?!\.)[^/]+"
        elif piece == "*":
            yield f"{guard}[^/]*"
        elif piece == "?":
            yield f"{guard}[^/]"
        elif piece[0] == "[" and len(piece) > 1:
            yield f"{guard}(?!/){_class(piece[1:-1])}"
        else:
            yield re.escape(piece)


def _class(inner: str) -> str:
    negated, inner = inner.startswith("!"), inner.removeprefix("!")
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner)
    return f"[{'^' if negated else ''}{escaped}]"
