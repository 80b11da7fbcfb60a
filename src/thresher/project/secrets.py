"""Secrets: which values are secret, and how they are kept out of everything that is written."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

MASK = "***"
#: Values shorter than this are masked among the settings alone, not in texts.
SHORTEST_INSIDE = 4

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SECRET_WORDS = frozenset(
    {
        *("password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "dsn"),
        *("token", "tokens", "credential", "credentials", "auth"),
        *("apikey", "accesskey", "privatekey"),
    }
)
_SECRET_KEYS = frozenset({("api", "key"), ("access", "key"), ("private", "key")})
T = TypeVar("T")


def looks_secret(key: str) -> bool:
    """Say whether the name of a key or variable tells that its value is secret."""
    words = [word.lower() for word in _WORDS.findall(key)]
    pairs = set(itertools.pairwise(words))
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_KEYS.isdisjoint(pairs)


def plain_values(value: object) -> Iterator[object]:
    """Give a value, or every value of a list however deep."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from plain_values(part)
    else:
        yield value


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
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= SHORTEST_INSIDE:
                text = text.replace(secret, MASK)
        return text

    def settings(self, value: Any) -> Any:
        """Give settings with every secret replaced, numbers and short texts among them."""
        if isinstance(value, Mapping):
            return {key: self.settings(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.settings(part) for part in value]
        if str(value) in self.secrets and not isinstance(value, bool):
            return MASK
        return self.text(value) if isinstance(value, str) else value

    def value(self, value: T) -> T:
        """Give a value with every secret in its texts replaced, however deep, its type kept."""
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
