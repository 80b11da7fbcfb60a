"""Links for people: the published files of a layer by the names of their tables.

`data_clean/flights.parquet` is a link to the one file of `clean.flights`; a table of several files
is a folder of links, `data_clean/flights/`, which is itself a link to a folder inside `.links/`, so
that it too changes in one step. What somebody else put there is left alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from thresher.results import DataFile, Publication
from thresher.storage.local import swap_link, writing
from thresher.warehouse import lake

_FOLDERS = ".links"


def link_tables(
    folder: Path, warehouse: Path, publication: Publication, *, layer: str
) -> tuple[Path, ...]:
    """Make the links of a folder those of a publication.

    Args:
        folder: where the links stand; made if it is not there.
        warehouse: folder of the warehouse.
        publication: what is published now.
        layer: the layer whose tables are linked.

    Returns:
        What had the name of a link and is none of ours; it was left as it is.

    Raises:
        DiskFullError: no space is left.
        WarehouseError: the links cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    here, root = folder.resolve(), warehouse.resolve()
    in_the_way = []
    wanted: set[str] = set()
    for name, snapshot in publication.snapshots.items():
        of_layer, _, table = name.partition(".")
        if of_layer != layer or not snapshot.files:
            continue
        alone = len(snapshot.files) == 1
        link = here / (f"{table}.parquet" if alone else table)
        wanted.add(link.name)
        if os.path.lexists(link) and not _is_ours(link, root):
            in_the_way.append(folder / link.name)
        elif alone:
            _point(link, os.path.relpath(root / snapshot.files[0].path, here))
        else:
            _point(link, _folder_of_links(here, table, root, snapshot.files))
    _remove_stale(here, root, wanted)
    return tuple(in_the_way)


def _point(link: Path, target: str) -> None:
    if not (link.is_symlink() and str(link.readlink()) == target):
        swap_link(link, target)


def _folder_of_links(here: Path, table: str, root: Path, files: Sequence[DataFile]) -> str:
    """Give a folder that links to these files, relative to the folder of the links."""
    now = here / table
    targets = _targets(here / _FOLDERS / table, root, files)
    if now.is_symlink() and targets == _found(now):
        return str(now.readlink())
    made = here / _FOLDERS / f"{table}-{secrets.token_hex(4)}"
    with writing(made):
        made.mkdir(parents=True)
        for name, target in targets.items():
            (made / name).symlink_to(target)
    return f"{_FOLDERS}/{made.name}"


def _targets(folder: Path, root: Path, files: Sequence[DataFile]) -> dict[str, str]:
    """Give what each link of a folder must point to: names count up, so that none is twice."""
    width = len(str(len(files) - 1))
    return {
        f"{number:0{width}}.parquet": os.path.relpath(root / file.path, folder)
        for number, file in enumerate(files)
    }


def _found(folder: Path) -> dict[str, str]:
    with suppress(OSError):
        return {link.name: str(link.readlink()) for link in folder.iterdir()}
    return {}


def _is_ours(link: Path, root: Path) -> bool:
    """Say whether a link is one that was made here, also if the warehouse has moved since."""
    if not link.is_symlink():
        return False
    target = link.readlink()
    if target.parts[:1] == (_FOLDERS,):
        return True
    goal = Path(os.path.normpath(link.parent / target))
    if goal.is_relative_to(root / lake.FOLDER):
        return True
    in_a_lake = len(goal.parts) > 5 and goal.parts[-5] == lake.FOLDER
    return in_a_lake and goal.suffix == ".parquet" and not goal.exists()


def _remove_stale(here: Path, root: Path, wanted: set[str]) -> None:
    with writing(here):
        for link in here.iterdir():
            if link.name not in wanted and _is_ours(link, root):
                link.unlink()
        used = {link.readlink().name for link in here.iterdir() if link.is_symlink()}
        folders = here / _FOLDERS
        if folders.is_dir() and not folders.is_symlink():
            for folder in folders.iterdir():
                if folder.name not in used:
                    shutil.rmtree(folder)
            if not any(folders.iterdir()):
                folders.rmdir()
