"""The crontab of the user, read and written by the program `crontab` alone."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from thresher.errors import CrontabError

PROGRAM = "crontab"

#: How programs say that there is no crontab: most of them, and busybox.
_NONE_YET = (b"no crontab for", b"No such file")
_NO_NEWLINE = b"newline"
_MASKS = {b"\r": b"\\r", b"\b": b"\\b"}


def read() -> bytes | None:
    """Give the crontab as it is; None where there is none.

    Raises:
        CrontabError: there is no program `crontab`, or it refuses to show it.
    """
    done = _call("-l")
    if done.returncode == 0:
        return _exact(done.stdout)
    if _is_missing(done):
        return None
    raise _refused("the crontab cannot be read", done)


def write(tab: bytes) -> None:
    """Put a crontab in the place of the one that is there; one that is empty is removed.

    A last line without an end is left so where `crontab` takes it, and ended where it does not.

    Raises:
        CrontabError: `crontab` refuses it; the one before stays.
    """
    if not tab:
        done = _call("-r")
        if done.returncode and not _is_missing(done):
            raise _refused("the crontab cannot be removed", done)
        return
    done = _call("-", tab=tab)
    if done.returncode and _NO_NEWLINE in done.stderr and not tab.endswith(b"\n"):
        done = _call("-", tab=tab + b"\n")
    if done.returncode:
        raise _refused("the crontab cannot be written", done)


@contextmanager
def changing() -> Iterator[None]:
    """Keep others of the user's commands from changing the crontab between reading and writing."""
    descriptor = None
    # A home that cannot be opened or locked is no reason to leave a schedule out.
    with suppress(OSError, RuntimeError):
        descriptor = os.open(Path.home(), os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_missing(done: subprocess.CompletedProcess[bytes]) -> bool:
    return any(words in done.stderr for words in _NONE_YET)


def _exact(shown: bytes) -> bytes:
    """Give the bytes of a crontab of which some may be shown in other words.

    Debian's `crontab -l` writes a carriage return as a backslash and an `r`, also into a pipe;
    what it hands to an editor is as it stands.
    """
    if not any(word in shown for word in _MASKS.values()):
        return shown
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "crontab"
        editor = Path(folder) / "editor.sh"
        editor.write_text(f'cp "$1" {shlex.quote(str(copy))}\n', encoding="utf-8")
        command = f"sh {shlex.quote(str(editor))}"
        _call("-e", variables={"VISUAL": command, "EDITOR": command})
        found = copy.read_bytes() if copy.is_file() else shown
    masked = found
    for byte, word in _MASKS.items():
        masked = masked.replace(byte, word)
    return found if masked == shown else shown


def _call(
    argument: str, *, tab: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise CrontabError(
            f"there is no program `{PROGRAM}` on this machine",
            hint="install cron: `apt-get install cron`, `dnf install cronie`, `apk add cronie`",
        )
    return subprocess.run(  # noqa: S603  nothing of the user's but the crontab on its input
        [program, argument],
        input=tab,
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", **(variables or {})},
    )


def _refused(what: str, done: subprocess.CompletedProcess[bytes]) -> CrontabError:
    said = done.stderr.decode(errors="replace").strip()
    if b"not allowed" in done.stderr:
        return CrontabError(
            "you are not allowed to have a crontab",
            hint="an administrator allows it in `/etc/cron.allow` or `/etc/cron.deny`; "
            f"`{PROGRAM}` said: {' '.join(said.split())}",
        )
    reason = " ".join(said.split()) or f"it ended with exit code {done.returncode}"
    return CrontabError(f"{what}; `{PROGRAM}` said: {reason}")
