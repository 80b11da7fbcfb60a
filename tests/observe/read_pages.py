"""Reads a page as a browser does: its words, its tables and its tags, and what it would fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """A page in which every tag that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.tags: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        """Cells of each row of every table."""
        self.sections: dict[str, str] = {}
        """Words of each section, by its id."""
        self._open: list[str] = []
        self._section = ""
        self.feed(text)
        self.close()
        assert self._open == []
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        named = [each.get("id") for _, each in self.elements]
        assert (name := dict(attrs).get("id")) is None or name not in named, f"`{name}` twice"
        self.elements.append((tag, dict(attrs)))
        self.fetched += [v for k, v in attrs if k in ("src", "href", "action", "poster")]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "section":
            self._section = dict(attrs).get("id", "")
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        named = [each.get("id") for _, each in self.elements]
        assert (name := dict(attrs).get("id")) is None or name not in named, f"`{name}` twice"
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if not self._open or self._open[-1] == "style":
            return
        self.words.append(data)
        if "section" in self._open:
            before = self.sections.get(self._section, "")
            self.sections[self._section] = " ".join(f"{before} {data}".split())
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data}".strip()

    def of(self, tag):
        """Give the attributes of every tag of one kind."""
        return [attrs for each, attrs in self.elements if each == tag]
