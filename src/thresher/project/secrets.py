"""Secrets: which values are secret, and how they are kept out of everything that is written."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

MASK = "***"
#: Values shorter than this are masked where they stand alone, not inside longer texts.
SHORTEST_INSIDE = 4

_SECRET_KEY = re.compile(
    r"(password|passwd|passphrase|pwd|secret|token|credential|api_?key|access_?key|private_?key|auth|dsn)",
    re.IGNORECASE,
)
T = TypeVar("T")


def looks_secret(key: str) -> bool:
    """Say whether the name of a key or variable tells that its value is secret."""
    return _SECRET_KEY.search(key) is not None


@dataclass(frozen=True)
class Masker:
    """Replaces secret values by `***` in texts and in values made of texts."""

    secrets: frozenset[str] = frozenset()

    @classmethod
    def of(cls, values: Iterable[object]) -> Masker:
        """Make a masker of the values that are secret; empty ones are none."""
        return cls(frozenset(str(value) for value in values if str(value)))

    def text(self, text: str) -> str:
        """Give the text with every secret in it replaced."""
        if text in self.secrets:
            return MASK
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= SHORTEST_INSIDE:
                text = text.replace(secret, MASK)
        return text

    def value(self, value: T) -> T:
        """Give a value with every secret in it replaced, however deep, its type kept."""
        if not self.secrets:
            return value
        masked: Any = value
        if isinstance(value, str):
            masked = self.text(value) if type(value) is str else value
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value) if field.init]
            parts = {name: self.value(getattr(value, name)) for name in names}
            masked = dataclasses.replace(value, **parts)
        elif isinstance(value, Mapping):
            masked = {self.value(key): self.value(part) for key, part in value.items()}
        elif isinstance(value, (list, tuple)):
            masked = type(value)([self.value(part) for part in value])
        elif str(value) in self.secrets and not isinstance(value, bool):
            masked = MASK
        result: T = masked
        return result


def mask_keys(value: Any) -> Any:
    """Give a configuration with the values of keys that look secret replaced."""
    if isinstance(value, Mapping):
        return {
            key: MASK if looks_secret(str(key)) and part is not None else mask_keys(part)
            for key, part in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_keys(part) for part in value]
    return value
