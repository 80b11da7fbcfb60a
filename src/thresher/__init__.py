"""Thresher: raw in, grain out.

A project is a folder of SQL and Python files. `thresher.open(path)` opens one; what it gives back
is what the command line itself calls. Importing this package loads nothing heavy: each name is
loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from thresher._version import __version__

if TYPE_CHECKING:
    from thresher import storage
    from thresher.api.dag import run_dag
    from thresher.api.open import OpenProject, open  # noqa: A004  # reads as `thresher.open(path)`
    from thresher.engines.python import Context
    from thresher.errors import ThresherError, TransientError
    from thresher.project.decorator import asset
    from thresher.results import RunResult

__all__ = [
    "Context",
    "OpenProject",
    "RunResult",
    "ThresherError",
    "TransientError",
    "__version__",
    "asset",
    "open",
    "run_dag",
    "storage",
]

_HOMES = {
    "Context": "thresher.engines.python",
    "OpenProject": "thresher.api.open",
    "RunResult": "thresher.results",
    "ThresherError": "thresher.errors",
    "TransientError": "thresher.errors",
    "asset": "thresher.project.decorator",
    "open": "thresher.api.open",
    "run_dag": "thresher.api.dag",
}


def __getattr__(name: str) -> Any:
    if name == "storage":
        return importlib.import_module("thresher.storage")
    if name not in _HOMES:
        raise AttributeError(f"module `thresher` has no attribute `{name}`")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
