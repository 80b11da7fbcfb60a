"""Objects and files: what is stored stays there, as it was.

`put`, `list`, `get`, `verify`, `clean` and `temporary_prefix` of `thresher.storage` speak to S3 and
to whatever speaks like it; nothing is loaded before the first of them is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thresher.storage.calls import clean, get, list, put, temporary_prefix, verify  # noqa: A004
    from thresher.storage.objects import Location, S3Options, StoredObject
    from thresher.storage.outcomes import Moved, Removal, Transfer, Verification

__all__ = [
    "Location",
    "Moved",
    "Removal",
    "S3Options",
    "StoredObject",
    "Transfer",
    "Verification",
    "clean",
    "get",
    "list",
    "put",
    "temporary_prefix",
    "verify",
]

_HOMES = {
    "Location": "thresher.storage.objects",
    "Moved": "thresher.storage.outcomes",
    "Removal": "thresher.storage.outcomes",
    "S3Options": "thresher.storage.objects",
    "StoredObject": "thresher.storage.objects",
    "Transfer": "thresher.storage.outcomes",
    "Verification": "thresher.storage.outcomes",
    "clean": "thresher.storage.calls",
    "get": "thresher.storage.calls",
    "list": "thresher.storage.calls",
    "put": "thresher.storage.calls",
    "temporary_prefix": "thresher.storage.calls",
    "verify": "thresher.storage.calls",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `thresher.storage` has no attribute `{name}`")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> Any:
    return sorted(__all__)
