"""Fingerprints: a version is named by the hash of everything that makes it.

The ingredients are kept beside the hash, each under a name of its own, so that a plan can say which
of them changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from thresher.project.asset import Asset, Materialized, PythonBody, SourceBody, SqlBody, Volatile
from thresher.project.project import Project

#: What units of a source are called: files, data of a database that it was seen to have, data that
#: is looked at when it is time to, and units of other packages' sources.
UNITS = ("file", "data", "refresh", "unit")
#: Raised when a change of Thresher changes what the same ingredients build.
FORMAT = 1


def fingerprint(ingredients: Mapping[str, str]) -> str:
    """Give the hash of all ingredients: the first 16 hex digits of SHA-256."""
    text = json.dumps([FORMAT, sorted(ingredients.items())], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def ingredients(
    asset: Asset,
    project: Project,
    *,
    versions: Mapping[str, str],
    files: Mapping[str, str] | None = None,
    run_time: datetime,
    sample: str | None = None,
    engine: str | None = None,
) -> dict[str, str]:
    """Name everything that makes the rows of an asset.

    Args:
        asset: the asset.
        project: where its macros and parameters are.
        versions: version of each input that is settled.
        files: hash of each unit of a source by its path.
        run_time: when the run began.
        sample: share of the raw rows that a trial run takes.
        engine: name and version of the engine, where a change of it should build anew.
    """
    found = _of_body(asset, project)
    settings = project.settings
    for name in asset.params:
        found[f"parameter:{name}"] = digest(_canonical(settings.params[name]))
    for name in asset.inputs:
        if name in versions:
            found[f"input:{name}"] = versions[name]
    if isinstance(asset.body, SourceBody):
        unit = asset.body.unit
        found.update({f"{unit}:{path}": sha256 for path, sha256 in (files or {}).items()})
    if sample:
        found["sample"] = sample
    if settings.config.timezone != "UTC":
        found["timezone"] = settings.config.timezone
    if asset.materialized is Materialized.VIEW:
        found["materialized"] = asset.materialized
    if asset.volatile is not None:
        found["time"] = grain(asset, run_time, settings.config.timezone).isoformat()
    if engine is not None:
        found["engine"] = engine
    return found


def grain(asset: Asset, run_time: datetime, timezone: str) -> datetime:
    """Give the time that `$run_time` stands for: that of the run, or the beginning of its day.

    Args:
        asset: who asks.
        run_time: when the run began.
        timezone: where the day begins.
    """
    if asset.volatile is Volatile.DAY:
        local = run_time.astimezone(ZoneInfo(timezone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
    return run_time


def recipe(found: Mapping[str, str]) -> dict[str, str]:
    """Give the ingredients of a source without its units: how they are read, whatever they hold."""
    return {key: value for key, value in found.items() if key.partition(":")[0] not in UNITS}


def digest(text: str) -> str:
    """Give a short hash of a text: the first 16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Say in words what is different, the most telling first: `SQL changed, file added: a.csv`."""
    said: dict[str, list[str]] = {}
    for key in sorted({*old, *new}, key=lambda key: (_rank(key), key)):
        if old.get(key) == new.get(key):
            continue
        kind, _, name = key.partition(":")
        verb = "added" if key not in old else "removed" if key not in new else _verb(kind)
        phrase = f"{_WORDS.get(kind, kind)} {verb}" if name or kind not in _SINGLE else ""
        said.setdefault(phrase or f"{_WORDS.get(kind, kind)} changed", []).extend(
            [name] * bool(name)
        )
    return ", ".join(
        f"{phrase}: {_listed(names)}" if names else phrase for phrase, names in said.items()
    )


_WORDS = {
    "sql": "SQL",
    "function": "function",
    "module": "module",
    "package": "package",
    "macro": "macro",
    "source": "source settings",
    "types": "column types",
    "parameter": "parameter",
    "file": "file",
    "data": "data",
    "refresh": "refresh",
    "unit": "unit",
    "input": "input",
    "sample": "sample",
    "timezone": "time zone",
    "materialized": "materialization",
    "time": "time",
    "engine": "engine",
}
_SINGLE = (
    "sql",
    "function",
    "source",
    "types",
    "sample",
    "timezone",
    "materialized",
    "time",
    "engine",
)
_SHOWN = 3


def _verb(kind: str) -> str:
    return "due" if kind == "refresh" else "changed"


def _rank(key: str) -> int:
    return list(_WORDS).index(key.partition(":")[0])


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def _of_body(asset: Asset, project: Project) -> dict[str, str]:
    match asset.body:
        case SourceBody(type=kind, settings=settings):
            types = asset.contract.types
            return {
                "source": digest(_canonical([kind, dict(settings)])),
                **({"types": digest(_canonical(sorted(types.items())))} if types else {}),
            }
        case SqlBody(normal=normal, macros=macros):
            used = {f"macro:{name}": digest(project.macros[name].normal) for name in macros}
            return {"sql": digest(normal), **used}
        case PythonBody() as body:
            found = {"function": digest(_canonical([body.function, body.source]))}
            found.update({f"module:{path}": sha256 for path, sha256 in body.modules})
            found.update({f"package:{name}": version for name, version in body.packages})
            return found


def _canonical(value: Any) -> str:
    """Write a value so that equal texts mean equal values of equal type."""
    return json.dumps(value, sort_keys=True, default=lambda v: [type(v).__name__, str(v)])
