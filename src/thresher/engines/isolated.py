"""An asset function in a process of its own: begun, listened to, held to its memory, and ended.

Whatever the author's code does to its process, here it comes to an error like any other. The
process is begun anew and not forked, since DuckDB's threads would not be in the copy. It leads a
group of its own, so that what it starts ends with it, and no Ctrl-C reaches it but through us.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from thresher.engines.duckdb_calls import interrupted
from thresher.engines.isolated_messages import Order, read_error, read_written
from thresher.engines.isolated_words import crash_place, died, fell_silent, grew
from thresher.errors import AssetError, Place
from thresher.project.contract import Contract
from thresher.protocols import Job, Written

_LOOK = 0.02
"""Seconds between two looks at a process: its memory, and whether it lives."""
_GRACE = 2.0
"""Seconds that a process has to end in once it has answered."""
_DUMP = 0.5
"""Seconds that a process has to write down where it is."""
_CHUNK = 1 << 20
_LONGEST = 10_000
"""Bytes of a printed line that go into one record."""
_LAST = 3
"""Lines of standard error that an error shows."""
_BEGIN = (
    "import sys; sys.path[:] = {path!r}; "
    "from thresher.engines.isolated_child import main; main({channel})"
)


class Isolated:
    """One asset that is built in a process of its own; a [`Call`][] that can be stopped.

    Args:
        job: what to build.
        engine: arguments of the engine that the process makes; its `temp` is a folder in this one.
        limit: bytes of memory that the process may use; None for any number.
    """

    def __init__(self, job: Job, engine: Mapping[str, Any], limit: int | None) -> None:
        self.place = Place(job.asset.path, asset=job.asset.name)
        self.thread = threading.get_ident()
        self._job = job
        self._engine = engine
        self._limit = limit
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = self._began = self._grew = self._silent = False
        self._answer: Mapping[str, Any] = {}
        self._last: deque[str] = deque(maxlen=_LAST)

    def build(self) -> Written:
        """Build the asset.

        Raises:
            AssetError: its function failed, or its process ended or was ended.
            ThresherError: whatever else building it in this process would raise.
        """
        with tempfile.TemporaryDirectory(
            prefix="isolated-", dir=self._engine["temp"], ignore_cleanup_errors=True
        ) as folder:
            crash = Path(folder) / "crash.txt"
            data = self._pickled(Path(folder), crash)
            with self._running(data) as (process, channel):
                self._listen(process, channel)
            if "written" in self._answer:
                return read_written(self._answer["written"])
            if "error" in self._answer:
                raise read_error(self._answer["error"], self.place)
            if self._stopped:
                raise interrupted(self.place)
            place = crash_place(crash, self.place, self._job.root.absolute())
            if self._grew and self._limit is not None:
                raise grew(self._limit, place)
            if self._silent:
                raise fell_silent(place)
            raise died(process.returncode, place, self._last, began=self._began)

    def stop(self) -> None:
        """End the process, and let none begin; may come from any thread."""
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.returncode is None:
                _kill(self._process)

    def _pickled(self, folder: Path, crash: Path) -> bytes:
        job = self._job
        order = Order(
            job=replace(
                job,
                asset=replace(job.asset, isolate=False, contract=Contract()),
                tables=dict(job.tables),
                params=dict(job.params),
                macros=dict(job.macros),
                logger=logging.getLogger(),  # stands for that of the process
            ),
            engine={**self._engine, "temp": folder},
            level=job.logger.getEffectiveLevel(),
            parent=os.getpid(),
            crash=crash,
        )
        try:
            data = pickle.dumps(order)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise AssetError(
                f"what it is given cannot go to a process of its own: {error}",
                place=self.place,
                hint="give parameters that are numbers, texts, times or lists of them",
            ) from error
        return len(data).to_bytes(8, "big") + data

    @contextmanager
    def _running(self, data: bytes) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        """Begin the process, hand it the order, and see to it that it is gone afterwards."""
        channel, theirs = os.pipe()
        process: subprocess.Popen[bytes] | None = None
        try:
            try:
                process = self._begin(theirs)
            finally:
                os.close(theirs)
            assert process.stdin is not None  # noqa: S101  # it was asked for
            with suppress(BrokenPipeError):  # it ended already, and is told of below
                process.stdin.write(data)
                process.stdin.flush()
            yield process, channel
        finally:
            if process is not None:
                self._end(process)
            os.close(channel)

    def _begin(self, channel: int) -> subprocess.Popen[bytes]:
        code = _BEGIN.format(path=sys.path, channel=channel)
        with self._lock:
            if self._stopped:
                raise interrupted(self.place)
            self._process = subprocess.Popen(  # noqa: S603  # this Python itself
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(channel,),
                start_new_session=True,
            )
            return self._process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._process = None
        if process.poll() is None:
            _kill(process)
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def _listen(self, process: subprocess.Popen[bytes], channel: int) -> None:
        """Take what the process sends and prints, until it has ended or has to be ended."""
        deadline: float | None = None
        ended = False
        with selectors.DefaultSelector() as selector:
            selector.register(channel, selectors.EVENT_READ, _Lines(self._take))
            for pipe, take in ((process.stdout, self._print), (process.stderr, self._warn)):
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ, _Lines(take, _LONGEST))
            while True:
                # Once it has ended, what it left in its pipes is there to be read at once.
                found = selector.select(0 if ended else _LOOK)
                for key, _ in found:
                    data = os.read(key.fd, _CHUNK)
                    key.data.feed(data)
                    if not data:
                        selector.unregister(key.fileobj)
                if ended and not found:
                    return
                over = deadline is not None and time.monotonic() > deadline
                if not ended and (over or process.poll() is not None):
                    self._silent = over and not self._grew
                    _kill(process)
                    ended = True
                elif deadline is None:
                    deadline = self._deadline(process, closed=channel not in selector.get_map())

    def _deadline(self, process: subprocess.Popen[bytes], *, closed: bool) -> float | None:
        """Say until when a process has to end, if it has to; one that grew too big is told to."""
        if self._answer or closed:
            return time.monotonic() + _GRACE
        used = anonymous_memory(process.pid) if self._limit is not None else None
        if used is None or self._limit is None or used <= self._limit:
            return None
        self._grew = True
        _dump(process)
        return time.monotonic() + _DUMP

    def _take(self, line: bytes) -> None:
        message = json.loads(line)
        if "ready" in message:
            self._began = True
        elif "log" in message:
            told = message["log"]
            self._log(told["level"], told["message"], told["extra"])
        elif not self._answer:
            self._answer = message

    def _print(self, line: bytes) -> None:
        if text := line.decode(errors="replace").rstrip():
            self._log(logging.INFO, text, {"stream": "stdout"})

    def _warn(self, line: bytes) -> None:
        if text := line.decode(errors="replace").rstrip():
            self._last.append(text)
            self._log(logging.WARNING, text, {"stream": "stderr"})

    def _log(self, level: int, text: str, extra: Mapping[str, Any]) -> None:
        try:
            self._job.logger.log(level, "%s", text, extra=extra)
        except KeyError:  # a logger of Python's own refuses names that its records have
            self._job.logger.log(level, "%s", text)


class _Lines:
    """Bytes as they come, taken line by line.

    Args:
        take: takes a line.
        longest: bytes above which a line is taken in parts, and the last one though it has no end;
            where None, a line that has no end is none.
    """

    def __init__(self, take: Callable[[bytes], None], longest: int | None = None) -> None:
        self._take = take
        self._longest = longest
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        """Take more, or nothing when the end has come."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._rest += line
            self._give()
        self._rest += rest
        if self._longest is not None and (not data or len(self._rest) > self._longest):
            self._give()

    def _give(self) -> None:
        whole = bytes(self._rest)
        self._rest.clear()
        step = self._longest or len(whole) or 1
        for start in range(0, len(whole), step):
            self._take(whole[start : start + step])


def anonymous_memory(process: int) -> int | None:
    """Give the bytes of memory that a process has for itself; None where that cannot be told.

    Pages of files, such as those of libraries and of Parquet files that are mapped, are not among
    them: the kernel takes them back when it needs them.
    """
    try:
        resident, shared = Path(f"/proc/{process}/statm").read_text().split()[1:3]
    except (OSError, ValueError):
        return None
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _dump(process: subprocess.Popen[bytes]) -> None:
    """End a process by the signal at which it writes down where it is, and leave no core."""
    if sys.platform == "linux":
        import resource

        with suppress(OSError):
            resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGABRT)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
