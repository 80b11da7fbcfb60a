"""The parts of a document that are written by Thresher: what stands between two markers.

A marker is a comment on a line of its own, `<!-- thresher:summary -->` before the part and
`<!-- /thresher:summary -->` behind it. Every other character of the document is its author's, and
stays as it is: line ends, byte order mark, a last line without an end. Markers that are shown in a
block of code are text like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from thresher.errors import Fault, Place, ProjectError
from thresher.project.documents import nearest

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MARKER = re.compile(r"\ufeff? {0,3}<!--\s*(?P<end>/?)\s*thresher:\s*(?P<name>[^\s>]*?)\s*-->\s*")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Marker:
    """A marker's line."""

    name: str
    is_end: bool
    line: int
    """Counted from 1."""
    start: int
    """Where the line begins in the text."""
    end: int
    """Where the next one begins."""
    newline: str
    """How the line ends."""

    def __str__(self) -> str:
        return marker(self.name, end=self.is_end)


def marker(name: str, *, end: bool = False) -> str:
    """Write a marker."""
    return f"<!-- {'/' if end else ''}thresher:{name} -->"


def replaced(text: str, parts: Mapping[str, str], path: str) -> str:
    """Write each part between its markers, where the text has them.

    Args:
        text: a document; its line ends may be of any kind.
        parts: by name, each with a plain line feed at the end of every line.
        path: what the document is called in faults.

    Raises:
        ProjectError: every marker that is broken, doubled or not known.
    """
    written, at = [], 0
    for opening, closing in _pairs(text, parts, path):
        part = parts[opening.name]
        if part != text[opening.end : closing.start].replace("\r\n", "\n"):
            written += [text[at : opening.end], part.replace("\n", opening.newline)]
            at = closing.start
    return "".join([*written, text[at:]])


def marked(text: str, parts: Mapping[str, str], path: str) -> list[str]:
    """Give the parts that a text has markers for.

    Raises:
        ProjectError: every marker that is broken, doubled or not known.
    """
    return [opening.name for opening, _ in _pairs(text, parts, path)]


def with_section(text: str, title: str, parts: Mapping[str, str]) -> str:
    """Add a section with all parts to the end of a text that has no markers."""
    newline = "\r\n" if "\r\n" in text else "\n"
    blocks = [f"{marker(name)}\n{part}{marker(name, end=True)}\n" for name, part in parts.items()]
    section = "\n".join([f"## {title}\n", *blocks]).replace("\n", newline)
    if not text.strip("\ufeff"):
        return text + section
    ends = text[len(text.rstrip("\r\n")) :].count("\n")
    gap = newline * max(0, 2 - ends)
    return f"{text}{gap}{section}"


def _pairs(text: str, parts: Mapping[str, str], path: str) -> list[tuple[_Marker, _Marker]]:
    """Match markers that open with those that close; whatever does not fit is a fault."""
    faults: list[Fault] = []
    pairs: dict[str, tuple[_Marker, _Marker]] = {}
    opened: _Marker | None = None
    for found in _markers(text):
        if found.name not in parts:
            hint = nearest(found.name, parts) or f"there are: {', '.join(parts)}"
            faults.append(
                _fault(f"`{found}` names nothing that can be written here", found, path, hint)
            )
        elif not found.is_end:
            if opened:
                faults.append(_unclosed(opened, path))
            opened = found
        elif opened is None or opened.name != found.name:
            hint = f"put `{marker(found.name)}` where the part begins, or take this line out"
            faults.append(_fault(f"`{found}` closes what was not opened", found, path, hint))
        elif found.name in pairs:
            first = pairs[found.name][0].line
            what = f"`{opened}` stands twice; the first is in line {first}"
            hint = "take one of the two out, with all that stands between it and its end"
            faults.append(_fault(what, opened, path, hint))
            opened = None
        else:
            pairs[found.name] = (opened, found)
            opened = None
    if opened:
        faults.append(_unclosed(opened, path))
    if faults:
        raise ProjectError(sorted(faults, key=lambda fault: fault.place.line or 0))
    return list(pairs.values())


def _markers(text: str) -> Iterator[_Marker]:
    """Find the lines that are markers; between two of them a block of code hides none."""
    fence, inside = "", False
    for number, line in enumerate(_LINE.finditer(text), 1):
        if not fence and (found := _MARKER.fullmatch(line[0])):
            newline = "\r\n" if line[0].endswith("\r\n") else "\n"
            place = (number, line.start(), line.end(), newline)
            yield _Marker(found["name"], bool(found["end"]), *place)
            inside = not found["end"]
        elif not inside and (found := _FENCE.fullmatch(line[0])):
            fence = _fence_after(fence, found["fence"], found["info"])


def _fence_after(fence: str, found: str, info: str) -> str:
    """Give the fence of the block of code that a text is in after another fence."""
    if not fence:
        return "" if found[0] == "`" and "`" in info else found
    closes = found[0] == fence[0] and len(found) >= len(fence) and not info.strip()
    return "" if closes else fence


def _unclosed(opened: _Marker, path: str) -> Fault:
    hint = f"put `{marker(opened.name, end=True)}` on a line of its own behind the part"
    return _fault(f"`{opened}` is not closed", opened, path, hint)


def _fault(what: str, found: _Marker, path: str, hint: str) -> Fault:
    return Fault(what, Place(path, found.line), hint)
