"""How the checks that did not pass are written, read from the files of the project."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from thresher.results import RunResult, Status
from thresher.totals import results

#: Most lines of one definition.
MOST_LINES = 6
#: Most characters of one line.
MOST_CHARACTERS = 200


def definitions(root: Path, result: RunResult) -> Mapping[str, str]:
    """Give what stands at each place, `path:line`, that a check which did not pass is written at.

    A file that cannot be read, or is shorter by now, says nothing.
    """
    places = {
        (check.path, check.line)
        for outcome in result.outcomes
        for check in results(outcome)
        if check.status is not Status.PASSED and check.path and check.line
    }
    files = {path: _lines(root / path) for path, _ in places if path}
    found = {
        f"{path}:{line}": _definition(files[path], line) for path, line in places if path and line
    }
    return {place: text for place, text in found.items() if text}


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ()


def _definition(lines: Sequence[str], line: int) -> str:
    """Give a line, and those below it that stand further in."""
    taken = list(lines[line - 1 : line])
    for below in lines[line : line - 1 + MOST_LINES] if taken else ():
        if not below.strip() or _indent(below) <= _indent(taken[0]):
            break
        taken.append(below)
    return textwrap.dedent("\n".join(each.rstrip()[:MOST_CHARACTERS] for each in taken))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
