"""A copy of a project that can do anything without the original noticing.

It has the project's files, small data of its own where the project keeps some, and its warehouse,
logs and reports in its own folder, whatever `config.yaml` says of the environments.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thresher.api.open import OpenProject
from thresher.api.open import open as open_project
from thresher.project.config import CONFIG_FILE
from thresher.project.isolation import isolated_config
from thresher.project.text_files import read_text

DATA = "data_raw"
#: What runs and tools leave in a project, by the name of a file or folder anywhere in it.
MADE = frozenset(
    {
        *(".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".thresher"),
        *(".tox", "__pycache__", "node_modules"),
    }
)
#: What runs leave in a project's own folder.
MADE_AT_TOP = frozenset({"data_clean", "logs", "reports", "warehouse"})
#: Bytes from which on a data file is linked and not copied.
LINKED_FROM = 10_000_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a project."""

    root: Path
    environment: str
    """The project's default environment."""
    stand_ins: dict[str, Any] = field(default_factory=dict)
    """What stands in for the sources of raw assets, by their names."""

    def open(
        self, *, env: str | None = None, params: Mapping[str, Any] | None = None
    ) -> OpenProject:
        """Open the copy as it is now; in its default environment, whatever `THRESHER_ENV` says.

        Raises:
            ThresherError: the project is wrong, or has no such environment or parameter.
        """
        return open_project(
            self.root,
            env=env or self.environment,
            params=params,
            stand_ins=self.stand_ins,
        )


def copy_project(origin: Path, target: Path, resources: Path | None = None) -> Copy:
    """Copy a project.

    Args:
        origin: its folder.
        target: folder of the copy, which is not there yet.
        resources: folder whose files are the copy's raw data; those of the project if None.

    Raises:
        ProjectError: its `config.yaml` cannot be read.
    """
    config = isolated_config(read_text(origin / CONFIG_FILE, CONFIG_FILE))
    left_out = MADE_AT_TOP | ({DATA} if resources else set())
    _copy(origin, target, left_out=left_out, away_from=target)
    if resources:
        _copy(resources, target / DATA, away_from=target)
    (target / CONFIG_FILE).unlink()
    (target / CONFIG_FILE).write_text(config.text, encoding="utf-8")
    for name in ("logs", "reports"):
        (target / name).mkdir()
    return Copy(target, config.environment)


def _copy(
    source: Path, target: Path, *, left_out: frozenset[str] = frozenset(), away_from: Path
) -> None:
    target.mkdir(parents=True)
    with os.scandir(source) as entries:
        for entry in entries:
            path, to = Path(entry.path), target / entry.name
            if entry.name in MADE or entry.name in left_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                if not _is_foreign(path) and not away_from.is_relative_to(path):
                    _copy(path, to, away_from=away_from)
            elif entry.is_dir() or (entry.is_file() and entry.stat().st_size >= LINKED_FROM):
                to.symlink_to(path.resolve())
            elif entry.is_file():
                shutil.copy2(path, to)


def _is_foreign(folder: Path) -> bool:
    """Say whether a folder is a virtual environment or a warehouse."""
    return (folder / "pyvenv.cfg").is_file() or (folder / "publications").is_dir()
