"""The files that a SQLite database is made of, and in what state they are."""

from __future__ import annotations

from pathlib import Path

from thresher.sources.hashing import State


def beside(path: Path) -> tuple[Path, ...]:
    """Give the files that a database is made of: its own, and those of changes under way."""
    return tuple(path.with_name(f"{path.name}{ending}") for ending in ("", "-wal", "-journal"))


def states(path: Path) -> tuple[State | None, ...]:
    """Say in what state the files of a database are."""
    found: list[State | None] = []
    for each in beside(path):
        try:
            state = State.of(each)
            found.append(state if state.size else None)
        except OSError:
            found.append(None)
    return tuple(found)
