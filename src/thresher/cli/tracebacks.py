"""What `--debug` adds: the tracebacks of errors that a run goes on after."""

from __future__ import annotations

import logging
from collections.abc import Callable


class _Masking(logging.Formatter):
    """Keeps secrets out of tracebacks as well."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__("%(message)s")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """Write a record with its traceback."""
        return self._mask(super().format(record))


def show(mask: Callable[[str], str]) -> None:
    """Print from now on, to standard error, the traceback of each asset that fails.

    Args:
        mask: takes secrets out of a text.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Masking(mask))
    logger = logging.getLogger("thresher.run")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
