"""`thresher init --git`: a new project as the first commit of a repository of its own.

Everything is done by the user's own git, with the user's own configuration, which is never changed.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from thresher.errors import CommandError, RepositoryError

BRANCH = "main"

_LOCAL = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
"""Variables that lead git to another repository, as hooks of one have them set."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The first commit of a project."""

    id: str
    """Its hash, abbreviated as git does."""
    message: str
    author: str | None
    """Who made it, where git was not told who that is; else None."""


def refuse_nested(folder: Path) -> None:
    """Refuse a folder that would stand inside a repository, where a second one is rarely meant.

    Raises:
        CommandError: it would.
    """
    if shutil.which("git") is None:
        return
    above = next(path for path in folder.absolute().parents if path.is_dir())
    found = _run(above, "rev-parse", "--show-toplevel")
    if found.returncode == 0:
        what = f"`{folder}` would be a repository inside the repository `{found.stdout.strip()}`"
        hint = f"without `--git` it becomes a part of that one: `git add {folder}` adds it"
        raise CommandError(what, hint=hint)


def first_commit(folder: Path) -> Commit:
    """Make a repository of a folder, and commit everything in it to the branch `main`.

    Args:
        folder: a new project, by its name or by the way to it.

    Raises:
        RepositoryError: git is not there, or failed; the folder stays, as far as it came.
    """
    message = f"feat: add the {folder.absolute().name} pipeline, as thresher init writes it"
    commit = f"git commit -m '{message}'"
    by_hand = f"the project is complete; in `{folder}`: git init && git add --all && {commit}"
    if shutil.which("git") is None:
        what = f"git is not installed, so `{folder}` is no repository"
        raise RepositoryError(what, hint=by_hand)
    _git(folder, "init", "--quiet", hint=by_hand)
    _git(folder, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}", hint=by_hand)
    # A user's own list of ignored files may name some of the project's, which needs them all.
    _git(folder, "add", "--all", "--force", hint=by_hand)
    author, identity = _identity(folder)
    staged = f"the project is complete and staged; in `{folder}`: {commit}"
    _git(folder, "commit", "--quiet", "-m", message, identity=identity, hint=staged)
    return Commit(_git(folder, "rev-parse", "--short", "HEAD", hint=staged), message, author)


def _identity(folder: Path) -> tuple[str | None, list[str]]:
    """Say who commits: nobody new where git knows, else the account, for this one command.

    Git itself falls back to the account, but fails where that has no full name. Whoever told it
    to use what is configured and nothing else is obeyed.
    """
    known = [
        _run(folder, "-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT").returncode == 0
        for role in ("AUTHOR", "COMMITTER")
    ]
    if all(known) or _configured(folder, "user.useConfigOnly") in {"true", "yes", "on", "1"}:
        return None, []
    account = getpass.getuser()
    name = _configured(folder, "user.name") or account
    email = _configured(folder, "user.email") or f"{account}@{_host()}"
    return f"{name} <{email}>", ["-c", f"user.name={name}", "-c", f"user.email={email}"]


def _configured(folder: Path, key: str) -> str:
    return _run(folder, "config", key).stdout.strip()


def _host() -> str:
    return socket.gethostname() or "localhost"


def _git(folder: Path, verb: str, *arguments: str, hint: str, identity: Sequence[str] = ()) -> str:
    """Run git and give what it printed.

    Raises:
        RepositoryError: it failed; says what git said.
    """
    done = _run(folder, *identity, verb, *arguments)
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip() or f"it ended with {done.returncode}"
        raise RepositoryError(f"`git {verb}` failed: {said}", hint=hint)
    return done.stdout.strip()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, whatever repository the process itself was started for."""
    variables = {key: value for key, value in os.environ.items() if key not in _LOCAL}
    return subprocess.run(  # noqa: S603  # a list of arguments, which no shell reads
        [shutil.which("git") or "git", *arguments],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
