r"""Regular expressions of RE2 in the words of PostgreSQL's.

The two share most of their syntax and part of its meaning: `\b` is a word's edge to one and a
backspace to the other, `.` matches a line end in one alone, `\d` hangs on the database's locale.
What is written here matches the same texts; what cannot be written so is refused by name.
"""

from __future__ import annotations

import re

#: What the short classes of RE2 hold: ASCII alone.
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
#: Escapes that mean the same in both.
_SAME = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "v": r"\v"}
_NAMED_CLASS = re.compile(r"\[:(\w+):\]")
#: What the named classes hold.
_ASCII_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\t ",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_MOST_COUNT = 255


class PatternError(ValueError):
    """PostgreSQL has no way to say a part of a pattern.

    Attributes:
        part: the part.
    """

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(f"PostgreSQL's regular expressions have no `{part}`")


def postgres_pattern(regex: str) -> str:
    """Write a pattern that matches in PostgreSQL the whole texts that `regex` matches in DuckDB.

    It stands on the right of `~`, whose left side has the collation `"C"`.

    Raises:
        PatternError: a part of it cannot be said.
    """
    if "\0" in regex:
        raise PatternError("\\0")
    return f"^(?:{_Reader(regex).read()})$"


class _Reader:
    """Reads a pattern from left to right, and writes it anew."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.at = 0

    def read(self) -> str:
        written: list[str] = []
        while self.at < len(self.regex):
            written.append(self.item())
        return "".join(written)

    def take(self, length: int = 1) -> str:
        taken = self.regex[self.at : self.at + length]
        self.at += length
        return taken

    def item(self) -> str:
        character = self.regex[self.at]
        if character == "\\":
            return self.escape()
        if character == "[":
            return self.bracket()
        if character == "{":
            return self.count()
        if character == "(":
            return self.group()
        self.at += 1
        if character == ".":
            return r"[^\n]"
        if character in "*+?" and self.regex[self.at : self.at + 1] in ("*", "+"):
            raise PatternError(character + self.regex[self.at])
        return character

    def group(self) -> str:
        if not self.regex.startswith("(?", self.at):
            return self.take()
        if self.regex.startswith("(?:", self.at):
            return self.take(3)
        if match := re.compile(r"\(\?P?<\w+>").match(self.regex, self.at):
            self.at = match.end()
            return "("
        raise PatternError(self.regex[self.at : self.at + 4])

    def count(self) -> str:
        match = _COUNT.match(self.regex, self.at)
        if match is None:  # a brace that counts nothing is a brace
            self.at += 1
            return r"\{"
        for bound in (match[1], match[3]):
            if bound and int(bound) > _MOST_COUNT:
                raise PatternError(match[0])
        self.at = match.end()
        return match[0]

    def escape(self) -> str:
        following = self.regex[self.at + 1 : self.at + 2]
        if following in ("p", "P", "Q", "E", "C", "x", "a", "") or following.isdigit():
            raise PatternError(f"\\{following}")
        self.at += 2
        if following in _CLASSES:
            return f"[{_CLASSES[following]}]"
        if following.lower() in _CLASSES and following.isupper():
            return f"[^{_CLASSES[following.lower()]}]"
        if following in _SAME:
            return _SAME[following]
        if following == "A":
            return "^"
        if following == "z":
            return "$"
        if following.isalpha():  # among them the edges of words, which PostgreSQL sees elsewhere
            raise PatternError(f"\\{following}")
        return f"\\{following}"

    def bracket(self) -> str:
        self.at += 1
        written = "["
        if self.regex[self.at : self.at + 1] == "^":
            written += self.take()
        first = True
        while first or self.regex[self.at : self.at + 1] != "]":
            if self.at >= len(self.regex):
                raise PatternError("[")
            written += self.member()
            first = False
        return written + self.take()

    def member(self) -> str:
        if self.regex.startswith("[:", self.at):
            match = _NAMED_CLASS.match(self.regex, self.at)
            if match is None or match[1] not in _ASCII_CLASSES:
                raise PatternError(self.regex[self.at :].partition("]")[0] + "]")
            self.at = match.end()
            return _ASCII_CLASSES[match[1]]
        character = self.take()
        if character == "\\":
            following = self.take()
            if following in _CLASSES:
                return _CLASSES[following]
            if following in _SAME:
                return _SAME[following]
            if following.isalnum() or not following:
                raise PatternError(f"\\{following}")
            return f"\\{following}"
        return f"\\{character}" if character in "[]" else character
