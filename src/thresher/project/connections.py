"""`connections:` of `config.yaml`: which databases there are, and how each is reached.

A connection is known by where it leads and as whom, never by its password: a new password reads
nothing anew, and nothing that is written down anywhere holds one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import BaseModel, ConfigDict, model_validator

from thresher.project.secrets import MASK, looks_secret

Kind = Literal["sqlite", "postgresql", "dbapi"]
_URL = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<rest>[^@?]*)(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_MAKER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_UNSAFE = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=%-]|%(?![0-9A-Fa-f]{2})")
_FORMS = (
    "should be `sqlite:PATH`, `postgresql://USER:PASSWORD@HOST/DATABASE`, "
    "or `{dbapi: module:function, arguments: {...}}`"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A database, and how it is reached."""

    name: str
    kind: Kind
    target: str
    """Path of the SQLite file, URL, or `module:function` that makes a DB-API connection."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What the function is called with."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be printed, the longest first."""
        found: set[str] = set()
        if self.kind == "postgresql":
            parts = _parts(self.target)
            for secret in (parts["password"], dict(parse_qsl(parts["query"])).get("password")):
                found |= {secret, unquote(secret)} if secret else set()
        found |= {str(v) for k, v in self.arguments.items() if looks_secret(k) and v is not None}
        return tuple(sorted(found - {""}, key=len, reverse=True))

    @property
    def shown(self) -> str:
        """The connection as people may see it."""
        if self.kind == "sqlite":
            return f"sqlite:{self.target}"
        if self.kind == "dbapi":
            return f"{self.target}({', '.join(sorted(self.arguments))})"
        parts = _parts(self.target)
        user = parts["user"] + (f":{MASK}" if parts["password"] else "")
        return f"postgresql://{user}{'@' if user else ''}{parts['rest']}"

    @property
    def identity(self) -> str:
        """Where it leads, and as whom."""
        if self.kind == "postgresql":
            parts = _parts(self.target)
            query = [(k, v) for k, v in parse_qsl(parts["query"]) if not looks_secret(k)]
            return f"postgresql://{parts['user']}@{parts['rest']}?{urlencode(sorted(query))}"
        said = {k: v for k, v in self.arguments.items() if k == "dsn" or not looks_secret(k)}
        return f"{self.kind}:{self.target} {json.dumps(said, sort_keys=True, default=str)}"


class ConnectionConfig(BaseModel):
    """One entry of `connections`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sqlite: str | None = None
    """Path of a SQLite file, relative to the project."""
    postgresql: str | None = None
    """URL of a PostgreSQL database."""
    dbapi: str | None = None
    """`module:function` that gives a DB-API connection."""
    arguments: dict[str, Any] = {}
    """What the function is called with."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("sqlite:"):
            path = value.removeprefix("sqlite:")
            # As others write it: `sqlite:///data.sqlite`, or four slashes for an absolute path.
            return {"sqlite": path.removeprefix("///") if path.startswith("///") else path}
        if value.startswith(("postgresql:", "postgres:")):
            return {"postgresql": value}
        raise ValueError(_FORMS)

    @model_validator(mode="after")
    def _one_form(self) -> ConnectionConfig:
        given = [value for value in (self.sqlite, self.postgresql, self.dbapi) if value]
        if len(given) != 1:
            raise ValueError(_FORMS)
        if self.arguments and not self.dbapi:
            raise ValueError("has `arguments`, which only a `dbapi` connection takes")
        if self.dbapi and not _MAKER.fullmatch(self.dbapi):
            raise ValueError("should have `dbapi: module:function`, such as `pg8000.dbapi:connect`")
        if self.postgresql and not _URL.fullmatch(self.postgresql):
            raise ValueError("should be a URL such as `postgresql://USER:PASSWORD@HOST/DATABASE`")
        return self

    def connection(self, name: str) -> Connection:
        """Give the connection that this is, under its name."""
        if self.sqlite:
            return Connection(name, "sqlite", self.sqlite)
        if self.postgresql:
            return Connection(name, "postgresql", _encoded(self.postgresql))
        return Connection(name, "dbapi", self.dbapi or "", self.arguments)


def _parts(url: str) -> dict[str, str]:
    match = _URL.fullmatch(url)
    found = match.groupdict() if match else {"rest": url}
    return {key: found.get(key) or "" for key in ("user", "password", "rest", "query")}


def _encoded(url: str) -> str:
    """Encode a password that came from a variable as it is, with characters no URL may hold."""
    match = _URL.fullmatch(url)
    if match is None or not match["password"] or not _UNSAFE.search(match["password"]):
        return url
    start, end = match.span("password")
    return url[:start] + quote(match["password"], safe="") + url[end:]
