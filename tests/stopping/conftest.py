"""A shop whose assets fail, hang and come back, and the processes that run it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from stopped_shop import FILES, Shop


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(tmp_path / "shop").write(FILES)


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Waits until something holds, or a process that was to bring it about has ended."""

    def wait(holds: Callable[[], object], process: subprocess.Popen[str]) -> None:
        until = time.monotonic() + 60
        while not holds():
            ended = process.poll() is not None
            assert not ended, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)

    return wait


@pytest.fixture
def starts(shop) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts commands that do not outlive the test."""
    begun: list[subprocess.Popen[str]] = []

    def start(*arguments: str, code: str | None = None) -> subprocess.Popen[str]:
        begun.append(shop.start(*arguments, code=code))
        return begun[-1]

    yield start
    for process in begun:
        if process.poll() is None:
            os.kill(process.pid, 9)
        process.communicate()
