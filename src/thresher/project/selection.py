"""Selection of assets, in the syntax that dbt's users know.

A text is a union of its words; a word is an intersection of its parts between commas; a part is a
method and a pattern, with `+` before it for all that it stands on and behind it for all that stands
on it (`2+name+1` limits the steps).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

from thresher.errors import CommandError
from thresher.project.asset import Asset
from thresher.project.documents import nearest
from thresher.project.project import Project

_PART = re.compile(
    r"(?:(?P<up>\d*)\+)?(?:(?P<method>[a-z_]+):)?(?P<pattern>[^+]+?)(?:\+(?P<down>\d*))?"
)
METHODS = ("name", "tag", "file", "path", "layer", "kind")


def select(
    project: Project, selects: Iterable[str] = (), excludes: Iterable[str] = ()
) -> frozenset[str]:
    """Give the names of the assets that are selected; all of them where nothing is asked for.

    Raises:
        CommandError: a part is not valid, or matches no asset.
    """
    words = [word for text in selects for word in text.split()]
    chosen = frozenset(project.assets) if not words else _union(project, words)
    left_out = _union(project, [word for text in excludes for word in text.split()])
    if not chosen - left_out:
        raise CommandError("the selection leaves nothing", hint="leave out `--exclude`")
    return chosen - left_out


def _union(project: Project, words: list[str]) -> frozenset[str]:
    found: set[str] = set()
    for word in words:
        parts = [_matched(project, part) for part in word.split(",")]
        both = set.intersection(*parts)
        if not both:
            raise CommandError(f"no asset matches every part of `{word}`")
        found |= both
    return frozenset(found)


def _matched(project: Project, part: str) -> set[str]:
    match = _PART.fullmatch(part)
    if match is None or (match["method"] and match["method"] not in METHODS):
        method = match["method"] if match else None
        hint = nearest(method, METHODS) if method else None
        raise CommandError(
            f"`{part}` is not a selection",
            hint=hint or "such as `clean.flights`, `clean.*`, `+name`, `name+`, `tag:daily`",
        )
    pattern = match["pattern"]
    found = {a.name for a in project.assets.values() if _matches(a, match["method"], pattern)}
    if not found:
        names = [*project.assets, *(asset.table for asset in project.assets.values())]
        raise CommandError(
            f"no asset matches `{part}`",
            hint=nearest(pattern, names) or "`thresher plan` lists the assets",
        )
    reached = set(found)
    for name in found:
        if match["up"] is not None:
            reached |= project.upstream(name, int(match["up"]) if match["up"] else None)
        if match["down"] is not None:
            reached |= project.downstream(name, int(match["down"]) if match["down"] else None)
    return reached


def _matches(asset: Asset, method: str | None, pattern: str) -> bool:
    if method == "tag":
        return any(fnmatch.fnmatchcase(tag, pattern) for tag in asset.tags)
    if method in ("file", "path"):
        path = pattern.removeprefix("./").rstrip("/")
        return (
            fnmatch.fnmatchcase(asset.path, path)
            or asset.path.startswith(f"{path}/")
            or (method == "file" and asset.path.rpartition("/")[2] == path)
        )
    if method == "layer":
        return fnmatch.fnmatchcase(asset.layer, pattern.lower())
    if method == "kind":
        return asset.kind == pattern.lower()
    wanted = pattern.lower()
    return fnmatch.fnmatchcase(asset.name, wanted) or fnmatch.fnmatchcase(asset.table, wanted)
