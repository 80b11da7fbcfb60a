"""Names of the points at which a process changes files: what is done, and to what.

A name folds away what differs from run to run, so that `rename version record` is one point,
however many versions are written: it is the same line of code.
"""

from __future__ import annotations

import re

_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")

#: What lies where in a project; the first that matches is its role.
_ROLES = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        (r"warehouse/lake/[^/]+/[^/]+/[^/]+/_version\.json", "version record"),
        (r"warehouse/lake/[^/]+/[^/]+/[^/]+/_audit-.*", "verdict"),
        (r"warehouse/lake/[^/]+/[^/]+/[^/]+/_same-.*", "confirmation"),
        (r"warehouse/lake/[^/]+/[^/]+/[^/]+/.+", "data file"),
        (r"warehouse/lake/[^/]+/[^/]+/[^/]+", "version folder"),
        (r"warehouse/lake/[^/]+/[^/]+", "table folder"),
        (r"warehouse/lake/[^/]+", "layer folder"),
        (r"warehouse/lake", "lake folder"),
        (r"warehouse/publications/[^/]+/pending", "pending mark"),
        (r"warehouse/publications/[^/]+/\d+\.json", "manifest"),
        (r"warehouse/publications/[^/]+", "manifests folder"),
        (r"warehouse/publications", "publications folder"),
        (r"warehouse/catalogs/[^/]+/.+\.stamp", "catalog stamp"),
        (r"warehouse/catalogs/[^/]+/.+\.wal", "catalog log"),
        (r"warehouse/catalogs/[^/]+/.+", "catalog"),
        (r"warehouse/catalogs/[^/]+", "catalogs folder"),
        (r"warehouse/catalogs", "folder of all catalogs"),
        (r"warehouse/[^/]+\.duckdb", "link"),
        (r"warehouse/locks/[^/]+\.commit", "commit lock"),
        (r"warehouse/locks/cleanup", "clean-up lock"),
        (r"warehouse/locks/trash", "trash lock"),
        (r"warehouse/locks/[^/]+\.fence", "fence"),
        (r"warehouse/locks/[^/]+", "environment lock"),
        (r"warehouse/locks", "locks folder"),
        (r"warehouse/tmp(/.*)?", "temporary file"),
        (r"warehouse/\.trash(/.*)?", "trash"),
        (r"warehouse/\.[^/]+", "temporary file"),
        (r"warehouse", "warehouse folder"),
        (r"data_clean/\.links(/.*)?", "folder of links for people"),
        (r"data_clean(/.*)?", "link for people"),
        (r"\.thresher/history.*", "history"),
        (r"\.thresher(/.*)?", "cache"),
        (r"reports(/.*)?", "report"),
        (r"logs(/.*)?", "log"),
        (r".*__pycache__.*", "bytecode"),
    )
)


def role(path: str) -> str:
    """Say what a path of a project is, relative to the project."""
    folder, _, name = path.rpartition("/")
    if match := _TEMPORARY.fullmatch(name):
        path = f"{folder}/{match[1]}" if folder else match[1]
    for pattern, found in _ROLES:
        if pattern.fullmatch(path):
            return found
    return path


def is_for_people(point: str) -> bool:
    """Say whether a point is at what only people read, and nothing published depends on."""
    return point.rpartition(" ")[2] in {"log", "report", "history", "cache", "bytecode"}
