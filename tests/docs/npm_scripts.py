"""Runs the scripts of `tests/docs/npm`, whose packages come from the npm registry, once.

Where there is no Node.js, or the registry cannot be reached, what needs them is skipped with the
reason; in continuous integration, where `CI` is set, it fails.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "npm"
LEAST_NODE = 20


def run_script(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a script of the folder with Node.js."""
    install()
    return call("node", str(FOLDER / name), *map(str, arguments))


def install() -> None:
    """Install what the scripts import, unless it is there already; one process at a time."""
    if not (shutil.which("node") and shutil.which("npm")):
        give_up("Node.js and npm are not installed")
    if int(call("node", "--print", "process.versions.node").stdout.split(".")[0]) < LEAST_NODE:
        give_up(f"Node.js is older than {LEAST_NODE}")
    lock = (FOLDER / "package-lock.json").read_bytes()
    installed = FOLDER / "node_modules" / ".installed"
    with (FOLDER / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock).hexdigest()
        if installed.is_file() and installed.read_text() == wanted:
            return
        done = call("npm", "ci")
        if done.returncode != 0:
            give_up(f"`npm ci` failed: {done.stderr.strip()[-500:]}")
        installed.write_text(wanted)


def call(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False
    )


def give_up(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in continuous integration nothing may be left out")
    pytest.skip(reason)
