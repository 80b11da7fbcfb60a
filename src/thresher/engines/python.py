"""Running the author's own code: what it is given, and what its errors come to."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from thresher.errors import (
    NOWHERE,
    UNSHOWN,
    AssetError,
    DiskFullError,
    Place,
    ThresherError,
    TransientError,
    is_transient,
)
from thresher.project.asset import Asset
from thresher.protocols import Job, Logger

_SHOWN = 500
"""Characters of a message that are shown."""
_EXTRAS = ("pandas", "polars")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an asset function is told of the run: the parameter annotated `thresher.Context`."""

    params: Mapping[str, Any]
    """Value of each parameter that the function uses."""
    run: str
    """Id of the run."""
    run_time: datetime
    """Time of the run; ask this and not the clock, so that the result can be repeated."""
    logger: Logger
    """Logger of the asset; what it takes stands in the log of the run, secrets masked."""

    @classmethod
    def of(cls, job: Job) -> Context:
        """Give the context of a job."""
        return cls(
            params=MappingProxyType(dict(job.params)),
            run=job.run,
            run_time=job.run_time,
            logger=job.logger,
        )


@contextmanager
def running(asset: Asset, root: Path) -> Iterator[None]:
    """Turn what the author's code raises into an error that names the author's own line.

    Raises:
        TransientError: it raised something that may pass.
        DiskFullError: no space is left.
        AssetError: it raised anything else, or called `sys.exit`.
    """
    place = Place(asset.path, asset=asset.name)
    try:
        yield
    except ThresherError as error:
        if error.fault.place == NOWHERE:
            error.fault = replace(error.fault, place=_at(place, error, root))
        if isinstance(error, TransientError) and error.discreet is None:
            error.discreet = f"{type(error).__name__}: {UNSHOWN}"  # the author's words
        raise
    except SystemExit as error:
        at = _at(place, error, root)
        what = f"it called `sys.exit({error.code!r})`"
        discreet = f"it called `sys.exit`: {UNSHOWN}"
        hint = "raise an error, or return"
        raise AssetError(what, place=at, hint=hint, discreet=discreet) from error
    except Exception as error:  # whatever the author's code raises is the author's error
        raise _told(error, _at(place, error, root)) from error


def _told(error: Exception, place: Place) -> ThresherError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError("no space left on the disk", place=place)
    message = str(error).strip()
    if len(message) > _SHOWN:
        message = f"{message[:_SHOWN]}..."
    what = f"{type(error).__name__}: {message}" if message else type(error).__name__
    type_ = TransientError if is_transient(error) else AssetError
    discreet = f"{type(error).__name__}: {UNSHOWN}"
    return type_(what, place=place, hint=_hint(error), discreet=discreet)


def _hint(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRAS:
        return f"pip install 'thresher[{error.name}]'"
    return "`thresher run --debug` shows the whole traceback"


def _at(place: Place, error: BaseException, root: Path) -> Place:
    """Give the deepest line of the project that an error came through."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        own = own_path(error.filename, root)
        return replace(place, path=own, line=error.lineno) if own else place
    for path, line in _lines(error.__traceback__):
        if own := own_path(path, root):
            place = replace(place, path=own, line=line)
    return place


def _lines(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    """Give file and line of each frame, the deepest last."""
    for frame, line in traceback.walk_tb(trace):
        yield frame.f_code.co_filename, line


def own_path(path: str, root: Path) -> str | None:
    """Give a path relative to the project; None for what is installed inside it or elsewhere."""
    try:
        relative = Path(path).relative_to(root)
    except ValueError:
        return None
    return None if "site-packages" in relative.parts else relative.as_posix()
