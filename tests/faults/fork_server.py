"""A process that has loaded all of Thresher, and does each task in a fork of its own.

Loading takes longer than a run of the small project. Each line of its input is a task as JSON, and
each line of its output what became of it: how the process ended, and what it had to say.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
from disk_model import Disk
from fault_project import BEFORE, write
from injection import Fault, Layer
from mutants import MUTANTS

import thresher
from thresher.errors import ThresherError
from thresher.results import OutcomeStatus
from thresher.warehouse.lake import MARKER

#: Nothing here takes that long: whoever does hangs.
SECONDS = 90


def do(task: dict[str, Any], root: Path) -> dict[str, Any]:
    """Do a task of Thresher, and say what it told its user."""
    project = thresher.open(root)
    try:
        match task["do"]:
            case "run":
                result = project.run()
                return {
                    "done": result.ok,
                    "published": result.publication,
                    "told": "",
                    "built": [o.asset for o in result.outcomes if o.status is OutcomeStatus.BUILT],
                    "faults": [str(fault) for o in result.outcomes for fault in o.faults],
                }
            case "rollback":
                return {"done": True, "published": project.rollback(1).number}
            case "gc":
                removed = project.gc(keep=task["keep"], grace=dt.timedelta(0))
                return {"done": True, "removed": [removal.path for removal in removed]}
    except ThresherError as error:
        return {"done": False, "faults": [str(error)]}
    raise ValueError(task["do"])


def tables(root: Path) -> dict[str, list[str]] | None:
    """Read every table as any reader does, sorted; None where nothing is published."""
    link = root / "warehouse/dev.duckdb"
    if not os.path.lexists(link):
        return None
    with duckdb.connect(str(link), read_only=True) as connection:
        names = connection.sql(
            "select schema_name, view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        return {
            f"{schema}.{name}": sorted(
                map(
                    str,
                    connection.sql(
                        f'select columns(lambda c: c != \'__run\') from "{schema}"."{name}"'
                    ).fetchall(),
                )
            )
            for schema, name in names
            if schema != "thresher"  # tells which run it was
        }


def complete(root: Path) -> list[str]:
    """Name the versions whose record is there and whole."""
    lake = root / "warehouse/lake"
    markers = (each for each in lake.glob(f"*/*/*/{MARKER}") if each.read_bytes())
    return sorted(each.parent.relative_to(lake).as_posix() for each in markers)


def aftermath(task: dict[str, Any], root: Path) -> dict[str, Any]:
    """Look at what is left, go on, look again, clean up, and look once more."""
    if task.get("mutant"):
        MUTANTS[task["mutant"]]()
    found: dict[str, Any] = {"left": tables(root), "complete": complete(root)}
    rows = thresher.open(root).publications()
    found["current"] = next((row.number for row in rows if row.current), None)
    found["publications"] = [row.number for row in rows]
    found["again"] = do(task["then"], root)
    found["gone on"] = tables(root)
    found["swept"] = do({"do": "gc", "keep": 1}, root)
    return found | {"in the end": tables(root)}


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """Do any task, in a process of its own."""
    root = Path(task["root"])
    os.chdir(root)
    if task["do"] == "read":
        return {"tables": tables(root), "complete": complete(root)}
    if task["do"] == "aftermath":
        return aftermath(task, root)
    if task["do"] == "load":
        return {**do({"do": "run"}, root), "modules": sorted(sys.modules)}
    disk = Disk(root, Path(task["kept"])) if task.get("kept") else None
    if disk:
        disk.begin()
    fault = Fault(**task["fault"]) if task.get("fault") else None
    layer = Layer(root, fault, disk)
    layer.install()
    if task.get("mutant"):
        MUTANTS[task["mutant"]]()
    return {**do(task, root), "reached": dict(layer.reached)}


def fork(task: dict[str, Any]) -> dict[str, Any]:
    """Do a task in a fork, and say how that ended."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        signal.alarm(SECONDS)
        with os.fdopen(write, "w") as pipe:
            try:
                found = answer(task)
            except BaseException:  # whatever it is, the test is told
                found = {"traceback": traceback.format_exc()}
            pipe.write(json.dumps(found))
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    ended = {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}
    return {**ended, **(json.loads(said) if said else {})}


def load() -> None:
    """Load all that a run loads while it goes, which a first one in a fork tells."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), BEFORE)
        needed = fork({"do": "load", "root": folder})["modules"]
    for name in needed:
        with suppress(ImportError):  # those of the project are not to be had here
            importlib.import_module(name)


def main() -> None:
    """Do tasks until there are no more."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    load()
    for line in sys.stdin:
        replies.write(json.dumps(fork(json.loads(line))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
