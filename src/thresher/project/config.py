"""`config.yaml`: what it may say, and how it is read for one environment.

Variables (`${NAME}`, `${NAME:-default}`) come from the process's environment, or from `.env` beside
the file; what came from `.env`, and whatever has a name that looks secret, is remembered as secret.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from thresher.errors import CommandError, Fault, Place, ProjectError
from thresher.project.documents import Document, nearest, parse_document, scalar, validate
from thresher.project.secrets import Masker, looks_secret, mask_keys, plain_values
from thresher.project.text_files import read_text
from thresher.project.units import Duration, Size

CONFIG_FILE = "config.yaml"
RESERVED_SCHEMAS = frozenset(
    {"quarantine", "thresher", "main", "temp", "system", "information_schema", "pg_catalog"}
)
_NAME = r"[a-z_][a-z0-9_]*"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

Name = Annotated[str, Field(pattern=f"^{_NAME}$")]
Value = bool | int | float | dt.datetime | dt.date | str
ParamValue = Value | tuple[Value, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunConfig(_Part):
    """How a run goes about its work."""

    workers: Annotated[int, Field(ge=1, le=256)] = 2
    """Assets that are built side by side."""
    memory: Size | None = None
    """Memory that the engine may use, in bytes; None leaves it to the engine."""
    retries: Annotated[int, Field(ge=0, le=100)] = 2
    """How often an asset is tried again after an error that can pass."""
    backoff: Duration = dt.timedelta(seconds=1)
    """Wait before the second attempt; doubled for each one after it."""


class LogsConfig(_Part):
    """How logs are rotated."""

    max_size: Size = 10_000_000
    backups: Annotated[int, Field(ge=0, le=1000)] = 5
    level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"


class CleanupConfig(_Part):
    """What `thresher gc` keeps."""

    keep: Annotated[int, Field(ge=1)] = 10
    """Publications of each environment, the current one among them."""
    grace: Duration = dt.timedelta(hours=1)
    """Age below which nothing is removed."""


class EnvironmentConfig(_Part):
    """What is different in one environment."""

    protected: bool = False
    """Whether trial runs and partial publications are refused."""
    warehouse: str | None = None
    """Folder of a warehouse of its own."""
    params: dict[Name, ParamValue] = {}
    run: RunConfig | None = None


class Config(_Part):
    """The whole of `config.yaml`."""

    pipeline: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    default_environment: Name = "dev"
    environments: Annotated[dict[Name, EnvironmentConfig], Field(min_length=1)] = {
        "dev": EnvironmentConfig()
    }
    params: dict[Name, ParamValue] = {}
    layers: Annotated[tuple[Name, ...], Field(min_length=1)] = ("raw", "clean", "warehouse")
    run: RunConfig = RunConfig()
    logs: LogsConfig = LogsConfig()
    gc: CleanupConfig = CleanupConfig()
    timezone: str = "UTC"
    rebuild_on_engine_change: bool = False

    @field_validator("environments", mode="before")
    @classmethod
    def _empty_environments(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: {} if part is None else part for name, part in value.items()}
        return value

    @field_validator("layers")
    @classmethod
    def _layers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names a layer twice")
        if reserved := RESERVED_SCHEMAS & set(value):
            raise ValueError(f"uses the reserved name `{min(reserved)}`")
        return value

    @model_validator(mode="after")
    def _told_apart(self) -> Config:
        """Refuse an environment named like a layer: DuckDB names a database after its file."""
        if both := set(self.environments) & set(self.layers):
            raise ValueError(f"has an environment and a layer of one name: `{min(both)}`")
        return self

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError(f"should be a time zone such as `Europe/Rome`, not `{value}`")
        return value


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

    @property
    def protected(self) -> bool:
        """Whether trial runs and partial publications are refused."""
        return self.config.environments[self.environment].protected

    def record(self) -> dict[str, Any]:
        """Give the configuration as plain values, secrets masked, for the log."""
        facts = {
            **self.config.model_dump(mode="json", exclude={"environments", "params", "run"}),
            "environment": self.environment,
            "protected": self.protected,
            "warehouse": self.warehouse,
            "params": {name: _plain(value) for name, value in self.params.items()},
            "run": self.run.model_dump(mode="json"),
        }
        masked: dict[str, Any] = mask_keys(self.masker.settings(facts))
        return masked


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
    dotenv = _read_dotenv(root)
    wanted = environment or variables.get("THRESHER_ENV") or dotenv.get("THRESHER_ENV")
    known = {**dotenv, **variables}
    active = wanted or _default_environment(document)
    filled = _Filled(document, known, dotenv, active)
    value = filled.fill(document.value, ())
    faults = [*filled.faults, *_missing_from_example(root, filled.names)]
    masker = Masker.of(filled.secrets)
    try:
        config = validate(Config, document, value=value)
    except ProjectError as error:
        faults += error.faults
    if faults:
        wrong = ProjectError(faults)
        wrong.rewrite(masker.text)
        raise wrong
    return _settings(config, active, params or {}, masker, document)


def _settings(
    config: Config, name: str, given: Mapping[str, Any], masker: Masker, document: Document
) -> Settings:
    if name not in config.environments:
        raise CommandError(
            f"there is no environment `{name}` in `{CONFIG_FILE}`",
            hint=nearest(name, config.environments)
            or f"environments: {', '.join(config.environments)}",
        )
    chosen = config.environments[name]
    params = {**config.params, **chosen.params}
    for key, value in given.items():
        if key not in params:
            raise CommandError(
                f"there is no parameter `{key}` in `{CONFIG_FILE}`",
                hint=nearest(key, params) or f"parameters: {', '.join(sorted(params)) or 'none'}",
            )
        params[key] = _given(key, value, params[key])
    secrets = {str(v) for k, p in params.items() if looks_secret(k) for v in plain_values(p)}
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
    )


def _given(name: str, value: Any, default: Any) -> Any:
    """Read a value given on the command line as the type that the file has for it."""
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


def _read_dotenv(root: Path) -> dict[str, str]:
    found = _variables(root, ".env")
    return {key: value for key, value in found.items() if value is not None}


def _variables(root: Path, name: str) -> dict[str, str | None]:
    if not (root / name).is_file():
        return {}
    return dotenv_values(stream=io.StringIO(read_text(root / name, name)), interpolate=False)


def _default_environment(document: Document) -> str:
    value = document.value if isinstance(document.value, dict) else {}
    return str(value.get("default_environment", "dev"))


def _missing_from_example(root: Path, names: Mapping[str, Place]) -> list[Fault]:
    """Find variables that `config.yaml` names and `.env.example` does not."""
    if not names:
        return []
    listed = _variables(root, ".env.example")
    return [
        Fault(
            f"`{name}` does not stand in `.env.example`",
            place,
            f"add a line `{name}=` to it, so that others know what to set",
        )
        for name, place in names.items()
        if name not in listed
    ]


class _Filled:
    """Fills variables into a document, and remembers what was missing and what is secret."""

    def __init__(
        self,
        document: Document,
        known: Mapping[str, str],
        dotenv: Mapping[str, str],
        environment: str,
    ) -> None:
        self._document = document
        self._known = known
        self._dotenv = dotenv
        self._environment = environment
        self.faults: list[Fault] = []
        self.secrets = {value for key, value in dotenv.items() if looks_secret(key)}
        self.names: dict[str, Place] = {}

    def fill(self, value: Any, way: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict):
            return {key: self.fill(part, (*way, str(key))) for key, part in value.items()}
        if isinstance(value, list):
            return [self.fill(part, (*way, index)) for index, part in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        text = _VARIABLE.sub(lambda match: self._variable(match, way), value)
        whole = _VARIABLE.fullmatch(value) is not None
        return scalar(text) if whole and way in self._document.plain else text

    def _variable(self, match: re.Match[str], way: tuple[str | int, ...]) -> str:
        name, default = match[1], match[2]
        place = self._document.place(*way)
        self.names.setdefault(name, place)
        value = self._known.get(name)
        if value is None and default is None:
            other = way[:1] == ("environments",) and way[1:2] != (self._environment,)
            if not other:
                self.faults.append(
                    Fault(
                        f"the variable `{name}` is not set",
                        place,
                        nearest(name, self._dotenv)
                        or f"set it in the environment or in `.env`: `{name}=...`",
                    )
                )
            return ""
        if value is not None and (looks_secret(name) or self._dotenv.get(name) == value):
            self.secrets.add(value)
        if any(looks_secret(str(part)) for part in way) and (value or default):
            self.secrets.add(value or default)
        return value if value is not None else default


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) else str(value)
