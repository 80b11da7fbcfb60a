"""Which process is which: tells one that is still there from another that got its number."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def process_start(pid: int) -> str | None:
    """Give a mark of when a process of this machine began, or None if there is no such process.

    A number is given again after its process is gone; number and mark together are not.
    """
    return _linux_start(pid) if Path("/proc/self/stat").exists() else _posix_start(pid)


def _linux_start(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None
    # The name of the program stands in parentheses and may hold blanks and parentheses itself.
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else f"{boot}:{rest[18]}"


def _posix_start(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    told = subprocess.run(  # noqa: S603  a number is all that varies
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None
