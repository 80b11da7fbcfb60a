"""A crontab as bytes, and the blocks in it that Thresher wrote: one for each project's folder.

A block stands between two lines that name the project. It is put before everything else, so that
nothing set further down (`SHELL`, `CRON_TZ`) changes what it means, and it sets nothing itself.
All other bytes stay as they are, whatever they are.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

from thresher.errors import CrontabError, Place

PLACE = "crontab"

_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_MARK = re.compile(rb'# (>>>|<<<) thresher: \S+ in ("(?:[^"\\]|\\.)*") (?:>>>|<<<)\s*')


@dataclass(frozen=True, slots=True)
class Block:
    """What stands in a crontab for one project."""

    root: str
    """Folder of the project."""
    start: int
    """Where it begins, in bytes."""
    end: int
    """Where it ends."""
    lines: tuple[bytes, ...]
    """What stands between its markers, without line ends."""


def make_block(root: str, pipeline: str, lines: tuple[bytes, ...]) -> bytes:
    """Write a block, its markers included."""
    name = f"thresher: {pipeline} in {json.dumps(root, ensure_ascii=False)}"
    first, last = os.fsencode(f"# >>> {name} >>>"), os.fsencode(f"# <<< {name} <<<")
    return b"".join(line + b"\n" for line in (first, *lines, last))


def find_blocks(tab: bytes) -> tuple[Block, ...]:
    """Find every block of a crontab.

    Raises:
        CrontabError: a block has no end or no beginning, or its project has two.
    """
    found: dict[str, Block] = {}
    opened: tuple[str, int, int] | None = None
    position, inside = 0, list[bytes]()
    for number, line in enumerate(_LINES.findall(tab), 1):
        position += len(line)
        match = _MARK.fullmatch(line)
        if match is None:
            inside.append(line.rstrip(b"\n"))
            continue
        root = _root(match[2], number)
        if match[1] == b">>>":
            if opened:
                raise _broken(opened[2], f"the block of `{opened[0]}` has no end")
            if root in found:
                raise _broken(number, f"a second block of `{root}` begins")
            opened, inside = (root, position - len(line), number), []
        elif opened is None or opened[0] != root:
            raise _broken(number, f"the block of `{root}` ends, and has no beginning")
        else:
            found[root] = Block(root, opened[1], position, tuple(inside))
            opened = None
    if opened:
        raise _broken(opened[2], f"the block of `{opened[0]}` has no end")
    return tuple(found.values())


def find_block(tab: bytes, root: str) -> Block | None:
    """Find the block of a project.

    Raises:
        CrontabError: as for `find_blocks`.
    """
    return next((block for block in find_blocks(tab) if block.root == root), None)


def with_block(tab: bytes, root: str, block: bytes) -> bytes:
    """Give a crontab with a project's block replaced where it stands, put first, or taken out.

    Args:
        tab: the crontab.
        root: folder of the project.
        block: what `make_block` gave; nothing to take it out.

    Raises:
        CrontabError: as for `find_blocks`.
    """
    there = find_block(tab, root)
    if there is None:
        return block + tab
    return tab[: there.start] + block + tab[there.end :]


def _root(written: bytes, number: int) -> str:
    try:
        return str(json.loads(os.fsdecode(written)))
    except ValueError:
        raise _broken(number, "a marker of Thresher cannot be read") from None


def _broken(number: int, what: str) -> CrontabError:
    return CrontabError(
        what,
        place=Place(PLACE, number),
        hint="`crontab -e` opens it: take out what is left of the block, with both its markers; "
        "nothing was changed",
    )
