"""A published project for each test, so that bad input can be put into it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from published_shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Give a project that a good run has published."""
    return Shop(tmp_path / "shop")


@pytest.fixture
def unprivileged() -> tuple[str, ...]:
    """Give what stands before a command so that even root needs the right to read and write."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root reads and writes everything, and there is no `setpriv` to change that")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
