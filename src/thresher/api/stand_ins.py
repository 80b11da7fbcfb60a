"""Stand-ins: a project in which something that was handed over takes the place of a source."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from thresher.errors import CommandError
from thresher.project.asset import Asset, SourceBody
from thresher.project.documents import nearest
from thresher.project.project import Project

SOURCE = "stand_ins"


def stand_in(project: Project, names: Iterable[str]) -> Project:
    """Give the project with the sources of these assets replaced; all else of them stays.

    Raises:
        CommandError: one is no raw asset of the project, or the environment is protected.
    """
    assets = dict(project.assets)
    for name in names:
        assets[name] = _replaced(project, name)
    return dataclasses.replace(project, assets=assets)


def kept(thing: Any) -> Any:
    """Give what can be read more than once: a plan and a run each read what stands in."""
    if not isinstance(thing, Iterator):
        return thing
    return thing.read_all() if hasattr(thing, "read_all") else list(thing)


def _replaced(project: Project, name: str) -> Asset:
    settings = project.settings
    sources = [each.name for each in project.assets.values() if isinstance(each.body, SourceBody)]
    asset = project.assets.get(name)
    if asset is None or not isinstance(asset.body, SourceBody):
        what = f"there is no raw asset `{name}` that something could stand in for"
        known = ", ".join(f"`{each}`" for each in sources) or "none"
        raise CommandError(what, hint=nearest(name, sources) or f"raw assets: {known}")
    if settings.protected:
        raise CommandError(
            f"`{settings.environment}` is protected: nothing may stand in for `{name}` there",
            hint="try it in another environment: `env='dev'`",
        )
    # Whatever the source is, it is asked for rows by these; a source of files has no query.
    asked: dict[str, Any] = {"table": asset.table, "query": None, "filename_column": None}
    asked |= {key: asset.body.settings[key] for key in asked if key in asset.body.settings}
    return dataclasses.replace(asset, body=SourceBody(SOURCE, asked, unit="data"))
