"""The schedules of `config.yaml` as values, and what is wrong with them.

That the environment, the parameters and the assets that a schedule names exist is checked whenever
the project is read, so that nobody learns of it from cron.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from thresher.errors import CommandError, Fault, ProjectError
from thresher.project.config import CONFIG_FILE, Config, LogsConfig, ScheduleConfig
from thresher.project.documents import Document, nearest, parse_document, validate
from thresher.project.project import Project
from thresher.project.selection import select
from thresher.project.settings import Settings, given_value
from thresher.project.text_files import read_text
from thresher.project.variables import Filler, read_dotenv

KEY = "schedules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a project is run by itself, and what of it."""

    name: str
    cron: str
    """Five fields in capitals."""
    timezone: str
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    environment: str | None = None
    """None for the one of a run without `--env`."""
    params: Mapping[str, Any]
    full_refresh: bool = False
    publish_what_passed: bool = False
    strict: bool = False
    wait: timedelta
    """How long a run waits for its environment while another run holds it."""


def schedules_of(config: Config) -> dict[str, Schedule]:
    """Give the schedules of a configuration by name, in the order of the file."""
    return {name: _schedule(name, part, config.timezone) for name, part in config.schedules.items()}


def read_schedule(root: Path, name: str, *, variables: Mapping[str, str] = os.environ) -> Schedule:
    """Read one schedule, and nothing else of the project: cron may wake it up every minute.

    Raises:
        CommandError: there is no such schedule.
        ProjectError: every fault of the schedule.
    """
    document = parse_document(read_text(root / CONFIG_FILE, CONFIG_FILE), CONFIG_FILE)
    whole = document.value if isinstance(document.value, dict) else {}
    listed = whole.get(KEY)
    if not isinstance(listed, dict) or name not in listed:
        raise unknown(name, listed if isinstance(listed, dict) else {})
    dotenv = read_dotenv(root)
    filler = Filler(document, {**dotenv, **variables}, dotenv, "")
    part = filler.fill(listed[name], (KEY, name))
    zone = filler.fill(whole.get("timezone", "UTC"), ("timezone",))
    if filler.faults:
        raise ProjectError(filler.faults)
    if isinstance(part, dict):
        part = {"timezone": zone, **part}
    return _schedule(name, validate(ScheduleConfig, document, KEY, name, value=part), zone)


def read_rotation(root: Path) -> LogsConfig:
    """Read how logs are rotated, from a project that may be wrong otherwise."""
    try:
        document = parse_document(read_text(root / CONFIG_FILE, CONFIG_FILE), CONFIG_FILE)
        return validate(LogsConfig, document, value=document.value.get("logs"))
    except (ProjectError, AttributeError):
        return LogsConfig()


def unknown(name: str, known: Mapping[str, Any]) -> CommandError:
    """Make the error that a schedule is not there."""
    return CommandError(
        f"there is no schedule `{name}` in `{CONFIG_FILE}`",
        hint=nearest(name, known) or f"schedules: {', '.join(map(str, known)) or 'none'}",
    )


def setting_faults(settings: Settings) -> Iterator[Fault]:
    """Find schedules whose environment or parameters are not in the configuration."""
    config, document = settings.config, settings.document
    for name, part in config.schedules.items():
        environment = part.environment or settings.environment
        if environment not in config.environments:
            yield Fault(
                f"`{KEY}.{name}.environment` names no environment: `{environment}`",
                document.place(KEY, name, "environment"),
                nearest(environment, config.environments)
                or f"environments: {', '.join(config.environments)}",
            )
            continue
        params = {**config.params, **config.environments[environment].params}
        for key, value in part.params.items():
            place = document.place(KEY, name, "params", key)
            if key not in params:
                what = f"`{KEY}.{name}.params.{key}` names no parameter"
                known = f"parameters: {', '.join(sorted(params)) or 'none'}"
                yield Fault(what, place, nearest(key, params) or known)
                continue
            try:
                given_value(key, value, params[key])
            except CommandError as error:
                yield Fault(error.fault.what, place, error.fault.hint)


def selection_faults(project: Project) -> Iterator[Fault]:
    """Find schedules that select what is not there; the assets must be known to be right."""
    document = project.settings.document
    for name, part in project.settings.config.schedules.items():
        wrong = [
            *_unmatched(project, document, (KEY, name, "select"), part.select),
            *_unmatched(project, document, (KEY, name, "exclude"), part.exclude),
        ]
        yield from wrong
        if wrong:
            continue
        try:
            select(project, part.select, part.exclude)
        except CommandError as error:
            what = f"`{KEY}.{name}`: {error.fault.what}"
            yield Fault(what, document.place(KEY, name, "exclude"))


def _unmatched(
    project: Project, document: Document, way: tuple[str, str, str], texts: tuple[str, ...]
) -> Iterator[Fault]:
    for index, text in enumerate(texts):
        for word in text.split():
            try:
                select(project, [word])
            except CommandError as error:
                what = f"`{'.'.join(way)}`: {error.fault.what}"
                yield Fault(what, document.place(*way, index), error.fault.hint)


def _schedule(name: str, part: ScheduleConfig, timezone: str) -> Schedule:
    return Schedule(
        name=name,
        cron=part.cron,
        timezone=part.timezone or timezone,
        select=part.select,
        exclude=part.exclude,
        environment=part.environment,
        params=part.params,
        full_refresh=part.full_refresh,
        publish_what_passed=part.publish_what_passed,
        strict=part.strict,
        wait=part.wait,
    )
