"""The documents of this repository, read as Markdown: their links, headings and commands."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "src" / "thresher" / "templates" / "project"
DOCUMENTS = tuple(
    sorted(
        {
            *ROOT.glob("*.md"),
            *(ROOT / ".github").glob("*.md"),
            *(ROOT / "docs").rglob("*.md"),
            *(ROOT / "benchmarks").glob("*.md"),
            *(ROOT / "examples").glob("*/*.md"),
            *TEMPLATE.glob("*.md"),
        }
    )
)
#: Blocks of code without a language, or of these, hold commands.
SHELLS = {"", "console", "sh", "bash", "shell"}
#: What stands between two calls in a line of shell.
BETWEEN = {"&&", "||", "|", ">", ">>", "<", ";", "&"}


@dataclass(frozen=True)
class Call:
    """A command that a document shows."""

    document: Path
    line: int
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{name(self.document)}:{self.line}: {shlex.join(self.words)}"


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def tokens(document: Path) -> Iterator[Token]:
    """Give all tokens of a document, those inside of lines among them."""
    reader = MarkdownIt("commonmark").enable("table")
    for token in reader.parse(document.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def links(document: Path) -> list[str]:
    """Give where the links and the pictures of a document lead."""
    found = [token.attrGet("href") or token.attrGet("src") for token in tokens(document)]
    return [str(target) for target in found if target is not None]


def anchors(document: Path) -> set[str]:
    """Give the anchors of a document's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    heading = False
    for token in tokens(document):
        if heading and token.type == "inline":
            text = "".join(child.content for child in token.children or ())
            anchor = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        heading = token.type == "heading_open"
    return found


def shown(document: Path) -> Iterator[Call]:
    """Find the calls in the blocks of code of a document.

    Where a block has lines that begin with `$`, these are its commands and the rest is output.
    """
    for token in tokens(document):
        shell = token.type == "code_block" or (
            token.type == "fence" and token.info.strip() in SHELLS
        )
        if not shell:
            continue
        first = (token.map or [0])[0] + (2 if token.type == "fence" else 1)
        lines = token.content.splitlines()
        prompt = any(line.startswith("$ ") for line in lines)
        for number, line in enumerate(lines, first):
            if prompt and not line.startswith("$ "):
                continue
            for words in calls(line.removeprefix("$ ")):
                yield Call(document, number, tuple(words))


def mentioned(document: Path) -> Iterator[Call]:
    """Find the calls of thresher that a document names in its text."""
    line = 0
    for token in tokens(document):
        line = token.map[0] + 1 if token.map else line
        if token.type == "code_inline" and re.match(r"thresher [a-z]", token.content):
            for words in calls(token.content):
                yield Call(document, line, tuple(words))


def calls(line: str) -> list[list[str]]:
    """Give the words of each call in a line of shell; none where it is no line of shell."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    found: list[list[str]] = [[]]
    for word in words:
        if word in BETWEEN:
            found.append([])
        else:
            found[-1].append(word)
    return [call for call in found if call]


def targets(makefile: Path) -> set[str]:
    """Give the targets that a Makefile lists."""
    return set(re.findall(r"^([a-z_]+):.*## ", makefile.read_text(encoding="utf-8"), re.MULTILINE))
