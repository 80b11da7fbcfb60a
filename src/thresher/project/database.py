"""What `source:` of a raw asset may say of a database: what to ask it, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from thresher.project.units import parse_duration

_WEEK_BEGINS = datetime(2000, 1, 3)  # noqa: DTZ001  # a Monday, on the clock of wherever one is
_FORMS = "should be `always`, `manual`, a duration such as `1d`, or `{cursor: COLUMN}`"


@dataclass(frozen=True, slots=True)
class Refresh:
    """When a database is looked at again."""

    kind: Literal["content", "always", "manual", "every", "cursor"]
    every: timedelta | None = None
    cursor: str | None = None
    """Column whose largest value tells, together with the number of rows, whether rows changed."""

    @property
    def looks(self) -> bool:
        """Whether what the database holds decides, and not the time."""
        return self.kind in ("content", "cursor")

    def grain(self, now: datetime) -> str:
        """Give the stretch of time that a moment lies in: it is looked at once in each.

        Args:
            now: the moment, in the time zone in which days begin.
        """
        if self.every is None:
            return now.isoformat() if self.kind == "always" else ""
        local = now.replace(tzinfo=None)
        return (local - (local - _WEEK_BEGINS) % self.every).isoformat()


def parse_refresh(value: Any) -> Refresh | None:
    """Read `always`, `manual`, `1d` or `{cursor: updated_at}`.

    Raises:
        ValueError: it is none of these.
    """
    if value is None or isinstance(value, Refresh):
        return value
    if value in ("always", "manual"):
        return Refresh(value)
    if isinstance(value, dict) and set(value) == {"cursor"} and isinstance(value["cursor"], str):
        return Refresh("cursor", cursor=value["cursor"])
    try:
        every = parse_duration(value)
    except ValueError:
        every = timedelta()
    if not every:
        raise ValueError(_FORMS)
    return Refresh("every", every=every)


class DatabaseSettings(BaseModel):
    """A table of a database, or what a query gives."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    database: Annotated[str, Field(min_length=1)]
    """Name of a connection in `config.yaml`."""
    table: Annotated[str, Field(min_length=1)] | None = None
    """Name of a table, its schema before it where it needs one."""
    query: Annotated[str, Field(min_length=1)] | None = None
    """A query in the database's own dialect; `$name` stands for a parameter."""
    refresh: Annotated[Refresh | None, BeforeValidator(parse_refresh)] = None
    """When to look again; None for a file's content, and always for what is none."""

    @model_validator(mode="after")
    def _one_of_two(self) -> DatabaseSettings:
        if (self.table is None) == (self.query is None):
            raise ValueError("should have either a `table` or a `query`")
        return self
