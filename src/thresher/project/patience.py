"""How patient a run is with an asset: how often it is tried, after what waits, and for how long.

None of it decides a row of a table, so none of it is hashed: a change builds nothing anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

KEYS = ("retries", "backoff", "max_backoff", "timeout")
"""Keys of an asset's head, and arguments of `@asset`, that say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What an asset says for itself; None where the project's `run:` holds."""

    retries: int | None = None
    """Further attempts after an error that can pass."""
    backoff: timedelta | None = None
    """Wait before the second attempt; doubled for each one after it."""
    max_backoff: timedelta | None = None
    """What no wait exceeds."""
    timeout: timedelta | None = None
    """How long each attempt may take."""
