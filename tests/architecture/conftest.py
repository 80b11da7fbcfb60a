"""The source of Thresher as trees, for the tests of its architecture."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def modules() -> dict[str, ast.Module]:
    """Give the tree of each module by its path inside the package, in order.

    What `thresher init` copies into a new project is the user's, and has rules of its own.
    """
    package = ROOT / "src" / "thresher"
    paths = sorted(path.relative_to(package) for path in package.rglob("*.py"))
    return {
        path.as_posix(): ast.parse((package / path).read_text(encoding="utf-8"), str(path))
        for path in paths
        if path.parts[0] != "templates"
    }
