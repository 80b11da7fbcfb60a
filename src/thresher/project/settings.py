"""The configuration in force: `config.yaml` read for one environment, with its parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thresher.errors import CommandError, Fault, ProjectError
from thresher.project.config import CONFIG_FILE, Config, RunConfig
from thresher.project.connections import Connection
from thresher.project.documents import Document, nearest, parse_document, scalar, validate
from thresher.project.secrets import Masker, looks_secret, mask_keys, plain_values
from thresher.project.text_files import read_text
from thresher.project.variables import Filler, missing_from_example, read_dotenv
from thresher.storage.objects import S3Options

#: Parts of the file that are told as what is in force of them, or are no matter of a run.
_NOT_TOLD = {"checks", "connections", "environments", "params", "run", "s3", "schedules"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration in force: one environment, with its parameters, and what is secret."""

    config: Config
    environment: str
    params: Mapping[str, Any]
    """Value of each parameter, overrides applied."""
    run: RunConfig
    warehouse: str
    """Folder of the warehouse, relative to the project or absolute."""
    masker: Masker
    document: Document
    """Where each key stands."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The parameters that were given in place of those of the file."""

    @property
    def protected(self) -> bool:
        """Whether trial runs and partial publications are refused."""
        return self.config.environments[self.environment].protected

    @property
    def s3(self) -> S3Options:
        """How an S3 service is spoken to: the keys of the environment replace the project's."""
        return S3Options(**self._s3_keys())

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Every database by its name, those of the environment in place of the others."""
        return _connections(self.config, self.environment)

    def record(self) -> dict[str, Any]:
        """Give the configuration as plain values, secrets masked, for the log."""
        facts = {
            **self.config.model_dump(mode="json", exclude=_NOT_TOLD),
            "checks": {name: str(said) for name, said in self.config.checks if said is not None},
            "environment": self.environment,
            "protected": self.protected,
            "warehouse": self.warehouse,
            "params": {name: _plain(value) for name, value in self.params.items()},
            "run": self.run.model_dump(mode="json"),
            "s3": self._s3_keys(),
            "connections": {name: each.shown for name, each in self.connections.items()},
        }
        masked: dict[str, Any] = mask_keys(self.masker.settings(facts))
        return masked

    def record_given(self) -> dict[str, Any]:
        """Give the parameters that were given as plain values, secrets masked."""
        facts = {
            name: list(map(_plain, value)) if isinstance(value, tuple) else _plain(value)
            for name, value in self.given.items()
        }
        masked: dict[str, Any] = mask_keys(self.masker.settings(facts))
        return masked

    def _s3_keys(self) -> dict[str, Any]:
        """Give the keys of the section `s3:` that are set, those of the environment first."""
        chosen = self.config.environments[self.environment].s3
        own = chosen.model_dump(exclude_none=True) if chosen else {}
        return {**self.config.s3.model_dump(exclude_none=True), **own}


def read_settings(
    root: Path,
    *,
    environment: str | None = None,
    params: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] = os.environ,
) -> Settings:
    """Read `config.yaml` of a project for one environment.

    Args:
        root: folder of the project.
        environment: its name; `THRESHER_ENV` or the default of the file where None.
        params: values given on the command line, as texts, or from Python, as values.
        variables: the process's environment.

    Raises:
        ProjectError: every fault of the file.
        CommandError: the environment or a parameter is not in the file.
    """
    document = parse_document(read_text(root / CONFIG_FILE, CONFIG_FILE), CONFIG_FILE)
    dotenv = read_dotenv(root)
    wanted = environment or variables.get("THRESHER_ENV") or dotenv.get("THRESHER_ENV")
    known = {**dotenv, **variables}
    active = wanted or _default_environment(document)
    filled = Filler(document, known, dotenv, active)
    value = filled.fill(document.value, ())
    faults = [*filled.faults, *missing_from_example(root, filled.names)]
    masker = Masker.of(filled.secrets)
    try:
        config = validate(Config, document, value=value)
    except ProjectError as error:
        faults += error.faults
    if faults:
        wrong = ProjectError(faults)
        wrong.rewrite(masker.text)
        raise wrong
    if not wanted and active not in config.environments:
        key = "default_environment"
        place = document.place(key if key in value else "environments")
        what = f"there is no environment `{active}`, which is the default one"
        near = nearest(active, config.environments)
        raise ProjectError([Fault(what, place, near or f"say `{key}`: {_named(config)}")])
    settings = _settings(config, active, params or {}, masker, document)
    _check_s3(settings)
    return settings


def _check_s3(settings: Settings) -> None:
    """Tell of keys that do not go together once those of the environment have replaced others."""
    try:
        settings.s3  # noqa: B018
    except CommandError as error:
        own = settings.config.environments[settings.environment].s3 is not None
        way = ("environments", settings.environment, "s3") if own else ("s3",)
        fault = Fault(error.fault.what, settings.document.place(*way), error.fault.hint)
        raise ProjectError([fault]) from error


def _named(config: Config) -> str:
    return ", ".join(config.environments)


def _settings(
    config: Config, name: str, given: Mapping[str, Any], masker: Masker, document: Document
) -> Settings:
    if name not in config.environments:
        raise CommandError(
            f"there is no environment `{name}` in `{CONFIG_FILE}`",
            hint=nearest(name, config.environments) or f"environments: {_named(config)}",
        )
    chosen = config.environments[name]
    params = {**config.params, **chosen.params}
    for key, value in given.items():
        if key not in params:
            raise CommandError(
                f"there is no parameter `{key}` in `{CONFIG_FILE}`",
                hint=nearest(key, params) or f"parameters: {', '.join(sorted(params)) or 'none'}",
            )
        params[key] = given_value(key, value, params[key])
    named = [*params.items(), *(p for s in config.schedules.values() for p in s.params.items())]
    secrets = {str(v) for k, p in named if looks_secret(k) for v in plain_values(p)}
    for other in (None, *config.environments):
        for connection in _connections(config, other).values():
            secrets |= set(connection.secrets)
    run = config.run
    if chosen.run is not None:
        run = run.model_copy(
            update={k: getattr(chosen.run, k) for k in chosen.run.model_fields_set}
        )
    return Settings(
        config=config,
        environment=name,
        params=params,
        run=run,
        warehouse=chosen.warehouse or "warehouse",
        masker=Masker.of([*masker.secrets, *secrets]),
        document=document,
        given={key: params[key] for key in given},
    )


def _connections(config: Config, environment: str | None) -> dict[str, Connection]:
    found = dict(config.connections)
    if environment is not None:
        found |= config.environments[environment].connections
    return {name: each.connection(name) for name, each in found.items()}


def given_value(name: str, value: Any, default: Any) -> Any:
    """Read a value given as a text as the type that the file has for it.

    Raises:
        CommandError: it cannot be read so.
    """
    if not isinstance(value, str) or isinstance(default, str):
        return value
    read = scalar(value)
    if isinstance(default, float) and isinstance(read, int) and not isinstance(read, bool):
        return float(read)
    if isinstance(default, tuple):
        return tuple(scalar(part.strip()) for part in value.split(","))
    if type(read) is not type(default):
        raise CommandError(
            f"the parameter `{name}` is a {type(default).__name__} such as `{default}`, "
            f"not `{value}`"
        )
    return read


def _default_environment(document: Document) -> str:
    value = document.value if isinstance(document.value, dict) else {}
    return str(value.get("default_environment", "dev"))


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) else str(value)
