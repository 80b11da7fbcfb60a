"""The log: JSON lines in rotated files, one for the pipeline and one for errors alone.

`logs/<pipeline>.log` gets every event and whatever the project's own code logs; `logs/error.log`
gets what is at least an ERROR. Each record has the same keys first (`KEYS`, null where they do not
apply), then the facts of its event. Neither Python's root logger nor any named logger is touched,
and no file is made before there is something to write.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from os.path import samestat
from pathlib import Path
from typing import Any, Self, TextIO

from thresher.events import AssetFinished, AttemptFailed, Event, QueryFinished, RunFinished
from thresher.observe.plain import plain
from thresher.observe.telling import tell

#: Keys that every record has, in this order.
KEYS = (
    *("ts", "level", "pipeline", "run", "event", "asset", "attempt"),
    *("started", "ended", "duration_s", "message"),
)
#: Fields of events that are told under one of these keys.
_TOLD = {"run", "pipeline", "at", "asset", "attempt", "attempts", "started", "seconds"}

Warn = Callable[[str], None]
"""Is told what went wrong with the log itself."""


def open_logs(
    folder: Path,
    *,
    pipeline: str,
    max_bytes: int = 10_000_000,
    backups: int = 5,
    level: int | str = logging.INFO,
    mask: Callable[[str], str] = str,
    warn: Warn | None = None,
) -> Logs:
    """Open the log of a pipeline; its files are made when the first record is written.

    Args:
        folder: where the log files are kept.
        pipeline: name that every record carries, and that the file is named after.
        max_bytes: size at which a file is rotated; 0 for never.
        backups: how many rotated files are kept.
        level: least level that is written, by name or number.
        mask: takes the secrets out of what the project's own code logs.
        warn: told once when the log cannot be written; to standard error unless given.
    """
    return Logs(
        _paths(folder, pipeline),
        pipeline=pipeline,
        rotation=(max_bytes, backups),
        level=level,
        mask=mask,
        warn=warn or _to_stderr,
    )


class Logs:
    """A listener that writes the log; `close` it (or use it as a context manager) at the end."""

    def __init__(
        self,
        paths: tuple[Path, ...],
        *,
        pipeline: str,
        rotation: tuple[int, int],
        level: int | str,
        mask: Callable[[str], str],
        warn: Warn,
    ) -> None:
        self._warn: Warn | None = warn
        # Not by `getLogger`: it belongs to this run alone and leaves nothing behind.
        self._logger = logging.Logger("thresher", level)
        for path, least in zip(paths, (logging.NOTSET, logging.ERROR), strict=False):
            handler = _Rotating(path, *rotation, on_error=self._report)
            handler.setLevel(least)
            handler.setFormatter(_Json(pipeline, mask))
            self._logger.addHandler(handler)

    def __call__(self, event: Event) -> None:
        """Write a record of an event."""
        told = tell(event)
        if self._logger.isEnabledFor(told.level):
            self._logger.log(told.level, "%s", told.sentence, extra={"facts": _facts(event)})

    def logger(
        self, run: str, asset: str, *, attempt: int | None = None
    ) -> logging.LoggerAdapter[logging.Logger]:
        """Make a logger for a project's own code, whose records carry the run and the asset."""
        facts = {"run": run, "event": "Message", "asset": asset, "attempt": attempt}
        return _Tagged(self._logger, {"facts": facts})

    def close(self) -> None:
        """Close the files; what is logged afterwards is dropped."""
        for handler in list(self._logger.handlers):
            self._logger.removeHandler(handler)
            try:
                handler.close()
            except OSError as error:  # what was held back could not be written either
                self._report(str(error))
        self._logger.addHandler(logging.NullHandler())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _report(self, problem: str) -> None:
        if self._warn:
            warn, self._warn = self._warn, None
            warn(f"warning: the log cannot be written: {problem}")


class _Tagged(logging.LoggerAdapter[logging.Logger]):
    """Adds the tags of an asset, and leaves what the caller gives as `extra` beside them."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        tags = dict(self.extra or {})
        kwargs["extra"] = {**tags, "extra": dict(kwargs.get("extra") or {})}
        return msg, kwargs


class _Rotating(RotatingFileHandler):
    """Rotates by size, makes its folder when it first writes, and follows others' rotations."""

    def __init__(
        self, path: Path, max_bytes: int, backups: int, *, on_error: Callable[[str], None]
    ) -> None:
        self._on_error = on_error
        super().__init__(
            path, maxBytes=max_bytes, backupCount=backups, encoding="utf-8", delay=True
        )

    def _open(self) -> Any:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the file that has the name now, whoever rotated it."""
        try:
            self._follow()
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  logging's
        """Say why it could not be written; a full disk under the log must not stop a run."""
        self._on_error(f"{sys.exc_info()[1]}")

    def _follow(self) -> None:
        stream: TextIO | None = self.stream
        if stream is None:
            return
        path = Path(self.baseFilename)
        if not path.exists() or not samestat(path.stat(), os.fstat(stream.fileno())):
            stream.close()
            self.stream = self._open()


class _Json(logging.Formatter):
    """Writes a record as one line of JSON."""

    def __init__(self, pipeline: str, mask: Callable[[str], str]) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """Write the common keys first, then the facts."""
        facts = dict(getattr(record, "facts", {}))
        own = facts.get("event") == "Message"
        message = record.getMessage()
        made: dict[str, Any] = dict.fromkeys(KEYS)
        made |= {
            "ts": _stamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "pipeline": self._pipeline,
        }
        made |= facts
        made["message"] = self._mask(message) if own else message
        if own:
            extra = getattr(record, "extra", {})
            made |= {key: self._masked(value) for key, value in extra.items() if key not in made}
            made |= {"traceback": self._trace(record)} if record.exc_info else {}
        return json.dumps(plain(made), ensure_ascii=False)

    def _masked(self, value: Any) -> Any:
        return value if isinstance(value, (int, float, type(None))) else self._mask(str(value))

    def _trace(self, record: logging.LogRecord) -> str:
        info = record.exc_info
        return self._mask(self.formatException(info)) if info else ""


def _facts(event: Event) -> dict[str, Any]:
    """Give an event as the keys of a record."""
    ended = isinstance(event, (AssetFinished, AttemptFailed, RunFinished, QueryFinished))
    seconds: float | None = getattr(event, "seconds", None)
    started = getattr(event, "started", None)
    if started is None:
        started = event.at - timedelta(seconds=seconds) if seconds is not None else event.at
    spans = ended or type(event).__name__ in ("RunStarted", "AssetStarted")
    made = {
        "ts": _stamp(event.at),
        "run": getattr(event, "run", None),
        "event": type(event).__name__,
        "asset": getattr(event, "asset", None),
        "attempt": getattr(event, "attempt", getattr(event, "attempts", None)),
        "started": _stamp(started) if spans else None,
        "ended": _stamp(event.at) if ended else None,
        "duration_s": round(seconds, 6) if seconds is not None else None,
    }
    facts = {f.name: getattr(event, f.name) for f in fields(event) if f.name not in _TOLD}
    if "steps" in facts:
        facts["steps"] = dict(facts["steps"])
    return made | facts


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log_path(folder: Path, pipeline: str) -> Path:
    """Name the file that takes the log of a pipeline."""
    name = re.sub(r"[^\w.-]+", "_", pipeline).strip(".") or "pipeline"
    return folder / f"{name}.log"


def _paths(folder: Path, pipeline: str) -> tuple[Path, ...]:
    both = (log_path(folder, pipeline), folder / "error.log")
    return both[:1] if both[0] == both[1] else both


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")
