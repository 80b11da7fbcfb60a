"""The other process: it builds one asset as any engine does, and tells what came of it.

It must end when its parent does, whatever the author's code is doing, and must let nothing that is
printed reach the command's own output: both of its streams are read by the parent.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import closing
from dataclasses import replace
from io import TextIOWrapper
from typing import Any, BinaryIO

from thresher.engines.duckdb import DuckDBEngine
from thresher.engines.isolated_messages import Order, error_message, line, written_message
from thresher.protocols import Logger, Written

_PR_SET_PDEATHSIG = 1
_LENGTH = 8
"""Bytes of the number of bytes that an order has."""

Send = Callable[[Mapping[str, Any]], None]


def main(channel: int) -> None:
    """Build what standard input orders.

    Args:
        channel: descriptor that messages are written to.
    """
    os.set_inheritable(channel, False)  # noqa: FBT003  # Python's own way
    lifeline = _taken_input()
    order = _order(lifeline)
    _end_with(order.parent, lifeline)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    # It stays open: a crash writes to its descriptor.
    crash = order.crash.open("wb")
    faulthandler.enable(crash)
    send = _sender(channel)
    # Whatever it is, the parent raises it.
    sys.excepthook = lambda _, error, __: send(error_message(error))
    send({"ready": True})
    send(written_message(_build(order, send)))


def _build(order: Order, send: Send) -> Written:
    job = replace(order.job, logger=_logger(order, send))
    with closing(DuckDBEngine(**order.engine)) as engine:
        return engine.build(job)


def _taken_input() -> BinaryIO:
    """Take standard input away from the author's code, which finds it empty."""
    taken = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(taken, "rb")


def _order(lifeline: BinaryIO) -> Order:
    length = int.from_bytes(lifeline.read(_LENGTH), "big")
    data = lifeline.read(length)
    if not length or len(data) < length:
        os._exit(1)  # the parent is gone
    order: Order = pickle.loads(data)  # noqa: S301  # the parent's own values
    return order


def _end_with(parent: int, lifeline: BinaryIO) -> None:
    """End when the parent does: by the kernel where it can, and by the end of the input."""
    if sys.platform == "linux":
        # A thread has to wait for code that holds the interpreter's lock; the kernel does not.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    def watch() -> None:
        lifeline.read(1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="thresher-lifeline", daemon=True).start()


def _sender(channel: int) -> Send:
    lock = threading.Lock()

    def send(message: Mapping[str, Any]) -> None:
        rest = memoryview(line(message))
        with lock:
            while rest:
                rest = rest[os.write(channel, rest) :]

    return send


def _logger(order: Order, send: Send) -> Logger:
    logger = logging.Logger(order.job.asset.name, order.level)
    logger.addHandler(_Sending(send))
    return _Extra(logger, {})


class _Extra(logging.LoggerAdapter[logging.Logger]):
    """Keeps what the caller gives as `extra` together, so that any name can stand in it."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {"given": dict(kwargs.get("extra") or {})}
        return msg, kwargs


class _Sending(logging.Handler):
    """Sends records to the parent, whose logger takes the secrets out of them."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._traces = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        try:
            extra = {str(key): _plain(part) for key, part in vars(record)["given"].items()}
            if record.exc_info:
                extra["traceback"] = self._traces.formatException(record.exc_info)
            told = {"level": record.levelno, "message": record.getMessage(), "extra": extra}
        except (KeyError, TypeError, ValueError):  # its words and its values do not go together
            self.handleError(record)
        else:
            self._send({"log": told})


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, type(None))) else str(value)
