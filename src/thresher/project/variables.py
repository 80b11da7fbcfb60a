"""Variables of `config.yaml`: `${NAME}` and `${NAME:-default}`.

They come from the process's environment, or from `.env` beside the file; what came from `.env`, and
whatever has a name that looks secret, is remembered as secret.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from thresher.errors import Fault, Place
from thresher.project.documents import Document, nearest, scalar
from thresher.project.secrets import looks_secret
from thresher.project.text_files import read_text

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def read_dotenv(root: Path) -> dict[str, str]:
    """Give what `.env` sets."""
    found = _variables(root, ".env")
    return {key: value for key, value in found.items() if value is not None}


def _variables(root: Path, name: str) -> dict[str, str | None]:
    if not (root / name).is_file():
        return {}
    return dotenv_values(stream=io.StringIO(read_text(root / name, name)), interpolate=False)


def missing_from_example(root: Path, names: Mapping[str, Place]) -> list[Fault]:
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


class Filler:
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
        """Give a part of the document, found at `way`, with its variables filled in."""
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
