"""Uploads in parts that were broken off: what this machine knows, so that they can go on.

The SHA-256 of the whole file is recorded when an upload in parts begins, and S3 does not tell it
before the upload is complete. Whoever goes on with an upload must know that it was begun for this
very content, so a small file in the user's state folder says so for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from thresher.errors import ThresherError
from thresher.storage.local import write_whole

#: Days after which nobody goes on with an upload; services are often told to drop it after seven.
KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload in parts that was begun, and what for."""

    url: str
    endpoint: str
    upload: str
    """Its id at the service."""
    sha256: str
    """Of the whole file, in hexadecimal."""
    part_size: int


def state_folder() -> Path:
    """Give the folder where this user's unfinished uploads are written down."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "thresher" / "uploads"


def remember(begun: Unfinished) -> None:
    """Write down an upload; without a folder to write in, it cannot go on later."""
    folder = state_folder()
    with suppress(OSError, ThresherError):
        folder.mkdir(parents=True, exist_ok=True)
        _forget_old(folder)
        text = json.dumps(asdict(begun))
        # Without it an upload begins anew, and that is all: not worth waiting for the disk.
        write_whole(_path(begun.url, begun.endpoint), text.encode(), durable=False)


def recall(url: str, endpoint: str) -> Unfinished | None:
    """Find the upload that was begun for an object, if one was."""
    try:
        return Unfinished(**json.loads(_path(url, endpoint).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def forget(url: str, endpoint: str) -> None:
    """Take note that the upload has ended."""
    with suppress(OSError):
        _path(url, endpoint).unlink()


def _path(url: str, endpoint: str) -> Path:
    name = hashlib.sha256(f"{endpoint} {url}".encode()).hexdigest()[:32]
    return state_folder() / f"{name}.json"


def _forget_old(folder: Path) -> None:
    oldest = time.time() - KEPT_DAYS * 86400
    for path in folder.glob("*.json"):
        if path.stat().st_mtime < oldest:
            path.unlink()
