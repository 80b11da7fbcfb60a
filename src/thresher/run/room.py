"""Whether what a run writes will fit on its disk, told before it begins as far as it is known.

What will be written is estimated from below, so that no run is refused that would fit: an asset
that is built again takes what its last version took, and files that are new take what earlier ones
took in Parquet. What was never built counts for nothing. A disk that fills all the same fails the
asset, and what was half written is removed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from thresher.errors import DiskFullError, Place
from thresher.plan.plan import Action, Plan, Step
from thresher.results import Publication, Snapshot
from thresher.sizes import spell_size

#: Bytes in Parquet of a byte of input where nothing was measured: it nearly always takes more.
_LEAST = 0.1
#: Bytes of input from which on what it took says something.
_TELLING = 1_000_000
#: Below this nothing is refused: a nearly full disk tells of itself.
_SMALL = 1_000_000
#: Share of the estimate that has to be there, since SQL that changed may give less than it did.
_SURE = 0.5


def refuse_too_little_room(plan: Plan, current: Publication | None, warehouse: Path) -> None:
    """Refuse a run that would not fit on the disk of the warehouse.

    Args:
        plan: what the run will do.
        current: the publication that it starts from.
        warehouse: folder of the warehouse, which need not be there.

    Raises:
        DiskFullError: too little is free; it says how much is missing.
    """
    wanted = room_needed(plan, current)
    if wanted < _SMALL:
        return
    free = shutil.disk_usage(_existing(warehouse)).free
    if free < wanted * _SURE:
        raise DiskFullError(
            f"the run would not fit on the disk: it needs about {spell_size(wanted)}, "
            f"{spell_size(free)} are free, so {spell_size(wanted - free)} are missing",
            place=Place(str(warehouse)),
            hint="free some space, perhaps with `thresher gc`; nothing was run. "
            "`run: {check_disk: false}` in `config.yaml` leaves this check out",
        )


def room_needed(plan: Plan, current: Publication | None) -> int:
    """Estimate the bytes that a run will write into the lake, rather too few than too many."""
    known = current.snapshots if current else {}
    building = (step for step in plan.steps if step.action is Action.BUILD)
    return sum(_of_step(step, known.get(step.asset)) for step in building)


def _of_step(step: Step, before: Snapshot | None) -> int:
    if step.incoming:
        return int(step.incoming * _share(before))
    return sum(file.bytes for file in before.files) if before and not before.units else 0


def _share(before: Snapshot | None) -> float:
    """Give the bytes in Parquet of a byte of input, by what earlier inputs took."""
    sizes = {file.path: file.bytes for file in before.files} if before else {}
    loaded = [each for each in before.units if each.file in sizes] if before else []
    read = sum(each.unit.size for each in loaded)
    return sum(sizes[each.file or ""] for each in loaded) / read if read > _TELLING else _LEAST


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.absolute().parents) if each.exists())
