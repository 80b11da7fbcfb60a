"""What `config.yaml` may say: its keys, their types, and what holds where nothing is said."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    field_validator,
    model_validator,
)

from thresher.project.connections import ConnectionConfig
from thresher.project.cron import parse_cron, parse_timezone
from thresher.project.policies import Standing
from thresher.project.units import Duration, Limit, Retries, Size

CONFIG_FILE = "config.yaml"
RESERVED_SCHEMAS = frozenset(
    {"quarantine", "thresher", "main", "temp", "system", "information_schema", "pg_catalog"}
)
_NAME = r"[a-z_][a-z0-9_]*"

Name = Annotated[str, Field(pattern=f"^{_NAME}$")]
Value = bool | int | float | dt.datetime | dt.date | str
ParamValue = Value | tuple[Value, ...]
TimeZone = Annotated[str, AfterValidator(parse_timezone)]
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
]
"""A text, or a list of them."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunConfig(_Part):
    """How a run goes about its work."""

    workers: Annotated[int, Field(ge=1, le=256)] = 2
    """Assets that are built side by side."""
    memory: Size | None = None
    """Memory that the engine may use, in bytes; None leaves it to the engine."""
    isolate: StrictBool = False
    """Whether asset functions run in processes of their own, where they do not say."""
    retries: Retries = 2
    """How often an asset is tried again after an error that can pass."""
    backoff: Duration = dt.timedelta(seconds=1)
    """Wait before the second attempt; doubled for each one after it."""
    max_backoff: Duration = dt.timedelta(minutes=1)
    """What no wait exceeds."""
    timeout: Limit | None = None
    """How long the whole run may take."""
    asset_timeout: Limit | None = None
    """How long each attempt at an asset may take that says nothing itself."""
    check_disk: bool = True
    """Whether a run that would not fit on its disk is refused before it begins."""


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


class S3Config(_Part):
    """How an S3 service is spoken to; what is not said, the SDK's own configuration says."""

    bucket: Annotated[str, Field(min_length=1)] | None = None
    """Bucket of `clean --prefix tmp/`."""
    endpoint: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address of a service other than AWS."""
    region: Annotated[str, Field(min_length=1)] | None = None
    profile: Annotated[str, Field(min_length=1)] | None = None
    """Profile of the SDK's configuration files."""
    encryption: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = None
    kms_key: Annotated[str, Field(min_length=1)] | None = None
    storage_class: Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$")] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        """Take a variable that is empty, such as that of another environment, for not said."""
        return None if value == "" else value


class EnvironmentConfig(_Part):
    """What is different in one environment."""

    protected: bool = False
    """Whether trial runs and partial publications are refused."""
    warehouse: str | None = None
    """Folder of a warehouse of its own."""
    params: dict[Name, ParamValue] = {}
    run: RunConfig | None = None
    s3: S3Config | None = None
    connections: dict[Name, ConnectionConfig] = {}
    """Databases that replace those of the same name."""


class ScheduleConfig(_Part):
    """When the project is run by itself, and what of it."""

    cron: Annotated[str, AfterValidator(parse_cron)]
    timezone: TimeZone | None = None
    """The project's where None."""
    select: Words = ()
    exclude: Words = ()
    environment: Name | None = None
    params: dict[Name, ParamValue] = {}
    full_refresh: bool = False
    publish_what_passed: bool = False
    strict: bool = False
    wait: Duration = dt.timedelta(hours=1)
    """How long it waits for its environment while another run holds it."""


class Config(_Part):
    """The whole of `config.yaml`."""

    pipeline: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    default_environment: Name = "dev"
    environments: Annotated[dict[Name, EnvironmentConfig], Field(min_length=1)] = {
        "dev": EnvironmentConfig()
    }
    params: dict[Name, ParamValue] = {}
    connections: dict[Name, ConnectionConfig] = {}
    """Databases that raw assets can be read from."""
    layers: Annotated[tuple[Name, ...], Field(min_length=1)] = ("raw", "clean", "warehouse")
    run: RunConfig = RunConfig()
    logs: LogsConfig = LogsConfig()
    gc: CleanupConfig = CleanupConfig()
    checks: Standing = Standing()
    """How violations are weighed where a contract says nothing."""
    s3: S3Config = S3Config()
    timezone: TimeZone = "UTC"
    schedules: dict[Name, ScheduleConfig] = {}
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
