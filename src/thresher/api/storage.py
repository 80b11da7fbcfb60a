"""Object storage as a project sees it: the options that its `config.yaml` gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from thresher.project.secrets import Masker
from thresher.storage.objects import S3Options

#: Looked for before anything is loaded that reads it.
CONFIG_FILE = "config.yaml"


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """How object storage is spoken to, and what must not be told."""

    options: S3Options = field(default_factory=S3Options)
    masker: Masker = field(default_factory=Masker)


def storage_settings(
    folder: Path, *, environment: str | None = None, required: bool = False
) -> StorageSettings:
    """Read the section `s3:` of the project that a folder is in.

    Args:
        folder: the project's folder, or any folder in it.
        environment: environment; `THRESHER_ENV` or the project's default where None.
        required: whether there must be a project.

    Returns:
        What the project says; the defaults where there is no project.

    Raises:
        ProjectError: every fault of `config.yaml`.
        CommandError: there is no project, or no such environment.
    """
    start = folder.resolve()
    inside = any((each / CONFIG_FILE).is_file() for each in (start, *start.parents))
    if not inside and not required and environment is None:
        return StorageSettings()
    # Half a second of imports that a command outside of a project has no use for.
    from thresher.project.reader import find_root
    from thresher.project.settings import read_settings

    settings = read_settings(find_root(start), environment=environment)
    return StorageSettings(settings.s3, settings.masker)
