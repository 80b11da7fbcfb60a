"""What was already parsed and hashed, kept between commands; deleting it changes no result."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

from thresher.storage.local import write_whole

_FORMAT = 1
T = TypeVar("T")


class ParseCache:
    """Results of parsing by the text parsed, and hashes of input files by their state.

    Args:
        path: JSON file that holds it between commands; None keeps it in memory.
        version: what the results hang on besides the text, such as the parser's version.
    """

    def __init__(self, path: Path | None = None, *, version: str = "") -> None:
        self._path = path
        self._version = f"{_FORMAT}/{version}"
        self._parsed: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        self.hashes: MutableMapping[str, Any] = {}
        """State and SHA-256 of input files, by path; see `sources/`."""
        self._load()
        self._hashes_before = dict(self.hashes)

    def remember(
        self,
        kind: str,
        text: str,
        parse: Callable[[str], T],
        *,
        dump: Callable[[T], Any],
        load: Callable[[Any], T],
    ) -> T:
        """Give what parsing a text gives, from the cache where it is there.

        Args:
            kind: what the text is parsed as.
            text: the text.
            parse: parses it; what it raises is not kept.
            dump: makes plain JSON values of the result.
            load: the way back.
        """
        key = f"{kind}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
        if key in self._parsed:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                result = load(self._parsed[key])
                self._used[key] = self._parsed[key]
                return result
        result = parse(text)
        self._used[key] = dump(result)
        return result

    def save(self) -> None:
        """Write what was used, if it is not what the file holds; failing to is no error."""
        if self._path is None:
            return
        if self._used == self._parsed and self.hashes == self._hashes_before:
            return
        content = {"version": self._version, "parsed": self._used, "hashes": dict(self.hashes)}
        with contextlib.suppress(Exception):  # a cache that cannot be written costs only time
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(content).encode())

    def _load(self) -> None:
        if self._path is None:
            return
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            content = json.loads(self._path.read_bytes())
            if content["version"] == self._version:
                self._parsed = dict(content["parsed"])
                self.hashes = {k: tuple(v) for k, v in content["hashes"].items()}
