"""Files of corrected rows: `corrections/<layer>.<table>/*.parquet`.

`thresher quarantine retry` writes them. They belong to the project as its SQL does: what stands in
them is what somebody decided about rows that a contract had refused. They can be put under version
control, and taking a file away takes the decision back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from thresher.errors import Fault, Place
from thresher.project.documents import nearest
from thresher.project.text_files import unreadable

CORRECTIONS = "corrections"

Corrections = dict[str, tuple[tuple[str, str], ...]]
"""Path and SHA-256 of each file, by the asset whose rows it corrects."""


def read_corrections(root: Path, assets: Iterable[str]) -> tuple[Corrections, list[Fault]]:
    """Find the files of corrected rows, in the order of their names.

    Args:
        root: the project's folder.
        assets: names of the assets that there are.

    Returns:
        What was found, and a fault for each folder that is named after no asset, and for each file
        that cannot be read.
    """
    found: Corrections = {}
    faults = []
    known = set(assets)
    folder = root / CORRECTIONS
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        files = sorted(each.glob("*.parquet")) if each.is_dir() else []
        if not files:
            continue
        place = Place(each.relative_to(root).as_posix())
        if each.name not in known:
            what = f"it corrects rows of `{each.name}`, which does not exist"
            hint = nearest(each.name, known) or "remove it, or rename it after the asset"
            faults.append(Fault(what, place, hint))
            continue
        hashed = []
        for file in files:
            try:
                hashed.append((_path(file, root), _sha256(file)))
            except OSError as error:
                faults.append(unreadable(error, _path(file, root)))
        found[each.name] = tuple(hashed)
    return found, faults


def _path(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
